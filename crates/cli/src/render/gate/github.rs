//! Annotations of GitHub Actions.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>, and for what is escaped
//! <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use super::summary::{counts, decision};
use wharf_gate::{Finding, Level, Verdict};

pub(crate) fn report(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    for finding in &verdict.findings {
        let command = match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
        };
        lines.push(annotation(verdict, finding, command, &finding.rule));
    }
    for finding in &verdict.exempted {
        lines.push(annotation(verdict, finding, "notice", &format!("{} (exempted)", finding.rule)));
    }
    lines.push(format!("wharf gate: {}: {}", decision(verdict), counts(verdict)));
    lines.join("\n")
}

fn annotation(verdict: &Verdict, finding: &Finding, command: &str, title: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        properties.push(format!("col={}", place.column));
    } else if let Some(file) =
        finding.plan.and_then(|plan| verdict.plans.get(plan)).and_then(|judged| judged.file.as_ref())
    {
        properties.push(format!("file={}", property(file)));
    }
    properties.push(format!("title={}", property(&format!("wharf gate: {title}"))));
    let mut message = finding.message.clone();
    if let Some(plan) = verdict.plan_of(finding) {
        message.push_str(&format!(" (in the plan {plan})"));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    format!("::{command} {}::{}", properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
