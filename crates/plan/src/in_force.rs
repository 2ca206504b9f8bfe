//! Objects that a controller of AWS's made after ones of the stack, and that work in their place: the stack owns the
//! template, the pipeline owns the image.

use crate::build::{Observed, Seen};
use crate::canonical::canonical;
use std::sync::Arc;
use wharf_core::{Address, Map, PropertyPath, Schema, Segment, Value};
use wharf_provider::Provider;
use wharf_state::{Record, Snapshot};

/// What works in the place of an object of the stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Successor {
    /// The object that names it.
    pub by: Address,
    /// The property by which that does so.
    pub property: &'static str,
    /// Its id.
    pub id: String,
    /// Whether the stack's own object takes parts of it over.
    pub has_own_parts: bool,
    /// Its attributes; none if it is the stack's own object, or cannot be seen any more.
    pub live: Option<Arc<Map>>,
}

/// A part of an object that is its controller's: what it is now, in the place of what the stack file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Inherited {
    /// Where.
    pub path: PropertyPath,
    /// As it is in force.
    pub value: Value,
    /// As the stack file has it.
    pub asked: Value,
    /// As the stack's own object has it, if that is there.
    pub own: Option<Value>,
}

/// Which of the values of a part that is inherited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What is in force.
    InForce,
    /// What the stack file says.
    Asked,
    /// What the stack's own object has.
    Own,
}

/// How a template of the stack's stands to what works in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template {
    /// Which property names what works.
    pub(crate) property: &'static str,
    /// Where they differ.
    pub(crate) differs: Vec<String>,
}

/// The objects of a state in whose place another may work, with what names it. Their attributes are still to be read.
pub fn successors(
    provider: &dyn Provider,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Vec<(Address, &'static str, Successor)> {
    let mut found = Vec::new();
    for (by, record) in &snapshot.resources {
        let Some(Seen::Live(live)) = observed.current.get(by) else { continue };
        for in_force in provider.in_force(&record.resource_type, live) {
            for (address, other) in &snapshot.resources {
                let known = match observed.current.get(address) {
                    Some(Seen::Live(live)) => live.as_ref(),
                    _ => &other.attributes,
                };
                if other.resource_type == in_force.resource_type && in_force.is_about(known) {
                    let successor = Successor {
                        by: by.clone(),
                        property: in_force.property,
                        id: in_force.id.clone(),
                        has_own_parts: in_force.has_own_parts,
                        live: None,
                    };
                    found.push((address.clone(), in_force.resource_type, successor));
                }
            }
        }
    }
    found
}

impl Successor {
    /// Whether it is the stack's own object.
    pub fn is(&self, record: &Record) -> bool {
        let own = record.id.as_deref().unwrap_or_default();
        own == self.id || own.rsplit('/').next() == Some(self.id.as_str())
    }
}

/// What an object takes over from what is in force. `desired` is what the stack file asks for, `own` the object of the
/// stack as it is, if it is there.
pub(crate) fn inherited(
    provider: &dyn Provider,
    (resource_type, schema): (&str, &Schema),
    (desired, own, record): (&Map, Option<&Map>, Option<&Record>),
    (successor, by): (&Successor, &Map),
) -> Vec<Inherited> {
    let in_canonical_form = |map: &Map| {
        let mut map = map.clone();
        canonical(schema, &mut map);
        provider.canonical(resource_type, &mut map);
        map
    };
    let source = match (&successor.live, own) {
        (Some(live), _) => in_canonical_form(live),
        (None, Some(own)) => {
            let own = in_canonical_form(own);
            // The stack's own object works. It may have taken something over when it was made.
            let recorded = record.map(|record| &record.properties);
            let took_over = recorded.is_some_and(|recorded| {
                let parts = provider.inherited(resource_type, recorded, &own, by);
                parts.iter().any(|(path, value)| at(recorded, path) != Some(value))
            });
            if !took_over {
                return Vec::new();
            }
            own
        }
        (None, None) => return Vec::new(),
    };
    let own = own.map(in_canonical_form);
    let own = own.map(|own| provider.inherited(resource_type, desired, &own, by)).unwrap_or_default();
    let parts = provider.inherited(resource_type, desired, &source, by).into_iter();
    parts
        .filter_map(|(path, value)| {
            let asked = at(desired, &path).filter(|asked| asked.is_known())?.clone();
            let own = own.iter().find(|(place, _)| *place == path).map(|(_, own)| own.clone());
            Some(Inherited { path, value, asked, own })
        })
        .collect()
}

/// Puts one of the values of each inherited part in the place of another.
pub(crate) fn put(map: &mut Map, inherited: &[Inherited], part: Part) {
    for Inherited { path, value, asked, own } in inherited {
        let wanted = match part {
            Part::InForce => Some(value),
            Part::Asked => Some(asked),
            Part::Own => own.as_ref(),
        };
        let is_one =
            |place: &&mut Value| **place == *value || **place == *asked || Some(&**place) == own.as_ref();
        if let (Some(wanted), Some(place)) = (wanted, at_mut(map, path).filter(is_one)) {
            *place = wanted.clone();
        }
    }
}

fn at<'a>(map: &'a Map, path: &PropertyPath) -> Option<&'a Value> {
    map.get(path.property()?)?.at(&path.0[1..])
}

fn at_mut<'a>(map: &'a mut Map, path: &PropertyPath) -> Option<&'a mut Value> {
    let Some((Segment::Key(property), rest)) = path.0.split_first() else { return None };
    map.get_mut(property)?.at_mut(rest)
}
