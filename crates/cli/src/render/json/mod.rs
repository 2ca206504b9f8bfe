//! A plan as JSON, in Terraform's plan representation (`format_version` 1.2), so that tools made for Terraform read it.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format>. Beside Terraform's members there are
//! `stack` and `mode`, and for each change `wharf_address` and `source`: where the stack file declares it. No time and no
//! path of a machine is in it: the same stack and the same live state give the same bytes.

pub(crate) mod change;
mod source;
mod state;
pub(crate) mod values;

use super::drift::resource_drift;
use crate::session::Session;
use change::{output_change, resource_changes};
use serde_json::{Map as JsonMap, Value as Json, json};
use state::{planned_values, prior_state};
use wharf_plan::{Mode, Plan};
use wharf_stack::configuration;

/// The provider address that tools made for Terraform know these types by.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// The version of Terraform's representation.
const FORMAT_VERSION: &str = "1.2";

/// The version of Terraform that writes a plan like this: some tools ask.
const TERRAFORM_VERSION: &str = "1.9.0";

/// The plan.
pub(crate) fn plan(plan: &Plan, session: &Session) -> Json {
    let provider = &*session.context.provider;
    let expanded = &session.context.expanded;
    let mut changes = Vec::with_capacity(plan.changes.len());
    for change in &plan.changes {
        let source = source::source(&change.address, expanded, &session.loaded.sources);
        changes.extend(resource_changes(change, plan, provider, source));
    }
    let outputs: JsonMap<String, Json> =
        plan.outputs.iter().map(|output| (output.name.clone(), output_change(output))).collect();
    // Where somebody changed what the stack file says, or more.
    let variables = expanded.variables().map(|(name, value)| {
        let shown = values::public(value).map_or_else(|| json!({}), |value| json!({"value": value}));
        (name.to_owned(), shown)
    });
    json!({
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "stack": plan.stack,
        "mode": match plan.mode { Mode::Apply => "apply", Mode::Destroy => "destroy" },
        "applyable": !plan.is_empty(),
        "complete": true,
        "errored": false,
        "variables": Json::Object(variables.collect()),
        "planned_values": planned_values(plan, provider),
        "resource_changes": changes,
        "output_changes": outputs,
        "resource_drift": resource_drift(&plan.drift, provider),
        "prior_state": prior_state(plan, provider),
        "configuration": configuration(expanded.stack()),
    })
}
