//! `state list` and `state show`.

use super::no_such_address;
use crate::args::{StateList, StateShow};
use crate::commands::output::stored;
use crate::commands::show::{record_json, record_text};
use crate::error::CommandError;
use crate::terminal;
use serde_json::json;

pub(super) async fn list(args: &StateList) -> Result<u8, CommandError> {
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

pub(super) async fn show(args: &StateShow) -> Result<u8, CommandError> {
    let snapshot = stored(&args.stack).await?;
    let Some(record) = snapshot.resources.get(&args.address) else {
        return Err(no_such_address(&snapshot, &args.address));
    };
    if args.json {
        terminal::out(&format!("{:#}", record_json(&args.address, record)));
    } else {
        terminal::out(&record_text(&args.address, record));
    }
    Ok(0)
}
