use crate::judge::Rules;
use crate::verdict::{BlastRadius, Finding, Level, RuleInfo, Weighed};
use crate::view::View;
use crate::weight::weigh;

/// The rule's id.
const ID: &str = "blast-radius";

pub(crate) fn info() -> RuleInfo {
    RuleInfo { id: ID.into(), summary: "The plans change more at once than the budget allows".into() }
}

/// What all changes of all plans weigh together.
pub(crate) fn measure(views: &[View], rules: &Rules) -> BlastRadius {
    let mut changes = Vec::new();
    for (plan, view) in views.iter().enumerate() {
        for change in view.changes.iter().filter(|change| change.action.changes()) {
            changes.push(Weighed {
                plan,
                address: change.address.clone(),
                resource_type: change.resource_type.clone(),
                action: change.action,
                weight: weigh(&rules.weights, &change.resource_type, change.action),
            });
        }
    }
    let total = changes.iter().fold(0_u64, |total, change| total.saturating_add(change.weight));
    // Stable: what weighs the same stays in the order of the plan.
    changes.sort_by_key(|change| std::cmp::Reverse(change.weight));
    BlastRadius { total, budget: rules.budget, changes }
}

/// A denial if that is more than the budget.
pub(crate) fn find(radius: &BlastRadius) -> Option<Finding> {
    let budget = radius.budget.filter(|budget| radius.total > *budget)?;
    let heaviest: Vec<String> = radius
        .changes
        .iter()
        .take(5)
        .map(|change| format!("`{}` {} {}", change.address, change.action, change.weight))
        .collect();
    Some(Finding {
        plan: None,
        rule: ID.into(),
        level: Level::Deny,
        address: None,
        property: None,
        message: format!(
            "the blast radius is {}, and the budget {budget}; the most comes from {}",
            radius.total,
            heaviest.join(", ")
        ),
        help: Some("apply it in smaller steps (`--target`), or give this run a larger budget".into()),
        place: None,
    })
}
