//! The lock: an object beside the state, which its holder renews. What nobody renews ends by itself, by S3's clock.

use crate::object::{Content, Object, Tried};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::AbortHandle;
use wharf_provider::Error;
use wharf_state::{BoxFuture, Holder, Lease as LeaseLeft, Lock, LockInfo, StoreError};

/// How long a lock lasts after it was taken or renewed, unless `WHARF_LOCK_SECONDS` says otherwise.
const LASTS: Duration = Duration::from_mins(1);
/// A lock is renewed so often in the time it lasts.
const RENEWALS: u32 = 3;
/// S3 tells times in whole seconds.
const GRAIN: Duration = Duration::from_secs(1);

/// What the lock's object holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Form {
    #[serde(flatten)]
    info: LockInfo,
    /// How long it lasts after it was written.
    lasts_seconds: u64,
    /// How often it was renewed: every renewal is another object.
    renewals: u64,
}

impl Form {
    fn lasts(&self) -> Duration {
        Duration::from_secs(self.lasts_seconds)
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

/// A lock that this process holds.
pub(crate) struct Lease {
    object: Object,
    id: String,
    lasts: Duration,
    renewed: Mutex<Renewed>,
    /// Held over a request on the lock's object: renewals and the release come one after the other.
    held: AsyncMutex<Option<Held>>,
    task: Mutex<Option<AbortHandle>>,
}

struct Held {
    form: Form,
    tag: String,
}

/// When the last request that succeeded was sent: by the clock that stands still while the machine sleeps, and by the
/// one that does not but may be set.
#[derive(Debug, Clone, Copy)]
struct Renewed {
    instant: Instant,
    time: SystemTime,
}

impl Renewed {
    fn now() -> Self {
        Renewed { instant: Instant::now(), time: SystemTime::now() }
    }

    fn age(&self) -> Duration {
        self.instant.elapsed().max(self.time.elapsed().unwrap_or_default())
    }
}

/// A lock as it was taken.
pub(crate) struct Taken {
    pub(crate) lease: Arc<Lease>,
    /// Whether it ran out in the hands of somebody who may still be at work.
    pub(crate) from_the_dead: bool,
}

/// Takes the lock beside a state, or says who has it.
pub(crate) async fn take(state: &Object, info: &LockInfo) -> Result<Taken, StoreError> {
    let object = Object { clients: state.clients.clone(), place: state.place.lock() };
    let failed = |source| cloud("lock", state, source);
    let form = Form { info: info.clone(), lasts_seconds: lasts().as_secs(), renewals: 0 };
    let (mut over, mut from_the_dead) = (None, false);
    loop {
        let sent = Renewed::now();
        let written = object.put(form.bytes(), over.as_deref()).await.map_err(failed)?;
        if let Tried::Done(written) = written {
            let held = Held { form, tag: written.tag };
            return Ok(Taken { lease: Arc::new(Lease::new(object, held, sent)), from_the_dead });
        }
        let Some(content) = object.get(None).await.map_err(failed)? else {
            // Given back meanwhile.
            (over, from_the_dead) = (None, false);
            continue;
        };
        let there = parse(&content);
        if let Some(there) = &there
            && there.info.id == info.id
        {
            // An earlier attempt of this very request, whose answer was lost.
            let held = Held { form, tag: content.tag };
            return Ok(Taken { lease: Arc::new(Lease::new(object, held, sent)), from_the_dead });
        }
        let left = left(&content, there.as_ref().map_or(LASTS, Form::lasts));
        if !left.is_zero() {
            let lease = Some(LeaseLeft { version: content.tag, left });
            return Err(StoreError::Locked(Box::new(Holder { info: there.map(|there| there.info), lease })));
        }
        (over, from_the_dead) = (Some(content.tag), true);
    }
}

/// Ends the lock with this id, whoever holds it.
pub(crate) async fn end(state: &Object, id: &str) -> Result<LockInfo, StoreError> {
    let object = Object { clients: state.clients.clone(), place: state.place.lock() };
    let place = state.place.to_string();
    let failed = |source| cloud("unlock", state, source);
    loop {
        let content = object.get(None).await.map_err(failed)?;
        let there = content.as_ref().and_then(parse);
        match (content, there) {
            (Some(content), Some(there)) if there.info.id == id => {
                // Its holder may renew it between the two requests.
                if let Tried::Done(()) = object.delete(&content.tag).await.map_err(failed)? {
                    return Ok(there.info);
                }
            }
            (_, there) => {
                let holder = there.map(|there| Box::new(there.info));
                return Err(StoreError::NoSuchLock { place, holder });
            }
        }
    }
}

fn lasts() -> Duration {
    let set = std::env::var("WHARF_LOCK_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    set.filter(|seconds| *seconds > 0).map_or(LASTS, Duration::from_secs)
}

fn cloud(action: &'static str, object: &Object, source: Error) -> StoreError {
    StoreError::Cloud { action, place: object.place.to_string(), source: Box::new(source) }
}

fn parse(content: &Content) -> Option<Form> {
    serde_json::from_slice(&content.bytes).ok()
}

/// How long a lock still lasts, by S3's clock alone.
fn left(content: &Content, lasts: Duration) -> Duration {
    let (Some(modified), Some(now)) = (content.modified, content.now) else { return lasts };
    let age = u64::try_from(now.secs() - modified.secs()).unwrap_or_default();
    (lasts + GRAIN).saturating_sub(Duration::from_secs(age))
}

impl Lease {
    fn new(object: Object, held: Held, sent: Renewed) -> Self {
        Lease {
            object,
            id: held.form.info.id.clone(),
            lasts: held.form.lasts(),
            renewed: Mutex::new(sent),
            held: AsyncMutex::new(Some(held)),
            task: Mutex::new(None),
        }
    }

    /// Renews it in the background until it is released, lost, or dropped.
    pub(crate) fn keep(lease: Arc<Self>) -> Arc<dyn Lock> {
        let (weak, pause) = (Arc::downgrade(&lease), lease.lasts / RENEWALS);
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(lease) = weak.upgrade() else { return };
                // What fails in passing is tried again with the next renewal, before the lock has run out.
                if let Err(StoreError::LockLost { .. }) = lease.renew().await {
                    return;
                }
            }
        });
        *lease.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        lease
    }

