use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;
use wharf_core::Action;

/// What the last line of a plan counts as "to replace", apart from what leaves the old object where it is.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let replaced =
        view.changes.iter().filter(|change| change.action == Action::Replace && !change.leaves_old);
    replaced
        .map(|change| {
            let because = match change.replace_paths.as_slice() {
                [] => String::new(),
                paths => format!(": {} cannot be changed in place", quoted(paths)),
            };
            let message = format!("{} is deleted and made anew{because}", change.title());
            let finding = Finding::denied(Switch::Replace, change, message);
            match change.replace_paths.first() {
                Some(path) => finding.of(change, path),
                None => finding,
            }
        })
        .collect()
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}
