use crate::stack::{Resource, Stack};
use std::collections::HashMap;
use wharf_core::{Address, Diagnostic, Diagnostics, Span};

/// Checks `moved:`: what it names as new must be there, what it names as old must be gone, and nothing moves twice.
pub(crate) fn check(stack: &Stack, errors: &mut Diagnostics) {
    let mut sources: HashMap<&Address, Span> = HashMap::new();
    let mut targets: HashMap<&Address, Span> = HashMap::new();
    let resource = |name: &str| stack.names.resources.get(name).and_then(|index| stack.resources.get(*index));
    for moved in &stack.moved {
        let (from, to) = (&moved.from, &moved.to);
        if from == to {
            errors.push(Diagnostic::error(format!("`{to}` is moved to itself")).at(moved.span));
            continue;
        }
        if !resource(&to.name).is_some_and(|resource| may_hold(resource, to)) {
            let names = stack.resources.iter().map(|resource| resource.name.as_str());
            let near = wharf_core::suggest(&to.name, names).filter(|near| *near != to.name);
            let error = Diagnostic::error(format!("`moved` leads to `{to}`, which is not in the stack"));
            errors.push(error.at(moved.span).maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
        }
        // `vpc` may become `vpc["a"]`: then the resource is there, but no longer under its bare name
        let still_there = |resource: &Resource| resource.for_each.is_none() || from.name != to.name;
        if from.key.is_none() && resource(&from.name).is_some_and(still_there) {
            errors.push(
                Diagnostic::error(format!("`{from}` is moved away but still in the stack"))
                    .at(moved.span)
                    .help("remove the resource, or this entry"),
            );
        }
        for (seen, address, what) in [(&mut sources, from, "moved from"), (&mut targets, to, "moved to")] {
            if let Some(first) = seen.insert(address, moved.span) {
                let error = Diagnostic::error(format!("`{address}` is {what} twice")).at(moved.span);
                errors.push(error.also(first, "first here"));
            }
        }
    }
    for moved in &stack.moved {
        if let Some(before) = targets.get(&moved.from).filter(|before| **before != moved.span) {
            errors.push(
                Diagnostic::error(format!(
                    "`{}` is moved on: entries of `moved` may not form a chain",
                    moved.from
                ))
                .at(moved.span)
                .also(*before, "it is moved here by this one")
                .help(format!("write one entry that leads to `{}`", moved.to)),
            );
        }
    }
}

/// Whether an address may name a resource, or an instance of it.
fn may_hold(resource: &Resource, address: &Address) -> bool {
    address.key.is_none() || resource.for_each.is_some()
}
