//! What `--target` limits a plan to.

use crate::build::Inputs;
use crate::{Graph, Mode};
use std::collections::{HashMap, HashSet};
use wharf_core::Address;

/// The targeted nodes and everything they need; `None` for all.
pub(crate) fn wanted(inputs: &Inputs<'_>, graph: &Graph) -> Option<HashSet<Address>> {
    if inputs.targets.is_empty() {
        return None;
    }
    let is_target = |address: &Address| {
        inputs.targets.iter().any(|t| t == address || (t.key.is_none() && t.name == address.name))
    };
    let instances = inputs.expanded.instances();
    let mut wanted = HashSet::new();
    for (node, instance) in instances.iter().enumerate().filter(|(_, i)| is_target(&i.address)) {
        wanted.insert(instance.address.clone());
        let needed = match inputs.mode {
            Mode::Apply => graph.ancestors(node),
            Mode::Destroy => Vec::new(),
        };
        wanted.extend(needed.into_iter().map(|node| instances[node].address.clone()));
    }
    wanted.extend(inputs.snapshot.resources.keys().filter(|address| is_target(address)).cloned());
    if inputs.mode == Mode::Destroy {
        // What depends on a target has to go with it.
        let mut dependents: HashMap<&Address, Vec<&Address>> = HashMap::new();
        for (address, record) in &inputs.snapshot.resources {
            for dependency in &record.dependencies {
                dependents.entry(dependency).or_default().push(address);
            }
        }
        let mut stack: Vec<Address> = wanted.iter().cloned().collect();
        while let Some(address) = stack.pop() {
            for dependent in dependents.get(&address).into_iter().flatten() {
                if wanted.insert(Address::clone(dependent)) {
                    stack.push(Address::clone(dependent));
                }
            }
        }
    }
    Some(wanted)
}
