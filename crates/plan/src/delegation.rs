//! Who else moves what: the controllers behind live objects, and the properties that are theirs from then on.

use crate::build::{Observed, Seen};
use crate::desired::Resolved;
use crate::ignore::keep_as_live;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use wharf_core::{Address, Map, PropertyPath, Value};
use wharf_provider::Provider;
use wharf_stack::Resource;
use wharf_state::{Snapshot, matches};

/// A controller of AWS's that moves properties of others, and how its work stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// The resource that it works for.
    pub address: Address,
    /// Who has the traffic, in a line.
    pub summary: String,
}

/// What a controller moves of one object, as a plan treats it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Delegated {
    /// The resource that the controller works for.
    pub by: Option<Address>,
    /// What is under way: nothing of the object is touched.
    pub running: Option<String>,
    /// The properties that stay as they are in AWS.
    pub kept: Vec<String>,
    /// What the stack file wants otherwise than when it was applied last, and what waits: for a deployment, or for the
    /// end of the one that is running.
    pub waiting: Vec<String>,
    /// What is not as any controller leaves it: the property, and what is wrong.
    pub faults: Vec<(String, String)>,
    /// What is wanted there, where that is not what the stack file says.
    #[serde(skip)]
    pub(crate) wanted: Vec<(String, Value)>,
    /// Those of the kept properties that nobody else can change in place.
    #[serde(skip)]
    pub(crate) exclusive: Vec<String>,
}

impl Delegated {
    /// Puts what is delegated as it stays in place of what the stack file says.
    pub fn keep(&self, resource: &Resource, provider: &dyn Provider, live: &Map, resolved: &mut Resolved) {
        let paths = self.kept.iter().map(PropertyPath::of).collect();
        keep_as_live(resource, provider, live, paths, resolved);
        for (property, value) in &self.wanted {
            for asked in [&mut resolved.desired, &mut resolved.written] {
                if asked.contains_key(property) {
                    asked.insert(property.clone(), value.clone());
                }
            }
        }
    }

    /// What a state remembers of the properties of an object: of delegated ones what was asked for when the stack file
    /// decided last.
    pub fn to_record(&self, desired: &Map, recorded: Option<&Map>) -> Map {
        let mut properties = desired.clone();
        for property in self.kept.iter().chain(self.wanted.iter().map(|(property, _)| property)) {
            if let Some(value) = recorded.and_then(|recorded| recorded.get(property)) {
                properties.insert(property.clone(), value.clone());
            }
        }
        properties
    }

    /// Leaves to the stack file what cannot stay: a property that waits for something new, such as a target group that
    /// is replaced, unless only the controller can bring that.
    pub(crate) fn let_go(&mut self, desired: &Map) {
        let is_known = |property: &String| desired.get(property).is_none_or(Value::is_known);
        let exclusive = &self.exclusive;
        self.kept.retain(|property| is_known(property) || exclusive.contains(property));
        self.wanted.retain(|(property, _)| is_known(property));
    }

    /// For a new object in the place of the present one, the stack file decides what it wants otherwise than before,
    /// and what waits for something new; the rest goes on as the controller left it.
    pub(crate) fn replaced(&mut self, desired: &Map) {
        self.exclusive.clear();
        self.let_go(desired);
        let waiting = std::mem::take(&mut self.waiting);
        self.kept.retain(|property| !waiting.contains(property));
    }

    /// The kept properties that the stack file wants otherwise than when it decided last.
    pub(crate) fn changed(&self, desired: &Map, recorded: &Map, salt: &str) -> Vec<String> {
        let changed =
            self.kept.iter().filter(|property| match (desired.get(*property), recorded.get(*property)) {
                (Some(wanted), Some(before)) => !matches(before, wanted, salt),
                _ => false,
            });
        changed.cloned().collect()
    }
}

/// Everything that live objects delegate.
#[derive(Debug, Default)]
pub(crate) struct Delegations {
    pub(crate) controllers: Vec<Controller>,
    by_address: HashMap<Address, Delegated>,
}

impl Delegations {
    pub(crate) fn of(provider: &dyn Provider, snapshot: &Snapshot, observed: &Observed) -> Self {
        let live: Vec<(&Address, &str, &Map)> = snapshot
            .resources
            .iter()
            .filter_map(|(address, record)| match observed.current.get(address) {
                Some(Seen::Live(live)) if record.id.is_some() => {
                    Some((address, record.resource_type.as_str(), live.as_ref()))
                }
                _ => None,
            })
            .collect();
        let mut found = Delegations::default();
        for (address, resource_type, attributes) in &live {
            let delegations = provider.delegates(resource_type, attributes);
            if delegations.is_empty() {
                continue;
            }
            let mut objects: Vec<(&Address, &str, &Map)> = Vec::new();
            let mut moves: BTreeMap<Address, Vec<String>> = BTreeMap::new();
            for (other, kind, other_live) in &live {
                let about = delegations.iter().filter(|d| d.resource_type == *kind && d.is_about(other_live));
                let properties: Vec<String> =
                    about.flat_map(|d| d.properties).map(|property| (*property).to_owned()).collect();
                if !properties.is_empty() {
                    let of_it = found.by_address.entry((*other).clone()).or_default();
                    let exclusive = delegations.iter().filter(|d| d.exclusive && d.resource_type == *kind);
                    of_it.exclusive.extend(exclusive.flat_map(|d| d.properties).map(|p| (*p).to_owned()));
                    objects.push((other, kind, other_live));
                    moves.insert((*other).clone(), properties);
                }
            }
            let seen: Vec<(&str, &Map)> = objects.iter().map(|(_, kind, live)| (*kind, *live)).collect();
            let standing = provider.standing(resource_type, attributes, &seen);
            for (other, properties) in moves {
                let delegated = found.by_address.entry(other).or_default();
                delegated.by = Some((*address).clone());
                delegated.running = delegated.running.take().or_else(|| standing.running.clone());
                delegated.kept.extend(properties);
            }
            for fault in standing.faults {
                let Some((other, ..)) = objects.get(fault.object) else { continue };
                if let Some(delegated) = found.by_address.get_mut(*other) {
                    delegated.kept.retain(|property| property != fault.property);
                    delegated.wanted.extend(fault.wanted.map(|value| (fault.property.to_owned(), value)));
                    delegated.faults.push((fault.property.to_owned(), fault.reason));
                }
            }
            let summary = standing.summary;
            found.controllers.push(Controller { address: (*address).clone(), summary });
        }
        found
    }

    /// What is delegated of the object of an address.
    pub(crate) fn get(&self, address: &Address) -> Option<&Delegated> {
        self.by_address.get(address)
    }
}
