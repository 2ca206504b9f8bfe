use std::collections::BTreeMap;
use wharf_core::Address;
use wharf_stack::{Expanded, Moved};
use wharf_state::Snapshot;

/// Renames addresses in a state as `moved:` says, and returns what was renamed: new address to old.
pub fn apply_moves(snapshot: &mut Snapshot, moves: &[Moved]) -> BTreeMap<Address, Address> {
    let mut renamed = BTreeMap::new();
    for step in moves {
        for (from, to) in move_address(snapshot, &step.from, &step.to) {
            let origin = renamed.remove(&from).unwrap_or(from);
            renamed.insert(to, origin);
        }
    }
    renamed
}

/// Renames an address in a state, and returns what was renamed: old address to new.
///
/// A whole resource with `for_each` moves with all its instances. An address that is there already is not moved over.
pub fn move_address(snapshot: &mut Snapshot, from: &Address, to: &Address) -> BTreeMap<Address, Address> {
    let is_meant = |address: &&Address| *address == from || (from.key.is_none() && address.name == from.name);
    let affected: Vec<Address> = snapshot.resources.keys().filter(is_meant).cloned().collect();
    let mut renamed = BTreeMap::new();
    for old in affected {
        let key = if old == *from { to.key.clone() } else { old.key.clone() };
        let new = Address { name: to.name.clone(), key };
        if snapshot.resources.contains_key(&new) {
            continue;
        }
        if let Some(record) = snapshot.resources.remove(&old) {
            snapshot.resources.insert(new.clone(), record);
            renamed.insert(old, new);
        }
    }
    if !renamed.is_empty() {
        for dependency in snapshot.resources.values_mut().flat_map(|record| &mut record.dependencies) {
            if let Some(new) = renamed.get(dependency) {
                dependency.clone_from(new);
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
