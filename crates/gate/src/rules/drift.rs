use crate::change::Change;
use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;
use wharf_core::Action;

/// Every entry of `resource_drift`: what was found in AWS otherwise than the last apply left it.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let drifted = view.drift.iter().filter(|entry| entry.action.changes());
    drifted
        .map(|entry| {
            let differing = differing(entry);
            let message = if entry.action == Action::Delete {
                format!("{} was deleted outside the stack", entry.title())
            } else if differing.is_empty() {
                format!("{} was changed outside the stack", entry.title())
            } else {
                let shown = differing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                format!("{} was changed outside the stack: {shown}", entry.title())
            };
            let finding = Finding::denied(Switch::Drift, entry, message).help(
                "find out who changed it; then take it into the stack file, or apply to put it back as it was",
            );
            match differing.first() {
                Some(first) => finding.of(entry, first),
                None => finding,
            }
        })
        .collect()
}

fn differing(entry: &Change) -> Vec<String> {
    if entry.action != Action::Update {
        return Vec::new();
    }
    let mut names: Vec<String> =
        entry.before.keys().chain(entry.after.keys()).filter(|name| entry.touches(name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}
