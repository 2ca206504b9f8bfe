//! Looking at a release again and again.

use super::subject::Subject;
use crate::error::{self, CommandError};
use crate::{secret, signals, terminal};
use std::time::Duration;
use tokio::time::Instant;
use wharf_provider::wait::Backoff;
use wharf_provider::{Error, ErrorKind};
use wharf_release::{Report, look};

/// The pauses between two looks, from the first to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// How many looks in a row may fail of what passes by itself.
const FAILURES: usize = 5;
/// What is said to whoever interrupts.
const LEFT: &str = "interrupted; nothing is lost: what is under way goes on in AWS";

/// Which deployment is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stay {
    /// Always the newest.
    Never,
    /// The first that is seen running, from then on, whatever is started after it.
    Running,
    /// This one.
    With(String),
}

/// How a release stands.
pub(super) async fn look(subject: &Subject) -> Result<Report, CommandError> {
    let report = look::report(&subject.session.clients, &subject.memory, &subject.target).await;
    report.map_err(|problem| error::cloud(&problem))
}

/// Looks until `seen` gives a value; none if it gives none before the deadline. What fails in passing is said and tried again.
pub(super) async fn until<T>(
    subject: &Subject,
    deadline: Option<Instant>,
    stay: Stay,
    mut seen: impl FnMut(Report) -> Option<T>,
) -> Result<Option<T>, CommandError> {
    signals::on_leaving(LEFT);
    let mut pauses = Backoff::new(PAUSES.0, PAUSES.1);
    let mut failures = 0;
    let mut looked = false;
    let stays = stay == Stay::Running;
    let mut only = match stay {
        Stay::With(id) => Some(id),
        Stay::Never | Stay::Running => None,
    };
    let (clients, memory, target) = (&subject.session.clients, &subject.memory, &subject.target);
    loop {
        let report = match &only {
            Some(id) => look::report_of(clients, memory, target, id).await,
            None => look::report(clients, memory, target).await,
        };
        match report {
            Ok(report) => {
                failures = 0;
                looked = true;
                if stays && only.is_none() {
                    only = running(&report);
                }
                if let Some(value) = seen(report) {
                    return Ok(Some(value));
                }
            }
            Err(problem) if looked && failures < FAILURES && passes(&problem) => {
                failures += 1;
                terminal::note(&secret::hidden(format!("could not look, trying again: {problem}")));
            }
            Err(problem) => return Err(error::cloud(&problem)),
        }
        let mut pause = pauses.next();
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // The last look is when the time is over.
            pause = pause.min(left);
        }
        tokio::time::sleep(pause).await;
    }
}

/// The deployment that is under way; one that goes back is nobody's release.
pub(super) fn running(report: &Report) -> Option<String> {
    let deployment = report.deployment.as_ref().filter(|deployment| !deployment.phase.has_ended());
    let deployment = deployment.filter(|_| !report.goes_back());
    deployment.map(|deployment| deployment.id.clone())
}

/// Whether an error may be over soon.
fn passes(problem: &Error) -> bool {
    matches!(problem.kind, ErrorKind::Throttled | ErrorKind::Unreachable | ErrorKind::Ambiguous)
}
