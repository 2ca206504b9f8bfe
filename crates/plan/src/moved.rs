use std::collections::{BTreeMap, HashMap};
use wharf_core::Address;
use wharf_stack::{Expanded, Moved};
use wharf_state::Snapshot;

/// Renames addresses in a state as `moved:` says, and returns what was renamed: new address to old.
///
/// A whole resource with `for_each` moves with all its instances. An address that is there already is not moved over.
pub fn apply_moves(snapshot: &mut Snapshot, moves: &[Moved]) -> BTreeMap<Address, Address> {
    let mut renamed = BTreeMap::new();
    for step in moves {
        let affected: Vec<Address> = snapshot
            .resources
            .keys()
            .filter(|address| {
                **address == step.from || (step.from.key.is_none() && address.name == step.from.name)
            })
            .cloned()
            .collect();
        let mut step_renamed: HashMap<Address, Address> = HashMap::new();
        for from in affected {
            let to = Address {
                name: step.to.name.clone(),
                key: if from == step.from { step.to.key.clone() } else { from.key.clone() },
            };
            if snapshot.resources.contains_key(&to) {
                continue;
            }
            if let Some(record) = snapshot.resources.remove(&from) {
                snapshot.resources.insert(to.clone(), record);
                let origin = renamed.remove(&from).unwrap_or_else(|| from.clone());
                renamed.insert(to.clone(), origin);
                step_renamed.insert(from, to);
            }
        }
        if step_renamed.is_empty() {
            continue;
        }
        for dependency in snapshot.resources.values_mut().flat_map(|record| &mut record.dependencies) {
            if let Some(to) = step_renamed.get(dependency) {
                dependency.clone_from(to);
            }
        }
    }
    renamed
}

/// An object of another type than the stack file has under its name is another object: it becomes a predecessor, to be
/// deleted, or is forgotten if it is to be retained. Whether there was any.
pub fn depose_other_types(snapshot: &mut Snapshot, expanded: &Expanded) -> bool {
    let mut any = false;
    for instance in expanded.instances() {
        let Some(record) = snapshot.resources.get_mut(&instance.address) else { continue };
        let wanted = &expanded.resource(instance).type_name;
        if record.resource_type == *wanted {
            continue;
        }
        any = true;
        if record.retain {
            record.id = None;
        }
        record.depose();
        let old = std::mem::replace(&mut record.resource_type, wanted.clone());
        for deposed in &mut record.deposed {
            deposed.resource_type.get_or_insert_with(|| old.clone());
        }
        record.attributes = wharf_core::Map::new();
        record.properties = wharf_core::Map::new();
    }
    any
}
