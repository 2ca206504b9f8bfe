use crate::fake::Fuse;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wharf_provider::BoxFuture;
use wharf_state::{Lock, LockInfo, Snapshot, Store, StoreError};

/// A state in memory: remembers every write, and fails on demand. Cheap to clone; clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kept: Mutex<Kept>,
    locked: Arc<AtomicBool>,
}

#[derive(Default)]
struct Kept {
    written: Vec<Arc<[u8]>>,
    failures: usize,
    latency: Duration,
    fuse: Option<Arc<Fuse>>,
}

/// Held until it is dropped.
struct Held(Arc<AtomicBool>);

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl MemoryStore {
    /// A store that passes the fuse's points before and after every write.
    pub fn with_fuse(fuse: Arc<Fuse>) -> Self {
        let store = MemoryStore::default();
        store.kept().fuse = Some(fuse);
        store
    }

    /// Makes the next so many writes fail.
    pub fn fail(&self, times: usize) {
        self.kept().failures = times;
    }

    /// Makes every write take so long.
    pub fn latency(&self, latency: Duration) {
        self.kept().latency = latency;
    }

    /// Everything that was written, in order.
    pub fn writes(&self) -> Vec<Arc<[u8]>> {
        self.kept().written.clone()
    }

    /// What was written last.
    pub fn last(&self) -> Option<Arc<[u8]>> {
        self.kept().written.last().cloned()
    }

    /// The state, if there is one that can be read.
    pub fn snapshot(&self) -> Option<Snapshot> {
        Snapshot::from_bytes(&self.last()?).ok()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async {
            let Some(bytes) = self.last() else { return Ok(None) };
            match Snapshot::from_bytes(&bytes) {
                Ok(snapshot) => Ok(Some(snapshot)),
                Err(error) => Err(StoreError::Damaged {
                    path: "memory".into(),
                    reason: format!("{error:?}"),
                    backup: None,
                }),
            }
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let (latency, fuse) = {
                let kept = self.kept();
                (kept.latency, kept.fuse.clone())
            };
            if let Some(fuse) = &fuse {
                fuse.point(|| "before write".to_owned()).await;
            }
            if latency.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(latency).await;
            }
            {
                let mut kept = self.kept();
                if kept.failures > 0 {
                    kept.failures -= 1;
                    let source = io::Error::other("the disk is full");
                    return Err(StoreError::Io { action: "write", path: "memory".into(), source });
                }
                kept.written.push(bytes.into());
            }
            if let Some(fuse) = &fuse {
                fuse.point(|| "after write".to_owned()).await;
            }
            Ok(())
        })
    }

    fn lock(&self, _: LockInfo) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>> {
        Box::pin(async {
            if self.0.locked.swap(true, Ordering::SeqCst) {
                return Err(StoreError::Locked { holder: None });
            }
            Ok(Box::new(Held(self.0.locked.clone())) as Box<dyn Lock>)
        })
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}
