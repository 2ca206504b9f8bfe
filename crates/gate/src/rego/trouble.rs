//! Policies that cannot be evaluated: a denial, never a pass.

use super::policies::Text;
use crate::place::Place;
use crate::verdict::{Finding, Level, RuleInfo};

/// The rule's id.
pub(crate) const ID: &str = "policy-error";

pub(crate) fn info() -> RuleInfo {
    RuleInfo { id: ID.into(), summary: "A policy could not be evaluated".into() }
}

/// A denial because of what went wrong.
pub(crate) fn trouble(message: impl Into<String>) -> Finding {
    Finding {
        plan: None,
        rule: ID.into(),
        level: Level::Deny,
        address: None,
        property: None,
        message: message.into(),
        help: Some("what cannot be judged is denied; mend the policy, and run this again".into()),
        place: None,
    }
}

/// A denial with the evaluator's own words, and where in the policies it saw the problem.
pub(crate) fn evaluator(what: &str, error: &str, files: &[Text]) -> Finding {
    Finding { place: place(error, files), ..trouble(format!("{what}: {}", words(error))) }
}

/// The evaluator draws a snippet: the place after `-->`, then the line, then `error: ...`.
fn place(error: &str, files: &[Text]) -> Option<Place> {
    let (_, rest) = error.split_once("--> ")?;
    let at = rest.lines().next()?;
    let (rest, column) = at.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    files.iter().find(|known| known.path == file)?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
}

/// The words without the snippet.
pub(crate) fn words(error: &str) -> String {
    let told = error.rsplit_once("error: ").map_or(error, |(_, words)| words);
    let told = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    if told.is_empty() { "the evaluator gives no reason".to_owned() } else { told }
}
