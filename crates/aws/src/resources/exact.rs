//! Objects without tags: whether what stands there is the one that was wanted.

use wharf_core::{Map, Type, Value};
use wharf_provider::{Found, ResourceType, WantedOf, schema_of};

/// What to say of an object without tags that stands where the wanted one would: ours if it is all that was wanted.
pub(crate) fn found<T: ResourceType>(
    wanted: &WantedOf<'_, T>,
    id: impl Into<String>,
    live: &T::Properties,
) -> Found {
    let (wanted, live) = (comparable::<T>(wanted.properties), comparable::<T>(live));
    let schema = schema_of::<T>();
    // What AWS does not tell says nothing about whose the object is.
    let agrees = schema.properties().filter(|field| !field.write_only).all(|field| {
        match (wanted.get(&field.name), live.get(&field.name)) {
            (None, _) => true,
            // Not known yet, so nobody can say.
            (Some(wanted), _) if field.required && wanted.is_null() => false,
            (Some(wanted), live) if is_empty(wanted) => {
                live.is_none_or(|live| field.default.is_none() || is_empty(live))
            }
            (Some(_), None) => false,
            (Some(wanted), Some(live)) if field.ty == Type::Json => same(wanted, live),
            (Some(wanted), Some(live)) => covers(wanted, live),
        }
    });
    if agrees { Found::Ours(id.into()) } else { Found::Foreign(id.into()) }
}

fn comparable<T: ResourceType>(properties: &T::Properties) -> Map {
    let Ok(Value::Map(mut map)) = serde_json::to_value(properties).map(Value::from) else {
        return Map::new();
    };
    T::canonical(&mut map);
    map
}

/// Whether everything that is set in `wanted` is so in `live`; lists in any order.
fn covers(wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Map(wanted), Value::Map(live)) => wanted
            .iter()
            .all(|(key, value)| is_empty(value) || live.get(key).is_some_and(|live| covers(value, live))),
        (Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len()
                && wanted.iter().all(|wanted| live.iter().any(|live| covers(wanted, live)))
        }
        (wanted, live) => wanted == live,
    }
}

/// Whether two JSON documents are the same, as far as IAM goes: lists in any order, one item as good as a list of it,
/// an empty `Sid` as good as none.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(a), Value::Map(b)) => {
            let kept =
                |map: &Map| map.iter().filter(|(key, v)| *key != "Sid" || v.as_str() != Some("")).count();
            kept(a) == kept(b)
                && a.iter().all(|(key, value)| match b.get(key) {
                    Some(other) => same(value, other),
                    None => key == "Sid" && value.as_str() == Some(""),
                })
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().all(|item| b.iter().any(|other| same(item, other)))
        }
        (Value::List(list), one) | (one, Value::List(list)) => {
            list.len() == 1 && list.iter().all(|item| same(item, one))
        }
        (Value::Bool(_) | Value::Number(_), Value::String(text)) => a.to_string() == *text,
        (Value::String(text), Value::Bool(_) | Value::Number(_)) => b.to_string() == *text,
        (a, b) => a == b,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_list().is_some_and(<[Value]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_set_does_not_count() {
        let covered = |wanted: serde_json::Value, live| covers(&Value::from(wanted), &Value::from(live));
        let live = json!({"name": "a", "description": "x", "subnets": ["1", "2"]});
        assert!(covered(json!({"name": "a", "description": null, "blocks": []}), live.clone()));
        assert!(covered(json!({"subnets": ["2", "1"]}), live.clone()));
        assert!(!covered(json!({"subnets": ["1"]}), live.clone()));
        assert!(!covered(json!({"name": "b"}), live));
    }

    #[test]
    fn documents_are_compared_whole() {
        let same = |a: serde_json::Value, b| same(&Value::from(a), &Value::from(b));
        assert!(same(json!({"Action": "s3:*"}), json!({"Action": ["s3:*"], "Sid": ""})));
        assert!(same(json!({"Bool": {"x": "false"}}), json!({"Bool": {"x": false}})));
        assert!(!same(json!({"Action": "s3:*"}), json!({"Action": "s3:*", "Condition": {}})));
        assert!(!same(json!({"Action": ["a", "b"]}), json!({"Action": "a"})));
    }
}
