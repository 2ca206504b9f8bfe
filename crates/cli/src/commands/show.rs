use super::output::{json as outputs_json, lines, stored};
use crate::args::{PlanFormat, Show, StackArgs};
use crate::error::CommandError;
use crate::render::{self, style::Palette, value::pretty};
use crate::{saved, terminal};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use wharf_aws::Aws;
use wharf_core::{Address, Map, Value};
use wharf_state::Record;

/// Shows everything the state knows, or a saved plan.
pub(crate) async fn run(args: &Show) -> Result<u8, CommandError> {
    let format = if args.json { PlanFormat::Json } else { args.format };
    if let Some(plan) = saved::open(&args.stack)? {
        terminal::out(&match format {
            PlanFormat::Json => plan.representation.to_string(),
            PlanFormat::Markdown => render::markdown::plan(&plan.plan, &Aws::offline()),
            PlanFormat::Text => {
                let palette = Palette { color: terminal::stdout_color() };
                render::plan::plan(&plan.plan, &Aws::offline(), palette)
            }
        });
        return Ok(0);
    }
    if format == PlanFormat::Markdown {
        return Err(CommandError::new(format!("{} is no saved plan", args.stack.display()))
            .hint("`--format markdown` is for what `wharf plan --out FILE` saves"));
    }
    let stack = StackArgs { stack: args.stack.clone(), inputs: args.inputs.clone() };
    let snapshot = stored(&stack).await?;
    if format == PlanFormat::Json {
        let resources: Vec<Json> =
            snapshot.resources.iter().map(|(address, record)| record_json(address, record)).collect();
        let document = json!({
            "stack": snapshot.stack,
            "lineage": snapshot.lineage,
            "serial": snapshot.serial,
            "resources": resources,
            "outputs": outputs_json(&snapshot.outputs),
        });
        terminal::out(&format!("{document:#}"));
        return Ok(0);
    }
    if snapshot.resources.is_empty() {
        terminal::note(&format!("the state of `{}` is empty", snapshot.stack));
        return Ok(0);
    }
    let records = snapshot.resources.iter().map(|(address, record)| record_text(address, record));
    let mut text = records.collect::<Vec<_>>().join("\n\n");
    if !snapshot.outputs.is_empty() {
        let _ = write!(text, "\n\nOutputs:\n\n{}", lines(&snapshot.outputs));
    }
    terminal::out(&text);
    Ok(0)
}

/// One record as text.
pub(crate) fn record_text(address: &Address, record: &Record) -> String {
    let width = record.attributes.keys().map(String::len).max().unwrap_or_default();
    let mut text = format!("# {address}\n{} {:?} {{", record.resource_type, address.to_string());
    for (name, value) in &record.attributes {
        let _ = write!(text, "\n    {name:width$} = {}", pretty(&shown(value), 4));
    }
    for deposed in &record.deposed {
        let _ = write!(text, "\n    # still to be deleted: {}", deposed.id);
    }
    text.push_str("\n}");
    text
}

/// One record as JSON.
pub(crate) fn record_json(address: &Address, record: &Record) -> Json {
    json!({
        "address": address,
        "type": record.resource_type,
        "id": record.id,
        "attributes": public(&record.attributes),
        "dependencies": record.dependencies,
        "deposed": record.deposed.iter().map(|deposed| &deposed.id).collect::<Vec<_>>(),
    })
}

fn public(map: &Map) -> Json {
    let entries = map.iter().map(|(key, value)| (key.clone(), shown(value).to_json().unwrap_or_default()));
    Json::Object(entries.collect())
}

/// Hashes say nothing to anybody.
fn shown(value: &Value) -> Value {
    match value {
        value if wharf_state::is_hash(value) => Value::from("(sensitive value)"),
        Value::List(list) => Value::List(list.iter().map(shown).collect()),
        Value::Map(map) => Value::Map(map.iter().map(|(key, value)| (key.clone(), shown(value))).collect()),
        other => other.clone(),
    }
}
