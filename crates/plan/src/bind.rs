//! A saved plan against what a new look at AWS would do: what was saved is done, and nothing else.

use crate::kept::ChangeForm;
use crate::waves::waves;
use crate::{Change, Plan};
use std::collections::{BTreeSet, HashMap};
use wharf_core::{Action, Address};

/// Limits a plan that was made just now to what a saved one says.
///
/// Both are of the same stack file and state; AWS may have moved in between. What moved elsewhere is left alone, its
/// addresses are the answer.
///
/// # Errors
///
/// The changes that would not be the same any more, in words.
pub fn bind(saved: &Plan, fresh: &mut Plan) -> Result<Vec<Address>, Vec<String>> {
    let then: HashMap<&Address, &Change> =
        saved.changes.iter().map(|change| (&change.address, change)).collect();
    let mut moved = Vec::new();
    let mut others = Vec::new();
    let mut dropped: BTreeSet<usize> = BTreeSet::new();
    for (index, now) in fresh.changes.iter_mut().enumerate() {
        let then = then.get(&now.address).copied();
        if let Some(then) = then.filter(|then| works(then)) {
            if ChangeForm::intent(then) != kept(now) {
                moved.push(difference(then, now));
            }
        } else if works(now) {
            others.push(now.address.clone());
            dropped.insert(index);
            leave_alone(now, then);
        }
    }
    let present: BTreeSet<&Address> = fresh.changes.iter().map(|change| &change.address).collect();
    for change in saved.changes.iter().filter(|change| works(change) && !present.contains(&change.address)) {
        moved.push(format!("`{}` is not in the state any more", change.address));
    }
    if !moved.is_empty() {
        return Err(moved);
    }
    drop_operations(fresh, &dropped);
    // What moved elsewhere is not accepted either: the state stays as it is.
    fresh.drift.clear();
    fresh.gone.retain(|address| saved.gone.contains(address));
    Ok(others)
}

/// A change of now as it would come back from a file.
fn kept(change: &Change) -> ChangeForm {
    ChangeForm::intent(&ChangeForm::of(change).into_change())
}

fn works(change: &Change) -> bool {
    change.action.changes() || !change.deposed.is_empty()
}

/// Makes a change none: the object stays as AWS has it.
fn leave_alone(now: &mut Change, then: Option<&Change>) {
    now.action = Action::None;
    now.reason = None;
    now.desired = None;
    now.differences.clear();
    now.deposed.clear();
    now.create_before_destroy = false;
    now.id = then.and_then(|then| then.id.clone());
    now.after.clone_from(&now.before);
}

fn difference(then: &Change, now: &Change) -> String {
    let address = &now.address;
    if then.action != now.action {
        return format!(
            "`{address}` has moved in AWS: the plan is to {}, now it would be {}",
            then.action, now.action
        );
    }
    let differs = then.differences.iter().map(|difference| difference.path.to_string());
    let here: Vec<String> = now.differences.iter().map(|difference| difference.path.to_string()).collect();
    let there: Vec<String> = differs.collect();
    if there == here {
        format!("`{address}` has moved in AWS, or what it is made of")
    } else {
        format!(
            "`{address}` has moved in AWS: the plan is to change {}, now it would be {}",
            list(&there),
            list(&here)
        )
    }
}

fn list(paths: &[String]) -> String {
    if paths.is_empty() { "nothing".to_owned() } else { paths.join(", ") }
}

/// Takes out the operations of some changes; what waited for one of them waits for what that waited for.
fn drop_operations(plan: &mut Plan, dropped: &BTreeSet<usize>) {
    if dropped.is_empty() {
        return;
    }
    let operations = std::mem::take(&mut plan.operations);
    let is_dropped: Vec<bool> =
        operations.iter().map(|operation| dropped.contains(&operation.change)).collect();
    let mut place = Vec::with_capacity(operations.len());
    let mut next = 0;
    for gone in &is_dropped {
        place.push(next);
        next += usize::from(!gone);
    }
    let waits: Vec<BTreeSet<usize>> = (0..operations.len())
        .map(|index| {
            let mut found = BTreeSet::new();
            let mut seen = BTreeSet::new();
            let mut stack = operations[index].depends_on.clone();
            while let Some(other) = stack.pop() {
                if !seen.insert(other) {
                    continue;
                }
                if is_dropped[other] {
                    stack.extend(&operations[other].depends_on);
                } else {
                    found.insert(place[other]);
                }
            }
            found
        })
        .collect();
    for ((mut operation, waits), gone) in operations.into_iter().zip(waits).zip(is_dropped) {
        if !gone {
            operation.depends_on = waits.into_iter().collect();
            plan.operations.push(operation);
        }
    }
    let depends_on: Vec<Vec<usize>> =
        plan.operations.iter().map(|operation| operation.depends_on.clone()).collect();
    // Without some of its nodes, an order has no circle either.
    for (operation, wave) in plan.operations.iter_mut().zip(waves(&depends_on).unwrap_or_default()) {
        operation.wave = wave;
    }
}
