//! What has changed from one look to the next, a line each.

use crate::report::{Deployment, Pipeline, PipelineAction, PipelineStage, Report, TaskSet};

/// What a report has that the earlier one had not: states of actions, of the deployment and of its events, and the first cause
/// of trouble. Without an earlier one, only where things stand.
pub fn changes(earlier: Option<&Report>, now: &Report) -> Vec<String> {
    let mut lines = match earlier {
        Some(earlier) => moved(earlier, now),
        None => standing(now),
    };
    // Why it hangs, the first time it does: the words change with every task that stops.
    if earlier.is_none_or(|earlier| earlier.causes.is_empty()) {
        lines.extend(now.causes.first().map(|cause| cause.what.clone()));
    }
    lines
}

/// Where a pipeline that is under way is, and how the deployment is.
fn standing(now: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(pipeline) = now.pipeline.as_ref().filter(|pipeline| pipeline.is_running()) {
        let at = match pipeline.running().next() {
            Some((stage, action)) => format!("{} ({}): {}", stage.name, action.name, word(action)),
            None => pipeline.status.clone().unwrap_or_default(),
        };
        lines.push(format!("pipeline {}: {at}", pipeline.name));
    }
    lines.extend(
        now.deployment
            .as_ref()
            .map(|deployment| format!("deployment {}: {}", deployment.id, deployment.status)),
    );
    lines
}

fn moved(earlier: &Report, now: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(pipeline) = &now.pipeline {
        let same = |known: &&Pipeline| known.execution == pipeline.execution;
        of_pipeline(&mut lines, earlier.pipeline.as_ref().filter(same), pipeline);
    }
    // How the one ended that is taken back, if it was seen before.
    if let Some(undone) = &now.rolled_back {
        let mut known = [&earlier.rolled_back, &earlier.deployment].into_iter().flatten();
        if let Some(known) = known.find(|known| known.id == undone.id) {
            of_deployment(&mut lines, Some(known), undone);
        }
    }
    if let Some(deployment) = &now.deployment {
        let same = |known: &&Deployment| known.id == deployment.id;
        of_deployment(&mut lines, earlier.deployment.as_ref().filter(same), deployment);
        lines.extend(shifted(earlier, now));
    }
    lines
}

/// What the new tasks get of production traffic, if that is more or less than before.
fn shifted(earlier: &Report, now: &Report) -> Option<String> {
    let share = |set: &TaskSet| set.shares.iter().find(|share| share.production).map(|share| share.percent);
    let green = now.task_sets.iter().find(|set| set.color.as_deref() == Some("Green"))?;
    let before = earlier.task_sets.iter().find(|set| set.id == green.id).and_then(share)?;
    let percent = share(green).filter(|percent| *percent != before)?;
    Some(format!("{} gets {percent} of 100 of production traffic", green.task_definition))
}

/// `earlier` is the same execution, if that was there.
fn of_pipeline(lines: &mut Vec<String>, earlier: Option<&Pipeline>, now: &Pipeline) {
    let name = &now.name;
    if earlier.is_none() {
        let commit = now.revision_summary.as_deref().map(|text| format!(" for {text}")).unwrap_or_default();
        lines.push(format!("pipeline {name}: a new execution{commit}"));
    }
    for (stage, action) in now.actions() {
        let same = |(other, known): &(&PipelineStage, &PipelineAction)| {
            other.name == stage.name && known.name == action.name
        };
        let before = earlier.and_then(|earlier| earlier.actions().find(same)?.1.status.as_ref());
        if let Some(status) = action.status.as_ref().filter(|status| before != Some(status)) {
            let word = if status == "InProgress" { word(action) } else { status.as_str() };
            lines.push(format!("pipeline {name}: {} ({}): {word}", stage.name, action.name));
        }
    }
}

/// How an action is that is under way.
fn word(action: &PipelineAction) -> &'static str {
    if action.is_approval() { "waits for somebody to approve it" } else { "InProgress" }
}

/// `earlier` is the same deployment, if that was there.
fn of_deployment(lines: &mut Vec<String>, earlier: Option<&Deployment>, now: &Deployment) {
    let id = &now.id;
    if earlier.is_none() {
        let undone = now.rolls_back.as_ref().map(|undone| format!(", which rolls back {undone}"));
        lines.push(format!("deployment {id}: created{}", undone.unwrap_or_default()));
    }
    for event in &now.events {
        let before = earlier.and_then(|earlier| earlier.events.iter().find(|known| known.name == event.name));
        let moved = before.map(|before| &before.status) != Some(&event.status);
        if moved && !matches!(event.status.as_str(), "Pending" | "Skipped") {
            lines.push(format!("deployment {id}: {}: {}", event.name, event.status));
        }
    }
    let moved = earlier.map(|earlier| &earlier.status) != Some(&now.status);
    if moved && !matches!(now.status.as_str(), "Created" | "InProgress") {
        lines.push(format!("deployment {id}: {}", now.status));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{deployment, event, failed_deployment, pipeline_at, report, rollback_of};
    use crate::report::{Cause, Phase};

    #[test]
    fn what_is_rolled_back_has_ended_first() {
        let first = report().with(deployment("Ready", Phase::Ready));
        let second = rollback_of(failed_deployment("TIMEOUT", "too late"), "InProgress", Phase::Rerouting);
        assert_eq!(
            changes(Some(&first), &second),
            ["deployment d-1: Failed", "deployment d-2: created, which rolls back d-1"]
        );
        let third = rollback_of(failed_deployment("TIMEOUT", "too late"), "Succeeded", Phase::Done);
        assert_eq!(changes(Some(&second), &third), ["deployment d-2: Succeeded"]);
    }

    #[test]
    fn only_what_is_new_is_told() {
        let mut first = report().with(deployment("InProgress", Phase::Preparing));
        first.pipeline = Some(pipeline_at("deploy", first.looked));
        assert_eq!(
            changes(None, &first),
            ["pipeline shop: deploy (image): InProgress", "deployment d-1: InProgress"]
        );
        assert_eq!(changes(Some(&first), &first), [""; 0]);
        let mut second = first.clone();
        let later = second.deployment.as_mut().unwrap();
        later.status = "Ready".into();
        later.events = vec![event("Install", "Succeeded", None), event("AllowTraffic", "Pending", None)];
        assert_eq!(
            changes(Some(&first), &second),
            ["deployment d-1: Install: Succeeded", "deployment d-1: Ready"]
        );
        let cause = |what: &str| Cause { what: what.into(), source: None, log: Vec::new() };
        let why = Report { causes: vec![cause("1 task stopped"), cause("it failed")], ..second.clone() };
        assert_eq!(changes(Some(&second), &why), ["1 task stopped"]);
        let more = Report { causes: vec![cause("2 tasks stopped")], ..second.clone() };
        assert_eq!(changes(Some(&why), &more), [""; 0]);
        let mut third = second.clone();
        third.deployment.as_mut().unwrap().id = "d-2".into();
        third.pipeline.as_mut().unwrap().execution = Some("e-2".into());
        let lines = changes(Some(&second), &third);
        assert_eq!(lines[0], "pipeline shop: a new execution for Make the button blue");
        assert!(lines.contains(&"deployment d-2: created".to_owned()), "{lines:?}");
    }
}
