//! The verdict in a line.

use wharf_gate::{Level, Verdict};

/// `denied` or `passed`.
pub(crate) fn decision(verdict: &Verdict) -> &'static str {
    if verdict.is_denied() { "denied" } else { "passed" }
}

/// `2 denials, 1 warning, 1 exception in 3 plans`.
pub(crate) fn counts(verdict: &Verdict) -> String {
    let mut parts = vec![count(verdict.denials(), "denial"), count(verdict.warnings(), "warning")];
    if !verdict.exempted.is_empty() {
        parts.push(count(verdict.exempted.len(), "exception"));
    }
    format!("{} in {}", parts.join(", "), count(verdict.plans.len(), "plan"))
}

/// `57 of 40`, or `57` where there is no budget.
pub(crate) fn blast_radius(verdict: &Verdict) -> String {
    let radius = &verdict.blast_radius;
    match radius.budget {
        Some(budget) => format!("{} of {budget}", radius.total),
        None => radius.total.to_string(),
    }
}

/// The level as one word.
pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "deny",
        Level::Warn => "warn",
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
