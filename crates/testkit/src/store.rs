use crate::fake::Fuse;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wharf_state::{BoxFuture, Holder, Lease, Lock, LockInfo, Snapshot, Store, StoreError, Version};

/// A state in memory: remembers every write, and fails on demand. Clones are the same client of the same store;
/// [`MemoryStore::client`] gives another client, as another process would be.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Kept>>,
    /// How many writes there were when this client read or wrote last.
    seen: Arc<Mutex<usize>>,
}

#[derive(Default)]
struct Kept {
    written: Vec<Arc<[u8]>>,
    lock: Option<Held>,
    failures: usize,
    latency: Duration,
    fuse: Option<Arc<Fuse>>,
}

struct Held {
    info: LockInfo,
    /// Its holder did not renew it in time.
    lapsed: bool,
}

/// The lock of one client.
struct MemoryLock {
    inner: Arc<Mutex<Kept>>,
    id: String,
}

impl Lock for MemoryLock {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_current(&self) -> bool {
        let kept = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lock.as_ref().is_some_and(|held| held.info.id == self.id && !held.lapsed)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut kept = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let held = match &mut kept.lock {
            Some(held) if held.info.id == self.id => {
                // It has run out perhaps, but nobody took it.
                held.lapsed = false;
                Ok(())
            }
            other => Err(StoreError::LockLost {
                place: "memory".into(),
                holder: other.as_ref().map(|held| Box::new(held.info.clone())),
            }),
        };
        Box::pin(async { held })
    }

    fn release(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut kept = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.lock.as_ref().is_some_and(|held| held.info.id == self.id) {
            kept.lock = None;
        }
        Box::pin(async { Ok(()) })
    }
}

impl MemoryStore {
    /// A store that passes the fuse's points before and after every write.
    pub fn with_fuse(fuse: Arc<Fuse>) -> Self {
        let store = MemoryStore::default();
        store.kept().fuse = Some(fuse);
        store
    }

    /// Another client of the same store.
    pub fn client(&self) -> Self {
        MemoryStore { inner: self.inner.clone(), seen: Arc::default() }
    }

    /// Makes the next so many writes fail.
    pub fn fail(&self, times: usize) {
        self.kept().failures = times;
    }

    /// Makes every write take so long.
    pub fn latency(&self, latency: Duration) {
        self.kept().latency = latency;
    }

    /// Lets the lock run out, whoever holds it.
    pub fn lapse(&self) {
        if let Some(held) = &mut self.kept().lock {
            held.lapsed = true;
        }
    }

    /// Whether somebody holds a lock that has not run out.
    pub fn is_locked(&self) -> bool {
        self.kept().lock.as_ref().is_some_and(|held| !held.lapsed)
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
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, writes: usize) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = writes;
    }

    fn has_seen(&self) -> usize {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parsed(bytes: &[u8]) -> Result<Snapshot, StoreError> {
        Snapshot::from_bytes(bytes).map_err(|unreadable| unreadable.at("memory".into(), None))
    }

    fn take_lock(&self, info: LockInfo) -> Result<Arc<dyn Lock>, StoreError> {
        let mut kept = self.kept();
        match &kept.lock {
            Some(held) if !held.lapsed => {
                let lease = Lease { version: held.info.id.clone(), left: Duration::from_millis(1) };
                return Err(StoreError::Locked(Box::new(Holder {
                    info: Some(held.info.clone()),
                    lease: Some(lease),
                })));
            }
            // Whoever held it may not write any more: the state is another one from now on.
            Some(_) => {
                if let Some(last) = kept.written.last().cloned() {
                    let mut snapshot = Self::parsed(&last)?;
                    snapshot.writer.clone_from(&info.id);
                    kept.written.push(snapshot.to_bytes().into());
                }
            }
            None => {}
        }
        let id = info.id.clone();
        kept.lock = Some(Held { info, lapsed: false });
        Ok(Arc::new(MemoryLock { inner: self.inner.clone(), id }))
    }
}

impl Store for MemoryStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async {
            let written = self.writes();
            self.see(written.len());
            written.last().map(|bytes| Self::parsed(bytes)).transpose()
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
                if kept.written.len() != self.has_seen() {
                    return Err(StoreError::Moved { place: "memory".into() });
                }
                kept.written.push(bytes.into());
                self.see(kept.written.len());
            }
            if let Some(fuse) = &fuse {
                fuse.point(|| "after write".to_owned()).await;
            }
            Ok(())
        })
    }

    fn has_moved(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async { Ok(self.kept().written.len() != self.has_seen()) })
    }

    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Arc<dyn Lock>, StoreError>> {
        Box::pin(async { self.take_lock(info) })
    }

    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<LockInfo, StoreError>> {
        Box::pin(async move {
            let mut kept = self.kept();
            match kept.lock.take() {
                Some(held) if held.info.id == id => Ok(held.info),
                other => {
                    let holder = other.as_ref().map(|held| Box::new(held.info.clone()));
                    kept.lock = other;
                    Err(StoreError::NoSuchLock { place: "memory".into(), holder })
                }
            }
        })
    }

    fn history(&self) -> BoxFuture<'_, Result<Vec<Version>, StoreError>> {
        let written = self.writes();
        let version = |(index, bytes): (usize, &Arc<[u8]>)| Version {
            id: index.to_string(),
            written: 0,
            size: bytes.len() as u64,
            is_current: index + 1 == written.len(),
        };
        let versions: Vec<Version> = written.iter().enumerate().rev().map(version).collect();
        Box::pin(async { Ok(versions) })
    }

    fn read_version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Snapshot, StoreError>> {
        Box::pin(async move {
            let written = self.writes();
            let found = id.parse::<usize>().ok().and_then(|index| written.get(index));
            let none = || StoreError::NoSuchVersion { place: "memory".into(), id: id.to_owned() };
            Self::parsed(found.ok_or_else(none)?)
        })
    }

    fn describe(&self) -> String {
        "memory".to_owned()
    }
}