    fn is_current(&self) -> bool {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner).age() < self.lasts
    }

    fn lost(&self, holder: Option<LockInfo>) -> StoreError {
        StoreError::LockLost { place: self.object.place.to_string(), holder: holder.map(Box::new) }
    }

    async fn renew(&self) -> Result<(), StoreError> {
        let failed = |source| cloud("renew", &self.object, source);
        let mut held = self.held.lock().await;
        let Some(Held { form, tag }) = held.as_mut() else { return Err(self.lost(None)) };
        form.renewals += 1;
        let sent = Renewed::now();
        let renewed_tag = match self.object.put(form.bytes(), Some(tag)).await.map_err(failed)? {
            Tried::Done(written) => written.tag,
            Tried::Moved => {
                let content = self.object.get(None).await.map_err(failed)?;
                let there = content.as_ref().and_then(parse);
                match (content, there) {
                    // An earlier renewal, whose answer was lost.
                    (Some(content), Some(there)) if there.info.id == self.id => content.tag,
                    (_, there) => {
                        *held = None;
                        return Err(self.lost(there.map(|there| there.info)));
                    }
                }
            }
        };
        *tag = renewed_tag;
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = sent;
        Ok(())
    }

    pub(crate) async fn release(&self) -> Result<(), StoreError> {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        let Some(Held { mut tag, .. }) = self.held.lock().await.take() else { return Ok(()) };
        let failed = |source| cloud("delete", &self.object, source);
        loop {
            if let Tried::Done(()) = self.object.delete(&tag).await.map_err(failed)? {
                return Ok(());
            }
            // Gone, or somebody else's, or renewed by a request that was broken off.
            match self.object.get(None).await.map_err(failed)? {
                Some(content) if parse(&content).is_some_and(|there| there.info.id == self.id) => {
                    tag = content.tag;
                }
                _ => return Ok(()),
            }
        }
    }
}

impl Lock for Lease {
    fn id(&self) -> &str {
        &self.id
    }

    fn is_current(&self) -> bool {
        Lease::is_current(self)
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            if self.is_current() {
                return Ok(());
            }
            // It has run out, but it is not lost before somebody took it.
            self.renew().await
        })
    }

    fn release(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(Lease::release(self))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}
