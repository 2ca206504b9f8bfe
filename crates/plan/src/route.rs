//! How each property of an object under a controller gets to AWS.

use crate::Change;
use std::collections::BTreeSet;
use wharf_core::Action;

/// The way of a changed property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// An apply sends it.
    DirectUpdate,
    /// Only a deployment of the controller's brings it.
    Release,
    /// Only a new object has it.
    Replacement,
}

impl Route {
    /// Its name, as plans have it.
    pub fn name(self) -> &'static str {
        match self {
            Route::DirectUpdate => "direct_update",
            Route::Release => "release",
            Route::Replacement => "replacement",
        }
    }
}

impl Change {
    /// How each of the properties that the stack file wants otherwise gets to AWS, where there is more than one way: an
    /// ECS service under `CODE_DEPLOY`.
    pub fn routes(&self) -> Vec<(Route, Vec<String>)> {
        let Some(delegated) = self.delegated.as_ref().filter(|delegated| !delegated.exclusive.is_empty())
        else {
            return Vec::new();
        };
        let changed = |forcing: bool| -> Vec<String> {
            let which =
                self.differences.iter().filter(|difference| difference.forces_replacement || !forcing);
            let names: BTreeSet<&str> = which.filter_map(|difference| difference.path.property()).collect();
            // All tags are what is compared; `tags` is what people write.
            names.into_iter().map(|name| if name == "tags_all" { "tags" } else { name }.to_owned()).collect()
        };
        let mut routes = match self.action {
            Action::Update => vec![(Route::DirectUpdate, changed(false))],
            Action::Replace => vec![(Route::Replacement, changed(true))],
            _ => Vec::new(),
        };
        routes.push((Route::Release, delegated.to_release()));
        routes.retain(|(_, names)| !names.is_empty());
        routes
    }
}
