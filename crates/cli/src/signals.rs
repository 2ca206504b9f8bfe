//! The first SIGINT or SIGTERM lets what is in flight finish; the second leaves at once, which the journal makes safe.

use crate::error::INTERRUPTED;
use crate::terminal;
use tokio::sync::watch;

/// Listens until the process ends.
pub(crate) fn listen(stop: watch::Sender<bool>) {
    tokio::spawn(async move {
        signal().await;
        // Without a receiver nothing is running that could be finished.
        if stop.send(true).is_err() {
            std::process::exit(i32::from(INTERRUPTED));
        }
        terminal::note("stopping: what is running is finished and saved; once more to leave at once");
        signal().await;
        terminal::note("left at once; the next run looks up what was running");
        std::process::exit(i32::from(INTERRUPTED));
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
