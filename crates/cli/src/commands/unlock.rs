use crate::args::Unlock;
use crate::error::{self, CommandError};
use crate::session::Stored;
use crate::terminal;

/// Breaks the lock of a run that is gone.
pub(crate) async fn run(args: &Unlock) -> Result<u8, CommandError> {
    let stored = Stored::open(&args.stack).await?;
    let holder = stored.store.unlock(&args.id).await.map_err(|problem| error::store(&problem))?;
    terminal::note(&format!("broke the lock of {holder}; if it still runs, it can write no more"));
    Ok(0)
}
