//! Functions on sets: lists in order, with nothing twice.

use super::Arguments;
use super::collection::order_key;
use crate::expression::Fault;
use std::collections::BTreeMap;
use wharf_core::Value;

type Result<T = Value> = std::result::Result<T, Fault>;
type Set = BTreeMap<(u8, String), Value>;

/// A list as a set.
pub(super) fn to_set(list: &[Value]) -> Set {
    list.iter().map(|item| (order_key(item), item.clone())).collect()
}

/// The elements in order.
pub(super) fn from_set(set: Set) -> Value {
    Value::List(set.into_values().collect())
}

pub(super) fn setunion(arguments: &Arguments<'_, '_>) -> Result {
    let mut union = Set::new();
    for position in 0..arguments.len() {
        union.extend(to_set(arguments.list(position)?));
    }
    Ok(from_set(union))
}

pub(super) fn setintersection(arguments: &Arguments<'_, '_>) -> Result {
    let mut common = to_set(arguments.list(0)?);
    for position in 1..arguments.len() {
        let other = to_set(arguments.list(position)?);
        common.retain(|key, _| other.contains_key(key));
    }
    Ok(from_set(common))
}

pub(super) fn setsubtract(arguments: &Arguments<'_, '_>) -> Result {
    let mut left = to_set(arguments.list(0)?);
    let right = to_set(arguments.list(1)?);
    left.retain(|key, _| !right.contains_key(key));
    Ok(from_set(left))
}

/// Every combination of one element from each list.
pub(super) fn setproduct(arguments: &Arguments<'_, '_>) -> Result {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for position in 0..arguments.len() {
        let list = arguments.list(position)?;
        arguments
            .evaluator
            .budget
            .spend(rows.len().saturating_mul(list.len()).saturating_mul(position + 1))?;
        let extend = |row: &Vec<Value>, item: &Value| row.iter().cloned().chain([item.clone()]).collect();
        rows = rows.iter().flat_map(|row| list.iter().map(move |item| extend(row, item))).collect();
    }
    Ok(Value::List(rows.into_iter().map(Value::List).collect()))
}
