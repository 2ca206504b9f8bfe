//! A deployment, with its lifecycle events.

use super::words::{state, told, wrapped};
use crate::render::style::Palette;
use wharf_release::{Deployment, LifecycleEvent, Phase, Time, span};

/// An event that took less is not worth its time.
const LONG: i64 = 5;

/// The deployment, and its events with those of one state together.
pub(super) fn lines(deployment: &Deployment, now: Time, palette: Palette, width: usize) -> Vec<String> {
    let mut lines = vec![heading(deployment, now, palette)];
    if let Some(description) = &deployment.description {
        lines
            .extend(indented(&told(description), width).into_iter().take(1).map(|line| palette.faint(&line)));
    }
    // A rollback takes few of the steps.
    let goes_back = deployment.rolls_back.is_some();
    let is_shown =
        |event: &&LifecycleEvent| !goes_back || !matches!(event.status.as_str(), "Skipped" | "Pending");
    let events: Vec<&LifecycleEvent> = deployment.events.iter().filter(is_shown).collect();
    let mut rest = events.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|event| event.status == first.status).count();
        let (group, later) = rest.split_at(same);
        let names = group.iter().map(|event| named(event, now)).collect::<Vec<_>>().join(", ");
        let word = word(&first.status);
        let painted = state(&first.status, palette).replace(&first.status, word);
        for (index, line) in wrapped(&names, width.saturating_sub(11)).into_iter().enumerate() {
            let start = if index == 0 { painted.as_str() } else { "" };
            let gap = " ".repeat(7_usize.saturating_sub(if index == 0 { word.len() } else { 0 }));
            lines.push(format!("  {start}{gap}  {line}"));
        }
        rest = later;
    }
    lines.extend(
        deployment
            .rollback
            .iter()
            .flat_map(|rollback| indented(&format!("rollback: {}", told(rollback)), width)),
    );
    lines
}

fn heading(deployment: &Deployment, now: Time, palette: Palette) -> String {
    let phase = match deployment.phase {
        Phase::Preparing => ", the new tasks are being started",
        Phase::Rerouting if deployment.rolls_back.is_some() => ", traffic goes back",
        Phase::Rerouting => ", production traffic is moving",
        Phase::Rerouted => ", production traffic has moved",
        Phase::Ready | Phase::Done | Phase::Failed => "",
    };
    let created = deployment.created.map(|created| format!(", from {}", created.of_day(now)));
    let ended = deployment.completed.map(|ended| format!(" to {}", ended.of_day(now)));
    format!(
        "{}: {}{phase}{}{}",
        palette.bold(&format!("Deployment {}", deployment.id)),
        state(&deployment.status, palette),
        created.unwrap_or_default(),
        ended.unwrap_or_default(),
    )
}

/// What a state of an event is called here.
fn word(status: &str) -> &str {
    match status {
        "Succeeded" => "done",
        "InProgress" => "now",
        "Failed" => "failed",
        "Pending" => "to come",
        "Skipped" => "skipped",
        other => other,
    }
}

/// An event, with how long it took or takes.
fn named(event: &LifecycleEvent, now: Time) -> String {
    let end = if event.status == "InProgress" { Some(now) } else { event.ended };
    match (event.started, end) {
        (Some(started), Some(end)) if end.since(started) >= LONG => {
            format!("{} ({})", event.name, span(end.since(started)))
        }
        _ => event.name.clone(),
    }
}

fn indented(text: &str, width: usize) -> Vec<String> {
    wrapped(text, width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")).collect()
}
