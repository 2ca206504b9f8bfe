//! For people.

use super::summary::{blast_radius, counts};
use crate::render::style::Palette;
use wharf_gate::{Finding, Level, Verdict};

/// How many changes the blast radius lists.
const LISTED: usize = 10;

pub(crate) fn report(verdict: &Verdict, palette: Palette) -> String {
    let mut text = String::new();
    for finding in &verdict.findings {
        let word = match finding.level {
            Level::Deny => palette.removed(&format!("denied[{}]", finding.rule)),
            Level::Warn => palette.changed(&format!("warning[{}]", finding.rule)),
        };
        text.push_str(&told(verdict, finding, &word, palette));
    }
    for finding in &verdict.exempted {
        text.push_str(&told(
            verdict,
            finding,
            &palette.faint(&format!("exempted[{}]", finding.rule)),
            palette,
        ));
    }
    if verdict.blast_radius.budget.is_some() {
        text.push_str(&format!("Blast radius: {}\n", blast_radius(verdict)));
        let changes = &verdict.blast_radius.changes;
        for change in changes.iter().take(LISTED) {
            text.push_str(&format!(
                "{:>6}  {} {} ({})\n",
                change.weight, change.action, change.address, change.resource_type
            ));
        }
        if changes.len() > LISTED {
            let rest: u64 = changes[LISTED..].iter().fold(0, |sum, change| sum.saturating_add(change.weight));
            text.push_str(&format!("{rest:>6}  {} more\n", changes.len() - LISTED));
        }
        text.push('\n');
    }
    let decision = if verdict.is_denied() { palette.removed("Denied") } else { palette.added("Passed") };
    text.push_str(&format!("{decision}: {}.", counts(verdict)));
    text
}

fn told(verdict: &Verdict, finding: &Finding, word: &str, palette: Palette) -> String {
    let mut text = format!("{word}: {}\n", palette.bold(&finding.message.replace('\n', "\n    ")));
    if let Some(place) = &finding.place {
        text.push_str(&format!("  --> {}:{}:{}\n", place.file, place.line, place.column));
    }
    if let Some(plan) = verdict.plan_of(finding) {
        text.push_str(&format!("  in the plan {plan}\n"));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("  help: {}\n", help.replace('\n', "\n    ")));
    }
    text.push('\n');
    text
}
