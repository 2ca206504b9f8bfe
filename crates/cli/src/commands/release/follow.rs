//! Waiting for a deployment, and saying how far it is.

use super::subject::Subject;
use crate::error::{self, CommandError, NOT_RELEASED};
use crate::{secret, signals, terminal};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use wharf_provider::wait::Wait;
use wharf_release::{Deployment, Phase, Report, TaskSet, look, promote};

/// What is said to whoever interrupts: AWS goes on by itself.
const LEFT: &str = "interrupted; the deployment goes on in AWS, and the same command goes on from there";

/// How long the steps of a deployment may take: an hour for the installation, and one for each hook.
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html>.
pub(super) const STEPS: Duration = Duration::from_hours(2);
/// How long AWS may take to show what it was just asked for.
pub(super) const SHOWN: Duration = Duration::from_mins(2);

/// Looks at a release again and again, and tells each step once.
pub(super) struct Follower<'a> {
    subject: &'a Subject,
    told: Mutex<BTreeMap<(String, String), String>>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(subject: &'a Subject) -> Self {
        Follower { subject, told: Mutex::new(BTreeMap::new()) }
    }

    /// How the release stands.
    pub(super) async fn look(&self) -> Result<Report, CommandError> {
        let clients = &self.subject.session.clients;
        look::report(clients, &self.subject.target).await.map_err(|problem| error::cloud(&problem))
    }

    /// Looks until a report is as it is waited for.
    pub(super) async fn until(
        &self,
        what: &'static str,
        timeout: Duration,
        is_there: impl Fn(&Report) -> bool + Send + Sync,
    ) -> Result<Report, CommandError> {
        signals::on_leaving(LEFT);
        let wait = Wait { what, timeout, pause: Duration::from_secs(5) };
        let look = || async {
            let report = look::report(&self.subject.session.clients, &self.subject.target).await?;
            self.tell(&report);
            Ok(Some(report).filter(|report| is_there(report)))
        };
        wait.until(look).await.map_err(|problem| {
            let argument = &self.subject.session.loaded.argument;
            error::cloud(&problem).hint(format!("`wharf release status{argument}` shows what it waits for"))
        })
    }

    /// Tells what has begun or ended since the last look.
    fn tell(&self, report: &Report) {
        let Some(deployment) = &report.deployment else { return };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !told.keys().any(|(id, _)| *id == deployment.id);
        for event in &deployment.events {
            let key = (deployment.id.clone(), event.name.clone());
            if told.insert(key, event.status.clone()).as_ref() == Some(&event.status) {
                continue;
            }
            let words = match event.status.as_str() {
                "InProgress" => "has begun",
                "Failed" => "has failed",
                "Succeeded" if !is_first => "is done",
                _ => continue,
            };
            terminal::note(&format!("{}: {} {words}", deployment.id, event.name));
        }
    }
}

/// The error of a deployment that came to nothing.
pub(super) fn failed(deployment: &Deployment, argument: &str) -> CommandError {
    let id = &deployment.id;
    let what = if deployment.status == "Stopped" { "was stopped" } else { "has failed" };
    let mut result = CommandError::new(format!("the deployment {id} {what}"));
    result.code = NOT_RELEASED;
    if let Some(problem) = &deployment.error {
        result.details.push(format!("  {}: {}", problem.code, problem.message));
    }
    result.details.extend(deployment.rollback.as_ref().map(|words| format!("  {words}")));
    result.hint(format!("`wharf release status{argument}` tells why, and what serves"))
}

/// Who serves, in a line.
pub(super) fn serves(report: &Report) -> String {
    let Some(set) = promote::serving(report) else { return "nothing serves".to_owned() };
    let listener = report.listeners.iter().find(|listener| listener.production);
    let at = listener.map(|listener| format!(" at {}", listener.url)).unwrap_or_default();
    secret::hidden(format!("{} serves{at}", named(set)))
}

/// A task set, by its revision and image.
pub(super) fn named(set: &TaskSet) -> String {
    match &set.image {
        Some(image) => format!("{} ({image})", set.task_definition),
        None => set.task_definition.clone(),
    }
}

/// Whether a report is about this deployment, and that has ended or is past being prepared.
pub(super) fn phase_of(report: &Report, id: &str) -> Option<Phase> {
    report.deployment.as_ref().filter(|deployment| deployment.id == id).map(|deployment| deployment.phase)
}
