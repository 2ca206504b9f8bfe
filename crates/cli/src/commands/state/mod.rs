//! The commands that look into a state and mend it, a file each.

mod address;
mod history;
mod init;
mod look;
mod transfer;

use crate::args::{LockArgs, StackArgs, State};
use crate::error::{self, CommandError};
use crate::lock::locked;
use crate::session::Stored;
use crate::signals;
use tokio::sync::watch;
use wharf_core::Address;
use wharf_state::{Snapshot, StoreError};

/// `state ...`.
pub(crate) async fn run(command: &State) -> Result<u8, CommandError> {
    match command {
        State::List(args) => look::list(args).await,
        State::Show(args) => look::show(args).await,
        State::Mv(args) => address::mv(args).await,
        State::Rm(args) => address::rm(args).await,
        State::Pull(args) => transfer::pull(args).await,
        State::Push(args) => transfer::push(args).await,
        State::History(args) => history::list(args).await,
        State::Restore(args) => history::restore(args).await,
        State::Init(args) => init::run(args).await,
    }
}

/// The state as it is; one that is damaged may be what a command is to mend.
type Present = Result<Option<Snapshot>, StoreError>;

/// Replaces a state under its lock: `change` makes the new one of the present one.
async fn replace<T>(
    stack: &StackArgs,
    lock: LockArgs,
    command: &str,
    change: impl AsyncFnOnce(&Stored, Present) -> Result<(Option<Snapshot>, T), CommandError>,
) -> Result<T, CommandError> {
    let stored = Stored::open(stack).await?;
    signals::listen(watch::channel(false).0);
    locked(&*stored.store, &stored.loaded, command, lock.lock_timeout, async |lock| {
        let present = stored.store.read().await;
        let (new, result) = change(&stored, present).await?;
        if let Some(mut new) = new {
            lock.id().clone_into(&mut new.writer);
            stored.store.write(new.to_bytes()).await.map_err(|problem| error::store(&problem))?;
        }
        Ok(result)
    })
    .await
}

/// The state has no such address.
fn no_such_address(snapshot: &Snapshot, address: &Address) -> CommandError {
    let wanted = address.to_string();
    let addresses: Vec<String> = snapshot.resources.keys().map(ToString::to_string).collect();
    let error = CommandError::new(format!("the state has no `{wanted}`"));
    match wharf_core::suggest(&wanted, addresses.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`wharf state list` lists what is there"),
    }
}

/// A state that is there and whole.
fn whole(present: Present) -> Result<Snapshot, CommandError> {
    present.map_err(|problem| error::store(&problem))?.ok_or_else(no_state)
}

/// The state, if there is one that can be read; what is damaged counts as none.
fn readable(present: Present) -> Result<Option<Snapshot>, CommandError> {
    match present {
        Ok(present) => Ok(present),
        Err(StoreError::Damaged { .. }) => Ok(None),
        Err(problem) => Err(error::store(&problem)),
    }
}

fn no_state() -> CommandError {
    CommandError::new("the stack has no state yet").hint("`wharf apply` makes one")
}

/// What an earlier run left unfinished names addresses, and is worth more than a change by hand.
fn must_be_finished(snapshot: &Snapshot) -> Result<(), CommandError> {
    match &snapshot.journal {
        None => Ok(()),
        Some(journal) => Err(CommandError::new(format!("an earlier `wharf {}` broke off", journal.command))
            .hint("`wharf apply` finishes it; then run this again")),
    }
}
