//! Who else moves what: the controllers behind live objects, and the properties that are theirs from then on.

use crate::build::{Observed, Seen};
use crate::desired::Resolved;
use crate::ignore::keep_as_live;
use crate::in_force::{self, Inherited, Part, Template};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wharf_core::{Address, Map, PropertyPath, Value};
use wharf_provider::{Delegation, Provider, same_but_for};
use wharf_stack::{Lookup, Resource};
use wharf_state::{Left, Record, Snapshot, matches};

/// A controller of AWS's that moves properties of others, and how its work stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// The resource that it works for.
    pub address: Address,
    /// Who has the traffic, in a line.
    pub summary: String,
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
}

/// Objects that go, by the names under which others speak of them; each with what comes in its place, if that has to be spoken
/// of.
pub(crate) type Gone = BTreeMap<String, Option<Reference>>;

/// An attribute of the object of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reference {
    pub(crate) address: Address,
    pub(crate) attribute: String,
}

impl Reference {
    fn value(&self, lookup: &dyn Lookup) -> Value {
        let known = lookup.attributes(&self.address).and_then(|map| map.get(&self.attribute)).cloned();
        known.unwrap_or_else(|| Value::unknown(format!("{}.{}", self.address, self.attribute)))
    }
}

/// What a controller moves of one object, as a plan treats it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Delegated {
    /// The resource that the controller works for; none if it is gone, and what it moved stays as it left it.
    pub by: Option<Address>,
    /// What is under way: nothing of the object is touched.
    pub running: Option<String>,
    /// The properties that stay as they are in AWS.
    pub kept: Vec<String>,
    /// What the stack file wants otherwise than when it was applied last, and what waits: for a deployment, or for the
    /// end of the one that is running.
    pub waiting: Vec<String>,
    /// Where the template in the stack differs from what works in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template: Vec<String>,
    /// What is not as any controller leaves it: the property, and what is wrong.
    pub faults: Vec<(String, String)>,
    /// What is wanted there, where that is not what the stack file says.
    #[serde(skip)]
    pub(crate) wanted: Vec<(String, Value)>,
    /// Those of the kept properties that nobody else can change in place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclusive: BTreeSet<String>,
    /// Those of the kept properties of which the stack file decides again when it says something new.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub yields: BTreeSet<String>,
    /// What the stack file says of the kept properties that it wants otherwise than when it decided last.
    #[serde(skip)]
    asked: Map,
    /// What the object takes over from the one that works in its place.
    #[serde(skip)]
    pub(crate) inherited: Vec<Inherited>,
    /// The objects that go, and that what stays as it is must not speak of any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) gone: Gone,
    /// What is moved within those of the kept properties that others can change.
    #[serde(skip)]
    within: BTreeSet<String>,
    /// The controller that has left it so, where that is gone.
    #[serde(skip)]
    left_by: Option<Address>,
    /// What is moved within the kept properties.
    #[serde(skip)]
    about: Vec<Delegation>,
}

impl Delegated {
    /// Puts what is delegated as it stays in place of what the stack file says.
    pub fn keep(
        &self,
        resource: &Resource,
        provider: &dyn Provider,
        live: &Map,
        resolved: &mut Resolved,
        lookup: &dyn Lookup,
    ) {
        let paths = self.kept.iter().map(PropertyPath::of).collect();
        keep_as_live(resource, provider, live, paths, resolved);
        for asked in [&mut resolved.desired, &mut resolved.written] {
            for property in self.kept.iter().filter(|property| !self.exclusive.contains(*property)) {
                if let Some(value) = asked.get_mut(property) {
                    leave_out(value, &self.gone, lookup);
                }
            }
        }
        for asked in [&mut resolved.desired, &mut resolved.written] {
            in_force::put(asked, &self.inherited, Part::Own);
        }
        for (property, value) in &self.wanted {
            for asked in [&mut resolved.desired, &mut resolved.written] {
                if asked.contains_key(property) {
                    asked.insert(property.clone(), value.clone());
                }
            }
        }
    }

    /// Gives a new object what it takes over from the one that works in its place.
    pub fn inherit(&self, resolved: &mut Resolved) {
        for asked in [&mut resolved.desired, &mut resolved.written] {
            in_force::put(asked, &self.inherited, Part::InForce);
        }
    }

