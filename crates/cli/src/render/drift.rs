//! What moved behind wharf's back, as people and programs read it.

use super::json::change::described;
use super::json::values::{sensitive_map, shown, unknown_map};
use super::plan::differs;
use super::style::Palette;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use wharf_core::{Action, Map};
use wharf_plan::Drift;
use wharf_provider::Provider;

/// Each object that moved, and how many; `objects` is how many were looked at.
pub(crate) fn text(drift: &[Drift], objects: usize, provider: &dyn Provider, palette: Palette) -> String {
    if drift.is_empty() {
        let resources = if objects == 1 { "resource is" } else { "resources are" };
        return palette.bold(&format!("No drift. {objects} {resources} as last applied."));
    }
    let mut text = String::new();
    for object in drift {
        let address = palette.bold(&object.address.to_string());
        let name = object.address.terraform(&object.resource_type);
        let id = object.id.as_deref().unwrap_or_default();
        let id = palette.faint(&format!("# {id}"));
        if object.after.is_none() {
            let sign = palette.sign(Action::Delete, false);
            let _ = writeln!(text, "  # {address} was deleted outside wharf\n  {sign} {name}  {id}\n");
            continue;
        }
        let sign = palette.sign(Action::Update, false);
        let _ = writeln!(text, "  # {address} was changed outside wharf\n  {sign} {name} {{  {id}");
        let schema = provider.schema(&object.resource_type);
        for moved in &object.differences {
            differs(&mut text, &moved.difference(), schema.as_deref(), palette);
        }
        let _ = writeln!(text, "    }}\n");
    }
    let deleted = drift.iter().filter(|object| object.after.is_none()).count();
    let changed = drift.len() - deleted;
    let line = format!("Drift: {changed} changed, {deleted} deleted outside wharf; {objects} looked at.");
    text.push_str(&palette.bold(&line));
    text
}

/// The answer of `wharf drift --json`.
pub(crate) fn json(stack: &str, drift: &[Drift], provider: &dyn Provider) -> Json {
    json!({"stack": stack, "resource_drift": resource_drift(drift, provider)})
}

/// `resource_drift` of Terraform's plan representation.
pub(crate) fn resource_drift(drift: &[Drift], provider: &dyn Provider) -> Vec<Json> {
    let one = |object: &Drift| {
        let schema = provider.schema(&object.resource_type);
        let shown = |map: Option<&Map>| map.map_or(Json::Null, |map| shown(map, schema.as_deref()));
        let sensitive = |map: Option<&Map>| map.map_or(Json::Bool(false), sensitive_map);
        let (before, after) = (Some(&*object.before), object.after.as_deref());
        let mut entry = described(&object.address, &object.resource_type);
        let change = json!({
            "actions": [if after.is_some() { "update" } else { "delete" }],
            "before": shown(before),
            "after": shown(after),
            "after_unknown": after.map_or_else(|| json!({}), unknown_map),
            "before_sensitive": sensitive(before),
            "after_sensitive": sensitive(after),
        });
        entry.insert("change".into(), change);
        Json::Object(entry)
    };
    drift.iter().map(one).collect()
}
