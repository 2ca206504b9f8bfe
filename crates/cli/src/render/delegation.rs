//! What other controllers of AWS move, in lines: who has the traffic, what is not their doing, what waits for them.

use wharf_core::Address;
use wharf_plan::Plan;

/// Each line with the address it is about, those of one controller together.
pub(crate) fn lines(plan: &Plan) -> Vec<(&Address, String)> {
    let mut lines = Vec::new();
    for controller in plan.controllers.iter().filter(|controller| !controller.summary.is_empty()) {
        lines.push((&controller.address, controller.summary.clone()));
        for change in &plan.changes {
            let of_this = |by: &Option<Address>| by.as_ref() == Some(&controller.address);
            let Some(delegated) = change.delegated.as_ref().filter(|delegated| of_this(&delegated.by)) else {
                continue;
            };
            for (property, reason) in &delegated.faults {
                lines.push((&change.address, format!("`{property}` is no deployment's doing: {reason}")));
            }
            if !delegated.waiting.is_empty() {
                let what = delegated.waiting.join(", ");
                let until = match &delegated.running {
                    Some(running) => format!("is left alone while {running} runs; after it: {what}"),
                    None => format!("{what} waits for a deployment"),
                };
                lines.push((&change.address, until));
            }
        }
    }
    lines
}
