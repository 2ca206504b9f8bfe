//! What somebody changed behind wharf's back: recorded against live. The stack file says nothing here but what it
//! leaves to others (`ignore_changes`).

use crate::build::{Observed, Seen};
use crate::delegation::{Delegated, Delegations};
use crate::desired::{mark_sensitive, with_own_tags};
use crate::diff::compare;
use crate::ignore::covers;
use crate::marks::{is_mark, is_marked};
use crate::{Difference, canonical, conceal, overlay};
use std::sync::Arc;
use wharf_core::{Address, Field, Map, PropertyPath, Schema, Value};
use wharf_provider::Provider;
use wharf_stack::{Expanded, IgnoreChanges};
use wharf_state::{Record, Snapshot, is_hash, matches};

/// An object that is not as it was when wharf last made, changed or accepted it.
#[derive(Debug, Clone)]
pub struct Drift {
    /// The address.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// AWS's id of it.
    pub id: Option<String>,
    /// Properties and attributes as recorded, in canonical form; sensitive ones marked.
    pub before: Arc<Map>,
    /// The same as AWS has them now; none if the object was deleted.
    pub after: Option<Arc<Map>>,
    /// The properties that moved; none if the object was deleted.
    pub differences: Vec<MovedProperty>,
}

/// A property that moved behind wharf's back.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedProperty {
    /// Where.
    pub path: PropertyPath,
    /// What was recorded, if anything; marked where it is sensitive, and then of use for nothing but to be hidden.
    pub recorded: Option<Value>,
    /// What AWS has, if anything.
    pub live: Option<Value>,
}

impl MovedProperty {
    /// As the difference from what was recorded to what AWS has.
    pub fn difference(&self) -> Difference {
        Difference {
            path: self.path.clone(),
            before: self.recorded.clone(),
            after: self.live.clone().unwrap_or(Value::Null),
            forces_replacement: false,
            drifted: false,
        }
    }
}

/// What moved, in the order of the addresses.
///
/// Only what a stack file could set counts, in the canonical form in which plans compare it: what was set, as last
/// applied; what was not set, as AWS told it last, unless others change it in the normal course ([`Field::shared`]). What
/// `ignore_changes` names is left to others. Objects that an interrupted run left unfinished can only be gone.
pub fn drift(
    expanded: &Expanded,
    provider: &dyn Provider,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Vec<Drift> {
    drift_beside(expanded, provider, snapshot, observed, &Delegations::of(provider, snapshot, observed))
}

/// The same for whoever knows already what is delegated.
pub(crate) fn drift_beside(
    expanded: &Expanded,
    provider: &dyn Provider,
    snapshot: &Snapshot,
    observed: &Observed,
    delegations: &Delegations,
) -> Vec<Drift> {
    let compared = snapshot.resources.iter().filter_map(|(address, record)| {
        record.id.as_ref()?;
        let seen = observed.current.get(address)?;
        let schema = provider.schema(&record.resource_type)?;
        let delegated = delegations.get(address);
        let salt = &snapshot.lineage;
        Comparison { expanded, provider, schema: &schema, address, record, delegated, salt }.of(seen)
    });
    compared.collect()
}

/// One object, recorded and live.
struct Comparison<'a> {
    expanded: &'a Expanded,
    provider: &'a dyn Provider,
    schema: &'a Schema,
    address: &'a Address,
    record: &'a Record,
    /// What another controller moves is no drift.
    delegated: Option<&'a Delegated>,
    salt: &'a str,
}

