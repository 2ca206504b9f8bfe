//! Waiting for a deployment, and saying how far it is.

use super::subject::Subject;
use super::watch::{self, Stay};
use crate::error::CommandError;
use crate::render::release::words::told;
use crate::terminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use wharf_release::{Phase, Report, TaskSet, changes, promote, span};

/// How long the steps of a deployment may take: an hour for the installation, and one for each hook.
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html>.
pub(super) const STEPS: Duration = Duration::from_hours(2);
/// How long AWS may take to show what it was just asked for.
pub(super) const SHOWN: Duration = Duration::from_mins(2);

/// Looks at a release again and again, and tells what moves.
pub(super) struct Follower<'a> {
    subject: &'a Subject,
    last: Mutex<Option<Report>>,
    /// The deployment that is looked at, whatever is started after it.
    only: Mutex<Option<String>>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(subject: &'a Subject) -> Self {
        Follower { subject, last: Mutex::new(None), only: Mutex::new(None) }
    }

    /// Stays with a deployment from now on.
    pub(super) fn stay(&self, id: &str) {
        *self.only.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_owned());
    }

    /// How the release stands.
    pub(super) async fn look(&self) -> Result<Report, CommandError> {
        let report = watch::look(self.subject).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(report.clone());
        Ok(report)
    }

    /// Looks until a report is as it is waited for. `what` fits after "waited for".
    pub(super) async fn until(
        &self,
        what: &str,
        timeout: Duration,
        is_there: impl Fn(&Report) -> bool,
    ) -> Result<Report, CommandError> {
        self.within(timeout, is_there).await?.ok_or_else(|| {
            let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX);
            let argument = self.subject.argument();
            CommandError::new(format!("waited {} for {what}, in vain", span(seconds))).hint(format!(
                "nothing is lost: `wharf release status{argument}` shows what it waits for, and the same command goes on"
            ))
        })
    }

    /// The same; none if the time is over.
    pub(super) async fn within(
        &self,
        timeout: Duration,
        is_there: impl Fn(&Report) -> bool,
    ) -> Result<Option<Report>, CommandError> {
        let deadline = Instant::now() + timeout;
        let only = self.only.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stay = only.map_or(Stay::Never, Stay::With);
        watch::until(self.subject, Some(deadline), stay, |report| {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some() {
                for line in changes(last.as_ref(), &report) {
                    terminal::note(&told(&line));
                }
            }
            *last = Some(report.clone());
            is_there(&report).then_some(report)
        })
        .await
    }
}

/// Who serves, in a line.
pub(super) fn serves(report: &Report) -> String {
    let Some(set) = promote::serving(report) else { return "nothing serves".to_owned() };
    let listener = report.listeners.iter().find(|listener| listener.production);
    let at = listener.map(|listener| format!(" at {}", listener.url)).unwrap_or_default();
    told(&format!("{} serves{at}", named(set)))
}

/// A task set, by its revision and image.
pub(super) fn named(set: &TaskSet) -> String {
    match &set.image {
        Some(image) => format!("{} ({image})", set.task_definition),
        None => set.task_definition.clone(),
    }
}

/// How far a deployment is, if the report is about it or about its rollback.
pub(super) fn phase_of(report: &Report, id: &str) -> Option<Phase> {
    let mut known = [&report.deployment, &report.rolled_back].into_iter().flatten();
    known.find(|deployment| deployment.id == id).map(|deployment| deployment.phase)
}

/// Whether nothing is under way of a deployment any more, CodeDeploy's own rollback of it included.
pub(super) fn is_over(report: &Report, id: &str) -> bool {
    let newest = report.deployment.as_ref().filter(|newest| newest.id == id || report.goes_back());
    newest.is_none_or(|newest| newest.phase.has_ended())
}
