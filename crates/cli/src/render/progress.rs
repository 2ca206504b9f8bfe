//! Progress: a line per running operation on a terminal, plain lines elsewhere, JSON lines for programs.

use super::style::Palette;
use crate::{secret, terminal};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use wharf_core::Address;
use wharf_engine::{Event, Recovered, Reporter};
use wharf_plan::Kind;

/// One line per event, on stderr.
pub(crate) struct Lines {
    palette: Palette,
}

/// A line per running operation that is redrawn, finished ones above.
pub(crate) struct Live {
    palette: Palette,
    bars: MultiProgress,
    running: Mutex<HashMap<String, ProgressBar>>,
}

/// One JSON object per event, on stdout.
pub(crate) struct JsonLines;

/// The reporter for whoever reads stderr.
pub(crate) fn for_people() -> Box<dyn Reporter> {
    let palette = Palette { color: terminal::stderr_color() };
    if terminal::is_watched() {
        Box::new(Live { palette, bars: MultiProgress::new(), running: Mutex::new(HashMap::new()) })
    } else {
        Box::new(Lines { palette })
    }
}

/// What an operation does, in a word: "creating", "created".
fn words(kind: &Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Create => ("creating", "created"),
        Kind::Update => ("updating", "updated"),
        Kind::Delete => ("destroying", "destroyed"),
        Kind::DeleteDeposed { .. } => ("destroying the predecessor", "predecessor destroyed"),
        Kind::Forget => ("forgetting", "forgotten"),
    }
}

fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn recovered(item: &Recovered) -> Option<String> {
    Some(match item {
        Recovered::Adopted { address, id } => {
            format!("{address}: an earlier run had created {id}; taken over")
        }
        Recovered::NotCreated { address } => format!("{address}: an earlier run had not created it"),
        Recovered::Read { .. } => return None,
    })
}

fn adopted(address: &Address, id: &str) -> String {
    format!("{address}: this stack's {id} is there already; taken over")
}

/// The line of an event, if it is worth one.
fn line(event: &Event, palette: Palette) -> Option<String> {
    Some(match event {
        Event::Recovered(item) => recovered(item)?,
        Event::Adopted { address, id } => adopted(address, id),
        Event::Started { address, kind, .. } => format!("{address}: {}...", words(kind).0),
        Event::Finished { address, kind, id, elapsed } => {
            let id = id.as_deref().map(|id| format!(" [{id}]")).unwrap_or_default();
            format!(
                "{address}: {} in {}{}",
                palette.added(words(kind).1),
                seconds(*elapsed),
                palette.faint(&id)
            )
        }
        Event::Failed { address, kind, error, elapsed } => {
            let text = format!("{} failed after {}", words(kind).0, seconds(*elapsed));
            secret::hidden(format!("{address}: {}: {error}", palette.removed(&text)))
        }
        Event::Skipped { address, kind, because } => {
            format!("{address}: not {} because {because} failed", words(kind).1)
        }
        Event::Retrying { address, error, elapsed, .. } => {
            let code = error.code.as_deref().unwrap_or(&error.message);
            secret::hidden(format!("{address}: waiting, {} so far: {code}", seconds(*elapsed)))
        }
        Event::NotSaved { error } => {
            secret::hidden(format!("the state could not be saved, trying again: {error}"))
        }
        Event::Refreshing { .. } | Event::Refreshed { .. } | Event::Saved { .. } | Event::Stopping { .. } => {
            return None;
        }
    })
}

impl Reporter for Lines {
    fn event(&self, event: Event) {
        if let Some(line) = line(&event, self.palette) {
            terminal::note(&line);
        }
    }
}

impl Live {
    fn key(address: &Address, kind: &Kind) -> String {
        format!("{address} {kind:?}")
    }

    fn print(&self, line: &str) {
        // Through the bars, or they would be drawn over it.
        if self.bars.println(line).is_err() {
            terminal::note(line);
        }
    }
}

impl Reporter for Live {
    fn event(&self, event: Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match &event {
            Event::Started { address, kind, .. } => {
                let bar = self.bars.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix}: {msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.set_prefix(address.to_string());
                bar.set_message(format!("{}...", words(kind).0));
                bar.enable_steady_tick(Duration::from_millis(120));
                running.insert(Live::key(address, kind), bar);
            }
            Event::Retrying { address, error, .. } => {
                let prefix = format!("{address} ");
                let bars = running.iter().filter(|(key, _)| key.starts_with(&prefix));
                let code = error.code.as_deref().unwrap_or(&error.message);
                for (_, bar) in bars {
                    bar.set_message(secret::hidden(format!("waiting: {code}")));
                }
            }
            Event::Finished { address, kind, .. } | Event::Failed { address, kind, .. } => {
                if let Some(bar) = running.remove(&Live::key(address, kind)) {
                    bar.finish_and_clear();
                    self.bars.remove(&bar);
                }
                if let Some(line) = line(&event, self.palette) {
                    self.print(&line);
                }
            }
            _ => {
                if let Some(line) = line(&event, self.palette) {
                    self.print(&line);
                }
            }
        }
    }
}

impl Reporter for JsonLines {
    fn event(&self, event: Event) {
        if let Some(json) = json_line(&event) {
            terminal::out(&json.to_string());
        }
    }
}

fn json_line(event: &Event) -> Option<Json> {
    let kind_name = |kind: &Kind| match kind {
        Kind::Create => "create",
        Kind::Update => "update",
        Kind::Delete | Kind::DeleteDeposed { .. } => "delete",
        Kind::Forget => "forget",
    };
    Some(match event {
        Event::Recovered(item) => json!({"event": "recovered", "message": recovered(item)?}),
        Event::Adopted { address, id } => json!({"event": "adopted", "message": adopted(address, id)}),
        Event::Started { address, resource_type, kind } => {
            json!({"event": "started", "address": address, "type": resource_type, "action": kind_name(kind)})
        }
        Event::Retrying { address, error, delay, .. } => json!({
            "event": "retrying", "address": address, "error": secret::hidden(error.to_string()), "delay_ms": milliseconds(*delay),
        }),
        Event::Finished { address, kind, id, elapsed } => json!({
            "event": "finished", "address": address, "action": kind_name(kind), "id": id, "elapsed_ms": milliseconds(*elapsed),
        }),
        Event::Failed { address, kind, error, elapsed } => json!({
            "event": "failed", "address": address, "action": kind_name(kind), "error": secret::hidden(error.to_string()),
            "operation": error.operation, "code": error.code, "elapsed_ms": milliseconds(*elapsed),
        }),
        Event::Skipped { address, kind, because } => {
            json!({"event": "skipped", "address": address, "action": kind_name(kind), "because": because})
        }
        Event::Saved { serial } => json!({"event": "saved", "serial": serial}),
        Event::NotSaved { error } => json!({"event": "not_saved", "error": secret::hidden(error)}),
        Event::Stopping { running } => json!({"event": "stopping", "running": running}),
        Event::Refreshing { objects } => json!({"event": "refreshing", "objects": objects}),
        Event::Refreshed { elapsed } => json!({"event": "refreshed", "elapsed_ms": milliseconds(*elapsed)}),
    })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
