use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;
use wharf_core::Action;

/// What the last line of a plan counts as "to destroy". A replacement is not among it: that is a rule of its own.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let deleted = view.changes.iter().filter(|change| change.action == Action::Delete);
    deleted
        .map(|change| {
            Finding::denied(Switch::Destroy, change, format!("{} is deleted", change.title()))
                .help("to keep the object, leave it in the stack file, or say `lifecycle: {retain: true}`")
        })
        .collect()
}
