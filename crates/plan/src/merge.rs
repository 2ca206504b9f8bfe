//! Putting values over values, and comparing what was planned with what came out.

use wharf_core::{Map, PropertyPath, Schema, Type, Value};

/// `live` with everything that `desired` declares put over it, block by block.
///
/// Blocks that have a name are merged with those of the same name, others with those at the same place if there are as
/// many: what a block does not set stays as it is.
pub fn overlay(schema: &Schema, live: &Map, desired: &Map) -> Map {
    let mut result = live.clone();
    for (name, value) in desired {
        let ty = schema.field(name).map(|field| &field.ty);
        let merged = match (ty, live.get(name), value) {
            (Some(Type::Object(inner)), Some(Value::Map(old)), Value::Map(new)) => {
                Value::Map(overlay(inner, old, new))
            }
            (
                Some(Type::Block { schema: inner, set: false, .. }),
                Some(Value::List(old)),
                Value::List(new),
            ) if is_named(inner) || old.len() == new.len() => {
                let blocks = new.iter().enumerate().map(|(place, new)| {
                    let old = if is_named(inner) {
                        old.iter().find(|old| name_of(old).is_some() && name_of(old) == name_of(new))
                    } else {
                        old.get(place)
                    };
                    match (old, new) {
                        (Some(Value::Map(old)), Value::Map(new)) => Value::Map(overlay(inner, old, new)),
                        (_, new) => new.clone(),
                    }
                });
                Value::List(blocks.collect())
            }
            _ => value.clone(),
        };
        result.insert(name.clone(), merged);
    }
    result
}

/// Whether blocks of a kind are told apart by their names: the stages of a pipeline.
fn is_named(schema: &Schema) -> bool {
    schema.field("name").is_some_and(|field| field.required && field.ty == Type::String)
}

fn name_of(block: &Value) -> Option<&str> {
    block.as_map()?.get("name")?.as_str()
}

/// `value` with the sensitive marks that `like` has at the same places; where the shapes differ, the whole of it.
pub(crate) fn mark_like(value: Value, like: &Value) -> Value {
    match (value, like) {
        (value, like) if !like.has_sensitive() => value,
        (value, Value::Sensitive(_)) => value.sensitive(),
        (Value::Map(map), Value::Map(like)) => Value::Map(
            map.into_iter()
                .map(|(key, value)| {
                    let value = match like.get(&key) {
                        Some(like) => mark_like(value, like),
                        None => value,
                    };
                    (key, value)
                })
                .collect(),
        ),
        (Value::List(list), Value::List(like)) if list.len() == like.len() => {
            Value::List(list.into_iter().zip(like).map(|(value, like)| mark_like(value, like)).collect())
        }
        (value, _) => value.sensitive(),
    }
}

/// Marks live attributes as sensitive where the schema says so, where what was asked for is marked, and where a state
/// recorded a hash of it; and what is derived from any of these.
pub fn conceal(schema: &Schema, attributes: &mut Map, properties: &Map) {
    crate::desired::mark_sensitive(schema, attributes);
    for (key, like) in properties {
        if let Some(value) = attributes.get_mut(key) {
            *value = mark_hashed(mark_like(std::mem::take(value), like), like);
        }
    }
    let is_secret = |name: &String| {
        properties.get(name).is_some_and(|value| value.has_sensitive() || wharf_state::holds_hash(value))
    };
    for field in schema.fields.iter().filter(|field| field.derived_from.iter().any(is_secret)) {
        if let Some(value) = attributes.get_mut(&field.name) {
            *value = std::mem::take(value).sensitive();
        }
    }
}

/// `value` with a sensitive mark wherever a state recorded a hash; where the shapes differ, the whole of it.
pub(crate) fn mark_hashed(value: Value, recorded: &Value) -> Value {
    match (value, recorded) {
        (value, recorded) if !wharf_state::holds_hash(recorded) => value,
        (value, recorded) if wharf_state::is_hash(recorded) => value.sensitive(),
        (Value::Map(map), Value::Map(recorded)) => {
            let marked = map.into_iter().map(|(key, value)| {
                let value = match recorded.get(&key) {
                    Some(recorded) => mark_hashed(value, recorded),
                    None => value,
                };
                (key, value)
            });
            Value::Map(marked.collect())
        }
        (Value::List(list), Value::List(recorded)) if list.len() == recorded.len() => Value::List(
            list.into_iter().zip(recorded).map(|(value, recorded)| mark_hashed(value, recorded)).collect(),
        ),
        (value, _) => value.sensitive(),
    }
}

