//! Functions that make lists and mappings of lists and mappings.

use super::Arguments;
use crate::expression::{Fault, text};
use wharf_core::{Map, Value};

type Result<T = Value> = std::result::Result<T, Fault>;

/// How many elements, entries or characters.
pub(super) fn length(arguments: &Arguments<'_, '_>) -> Result {
    let count = match arguments.value(0) {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::String(text) => text.chars().count(),
        _ => return Err(arguments.wrong(0, "a list, a mapping or a string")),
    };
    Ok(i64::try_from(count).unwrap_or(i64::MAX).into())
}

pub(super) fn concat(arguments: &Arguments<'_, '_>) -> Result {
    let mut joined = Vec::new();
    for position in 0..arguments.len() {
        joined.extend_from_slice(arguments.list(position)?);
    }
    Ok(Value::List(joined))
}

/// Later mappings win; null counts as empty.
pub(super) fn merge(arguments: &Arguments<'_, '_>) -> Result {
    let mut merged = Map::new();
    for position in 0..arguments.len() {
        if !arguments.value(position).is_null() {
            merged.extend(arguments.map(position)?.clone());
        }
    }
    Ok(Value::Map(merged))
}

pub(super) fn keys(arguments: &Arguments<'_, '_>) -> Result {
    Ok(Value::List(arguments.map(0)?.keys().map(|key| Value::from(key.as_str())).collect()))
}

pub(super) fn values(arguments: &Arguments<'_, '_>) -> Result {
    Ok(Value::List(arguments.map(0)?.values().cloned().collect()))
}

/// `zipmap(keys, values)`
pub(super) fn zipmap(arguments: &Arguments<'_, '_>) -> Result {
    let (keys, values) = (arguments.list(0)?, arguments.list(1)?);
    if keys.len() != values.len() {
        return Err(arguments.fault(
            1,
            format!("`zipmap` needs as many values as keys, not {} for {}", values.len(), keys.len()),
        ));
    }
    if let Some(unknown) = keys.iter().find_map(Value::first_unknown) {
        return Ok(Value::unknown(&unknown.of));
    }
    let secret = keys.iter().any(Value::has_sensitive);
    let names = arguments.texts(0)?;
    let map = names.into_iter().map(std::borrow::Cow::into_owned).zip(values.iter().cloned()).collect();
    let map = Value::Map(map);
    Ok(if secret { map.sensitive() } else { map })
}

/// Lists inside lists laid out flat. An element that is not known may be a list, so nothing is known then.
pub(super) fn flatten(arguments: &Arguments<'_, '_>) -> Result {
    fn lay_out(list: &[Value], flat: &mut Vec<Value>) -> std::result::Result<(), String> {
        for item in list {
            match item {
                Value::Unknown(unknown) => return Err(unknown.of.clone()),
                Value::List(inner) => lay_out(inner, flat)?,
                Value::Sensitive(inner) => match &**inner {
                    Value::Unknown(unknown) => return Err(unknown.of.clone()),
                    Value::List(inner) => {
                        let mut secret = Vec::new();
                        lay_out(inner, &mut secret)?;
                        flat.extend(secret.into_iter().map(Value::sensitive));
                    }
                    _ => flat.push(item.clone()),
                },
                other => flat.push(other.clone()),
            }
        }
        Ok(())
    }
    let mut flat = Vec::new();
    Ok(match lay_out(arguments.list(0)?, &mut flat) {
        Ok(()) => Value::List(flat),
        Err(of) if arguments.value(0).has_sensitive() => Value::unknown(of).sensitive(),
        Err(of) => Value::unknown(of),
    })
}

/// Without what came before.
pub(super) fn distinct(arguments: &Arguments<'_, '_>) -> Result {
    let mut seen = std::collections::BTreeSet::new();
    let list = arguments.list(0)?.iter().filter(|item| seen.insert(order_key(item)));
    Ok(Value::List(list.cloned().collect()))
}

/// Without nulls and empty strings.
pub(super) fn compact(arguments: &Arguments<'_, '_>) -> Result {
    let list = arguments.list(0)?.iter().filter(|item| !item.is_null() && item.as_str() != Some(""));
    Ok(Value::List(list.cloned().collect()))
}

pub(super) fn reverse(arguments: &Arguments<'_, '_>) -> Result {
    Ok(Value::List(arguments.list(0)?.iter().rev().cloned().collect()))
}

/// Texts in the order of their code points.
pub(super) fn sort(arguments: &Arguments<'_, '_>) -> Result {
    let mut texts = arguments.texts(0)?;
    texts.sort();
    Ok(Value::List(texts.into_iter().map(|text| Value::String(text.into_owned())).collect()))
}

/// `slice(list, start, end)`; the element at `end` is not part of it.
pub(super) fn slice(arguments: &Arguments<'_, '_>) -> Result {
    let list = arguments.list(0)?;
    let bound = |position: usize| {
        usize::try_from(arguments.integer(position)?).ok().filter(|bound| *bound <= list.len()).ok_or_else(
            || arguments.fault(position, format!("outside the list, which has {} elements", list.len())),
        )
    };
    let (start, end) = (bound(1)?, bound(2)?);
    match list.get(start..end) {
        Some(part) => Ok(Value::List(part.to_vec())),
        None => Err(arguments.fault(1, "the start is behind the end")),
    }
}

/// A text by which equal values are found and sets are ordered: numbers and texts as themselves, the rest as JSON.
pub(super) fn order_key(value: &Value) -> (u8, String) {
    match value {
        Value::String(text) => (2, text.clone()),
        Value::Number(_) | Value::Bool(_) => {
            (1, text(value).map(std::borrow::Cow::into_owned).unwrap_or_default())
        }
        Value::Null => (0, String::new()),
        other => (3, super::encode_json(other).unwrap_or_default()),
    }
}