    /// What waits for a release: nobody but the controller brings it, or nobody has asked for it since it went back.
    pub fn to_release(&self) -> Vec<String> {
        let is_released =
            |property: &&String| self.exclusive.contains(*property) || self.yields.contains(*property);
        self.waiting.iter().filter(is_released).cloned().collect()
    }

    /// Leaves to the stack file what it decides on with a release.
    pub(crate) fn release(&mut self) {
        self.kept.retain(|property| !self.yields.contains(property));
    }

    /// The properties that stay as they are when the controller is gone.
    pub fn to_remember(&self) -> Option<Left> {
        let by = self.by.as_ref().or(self.left_by.as_ref())?.clone();
        let kept: BTreeSet<&String> =
            self.kept.iter().filter(|property| !self.exclusive.contains(*property)).collect();
        let properties: Vec<String> = kept.into_iter().cloned().collect();
        let within = self.within.iter().cloned().collect();
        (!properties.is_empty()).then_some(Left { by, properties, within })
    }

    /// What a state remembers of the properties of an object: of what waits, what was asked for when the stack file
    /// decided last.
    pub fn to_record(&self, desired: &Map, recorded: Option<&Map>) -> Map {
        let mut properties = desired.clone();
        in_force::put(&mut properties, &self.inherited, Part::Asked);
        for property in self.kept.iter().chain(self.wanted.iter().map(|(property, _)| property)) {
            let came_true = self.asked.get(property).filter(|_| !self.waiting.contains(property));
            let came_true = came_true.filter(|asked| asked.is_known());
            let decided = came_true.or_else(|| recorded?.get(property));
            if let Some(value) = decided {
                properties.insert(property.clone(), value.clone());
            }
        }
        if self.waits_for_the_end() {
            // Nothing of it was sent.
            for property in &self.waiting {
                match recorded.and_then(|recorded| recorded.get(property)) {
                    Some(value) => drop(properties.insert(property.clone(), value.clone())),
                    None => drop(properties.remove(property)),
                }
            }
        }
        properties
    }

    /// Whether something is not sent as long as what runs has not ended.
    pub(crate) fn waits_for_the_end(&self) -> bool {
        self.running.is_some() && !self.waiting.is_empty()
    }

    fn add(&mut self, by: &Address, about: Vec<Delegation>, is_own: bool) {
        // An object that nobody else may change is better told of by who does.
        if self.by.is_none() || !is_own {
            self.by = Some(by.clone());
        }
        for delegation in &about {
            for property in delegation.properties {
                if !self.kept.iter().any(|kept| kept == property) {
                    self.kept.push((*property).to_owned());
                }
            }
            let names = || delegation.properties.iter().map(|property| (*property).to_owned());
            if delegation.exclusive {
                self.exclusive.extend(names());
            } else {
                self.within.extend(delegation.moved_within.iter().map(|name| (*name).to_owned()));
            }
            if delegation.yields {
                self.yields.extend(names());
            }
        }
        self.about.extend(about);
    }

    /// Leaves to the stack file what cannot stay: a property that waits for something new, such as a target group that
    /// is replaced together with what is behind it, unless only the controller can bring that.
    pub(crate) fn let_go(&mut self, desired: &Map) {
        let is_known = |property: &String| desired.get(property).is_none_or(Value::is_known);
        let exclusive = &self.exclusive;
        self.kept.retain(|property| is_known(property) || exclusive.contains(property));
        self.wanted.retain(|(property, _)| is_known(property));
    }

    /// Leaves to the stack file all that others than the controller can change.
    pub(crate) fn leave_to_the_stack(&mut self) {
        self.kept.retain(|property| self.exclusive.contains(property));
        self.wanted.clear();
    }

    /// For a new object in the place of the present one, the stack file decides what it wants otherwise than before,
    /// and what waits for something new; the rest goes on as the controller left it.
    pub(crate) fn replaced(&mut self, desired: &Map) {
        self.exclusive.clear();
        self.let_go(desired);
        self.waiting.clear();
        self.kept.retain(|property| !self.asked.contains_key(property));
    }

