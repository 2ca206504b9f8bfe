//! Which resource a policy's message is about.

use super::results::Result;
use crate::change::Change;
use crate::place::Place;
use crate::view::View;
use serde_json::{Map, Value};

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Located {
    pub(crate) address: Option<String>,
    pub(crate) property: Option<String>,
    pub(crate) place: Option<Place>,
}

/// The keys under which policies put an address.
const ADDRESS: [&str; 4] = ["address", "wharf_address", "resource_address", "resource"];
/// The keys under which they put a property.
const PROPERTY: [&str; 3] = ["property", "attribute", "path"];
/// The objects inside of which they put either.
const INSIDE: [&str; 3] = ["metadata", "details", "resource"];

pub(crate) fn locate(result: &Result, view: &View) -> Located {
    let named = field(&result.fields, &ADDRESS).and_then(|address| view.find(&address));
    let Some(change) = named.or_else(|| mentioned(&result.message, view)) else { return Located::default() };
    let property = field(&result.fields, &PROPERTY);
    let place = property.as_deref().map_or_else(|| change.place.clone(), |name| change.place_of(name));
    Located { address: Some(change.address.clone()), property, place }
}

fn field(fields: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    let at =
        |map: &Map<String, Value>| keys.iter().find_map(|key| map.get(*key)?.as_str().map(str::to_owned));
    at(fields).or_else(|| INSIDE.iter().find_map(|inside| at(fields.get(*inside)?.as_object()?)))
}

/// The resource whose Terraform address a message mentions; the longest, so that `aws_vpc.a` is not found in
/// `aws_vpc.ab`. Addresses of the stack file are words like any other, and looked for only in backticks.
fn mentioned<'a>(message: &str, view: &'a View) -> Option<&'a Change> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '['));
    let is_in = |address: &str| {
        message.match_indices(address).any(|(at, _)| {
            let before = message[..at].chars().next_back();
            let after = message[at + address.len()..].chars().next();
            before.is_none_or(|c| ends(c) && c != '.') && after.is_none_or(ends)
        })
    };
    let found = view.changes.iter().filter(|change| {
        is_in(&change.terraform_address) || message.contains(&format!("`{}`", change.address))
    });
    found.max_by_key(|change| change.terraform_address.len())
}
