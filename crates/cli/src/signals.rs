//! Where nothing is being changed, SIGINT and SIGTERM leave at once, and give the lock back. During an apply the first lets
//! what is in flight finish; the second leaves at once, which the journal makes safe. While a release waits for AWS, which
//! goes on by itself, the first leaves at once.

use crate::error::INTERRUPTED;
use crate::terminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use wharf_state::Lock;

/// How long giving the lock back may take on the way out.
const PARTING: Duration = Duration::from_secs(3);

/// Whether something in AWS is being changed.
static CHANGING: AtomicBool = AtomicBool::new(false);

/// What is said on leaving at once.
static PARTING_WORDS: Mutex<&str> = Mutex::new("interrupted; nothing was changed");

/// What to give back on leaving.
static LOCK: Mutex<Option<Arc<dyn Lock>>> = Mutex::new(None);

/// Says whether something in AWS is being changed from now on.
pub(crate) fn changing(changing: bool) {
    CHANGING.store(changing, Ordering::SeqCst);
}

/// Says what is said on leaving at once, from now on.
pub(crate) fn on_leaving(words: &'static str) {
    *PARTING_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = words;
}

/// Says what to give back on leaving from now on.
pub(crate) fn release_on_leaving(lock: Option<Arc<dyn Lock>>) {
    *LOCK.lock().unwrap_or_else(PoisonError::into_inner) = lock;
}

/// Listens until the process ends.
pub(crate) fn listen(stop: watch::Sender<bool>) {
    tokio::spawn(async move {
        signal().await;
        if !CHANGING.load(Ordering::SeqCst) || stop.send(true).is_err() {
            let lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(lock) = lock {
                // One that cannot be given back ends by itself.
                let _ = tokio::time::timeout(PARTING, lock.release()).await;
            }
            terminal::note(*PARTING_WORDS.lock().unwrap_or_else(PoisonError::into_inner));
            std::process::exit(i32::from(INTERRUPTED));
        }
        terminal::note("stopping: what is running is finished and saved; once more to leave at once");
        signal().await;
        // The lock stays: what is under way may still take effect, and nobody shall look for it before.
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
