use crate::change::told;
use crate::document::{properties, unknown_paths};
use crate::switch::Switch;
use crate::verdict::Finding;
use crate::view::View;

/// Policy documents of which a part is not known yet: no rule and no policy can judge that part.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in view.changes.iter().filter(|change| change.action.changes()) {
        for property in properties(&change.resource_type).filter(|property| change.is_unknown(property)) {
            let paths =
                change.unknown.get(property).map(|marks| unknown_paths(property, marks)).unwrap_or_default();
            let shown = paths.iter().take(5).map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
            let more = if paths.len() > 5 { format!(" and {} more", paths.len() - 5) } else { String::new() };
            let message = format!(
                "{} {}, and {shown}{more} cannot be judged before the apply",
                change.title(),
                told(change.action)
            );
            found.push(Finding::denied(Switch::UnknownPolicy, change, message).of(change, property).help(
                "write what is known of it: an ARN made of a name and `aws.account_id` is known before there is the object",
            ));
        }
    }
    found
}