    /// Finds out what the stack file wants otherwise than when it decided last; what is not as it wants it waits. `live` is
    /// in canonical form.
    pub(crate) fn ask(&mut self, desired: &Map, recorded: &Map, live: &Map, salt: &str, serving: &Serving) {
        for property in &self.kept {
            let (Some(wanted), Some(before)) = (desired.get(property), recorded.get(property)) else {
                continue;
            };
            if matches(before, wanted, salt) {
                continue;
            }
            self.asked.insert(property.clone(), wanted.clone());
            let about = self.about.iter().find(|about| about.properties.contains(&property.as_str()));
            let is_as_wanted = live.get(property).is_some_and(|live| match about {
                Some(about) => about.is_as_wanted(wanted, live),
                None => wanted == live,
            });
            if !is_as_wanted {
                self.waiting.push(property.clone());
            }
        }
        let (yields, asked) = (&self.yields, &self.asked);
        let is_decided = |property: &String| yields.contains(property) && asked.contains_key(property);
        self.kept.retain(|property| !is_decided(property));
        self.waiting.retain(|property| !is_decided(property));
        if self.by.is_none() {
            // The controller is gone: what it left stays until the stack file says something new. It may not send the traffic
            // away from what serves.
            let within: Vec<&str> = self.within.iter().map(String::as_str).collect();
            let ids: Vec<&str> = serving.iter().flat_map(|(_, ids)| ids.iter().map(String::as_str)).collect();
            let leaves = |property: &String| match (desired.get(property), live.get(property)) {
                (Some(wanted), Some(live)) => {
                    mentions(live, &ids) && !mentions(wanted, &ids) && same_but_for(wanted, live, &within)
                }
                _ => false,
            };
            let (waiting, decided) = std::mem::take(&mut self.waiting).into_iter().partition(leaves);
            self.waiting = waiting;
            self.kept.retain(|property| !decided.contains(property));
        }
    }

    /// Says of a property that names a template whether what works is as the template says.
    pub(crate) fn compare_template(&mut self, template: Template) {
        let Template { property, differs } = template;
        if !self.kept.iter().any(|kept| kept == property) {
            return;
        }
        self.waiting.retain(|waiting| waiting != property);
        if !differs.is_empty() {
            self.waiting.push(property.to_owned());
        }
        self.template = differs;
    }
}

/// Whether some text in a value is one of these.
pub(crate) fn mentions(value: &Value, texts: &[&str]) -> bool {
    value.any(&|value| value.as_str().is_some_and(|text| texts.contains(&text)))
}

/// The ids of what has the traffic of each controller.
pub(crate) type Serving = Vec<(Address, Vec<String>)>;

/// Everything that live objects delegate.
#[derive(Debug, Default)]
pub(crate) struct Delegations {
    pub(crate) controllers: Vec<Controller>,
    /// The ids of what has the traffic of each controller.
    pub(crate) serving: Serving,
    by_address: HashMap<Address, Delegated>,
}

impl Delegations {
    pub(crate) fn of(provider: &dyn Provider, snapshot: &Snapshot, observed: &Observed) -> Self {
        let live: Vec<(&Address, &Record, &Map)> = snapshot
            .resources
            .iter()
            .filter_map(|(address, record)| match observed.current.get(address) {
                Some(Seen::Live(live)) if record.id.is_some() => Some((address, record, live.as_ref())),
                _ => None,
            })
            .collect();
        let mut found = Delegations::default();
        for (address, record, attributes) in &live {
            let resource_type = record.resource_type.as_str();
            let delegations = provider.delegates(resource_type, attributes);
            if delegations.is_empty() {
                continue;
            }
            let mut objects: Vec<(&Address, &str, &Map)> = Vec::new();
            for (other, of_other, other_live) in &live {
                let kind = of_other.resource_type.as_str();
                let about = delegations
                    .iter()
                    .filter(|d| d.resource_type == kind && d.is_about(other_live, &of_other.properties));
                let about: Vec<Delegation> = about.cloned().collect();
                if !about.is_empty() {
                    objects.push((other, kind, other_live));
                    found.by_address.entry((*other).clone()).or_default().add(
                        address,
                        about,
                        *other == *address,
                    );
                }
            }
            let seen: Vec<(&str, &Map)> = objects.iter().map(|(_, kind, live)| (*kind, *live)).collect();
            let standing = provider.standing(resource_type, attributes, &seen);
            for (other, ..) in &objects {
                if let Some(delegated) = found.by_address.get_mut(*other) {
                    delegated.running = delegated.running.take().or_else(|| standing.running.clone());
                }
            }
            for fault in standing.faults {
                let Some((other, ..)) = objects.get(fault.object) else { continue };
                if let Some(delegated) = found.by_address.get_mut(*other) {
                    delegated.kept.retain(|property| property != fault.property);
                    delegated.wanted.extend(fault.wanted.map(|value| (fault.property.to_owned(), value)));
                    delegated.faults.push((fault.property.to_owned(), fault.reason));
                }
            }
            if !standing.summary.is_empty() {
                found.controllers.push(Controller {
                    address: (*address).clone(),
                    summary: standing.summary,
                    running: standing.running,
                });
            }
            if !standing.serves.is_empty() {
                found.serving.push(((*address).clone(), standing.serves));
            }
        }
        found.remember(provider, snapshot, observed);
        found
    }

