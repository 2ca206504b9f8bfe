//! Plans as data, on the types of the cloud in memory: what changes, in which order, and why.

mod delegation;
mod drift;
mod hold;
mod order;
mod random;
mod saved;
mod what;

use std::collections::BTreeMap;
use std::sync::Arc;
use wharf_core::{Address, Map, Value};
use wharf_plan::{Inputs, Kind, Mode, Observed, Plan, Seen, apply_moves, plan};
use wharf_state::{Record, Snapshot};
use wharf_testkit::fake::FakeCloud;
use wharf_testkit::stacks;

pub(crate) type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// A stack as applied, for the next plan: state and live say what the last plan asked for.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) cloud: FakeCloud,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) observed: Observed,
}

impl World {
    pub(crate) fn plan(&self, text: &str) -> Result<Plan> {
        self.plan_for(text, Mode::Apply, &[])
    }

    pub(crate) fn plan_for(&self, text: &str, mode: Mode, targets: &[Address]) -> Result<Plan> {
        let expanded = stacks::expand(&self.cloud, text)?;
        let mut snapshot = self.snapshot.clone().unwrap_or_else(|| Snapshot::new("test"));
        let moved: BTreeMap<Address, Address> = apply_moves(&mut snapshot, &expanded.stack().moved);
        let mut observed = self.observed.clone();
        for (to, from) in &moved {
            if let Some(seen) = observed.current.remove(from) {
                observed.current.insert(to.clone(), seen);
            }
        }
        let inputs = Inputs {
            expanded: &expanded,
            provider: &self.cloud,
            snapshot: &snapshot,
            observed: &observed,
            moved: &moved,
            mode,
            targets,
            releases: false,
        };
        Ok(plan(&inputs)?)
    }

    /// Makes the state and the cloud what a plan says, with ids made of the addresses.
    pub(crate) fn applied(text: &str) -> Result<Self> {
        let mut world = World::default();
        let plan = world.plan(text)?;
        let mut snapshot = Snapshot { lineage: plan.lineage.clone(), ..Snapshot::new("test") };
        for change in &plan.changes {
            let desired = change.desired.as_deref().cloned().unwrap_or_default();
            let mut live: Map = desired.iter().map(|(k, v)| (k.clone(), known(v))).collect();
            let id = change.address.to_tag();
            live.insert("id".into(), id.as_str().into());
            let properties = desired.iter().map(|(k, v)| (k.clone(), known(v))).collect();
            let record = Record {
                resource_type: change.resource_type.clone(),
                id: Some(id),
                properties,
                attributes: live.clone(),
                dependencies: change.dependencies.clone(),
                retain: change.retain,
                ..Record::default()
            };
            snapshot.resources.insert(change.address.clone(), record);
            world.observed.current.insert(change.address.clone(), Seen::Live(Arc::new(live)));
        }
        world.snapshot = Some(snapshot);
        Ok(world)
    }

    /// Changes what the cloud says of an address.
    pub(crate) fn live(&mut self, address: &str, change: impl FnOnce(&mut Map)) -> Result<()> {
        let address: Address = address.parse()?;
        if let Some(Seen::Live(live)) = self.observed.current.get_mut(&address) {
            change(Arc::make_mut(live));
        }
        Ok(())
    }
}

/// Unknown references to ids, known: ids are made of addresses here.
fn known(value: &Value) -> Value {
    match value {
        Value::Unknown(unknown) => {
            let address = unknown.of.trim_end_matches(".id");
            address.parse::<Address>().map_or(Value::Null, |address| address.to_tag().into())
        }
        Value::List(list) => Value::List(list.iter().map(known).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.clone(), known(v))).collect()),
        other => other.clone(),
    }
}

/// The operations of a plan, one a line: wave, sign, address.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    let line = |operation: &wharf_plan::Operation| {
        let sign = match operation.kind {
            Kind::Create => "+",
            Kind::Update => "~",
            Kind::Delete => "-",
            Kind::DeleteDeposed { .. } => "--",
            Kind::Forget => ".",
        };
        format!("{} {sign} {}", operation.wave, operation.address)
    };
    plan.operations.iter().map(line).collect()
}
