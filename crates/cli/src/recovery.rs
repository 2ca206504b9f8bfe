//! What becomes of a state that its store does not take.

use crate::error::{self, CommandError};
use crate::session::Loaded;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use wharf_state::{Snapshot, StoreError, private_file};

/// Keeps it in a file, in the current folder or else where temporary files go. The error is to be the last that is
/// printed.
pub(crate) fn rescue(problem: &StoreError, snapshot: &Snapshot, loaded: &Loaded) -> CommandError {
    let mut lost = error::store(problem);
    lost.message = format!("the state could not be saved: {}", lost.message);
    // What the store's own error advises is for a run that changed nothing.
    lost.hints.retain(|hint| !hint.contains("nothing was changed"));
    let name = format!("wharf-recovery-{}.json", snapshot.serial);
    let bytes = snapshot.to_bytes();
    let mut failed = Vec::new();
    for path in [PathBuf::from(&name), std::env::temp_dir().join(&name)] {
        match write(&path, &bytes) {
            Ok(()) => {
                let command = format!("wharf state push {}{}", path.display(), loaded.argument);
                return lost
                    .detail(format!("  what was done is in {}", path.display()))
                    .hint(match problem {
                        StoreError::LockLost { .. } | StoreError::Moved { .. } => format!(
                            "somebody else's run looks up what this one had begun; only if that failed: {command}"
                        ),
                        _ => format!("when the state can be written again: {command}"),
                    });
            }
            Err(problem) => failed.push(format!("  {}: {problem}", path.display())),
        }
    }
    lost.details.append(&mut failed);
    // The journal was written before the first change.
    lost.hint("the state still lists what this run was about to do: once it can be written, `wharf apply` looks all of it up")
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_file(path, true)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // A part of a state is of no use to anybody.
        let _ = std::fs::remove_file(path);
    }
    written
}
