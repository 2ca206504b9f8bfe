//! `wharf release`, one file a verb.

mod busy;
mod follow;
mod history;
mod promote;
mod push;
pub(super) mod roll_out;
mod rollback;
mod status;
mod subject;
mod wait;
mod watch;

pub(crate) use subject::Subject;

use crate::args::Release;
use crate::error::CommandError;

/// Runs the verb.
pub(crate) async fn run(args: &Release) -> Result<u8, CommandError> {
    match args {
        Release::Push(args) => push::run(args).await,
        Release::Status(args) => status::run(args).await,
        Release::Promote(args) => promote::run(args).await,
        Release::Rollback(args) => rollback::run(args).await,
        Release::Wait(args) => wait::run(args).await,
        Release::History(args) => history::run(args).await,
    }
}
