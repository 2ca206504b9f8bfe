//! `state init`.

use crate::args::StateOnly;
use crate::error::{self, CommandError};
use crate::session::Stored;
use crate::terminal;
use wharf_stack::StateSettings;

/// Creates the bucket that `state.s3` names, or completes it.
pub(super) async fn run(args: &StateOnly) -> Result<u8, CommandError> {
    let stored = Stored::open(&args.stack).await?;
    let (StateSettings::S3 { bucket, kms_key_id, .. }, Some(clients)) =
        (stored.outline.state(), &stored.clients)
    else {
        return Err(CommandError::new(
            "the stack keeps its state in a local file, which needs no preparation",
        )
        .hint("to keep it in S3, write `state: {s3: {bucket: ..., key: ...}}` in the stack file"));
    };
    let done = wharf_state_s3::create(clients, bucket, kms_key_id.as_deref()).await;
    let done = done.map_err(|problem| error::cloud(&problem))?;
    for line in &done {
        terminal::out(line);
    }
    if done.is_empty() {
        terminal::note(&format!("the bucket {bucket} is ready: nothing was changed"));
    }
    Ok(0)
}
