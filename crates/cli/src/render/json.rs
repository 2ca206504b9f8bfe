//! A plan as JSON, in Terraform's plan representation (`format_version` 1.2).
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>.

use serde_json::{Map as JsonMap, Value as Json, json};
use wharf_core::{Action, Map, Schema, Segment, Type, Value};
use wharf_plan::{Change, OutputChange, Plan};
use wharf_provider::Provider;

/// The provider address that tools made for Terraform know these types by.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// The plan.
pub(crate) fn plan(plan: &Plan, provider: &dyn Provider) -> Json {
    let changes: Vec<Json> = plan
        .changes
        .iter()
        .map(|change| resource_change(change, provider.schema(&change.resource_type).as_deref()))
        .collect();
    let outputs: JsonMap<String, Json> =
        plan.outputs.iter().map(|output| (output.name.clone(), output_change(output))).collect();
    json!({
        "format_version": "1.2",
        "applyable": !plan.is_empty(),
        "complete": true,
        "errored": false,
        "stack": plan.stack,
        "resource_changes": changes,
        "output_changes": outputs,
    })
}

fn resource_change(change: &Change, schema: Option<&Schema>) -> Json {
    let empty = Map::new();
    let before = change.before.as_deref();
    let after = match change.action {
        Action::Delete | Action::Forget => None,
        _ => change.after.as_deref(),
    };
    let sensitive = |map: Option<&Map>| sensitive_map(map.unwrap_or(&empty));
    let mut body = json!({
        "actions": actions(change.action, change.create_before_destroy),
        "before": before.map_or(Json::Null, |map| shown(map, schema)),
        "after": after.map_or(Json::Null, |map| shown(map, schema)),
        "after_unknown": after.map_or_else(|| json!({}), unknown_map),
        "before_sensitive": before.map_or(Json::Bool(false), |map| sensitive(Some(map))),
        "after_sensitive": after.map_or(Json::Bool(false), |map| sensitive(Some(map))),
    });
    let replace: Vec<Json> = change
        .differences
        .iter()
        .filter(|difference| difference.forces_replacement && change.action == Action::Replace)
        .map(|difference| difference.path.0.iter().map(segment).collect())
        .collect();
    if let (Some(body), false) = (body.as_object_mut(), replace.is_empty()) {
        body.insert("replace_paths".into(), replace.into());
    }
    let mut result = json!({
        "address": change.address.terraform(&change.resource_type),
        "mode": "managed",
        "type": change.resource_type,
        "name": change.address.name,
        "provider_name": PROVIDER,
        "change": body,
    });
    if let (Some(object), Some(key)) = (result.as_object_mut(), &change.address.key) {
        object.insert("index".into(), key.as_str().into());
    }
    result
}

fn segment(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => key.as_str().into(),
        Segment::Index(index) => (*index).into(),
    }
}

fn actions(action: Action, create_before_destroy: bool) -> Json {
    match action {
        Action::None => json!(["no-op"]),
        Action::Read => json!(["read"]),
        Action::Create => json!(["create"]),
        Action::Update => json!(["update"]),
        Action::Replace if create_before_destroy => json!(["create", "delete"]),
        Action::Replace => json!(["delete", "create"]),
        Action::Delete => json!(["delete"]),
        Action::Forget => json!(["forget"]),
    }
}

fn output_change(output: &OutputChange) -> Json {
    let sensitive = |value: Option<&Value>| value.is_some_and(Value::has_sensitive);
    json!({
        "actions": actions(output.action(), false),
        "before": output.before.as_ref().map_or(Json::Null, |value| public(value).unwrap_or_default()),
        "after": output.after.as_ref().and_then(public),
        "after_unknown": output.after.as_ref().is_some_and(|value| !value.is_known()),
        "before_sensitive": sensitive(output.before.as_ref()),
        "after_sensitive": sensitive(output.after.as_ref()),
    })
}

/// The known, public part of a resource; JSON documents as text, as Terraform has them.
fn shown(map: &Map, schema: Option<&Schema>) -> Json {
    let entries = map.iter().filter_map(|(key, value)| {
        let is_document =
            schema.and_then(|schema| schema.field(key)).is_some_and(|field| field.ty == Type::Json);
        let json = match value {
            value
                if is_document && value.is_known() && !value.has_sensitive() && value.as_str().is_none() =>
            {
                value.to_json()?.to_string().into()
            }
            value => public(value)?,
        };
        Some((key.clone(), json))
    });
    Json::Object(entries.collect())
}

/// A value without what is unknown and without what is sensitive.
fn public(value: &Value) -> Option<Json> {
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
fn unknown_map(map: &Map) -> Json {
    marks(map, &|value| matches!(value.bare(), Value::Unknown(_)))
}

/// `true` at every sensitive leaf.
fn sensitive_map(map: &Map) -> Json {
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
