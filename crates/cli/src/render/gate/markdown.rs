//! For a comment on a pull request: the verdict first, denials on top.

use super::summary::{blast_radius, counts, level};
use crate::render::markdown::escape;
use wharf_gate::{Finding, Verdict};

/// GitHub takes comments of 65,536 characters.
const LIMIT: usize = 60_000;

/// How many changes the blast radius lists.
const LISTED: usize = 20;

pub(crate) fn report(verdict: &Verdict) -> String {
    let decision = if verdict.is_denied() { "Denied" } else { "Passed" };
    let mut text =
        format!("### {decision}\n\n{}. Blast radius: {}.\n", counts(verdict), blast_radius(verdict));
    let findings = verdict.findings.iter().map(|finding| (level(finding.level), finding));
    let exempted = verdict.exempted.iter().map(|finding| ("exempted", finding));
    let rows: Vec<String> =
        findings.chain(exempted).map(|(level, finding)| row(verdict, level, finding)).collect();
    if !rows.is_empty() {
        text.push_str("\n| | rule | resource | what | where |\n| --- | --- | --- | --- | --- |\n");
    }
    let mut left = rows.len();
    for row in &rows {
        if text.len() + row.len() > LIMIT - 4_000 {
            break;
        }
        text.push_str(row);
        left -= 1;
    }
    if left > 0 {
        text.push_str(&format!("\nAnd {left} more, which do not fit into a comment.\n"));
    }
    let changes = &verdict.blast_radius.changes;
    if verdict.blast_radius.budget.is_some() && !changes.is_empty() {
        text.push_str("\n<details><summary>Blast radius</summary>\n\n| weight | change | resource | type |\n| ---: | --- | --- | --- |\n");
        for change in changes.iter().take(LISTED) {
            let row = format!(
                "| {} | {} | {} | {} |\n",
                change.weight,
                change.action,
                code(&change.address),
                code(&change.resource_type)
            );
            if text.len() + row.len() > LIMIT - 100 {
                break;
            }
            text.push_str(&row);
        }
        if changes.len() > LISTED {
            text.push_str(&format!("\nAnd {} more.\n", changes.len() - LISTED));
        }
        text.push_str("\n</details>\n");
    }
    text.trim_end().to_owned()
}

fn row(verdict: &Verdict, level: &str, finding: &Finding) -> String {
    let address = finding.address.as_deref().map(code).unwrap_or_default();
    let mut what = cell(&finding.message);
    if let Some(help) = &finding.help {
        what.push_str(&format!("<br><sub>{}</sub>", cell(help)));
    }
    let place = finding.place.as_ref().map(|place| format!("{}:{}", place.file, place.line));
    let plan = verdict.plan_of(finding).map(|plan| format!("plan {plan}"));
    let at = [place, plan].into_iter().flatten().map(|text| cell(&text)).collect::<Vec<_>>().join("<br>");
    format!("| {level} | {} | {address} | {what} | {at} |\n", code(&finding.rule))
}

/// Text in a cell of a table: on one line, and no end of the cell.
fn cell(text: &str) -> String {
    let text = escape::visible(&text.trim().replace("\r\n", "\n"));
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('\n', "<br>")
}

/// A code span in a cell: the bar ends a cell even there.
fn code(text: &str) -> String {
    escape::code(text).replace('|', "\\|")
}
