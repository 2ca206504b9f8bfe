//! `--when-busy`: what is done about a deployment that is active.

use super::follow::{Follower, STEPS, phase_of};
use super::subject::Subject;
use crate::args::WhenBusy;
use crate::error::{self, CommandError, LOCKED};
use crate::terminal;
use wharf_release::{Phase, Report, busy};

/// Waits for a deployment, stops it, or refuses; afterwards it has ended.
pub(super) async fn clear(
    subject: &Subject,
    follower: &Follower<'_>,
    when_busy: WhenBusy,
    id: &str,
) -> Result<(), CommandError> {
    let argument = subject.argument();
    match when_busy {
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
    let has_ended = |report: &Report| phase_of(report, id).is_none_or(Phase::has_ended);
    follower.until("the deployment to end", STEPS, has_ended).await.map(drop)
}
