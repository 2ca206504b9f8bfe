use crate::change::{Change, told};
use crate::pattern::matches;
use crate::verdict::{Finding, Level, RuleInfo};
use crate::view::View;
use wharf_core::Action;

/// The rule's id.
const ID: &str = "protected";

pub(crate) fn info() -> RuleInfo {
    RuleInfo { id: ID.into(), summary: "A protected object is deleted, replaced or forgotten".into() }
}

/// What a pattern protects and is deleted, replaced or forgotten nevertheless.
pub(crate) fn find(patterns: &[String], view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    let lost = |action| matches!(action, Action::Delete | Action::Replace | Action::Forget);
    for change in view.changes.iter().filter(|change| lost(change.action)) {
        let Some(pattern) = patterns.iter().find(|pattern| protects(pattern, change)) else { continue };
        let message = format!("{} is protected by `{pattern}` and {}", change.title(), told(change.action));
        found.push(Finding {
            plan: None,
            rule: ID.into(),
            level: Level::Deny,
            address: Some(change.address.clone()),
            property: None,
            message,
            help: Some(
                "if it has to go, take it out of `protect` in a change that somebody else approves".into(),
            ),
            place: change.place.clone(),
        });
    }
    found
}

/// Whether a pattern names the type, the address (the stack file's or Terraform's), or that without its key.
fn protects(pattern: &str, change: &Change) -> bool {
    let without_key = |address: &'_ str| address.strip_suffix(']').and_then(|rest| rest.rfind('['));
    let names = [&change.resource_type, &change.address, &change.terraform_address];
    names.into_iter().any(|name| {
        matches(pattern, name) || without_key(name).is_some_and(|at| matches(pattern, &name[..at]))
    })
}
