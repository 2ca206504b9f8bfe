//! `state history` and `state restore`.

use super::{readable, replace};
use crate::args::{StateHistory, StateRestore};
use crate::error::{self, CommandError};
use crate::session::Stored;
use crate::terminal;
use futures::stream::{self, StreamExt};
use serde_json::json;
use wharf_state::{Snapshot, StoreError, Version};

/// How many versions are read at once.
const PARALLEL_READS: usize = 8;

/// Lists the states that are kept.
pub(super) async fn list(args: &StateHistory) -> Result<u8, CommandError> {
    let stored = Stored::open(&args.stack).await?;
    let failed = |problem: StoreError| error::store(&problem);
    let mut versions = stored.store.history().await.map_err(failed)?;
    let all = versions.len();
    versions.truncate(args.limit);
    let reads = versions.iter().map(|version| stored.store.read_version(&version.id));
    let snapshots: Vec<_> = stream::iter(reads).buffered(PARALLEL_READS).collect().await;
    if args.json {
        let entries = versions.iter().zip(&snapshots).map(|(version, snapshot)| {
            let snapshot = snapshot.as_ref().ok();
            json!({
                "version": version.id,
                "written": version.written,
                "size": version.size,
                "current": version.is_current,
                "serial": snapshot.map(|snapshot| snapshot.serial),
                "resources": snapshot.map(|snapshot| snapshot.resources.len()),
            })
        });
        terminal::out(&json!(entries.collect::<Vec<_>>()).to_string());
        return Ok(0);
    }
    if versions.is_empty() {
        terminal::note("no state was written yet");
    }
    let width = versions.iter().map(|version| version.id.len()).max().unwrap_or_default();
    for (version, snapshot) in versions.iter().zip(&snapshots) {
        terminal::out(&line(version, snapshot.as_ref(), width));
    }
    if all > versions.len() {
        terminal::note(&format!("{} older ones are not shown; see --limit", all - versions.len()));
    }
    Ok(0)
}

fn line(version: &Version, snapshot: Result<&Snapshot, &StoreError>, width: usize) -> String {
    let what = match snapshot {
        Ok(snapshot) => format!("serial {}, {} resources", snapshot.serial, snapshot.resources.len()),
        Err(problem) => problem.to_string(),
    };
    let current = if version.is_current { ", current" } else { "" };
    format!("{:width$}  {}, {what}{current}", version.id, error::ago(version.written))
}

/// Stores an earlier state again, as the newest.
pub(super) async fn restore(args: &StateRestore) -> Result<u8, CommandError> {
    let (from, serial) = replace(&args.stack, args.lock, "state restore", async |stored, present| {
        let version = stored.store.read_version(&args.version).await;
        let mut snapshot = version.map_err(|problem| error::store(&problem))?;
        let from = snapshot.serial;
        snapshot.serial = readable(present)?.map_or(from, |present| present.serial.max(from)) + 1;
        let serial = snapshot.serial;
        Ok((Some(snapshot), (from, serial)))
    })
    .await?;
    terminal::note(&format!("the state is that of serial {from} again, with serial {serial}"));
    terminal::note("run `wharf plan`: what was done since is in AWS, and the state does not know it");
    Ok(0)
}