/// The first place where `actual` is not what was planned, leaving out what was unknown then.
pub fn contradiction(planned: &Value, actual: &Value) -> Option<PropertyPath> {
    search(planned, actual, &PropertyPath::default())
}

fn search(planned: &Value, actual: &Value, path: &PropertyPath) -> Option<PropertyPath> {
    match (planned.bare(), actual.bare()) {
        (Value::Unknown(_), _) => None,
        (Value::Map(planned), Value::Map(actual)) => {
            let missing = planned.iter().find_map(|(key, value)| match actual.get(key) {
                Some(actual) => search(value, actual, &path.key(key)),
                None if value.is_null() || !value.is_known() => None,
                None => Some(path.key(key)),
            });
            missing.or_else(|| actual.keys().find(|key| !planned.contains_key(*key)).map(|key| path.key(key)))
        }
        // A set with an unknown element is in another order once that is known.
        (Value::List(planned), Value::List(_)) if planned.iter().any(|item| !item.is_known()) => None,
        (Value::List(planned), Value::List(actual)) if planned.len() == actual.len() => planned
            .iter()
            .zip(actual)
            .enumerate()
            .find_map(|(index, (planned, actual))| search(planned, actual, &path.index(index))),
        (planned, actual) if planned == actual => None,
        _ => Some(path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;
    use wharf_core::Field;

    fn value(json: serde_json::Value) -> Value {
        Value::from(json)
    }

    #[test]
    fn blocks_that_change_places_keep_what_is_theirs() {
        let fields = vec![
            Field { required: true, ..Field::new("name", Type::String) },
            Field::new("run_order", Type::Integer),
        ];
        let inner = Arc::new(Schema { fields, ..Schema::default() });
        let ty = Type::Block { schema: inner, max: None, set: false };
        let schema = Schema { fields: vec![Field::new("action", ty)], ..Schema::default() };
        let map = |json| Map::from([("action".to_owned(), value(json))]);
        let live = map(json!([{"name": "a", "run_order": 1}, {"name": "b", "run_order": 2}]));
        let desired = map(json!([{"name": "b"}, {"name": "a"}, {"name": "c"}]));
        let wanted =
            map(json!([{"name": "b", "run_order": 2}, {"name": "a", "run_order": 1}, {"name": "c"}]));
        assert_eq!(overlay(&schema, &live, &desired), wanted);
    }

    #[test]
    fn contradictions_are_found_at_the_leaf() {
        let planned = value(json!({"a": {"b": 1, "c": 2}}));
        assert_eq!(contradiction(&planned, &planned), None);
        let other = value(json!({"a": {"b": 1, "c": 3}}));
        assert_eq!(contradiction(&planned, &other).map(|p| p.to_string()), Some("a.c".into()));
        let mut unknown = planned.clone();
        if let Value::Map(map) = &mut unknown {
            map.insert("a".into(), Value::unknown("x.y"));
        }
        assert_eq!(contradiction(&unknown, &other), None);
    }

    #[test]
    fn what_is_derived_is_as_sensitive() {
        let etag = Field {
            computed: true,
            derived_from: vec!["content".into(), "content_base64".into()],
            ..Field::new("etag", Type::String)
        };
        let schema = Schema { fields: vec![Field::new("content", Type::String), etag], ..Schema::default() };
        let concealed = |content: Value| {
            let mut attributes = Map::from([("etag".to_owned(), Value::from("5d41402a"))]);
            conceal(&schema, &mut attributes, &Map::from([("content".to_owned(), content)]));
            attributes["etag"].has_sensitive()
        };
        assert!(concealed(Value::from("hello").sensitive()));
        assert!(concealed(wharf_state::hash(&Value::from("hello"), "salt")));
        assert!(!concealed(Value::from("hello")));
    }

    #[test]
    fn marks_follow_the_shape() {
        let like = Value::List(vec![Value::from("a"), Value::from("b").sensitive()]);
        let marked = mark_like(value(json!(["x", "y"])), &like);
        assert_eq!(marked, Value::List(vec![Value::from("x"), Value::from("y").sensitive()]));
        assert!(matches!(mark_like(value(json!(["x"])), &like), Value::Sensitive(_)));
    }
}
