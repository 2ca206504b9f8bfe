use crate::change::{Change, told};
use crate::document::{properties, widened};
use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;
use wharf_core::Action;

/// Types that decide who may do what without a policy document in a property.
const GRANTS: &[&str] = &["aws_lambda_permission", "aws_kms_grant", "aws_ecr_pull_through_cache_rule"];

const HELP: &str = "have somebody look at it who may give these rights";

/// Any change of an `aws_iam_*` object, and of the policy document of any other. What is newly allowed is said where the
/// documents are known; a change that only takes rights away is one, too.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in view.changes.iter().filter(|change| change.action.changes()) {
        let is_iam =
            change.resource_type.starts_with("aws_iam_") || GRANTS.contains(&change.resource_type.as_str());
        let touched: Vec<&str> =
            properties(&change.resource_type).filter(|property| touches(change, property)).collect();
        for property in &touched {
            let message = match widened(change, property).as_slice() {
                [] if change.is_unknown(property) => "; what it allows is known after the apply".to_owned(),
                [] if matches!(change.action, Action::Create | Action::Forget) => String::new(),
                [] => "; nothing is newly allowed".to_owned(),
                told => format!("; its `{property}` {}", sentence(told)),
            };
            let message = format!("{} {}{message}", change.title(), told(change.action));
            found.push(Finding::denied(Switch::Iam, change, message).of(change, property).help(HELP));
        }
        if is_iam && touched.is_empty() {
            let message = format!("{} {}{}", change.title(), told(change.action), attached(change));
            found.push(Finding::denied(Switch::Iam, change, message).help(HELP));
        }
    }
    found
}

/// Whether a document begins, changes or ends.
fn touches(change: &Change, property: &str) -> bool {
    match change.action {
        Action::Forget => false,
        _ => change.touches(property),
    }
}

fn attached(change: &Change) -> String {
    let map = if change.after.is_empty() { &change.before } else { &change.after };
    match map.get("policy_arn").and_then(|arn| arn.as_str()) {
        Some(arn) => format!("; it attaches `{arn}`"),
        None => String::new(),
    }
}

fn sentence(told: &[String]) -> String {
    let shown = told.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("; ");
    if told.len() > 4 { format!("{shown}; and {} more", told.len() - 4) } else { shown }
}
