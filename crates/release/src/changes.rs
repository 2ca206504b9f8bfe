//! What has changed from one look to the next, a line each.

use crate::report::{Deployment, Pipeline, PipelineAction, PipelineStage, Report};

/// What a report has that the earlier one had not: states of actions, of the deployment and of
/// its events, and the first cause of trouble. Without an earlier one,
/// only where things stand.
pub fn changes(earlier: Option<&Report>, now: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(pipeline) = &now.pipeline {
        of_pipeline(&mut lines, earlier.map(|earlier| earlier.pipeline.as_ref()), pipeline);
    }
    if let Some(deployment) = &now.deployment {
        let same = |known: &&Deployment| known.id == deployment.id;
        let known = earlier.map(|earlier| earlier.deployment.as_ref().filter(same));
        of_deployment(&mut lines, known, deployment);
    }
    // Why it hangs, the first time it does: the words change with every task that stops.
    if earlier.is_none_or(|earlier| earlier.causes.is_empty()) {
        lines.extend(now.causes.first().map(|cause| cause.what.clone()));
    }
    lines
}

fn of_pipeline(lines: &mut Vec<String>, earlier: Option<Option<&Pipeline>>, now: &Pipeline) {
    let name = &now.name;
    let Some(earlier) = earlier else {
        if now.is_running() {
            lines.push(format!("pipeline {name}: {}", at(now)));
        }
        return;
    };
    let earlier = earlier.filter(|earlier| earlier.execution == now.execution);
    if earlier.is_none() {
        let commit = now.revision_summary.as_deref().map(|text| format!(" for {text}")).unwrap_or_default();
        lines.push(format!("pipeline {name}: a new execution{commit}"));
    }
    for (stage, action) in now.actions() {
        let before = earlier.and_then(|earlier| {
            let same = |(other, known): &(&PipelineStage, &PipelineAction)| {
                other.name == stage.name && known.name == action.name
            };
            earlier.actions().find(same)?.1.status.as_ref()
        });
        match &action.status {
            Some(status) if before != Some(status) => {
                lines.push(format!("pipeline {name}: {} ({}): {status}", stage.name, action.name));
            }
            _ => {}
        }
    }
}

/// Where a pipeline is.
fn at(pipeline: &Pipeline) -> String {
    match pipeline.running().next() {
        Some((stage, action)) => format!("{} ({}): InProgress", stage.name, action.name),
        None => pipeline.status.clone().unwrap_or_default(),
    }
}

fn of_deployment(lines: &mut Vec<String>, earlier: Option<Option<&Deployment>>, now: &Deployment) {
    let id = &now.id;
    let Some(earlier) = earlier else {
        lines.push(format!("deployment {id}: {}", now.status));
        return;
    };
    if earlier.is_none() {
        lines.push(format!("deployment {id}: created"));
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
    use crate::fixtures::{deployment, event, pipeline_at, report};
    use crate::report::{Cause, Phase};

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