    /// What controllers that are gone have moved. One that is there and moves nothing of it any more has let it go.
    fn remember(&mut self, provider: &dyn Provider, snapshot: &Snapshot, observed: &Observed) {
        let gone = |address: &Address| matches!(observed.current.get(address), Some(Seen::Gone));
        let mut left = moved_by(provider, snapshot, gone);
        for (address, record) in &snapshot.resources {
            let known = record.delegated.as_ref();
            let known = known.filter(|left| !matches!(observed.current.get(&left.by), Some(Seen::Live(_))));
            if let Some(known) = known {
                left.entry(address.clone()).or_insert_with(|| known.clone());
            }
        }
        for (address, Left { by, properties, within }) in left {
            self.by_address.entry(address).or_insert_with(|| Delegated {
                kept: properties,
                within: within.into_iter().collect(),
                left_by: Some(by),
                ..Delegated::default()
            });
        }
    }

    /// Whether nothing is delegated.
    pub(crate) fn is_empty(&self) -> bool {
        self.controllers.is_empty() && self.by_address.is_empty()
    }

    /// What is delegated, by the addresses of the objects.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Address, &Delegated)> {
        self.by_address.iter()
    }

    /// What is delegated of the object of an address.
    pub(crate) fn get(&self, address: &Address) -> Option<&Delegated> {
        self.by_address.get(address)
    }
}

/// Takes the items out of lists that speak of one of these objects, or puts what comes in its place.
fn leave_out(value: &mut Value, gone: &Gone, lookup: &dyn Lookup) {
    match value {
        Value::Sensitive(inner) => leave_out(inner, gone, lookup),
        Value::Map(map) => map.values_mut().for_each(|value| leave_out(value, gone, lookup)),
        Value::List(list) => {
            list.retain(|item| !is_out(item, gone));
            for item in list {
                leave_out(item, gone, lookup);
            }
        }
        Value::String(text) => {
            if let Some(Some(new)) = gone.get(text) {
                *value = new.value(lookup);
            }
        }
        _ => {}
    }
}

/// Whether a text, or an entry of a mapping, is one of these, and nothing comes in its place.
fn is_out(item: &Value, gone: &Gone) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|text| gone.get(text) == Some(&None));
    is(item) || item.as_map().is_some_and(|map| map.values().any(is))
}

/// What some of the controllers in a state move that others could, by the addresses of the objects.
fn moved_by(
    provider: &dyn Provider,
    snapshot: &Snapshot,
    which: impl Fn(&Address) -> bool,
) -> BTreeMap<Address, Left> {
    let mut moved: BTreeMap<Address, Left> = BTreeMap::new();
    for (by, record) in
        snapshot.resources.iter().filter(|(address, record)| record.id.is_some() && which(address))
    {
        let delegations = provider.delegates(&record.resource_type, &record.attributes).into_iter();
        for delegation in delegations.filter(|delegation| !delegation.exclusive) {
            for (other, of_other) in &snapshot.resources {
                if of_other.resource_type != delegation.resource_type
                    || !delegation.is_about(&of_other.attributes, &of_other.properties)
                {
                    continue;
                }
                let left = moved.entry(other.clone());
                let left = left.or_insert_with(|| Left {
                    by: by.clone(),
                    properties: Vec::new(),
                    within: Vec::new(),
                });
                let more = [
                    (&mut left.properties, delegation.properties),
                    (&mut left.within, delegation.moved_within),
                ];
                for (names, more) in more {
                    names.extend(more.iter().map(|name| (*name).to_owned()));
                    names.sort();
                    names.dedup();
                }
            }
        }
    }
    moved.retain(|_, left| !left.properties.is_empty());
    moved
}

/// Writes down in a state what its controllers move, for the time when one of them is gone.
pub fn remember_delegations(provider: &dyn Provider, snapshot: &mut Snapshot) {
    for (address, left) in moved_by(provider, snapshot, |_| true) {
        if let Some(record) = snapshot.resources.get_mut(&address) {
            record.delegated = Some(left);
        }
    }
}
