//! Group commit: at most one write in flight; everything that finished meanwhile goes into the next.

use crate::{Event, Pace, Reporter};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wharf_state::{Lock, Snapshot, Store, StoreError};

/// How long to wait before a failed write is tried again, at first; then three times as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// After that pause a write has failed for good.
const LAST_PAUSE: Duration = Duration::from_millis(8100);

/// The state of a running apply, and the task that writes it.
pub(crate) struct Writer {
    snapshot: Arc<Mutex<Snapshot>>,
    changed: watch::Sender<u64>,
    written: watch::Receiver<u64>,
    failed: watch::Receiver<bool>,
    /// Somebody waits for the next write.
    urgent: Arc<Notify>,
    task: JoinHandle<(u64, Result<(), StoreError>)>,
}

impl Writer {
    pub(crate) fn start(
        snapshot: Snapshot,
        store: Arc<dyn Store>,
        lock: Arc<dyn Lock>,
        reporter: Arc<dyn Reporter>,
        pace: Pace,
    ) -> Self {
        let snapshot = Arc::new(Mutex::new(snapshot));
        let (changed, changes) = watch::channel(0);
        let (done, written) = watch::channel(0);
        let (fail, failed) = watch::channel(false);
        let urgent = Arc::new(Notify::new());
        let task = Task {
            snapshot: snapshot.clone(),
            store,
            lock,
            reporter,
            pace,
            changes,
            done,
            fail,
            urgent: urgent.clone(),
        };
        Writer { snapshot, changed, written, failed, urgent, task: tokio::spawn(task.run()) }
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        look(&self.snapshot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state; it will be written soon.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Snapshot) -> T) -> T {
        let result = change(&mut self.snapshot.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|generation| *generation += 1);
        result
    }

    /// Returns when everything changed so far is written, or cannot be.
    pub(crate) async fn flush(&self) {
        let target = *self.changed.borrow();
        let (mut written, mut failed) = (self.written.clone(), self.failed.clone());
        self.urgent.notify_one();
        tokio::select! {
            _ = written.wait_for(|generation| *generation >= target) => {}
            _ = failed.wait_for(|failed| *failed) => {}
        }
    }

    /// Whether a write failed: then nothing new shall be started.
    pub(crate) fn has_failed(&self) -> bool {
        *self.failed.borrow()
    }

    /// Writes what is left; returns the state, the number of writes, and whether the last one failed.
    pub(crate) async fn finish(self) -> (Snapshot, u64, Result<(), StoreError>) {
        drop(self.changed);
        let (writes, result) = match self.task.await {
            Ok(ended) => ended,
            Err(error) => {
                let source = std::io::Error::other(error);
                (0, Err(StoreError::Io { action: "write", path: "the state".into(), source }))
            }
        };
        let snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (snapshot, writes, result)
    }
}

struct Task {
    snapshot: Arc<Mutex<Snapshot>>,
    store: Arc<dyn Store>,
    lock: Arc<dyn Lock>,
    reporter: Arc<dyn Reporter>,
    pace: Pace,
    changes: watch::Receiver<u64>,
    done: watch::Sender<u64>,
    fail: watch::Sender<bool>,
    urgent: Arc<Notify>,
}

impl Task {
    async fn run(mut self) -> (u64, Result<(), StoreError>) {
        let mut writes = 0;
        let mut last = Ok(());
        loop {
            let ended = self.changes.changed().await.is_err();
            let generation = *self.changes.borrow_and_update();
            if *self.done.borrow() < generation {
                let start = Instant::now();
                last = self.write().await;
                match &last {
                    Ok(()) => {
                        writes += 1;
                        self.done.send_replace(generation);
                        self.rest(start.elapsed()).await;
                    }
                    Err(_) => {
                        self.fail.send_replace(true);
                    }
                }
            }
            if ended {
                return (writes, last);
            }
        }
    }

    /// Lets results gather, so that a large state does not keep a core busy with writing: the journal has what is
    /// under way. Ends at once when somebody waits for it, or nothing more can come.
    async fn rest(&mut self, write: Duration) {
        let mut ending = self.changes.clone();
        tokio::select! {
            () = tokio::time::sleep((write * 3).min(Duration::from_secs(1))) => {}
            () = self.urgent.notified() => {}
            _ = ending.wait_for(|_| false) => {}
        }
    }

    /// One write, tried again while there is hope: what waits for it has been done already.
    async fn write(&self) -> Result<(), StoreError> {
        let (bytes, serial) = {
            let mut snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
            snapshot.serial += 1;
            (snapshot.to_bytes(), snapshot.serial)
        };
        let mut delay = FIRST_PAUSE;
        loop {
            let error = match self.lock.check().await {
                Ok(()) => match self.store.write(bytes.clone()).await {
                    Ok(()) => {
                        self.reporter.event(Event::Saved { serial });
                        return Ok(());
                    }
                    Err(error) => error,
                },
                Err(lost) => lost,
            };
            if !error.may_pass() || delay > LAST_PAUSE {
                return Err(error);
            }
            self.reporter.event(Event::NotSaved { error: error.to_string() });
            tokio::time::sleep(self.pace.limit(delay)).await;
            delay *= 3;
        }
    }
}