impl Comparison<'_> {
    fn of(&self, seen: &Seen) -> Option<Drift> {
        let Seen::Live(live) = seen else {
            return Some(self.found(self.expected(&Map::new(), &Map::new()), None, Vec::new()));
        };
        if self.record.unfinished || self.record.attributes == **live {
            return None;
        }
        let mut told = Map::clone(live);
        conceal(self.schema, &mut told, &self.record.properties);
        conceal(self.schema, &mut told, &self.record.attributes);
        let mut after = told.clone();
        self.canonical(&mut after);
        let before = self.expected(&told, &after);
        let differences = self.differences(&before, &after);
        if differences.is_empty() {
            return None;
        }
        // What AWS does not tell counts as it was applied.
        for field in self.schema.fields.iter().filter(|field| field.write_only) {
            if let Some(value) = before.get(&field.name) {
                after.entry(field.name.clone()).or_insert_with(|| value.clone());
            }
        }
        Some(self.found(before, Some(after), differences))
    }

    fn found(&self, before: Map, after: Option<Map>, differences: Vec<MovedProperty>) -> Drift {
        let tagged = |mut map: Map| {
            with_own_tags(&mut map, None, &self.expanded.aws().default_tags);
            Arc::new(map)
        };
        Drift {
            address: self.address.clone(),
            resource_type: self.record.resource_type.clone(),
            id: self.record.id.clone(),
            before: tagged(before),
            after: after.map(tagged),
            differences,
        }
    }

    fn canonical(&self, map: &mut Map) {
        canonical(self.schema, map);
        self.provider.canonical(&self.record.resource_type, map);
    }

    /// What the object was when it was recorded: AWS's word, and over it what was applied. `told` is what AWS says now,
    /// `live` the same in canonical form: hashes of what is still the same are put in the clear by them.
    fn expected(&self, told: &Map, live: &Map) -> Map {
        let mut attributes = reveal_all(&self.record.attributes, told, self.salt);
        self.canonical(&mut attributes);
        let properties = reveal_all(&self.record.properties, live, self.salt);
        let mut expected = overlay(self.schema, &attributes, &properties);
        mark_sensitive(self.schema, &mut expected);
        expected
    }

    fn differences(&self, before: &Map, after: &Map) -> Vec<MovedProperty> {
        let mut found = Vec::new();
        for field in self.schema.fields.iter().filter(|field| self.counts(field)) {
            let path = PropertyPath::of(&field.name);
            match (before.get(&field.name), after.get(&field.name)) {
                (Some(recorded), live) => {
                    let mut moved = Vec::new();
                    compare(field, recorded, live, &path, false, &mut moved);
                    found.extend(moved.into_iter().map(|difference| MovedProperty {
                        path: difference.path,
                        recorded: Some(difference.after).filter(|value| !value.is_null()),
                        live: difference.before,
                    }));
                }
                (None, Some(live)) if !is_nothing(field, live) => {
                    found.push(MovedProperty { path, recorded: None, live: Some(live.clone()) });
                }
                (None, _) => {}
            }
        }
        found.retain(|moved| !is_same(moved));
        if !is_marked(after, self.salt) {
            found.retain(|moved| !is_mark(&moved.path));
        }
        if let Some(delegated) = self.delegated {
            found.retain(|moved| {
                !moved.path.property().is_some_and(|p| delegated.kept.iter().any(|kept| kept == p))
            });
        }
        if let Some(instance) = self.expanded.instance(self.address) {
            match &self.expanded.resource(instance).lifecycle.ignore_changes {
                IgnoreChanges::All => found.clear(),
                IgnoreChanges::Paths(paths) => {
                    found.retain(|moved| !paths.iter().any(|path| covers(path, &moved.path)));
                }
            }
        }
        found
    }

    /// Whether a field can drift.
    fn counts(&self, field: &Field) -> bool {
        let settable = match field.name.as_str() {
            // The user's tags are among all tags.
            "tags" => self.schema.field("tags_all").is_none(),
            "tags_all" => true,
            _ => !field.computed,
        };
        settable && !field.write_only && (!field.shared || self.record.properties.contains_key(&field.name))
    }
}

/// Whether AWS says of a property what it says of one that nobody ever set.
fn is_nothing(field: &Field, live: &Value) -> bool {
    live.is_null()
        || live.as_list().is_some_and(<[Value]>::is_empty)
        || live.as_map().is_some_and(Map::is_empty)
        || field.default.as_ref().map(Value::bare) == Some(live.bare())
}

/// Whether the two differ in nothing but what is marked.
fn is_same(moved: &MovedProperty) -> bool {
    let (Some(recorded), Some(live)) = (&moved.recorded, &moved.live) else { return false };
    recorded.clone().without_marks() == live.clone().without_marks()
}

fn reveal_all(recorded: &Map, live: &Map, salt: &str) -> Map {
    recorded.iter().map(|(key, value)| (key.clone(), reveal(value, live.get(key), salt))).collect()
}

/// A recorded value with the live one in the place of each hash that is its; other hashes stay, marked.
fn reveal(recorded: &Value, live: Option<&Value>, salt: &str) -> Value {
    if is_hash(recorded) {
        return match live {
            Some(live) if matches(recorded, live.bare(), salt) => live.clone().sensitive(),
            _ => recorded.clone().sensitive(),
        };
    }
    match recorded {
        Value::Map(map) => {
            let live = live.and_then(Value::as_map);
            let revealed =
                map.iter().map(|(k, v)| (k.clone(), reveal(v, live.and_then(|live| live.get(k)), salt)));
            Value::Map(revealed.collect())
        }
        Value::List(list) => {
            let live = live.and_then(Value::as_list).filter(|live| live.len() == list.len());
            let revealed = list.iter().enumerate();
            let revealed = revealed.map(|(i, v)| reveal(v, live.and_then(|live| live.get(i)), salt));
            Value::List(revealed.collect())
        }
        other => other.clone(),
    }
}
