use super::output::stored;
use super::show::{record_json, record_text};
use crate::args::{Show, State, StateShow};
use crate::error::CommandError;
use crate::terminal;
use serde_json::json;

/// `state list` and `state show`.
pub(crate) async fn run(command: &State) -> Result<u8, CommandError> {
    match command {
        State::List(args) => list(args).await,
        State::Show(args) => show(args).await,
    }
}

async fn list(args: &Show) -> Result<u8, CommandError> {
    let snapshot = stored(&args.stack).await?;
    if args.json {
        let entries = snapshot.resources.iter().map(
            |(address, record)| json!({"address": address, "type": record.resource_type, "id": record.id}),
        );
        terminal::out(&serde_json::Value::from(entries.collect::<Vec<_>>()).to_string());
    } else {
        for address in snapshot.resources.keys() {
            terminal::out(&address.to_string());
        }
    }
    Ok(0)
}

async fn show(args: &StateShow) -> Result<u8, CommandError> {
    let snapshot = stored(&args.stack).await?;
    let Some(record) = snapshot.resources.get(&args.address) else {
        let wanted = args.address.to_string();
        let addresses: Vec<String> = snapshot.resources.keys().map(ToString::to_string).collect();
        let error = CommandError::new(format!("the state has no `{wanted}`"));
        return Err(match wharf_core::suggest(&wanted, addresses.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`wharf state list` lists what is there"),
        });
    };
    if args.json {
        terminal::out(&format!("{:#}", record_json(&args.address, record)));
    } else {
        terminal::out(&record_text(&args.address, record));
    }
    Ok(0)
}
