//! Where nothing is being changed, SIGINT and SIGTERM leave at once. During an apply the first lets what is in flight
//! finish; the second leaves at once, which the journal makes safe.

use crate::error::INTERRUPTED;
use crate::terminal;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Whether something in AWS is being changed.
static CHANGING: AtomicBool = AtomicBool::new(false);

/// Says whether something in AWS is being changed from now on.
pub(crate) fn changing(changing: bool) {
    CHANGING.store(changing, Ordering::SeqCst);
}

/// Listens until the process ends.
pub(crate) fn listen(stop: watch::Sender<bool>) {
    tokio::spawn(async move {
        signal().await;
        if !CHANGING.load(Ordering::SeqCst) || stop.send(true).is_err() {
            terminal::note("interrupted; nothing was changed");
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
