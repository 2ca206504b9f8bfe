//! `state pull` and `state push`.

use super::{no_state, readable, replace};
use crate::args::{StateOnly, StatePush};
use crate::error::{self, CommandError};
use crate::session::Stored;
use crate::terminal;
use wharf_state::{Snapshot, StoreError};

/// Prints the state as it is stored.
pub(super) async fn pull(args: &StateOnly) -> Result<u8, CommandError> {
    let snapshot = Stored::open(&args.stack).await?.read().await?.ok_or_else(no_state)?;
    terminal::out(String::from_utf8_lossy(&snapshot.to_bytes()).trim_end());
    Ok(0)
}

/// Stores a state from a file.
pub(super) async fn push(args: &StatePush) -> Result<u8, CommandError> {
    let place = args.file.display().to_string();
    let bytes = std::fs::read(&args.file)
        .map_err(|problem| CommandError::new(format!("cannot read {place}: {problem}")))?;
    let pushed = Snapshot::from_bytes(&bytes)
        .map_err(|unreadable| error::store(&unreadable.at(place.clone(), None)))?;
    let serial = pushed.serial;
    let stored = replace(&args.stack, args.lock, "state push", async |stored, present| {
        let wanted = &stored.loaded.stack.name;
        if pushed.stack != *wanted {
            let (found, wanted) = (pushed.stack.clone(), wanted.clone());
            return Err(error::store(&StoreError::OtherStack { place: place.clone(), found, wanted }));
        }
        let what = stored.store.describe();
        let present = readable(present)?;
        if let Some(present) = &present {
            if present.lineage != pushed.lineage {
                return Err(CommandError::new(format!("{place} is not of the lineage of {what}"))
                    .detail(format!("  {} there, {} in the file", present.lineage, pushed.lineage))
                    .hint("it is the state of another stack of this name; nothing was changed"));
            }
            if present.serial > pushed.serial {
                return Err(CommandError::new(format!(
                    "{place} is older (serial {}) than {what} (serial {})",
                    pushed.serial, present.serial
                ))
                .hint("the newer one stays; to go back to an older state: wharf state restore"));
            }
            if present.serial == pushed.serial {
                let mut same = pushed.clone();
                same.writer.clone_from(&present.writer);
                if same == *present {
                    return Ok((None, false));
                }
                return Err(CommandError::new(format!(
                    "{place} differs from {what}, and both have the serial {}",
                    pushed.serial
                ))
                .hint("nothing was changed; `wharf state pull` prints the one that is stored"));
            }
        }
        Ok((Some(pushed), true))
    })
    .await?;
    terminal::note(&if stored {
        format!("stored the state with serial {serial}")
    } else {
        "that is the state already".to_owned()
    });
    Ok(0)
}
