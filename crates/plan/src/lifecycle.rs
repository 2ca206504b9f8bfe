//! What a stack file says of how objects come and go: `create_before_destroy`, `prevent_destroy`.

use crate::Change;
use crate::build::Planner;
use crate::model::Reason;
use crate::replace_order::{Wish, create_first};
use wharf_core::{Action, Diagnostic};

impl Planner<'_> {
    pub(crate) fn replace_order(&self, changes: &mut [Change]) {
        let resources = &self.inputs.expanded.stack().resources;
        let instances = self.inputs.expanded.instances();
        let wishes: Vec<Option<Wish>> = instances
            .iter()
            .zip(changes.iter())
            .map(|(instance, change)| {
                let resource = &resources[instance.resource];
                let possible = self.inputs.provider.create_before_destroy(&resource.type_name);
                let wish = match resource.lifecycle.create_before_destroy {
                    Some(true) => Wish::CreateFirst,
                    None if possible => Wish::CreateFirstIfPossible,
                    Some(false) | None => Wish::DestroyFirst,
                };
                (change.action == Action::Replace).then_some(wish)
            })
            .collect();
        if wishes.iter().all(Option::is_none) {
            return;
        }
        let first =
            create_first(&self.graph.order(), |node| wishes[node], |node| self.graph.dependencies(node));
        for (change, first) in changes.iter_mut().zip(first) {
            change.create_before_destroy = first && change.action == Action::Replace;
        }
    }

    /// `prevent_destroy`.
    pub(crate) fn lifecycle(&mut self, changes: &[Change]) {
        for change in changes {
            let Some(instance) = self.inputs.expanded.instance(&change.address) else { continue };
            let resource = &self.inputs.expanded.stack().resources[instance.resource];
            if resource.lifecycle.prevent_destroy && matches!(change.action, Action::Delete | Action::Replace)
            {
                let why = match &change.reason {
                    Some(Reason::CannotUpdate(properties)) => {
                        format!("a change of {} needs a new object", backticked(properties))
                    }
                    _ => "it would be deleted".to_owned(),
                };
                let message = format!(
                    "`{}` has `prevent_destroy`, and this plan would {} it",
                    change.address, change.action
                );
                let diagnostic = Diagnostic::error(message)
                    .at(resource.span)
                    .label(why)
                    .help("undo the change, or remove `prevent_destroy` if the object may go");
                self.errors.push(diagnostic);
            }
        }
    }
}

fn backticked(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
