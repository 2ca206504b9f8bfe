//! What happens to one resource or output.

use super::PROVIDER;
use super::values::{public, sensitive_map, shown, unknown_map};
use serde_json::{Map as JsonMap, Value as Json, json};
use std::borrow::Cow;
use wharf_core::{Action, Address, Map, Schema, Segment, Value};
use wharf_plan::{Change, Delegated, OutputChange, Plan, Reason};
use wharf_provider::{Provider, ownership};

/// The entries of one change: its own, and one for each predecessor that is still to be deleted.
pub(crate) fn resource_changes(
    change: &Change,
    plan: &Plan,
    provider: &dyn Provider,
    source: Option<Json>,
) -> Vec<Json> {
    let schema = provider.schema(&change.resource_type);
    let schema = schema.as_deref();
    let mut own = described(&change.address, &change.resource_type);
    if let Some(Reason::Moved(from)) = &change.reason {
        own.insert("previous_address".into(), from.terraform(&change.resource_type).into());
    }
    own.insert("change".into(), body(change, plan, schema));
    if let Some(delegated) = &change.delegated {
        own.insert("delegated".into(), delegated_json(delegated));
        let routes = change.routes();
        if !routes.is_empty() {
            let by_name = routes.into_iter().map(|(route, names)| (route.name().to_owned(), names.into()));
            own.insert("routes".into(), Json::Object(by_name.collect()));
        }
    }
    if let Some(held) = &change.held {
        own.insert("held".into(), json!(held));
    }
    if let Some(reason) = action_reason(change) {
        own.insert("action_reason".into(), reason.into());
    }
    if let Some(source) = &source {
        own.insert("source".into(), source.clone());
    }
    let mut entries = vec![Json::Object(own)];
    entries.extend(change.deposed.iter().map(|id| {
        let mut entry = described(&change.address, &change.resource_type);
        entry.insert("deposed".into(), id.as_str().into());
        let body = json!({
            "actions": ["delete"],
            "before": {"id": id},
            "after": null,
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": false,
        });
        entry.insert("change".into(), body);
        if let Some(source) = &source {
            entry.insert("source".into(), source.clone());
        }
        Json::Object(entry)
    }));
    entries
}

/// What another controller of AWS's moves of it.
fn delegated_json(delegated: &Delegated) -> Json {
    let faults =
        delegated.faults.iter().map(|(property, reason)| json!({"property": property, "reason": reason}));
    json!({
        "by": delegated.by,
        "running": delegated.running,
        "properties": delegated.kept,
        "waiting": delegated.waiting,
        "template": delegated.template,
        "faults": faults.collect::<Vec<_>>(),
    })
}

/// What every description of a resource begins with.
pub(crate) fn described(address: &Address, resource_type: &str) -> JsonMap<String, Json> {
    let mut entry = JsonMap::new();
    entry.insert("address".into(), address.terraform(resource_type).into());
    entry.insert("wharf_address".into(), address.to_string().into());
    entry.insert("mode".into(), "managed".into());
    entry.insert("type".into(), resource_type.into());
    entry.insert("name".into(), address.name.as_str().into());
    if let Some(key) = &address.key {
        entry.insert("index".into(), key.as_str().into());
    }
    entry.insert("provider_name".into(), PROVIDER.into());
    entry
}

fn body(change: &Change, plan: &Plan, schema: Option<&Schema>) -> Json {
    let before = change.before.as_deref();
    let after = after(change, plan);
    let after = after.as_deref();
    let mut body = json!({
        // The old one stays, as after Terraform's `destroy = false`.
        "actions": if change.keeps {
            json!(["create", "forget"])
        } else {
            actions(change.action, change.create_before_destroy)
        },
        "before": before.map_or(Json::Null, |map| shown(map, schema)),
        "after": after.map_or(Json::Null, |map| shown(map, schema)),
        "after_unknown": after.map_or_else(|| json!({}), unknown_map),
        "before_sensitive": before.map_or(Json::Bool(false), sensitive_map),
        "after_sensitive": after.map_or(Json::Bool(false), sensitive_map),
    });
    let forcing = change.differences.iter().filter(|difference| difference.forces_replacement);
    let replace: Vec<Json> = forcing
        .filter(|_| change.action == Action::Replace)
        .map(|difference| difference.path.0.iter().map(segment).collect())
        .collect();
    if !replace.is_empty() {
        body["replace_paths"] = replace.into();
    }
    if let Some(id) = &change.importing {
        body["importing"] = json!({"id": id});
    }
    body
}

/// What is known of an object afterwards; none if it is gone then, or not wharf's any more.
///
/// The lineage of a state that is still to be made is another one in every plan: nobody knows it yet.
pub(crate) fn after<'a>(change: &'a Change, plan: &Plan) -> Option<Cow<'a, Map>> {
    if matches!(change.action, Action::Delete | Action::Forget) {
        return None;
    }
    let after = change.after.as_deref()?;
    let Some(Value::Map(tags)) = after.get("tags_all").filter(|_| plan.serial == 0) else {
        return Some(Cow::Borrowed(after));
    };
    let mut tags = tags.clone();
    if let Some(lineage) = tags.get_mut(ownership::LINEAGE) {
        *lineage = Value::unknown("state.lineage");
    }
    let mut after = after.clone();
    after.insert("tags_all".into(), Value::Map(tags));
    Some(Cow::Owned(after))
}

fn segment(segment: &Segment) -> Json {
    match segment {
        Segment::Key(key) => key.as_str().into(),
        Segment::Index(index) => (*index).into(),
    }
}

/// Terraform's `actions`.
pub(crate) fn actions(action: Action, create_before_destroy: bool) -> Json {
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

/// Terraform's `action_reason`, where it has one for ours.
fn action_reason(change: &Change) -> Option<&'static str> {
    match (change.reason.as_ref()?, change.action) {
        (Reason::CannotUpdate(_), _) => Some("replace_because_cannot_update"),
        (Reason::NotInStack, Action::Delete | Action::Forget) if change.address.key.is_some() => {
            Some("delete_because_each_key")
        }
        (Reason::NotInStack, Action::Delete | Action::Forget) => Some("delete_because_no_resource_config"),
        _ => None,
    }
}

/// What happens to an output.
pub(crate) fn output_change(output: &OutputChange) -> Json {
    let sensitive = |value: Option<&Value>| value.is_some_and(Value::has_sensitive);
    json!({
        "actions": actions(output.action(), false),
        "before": output.before.as_ref().map_or(Json::Null, |value| public(value).unwrap_or_default()),
        "after": output.after.as_ref().and_then(public),
        "after_unknown": output.after.as_ref().is_some_and(|value| !value.is_known()),
        "before_sensitive": sensitive(output.before.as_ref())
            || output.before.as_ref().is_some_and(wharf_state::holds_hash),
        "after_sensitive": sensitive(output.after.as_ref()),
    })
}
