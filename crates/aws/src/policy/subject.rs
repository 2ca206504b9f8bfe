use super::functions::Roles;
use super::place::Place;
use super::template::{Facts, fill};
use crate::provider::Aws;
use wharf_core::{Address, Map, Value};

/// An object of a stack, as far as it is known: as the stack file declares it, or as the state has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Its address.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// Its properties and attributes, with those that can be foreseen.
    pub attributes: Map,
}

impl Subject {
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        match self.attributes.get(attribute)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// The attributes of an object that can be told before AWS sets them, with `*` for what cannot: its ARN, and the id
/// where that is a name.
pub fn foreseen(aws: &Aws, place: &Place, resource_type: &str, properties: &Map) -> Map {
    let mut attributes = properties.clone();
    let mut foreseen = Map::new();
    let templates = aws.registry().get(resource_type).map(|entry| entry.foreseen).unwrap_or_default();
    for (name, template) in templates {
        let facts = Facts { place, roles: &Roles::new(), attributes: &attributes };
        let Some(filled) = fill(template, &facts).into_iter().next() else { continue };
        let value = Value::String(filled.text);
        attributes.insert((*name).to_owned(), value.clone());
        foreseen.insert((*name).to_owned(), value);
    }
    foreseen
}
