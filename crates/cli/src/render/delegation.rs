//! What other controllers of AWS move, in lines: who has the traffic, what is not their doing, what waits for them.

use wharf_core::{Action, Address};
use wharf_plan::{Change, Delegated, Held, HeldBack, Plan, Until};

/// Each line with the address it is about, those of one controller together.
pub(crate) fn lines(plan: &Plan) -> Vec<(&Address, String)> {
    let mut lines = Vec::new();
    let of = |by: Option<&Address>| {
        let delegated = plan.changes.iter().filter_map(|change| Some((change, change.delegated.as_deref()?)));
        let of_it = delegated.filter(move |(_, delegated)| {
            let is_told = |address: &&Address| plan.controllers.iter().any(|c| c.address == **address);
            delegated.by.as_ref().filter(is_told) == by
        });
        of_it.collect::<Vec<_>>()
    };
    for controller in &plan.controllers {
        lines.push((&controller.address, controller.summary.clone()));
        let goes = |change: &&Change| change.address == controller.address && change.action == Action::Delete;
        if let (Some(running), Some(_)) = (&controller.running, plan.changes.iter().find(goes)) {
            lines.push((&controller.address, format!("{running} runs: it is stopped and rolled back first")));
        }
        for (change, delegated) in of(Some(&controller.address)) {
            about(&mut lines, change, delegated);
        }
    }
    for (change, delegated) in of(None) {
        about(&mut lines, change, delegated);
    }
    let held = plan.changes.iter().filter_map(|change| Some((&change.address, change.held.as_ref()?)));
    lines.extend(held.map(|(address, held)| (address, later(held))));
    lines
}

/// What is left for later, and until when.
fn later(held: &Held) -> String {
    let (what, done) = match held.what {
        HeldBack::Delete => ("is", "deleted"),
        HeldBack::Replace => ("is", "replaced"),
        HeldBack::DeletePredecessor => ("its predecessor is", "deleted"),
    };
    match &held.until {
        Until::DeploymentEnds(deployment) => format!("{what} not {done} while {deployment} runs"),
        Until::Released(address) => {
            format!("{what} {done} after the next release: until then {address} works with it")
        }
        Until::CreatedFirst(address) => format!(
            "is not {done}, as {address} works with it, unless the new one can be made first: with another name, and \
             `lifecycle: {{create_before_destroy: true}}`"
        ),
    }
}

fn about<'a>(lines: &mut Vec<(&'a Address, String)>, change: &'a Change, delegated: &Delegated) {
    for (property, reason) in &delegated.faults {
        lines.push((&change.address, format!("`{property}` is no deployment's doing: {reason}")));
    }
    if let (Some(running), false) = (&delegated.running, delegated.waiting.is_empty()) {
        let what = delegated.waiting.join(", ");
        lines.push((&change.address, format!("is left alone while {running} runs; after it: {what}")));
        return;
    }
    let release = delegated.to_release();
    if !release.is_empty() {
        let template = match delegated.template.as_slice() {
            [] => String::new(),
            template => format!(" (where the template differs: {})", template.join(", ")),
        };
        let what = release.join(", ");
        lines.push((
            &change.address,
            format!("needs a release: {what}{template}; `apply --release` starts one"),
        ));
    }
    let others: Vec<&str> =
        delegated.waiting.iter().filter(|property| !release.contains(property)).map(String::as_str).collect();
    if !others.is_empty() {
        let what = others.join(", ");
        let line = match delegated.by {
            Some(_) => format!("{what} waits for a deployment"),
            None => {
                format!("{what} stays with what has the traffic, though the stack file names something else")
            }
        };
        lines.push((&change.address, line));
    }
}
