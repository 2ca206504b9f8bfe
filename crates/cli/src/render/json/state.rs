//! What is and what will be, in Terraform's values representation.

use super::TERRAFORM_VERSION;
use super::change::{after, described};
use super::values::{public, sensitive_map, shown};
use serde_json::{Map as JsonMap, Value as Json, json};
use std::collections::HashMap;
use wharf_core::{Address, Map, Value};
use wharf_plan::{Change, OutputChange, Plan};
use wharf_provider::Provider;

/// What will be there once the plan is carried out; what is not known yet is left out.
pub(crate) fn planned_values(plan: &Plan, provider: &dyn Provider) -> Json {
    let resources = plan.changes.iter().filter_map(|change| {
        let after = after(change, plan)?;
        Some(Json::Object(resource(change, &after, provider)))
    });
    let outputs = plan.outputs.iter().filter_map(|output| {
        let value = output.after.as_ref()?;
        Some((output.name.clone(), self::output(value)))
    });
    values(outputs.collect(), resources.collect())
}

/// What is there now, as AWS says.
pub(crate) fn prior_state(plan: &Plan, provider: &dyn Provider) -> Json {
    let types: HashMap<&Address, &str> =
        plan.changes.iter().map(|change| (&change.address, change.resource_type.as_str())).collect();
    let resources = plan.changes.iter().filter_map(|change| {
        let mut described = resource(change, change.before.as_deref()?, provider);
        let depends_on: Vec<Json> = change
            .dependencies
            .iter()
            .filter_map(|address| Some(address.terraform(types.get(address)?).into()))
            .collect();
        if !depends_on.is_empty() {
            described.insert("depends_on".into(), depends_on.into());
        }
        Some(Json::Object(described))
    });
    let before = |output: &OutputChange| Some((output.name.clone(), self::output(output.before.as_ref()?)));
    json!({
        "format_version": "1.0",
        "terraform_version": TERRAFORM_VERSION,
        "values": values(plan.outputs.iter().filter_map(before).collect(), resources.collect()),
    })
}

fn values(outputs: JsonMap<String, Json>, resources: Vec<Json>) -> Json {
    let mut values = JsonMap::new();
    if !outputs.is_empty() {
        values.insert("outputs".into(), Json::Object(outputs));
    }
    values.insert("root_module".into(), json!({"resources": resources}));
    Json::Object(values)
}

fn resource(change: &Change, values: &Map, provider: &dyn Provider) -> JsonMap<String, Json> {
    let schema = provider.schema(&change.resource_type);
    let mut described = described(&change.address, &change.resource_type);
    described.insert("schema_version".into(), 0.into());
    described.insert("values".into(), shown(values, schema.as_deref()));
    described.insert("sensitive_values".into(), sensitive_map(values));
    described
}

fn output(value: &Value) -> Json {
    let sensitive = value.has_sensitive() || wharf_state::holds_hash(value);
    let mut output = json!({"sensitive": sensitive});
    if let Some(value) = public(value).filter(|_| !sensitive) {
        output["value"] = value;
    }
    output
}
