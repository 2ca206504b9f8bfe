use crate::args::Output as Args;
use crate::error::CommandError;
use crate::render::value::pretty;
use crate::session::Stored;
use crate::terminal;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use wharf_state::{Output, Snapshot};

/// Prints outputs, from the state alone.
pub(crate) async fn run(args: &Args) -> Result<u8, CommandError> {
    let snapshot = stored(&args.stack).await?;
    let Some(name) = &args.name else {
        if args.json {
            terminal::out(&format!("{:#}", json(&snapshot.outputs)));
        } else if snapshot.outputs.is_empty() {
            terminal::note("the stack has no outputs, or was never applied");
        } else {
            terminal::out(&lines(&snapshot.outputs));
        }
        return Ok(0);
    };
    let Some(output) = snapshot.outputs.get(name) else {
        let near = wharf_core::suggest(name, snapshot.outputs.keys().map(String::as_str));
        let error = CommandError::new(format!("the state has no output `{name}`"));
        return Err(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("outputs are there after an apply"),
        });
    };
    if output.sensitive {
        return Err(CommandError::new(format!("`{name}` is sensitive: the state keeps only a hash of it")));
    }
    match output.value.as_str() {
        Some(text) if args.raw => terminal::out(text),
        _ if args.json => terminal::out(&output.value.to_json().unwrap_or_default().to_string()),
        _ => terminal::out(&pretty(&output.value, 0)),
    }
    Ok(0)
}

/// The state of a stack; an empty one if there is none.
pub(crate) async fn stored(stack: &crate::args::StackArgs) -> Result<Snapshot, CommandError> {
    let stored = Stored::open(stack).await?;
    Ok(stored.read().await?.unwrap_or_else(|| Snapshot::new(stored.loaded.stack.name.clone())))
}

/// Outputs as `name = value` lines.
pub(crate) fn lines(outputs: &BTreeMap<String, Output>) -> String {
    let width = outputs.keys().map(String::len).max().unwrap_or_default();
    let line = |(name, output): (&String, &Output)| {
        let value = if output.sensitive { "(sensitive value)".to_owned() } else { pretty(&output.value, 0) };
        format!("{name:width$} = {value}")
    };
    outputs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Outputs as `terraform output -json` has them.
pub(crate) fn json(outputs: &BTreeMap<String, Output>) -> Json {
    let one = |output: &Output| {
        let value = if output.sensitive { Json::Null } else { output.value.to_json().unwrap_or_default() };
        json!({"sensitive": output.sensitive, "value": value})
    };
    Json::Object(outputs.iter().map(|(name, output)| (name.clone(), one(output))).collect::<Map<_, _>>())
}
