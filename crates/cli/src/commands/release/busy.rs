//! `--when-busy`: what is done about a deployment that is active.

use super::follow::{Follower, SHOWN, STEPS, is_over};
use super::subject::Subject;
use crate::args::WhenBusy;
use crate::error::{self, CommandError, LOCKED};
use crate::terminal;
use std::time::Duration;
use wharf_provider::Error as CloudError;
use wharf_release::{Phase, Report, busy, promote};

/// How often AWS may refuse a deployment for another one, and list none.
const UNLISTED: usize = 15;

/// How often that was so: the other one has just ended or begun, or deployments of others use up the account's quota.
#[derive(Debug, Default)]
pub(super) struct Unlisted(usize);

impl Unlisted {
    /// Waits a moment before the next look; fails as AWS did once that was in vain too often.
    pub(super) async fn wait(&mut self, refusal: CloudError) -> Result<(), CloudError> {
        if self.0 == UNLISTED {
            return Err(refusal);
        }
        self.0 += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

/// Waits for a deployment, stops it, or refuses; afterwards it has ended, and so has the one that takes it back. One that
/// `goes_back` by itself is never stopped.
pub(super) async fn clear(
    subject: &Subject,
    follower: &Follower<'_>,
    when_busy: WhenBusy,
    id: &str,
    goes_back: bool,
) -> Result<(), CommandError> {
    let argument = subject.argument();
    match when_busy {
        WhenBusy::Wait | WhenBusy::Stop if goes_back => {
            terminal::note(&format!("CodeDeploy goes back by itself, with {id}; waiting until it has ended"));
        }
        WhenBusy::Fail => {
            let error = CommandError::new(format!("the deployment {id} is active; nothing was changed"));
            return Err(CommandError { code: LOCKED, ..error }.hint(format!(
                "`wharf release status{argument}` shows how far it is; `--when-busy wait` waits for its end, \
                 `--when-busy stop` stops it"
            )));
        }
        WhenBusy::Wait => {
            terminal::note(&format!("waiting until {id} has ended"));
        }
        WhenBusy::Stop => {
            terminal::note(&format!("stopping {id}, with a rollback"));
            let stopped = busy::stop(&subject.session.clients, &subject.target, id).await;
            stopped.map_err(|problem| error::cloud(&problem))?;
        }
    }
    let over = |report: &Report| is_over(report, id);
    let ended = follower.until("the deployment to end", STEPS, over).await?;
    if when_busy == WhenBusy::Stop && is_left(&ended, id) {
        // The deployment that goes back may be made a moment later.
        if follower.within(SHOWN, |report| !is_left(report, id)).await?.is_some() {
            follower.until("the rollback to end", STEPS, over).await?;
        }
    }
    Ok(())
}

/// Whether a deployment was stopped and its tasks serve still.
fn is_left(report: &Report, id: &str) -> bool {
    let stopped = |newest: &wharf_release::Deployment| newest.id == id && newest.phase == Phase::Failed;
    let is_new = |set: &wharf_release::TaskSet| set.color.as_deref() == Some("Green");
    report.deployment.as_ref().is_some_and(stopped) && promote::serving(report).is_some_and(is_new)
}
