use super::{FakeCloud, FakeObject};
use std::collections::BTreeMap;
use wharf_state::Snapshot;

impl FakeCloud {
    /// What a state and the cloud disagree about: orphans (in the cloud only), phantoms (in the state only), and objects
    /// that the state takes for finished when they are not.
    ///
    /// Nothing after every apply that was carried out, whatever went wrong before it.
    pub fn disagreements(&self, snapshot: &Snapshot) -> Vec<String> {
        let mut recorded: BTreeMap<(String, String), usize> = BTreeMap::new();
        for record in snapshot.resources.values() {
            let current = record.id.iter().map(|id| (record.resource_type.as_str(), id));
            let deposed = record.deposed.iter().map(|deposed| (deposed.type_in(record), &deposed.id));
            for (resource_type, id) in current.chain(deposed) {
                *recorded.entry((resource_type.to_owned(), id.clone())).or_default() += 1;
            }
        }
        let mut found = Vec::new();
        let finished = |object: &FakeObject| {
            let mut records = snapshot.resources.values();
            records.any(|record| {
                let is_it = record.resource_type == object.kind && record.id.as_ref() == Some(&object.id);
                is_it && !record.unfinished
            })
        };
        for object in self.objects() {
            if object.unfinished && finished(&object) {
                found.push(format!("unfinished: {} {} made for {}", object.kind, object.id, object.made_for));
            }
            if recorded.remove(&(object.kind.to_owned(), object.id.clone())).is_none() {
                found.push(format!("orphan: {} {} made for {}", object.kind, object.id, object.made_for));
            }
        }
        found.extend(recorded.into_keys().map(|(kind, id)| format!("phantom: {kind} {id}")));
        found
    }
}
