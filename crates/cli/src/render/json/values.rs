//! Values as Terraform's representation has them: what is known and public, and where the rest is.

use crate::render::value::document_json as document;
use serde_json::Value as Json;
use wharf_core::{Map, Schema, Type, Value};

/// The known, public part of a resource. JSON documents are text, as Terraform has them; where a part of one is not known
/// yet or sensitive, words stand for it, so that the rest can be judged.
pub(crate) fn shown(map: &Map, schema: Option<&Schema>) -> Json {
    let entries = map.iter().filter_map(|(key, value)| {
        let is_document =
            schema.and_then(|schema| schema.field(key)).is_some_and(|field| field.ty == Type::Json);
        let json = match value {
            Value::Map(_) | Value::List(_) if is_document && !wharf_state::is_hash(value) => {
                document(value).to_string().into()
            }
            value => public(value)?,
        };
        Some((key.clone(), json))
    });
    Json::Object(entries.collect())
}

/// A value without what is unknown and without what is sensitive.
pub(crate) fn public(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Unknown(_) | Value::Sensitive(_) => return None,
        Value::List(list) => list.iter().map(|item| public(item).unwrap_or_default()).collect(),
        Value::Map(map) if wharf_state::is_hash(&Value::Map(map.clone())) => return None,
        Value::Map(map) => {
            Json::Object(map.iter().filter_map(|(k, v)| Some((k.clone(), public(v)?))).collect())
        }
        other => other.to_json()?,
    })
}

/// `true` at every unknown leaf, and nothing else.
pub(crate) fn unknown_map(map: &Map) -> Json {
    marks(map, &|value| matches!(value.bare(), Value::Unknown(_)))
}

/// `true` at every sensitive leaf.
pub(crate) fn sensitive_map(map: &Map) -> Json {
    marks(map, &|value| matches!(value, Value::Sensitive(_)))
}

fn marks(map: &Map, is_marked: &dyn Fn(&Value) -> bool) -> Json {
    fn any(value: &Value, is_marked: &dyn Fn(&Value) -> bool) -> bool {
        is_marked(value)
            || match value {
                Value::List(list) => list.iter().any(|value| any(value, is_marked)),
                Value::Map(map) => map.values().any(|value| any(value, is_marked)),
                _ => false,
            }
    }
    fn one(value: &Value, is_marked: &dyn Fn(&Value) -> bool) -> Json {
        match value {
            value if is_marked(value) => Json::Bool(true),
            Value::List(list) => list
                .iter()
                .map(|item| match item {
                    Value::List(_) | Value::Map(_) => one(item, is_marked),
                    item => Json::Bool(is_marked(item)),
                })
                .collect(),
            Value::Map(map) => marks(map, is_marked),
            _ => Json::Bool(false),
        }
    }
    let marked = map.iter().filter(|(_, value)| any(value, is_marked));
    Json::Object(marked.map(|(key, value)| (key.clone(), one(value, is_marked))).collect())
}
