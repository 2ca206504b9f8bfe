//! Who may write a state: the lock, its holder, and how long others wait for it.

use crate::store::{BoxFuture, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Who holds a lock, for those who have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// A random id.
    pub id: String,
    /// The user.
    pub who: String,
    /// The host name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it runs: `apply`.
    pub command: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// The CI job it runs in: its address, or its name where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

impl fmt::Display for LockInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`wharf {}` of {} on {} (process {})", self.command, self.who, self.host, self.pid)
    }
}

/// A lock that somebody holds.
///
/// # Contract
///
/// Of all that lock one state at once, one gets the lock. It is held until it is released, or until its process is gone
/// and (for a store that cannot know that) its lease has run out. Who lost it cannot write.
pub trait Lock: Send + Sync {
    /// Its id.
    fn id(&self) -> &str;

    /// Whether its lease cannot have run out, as far as this process can tell without asking.
    fn is_current(&self) -> bool;

    /// Whether it is held still. Cheap as long as its lease cannot have run out; then it is renewed here and now.
    ///
    /// # Errors
    ///
    /// [`StoreError::LockLost`], or what kept it from being renewed.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Gives it back; a lock that is lost, or given back already, is left alone.
    fn release(&self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// A lock that somebody else holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Who, if the lock says so.
    pub info: Option<LockInfo>,
    /// For a lock that ends by itself.
    pub lease: Option<Lease>,
}

/// How long a lock lasts that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Other after every renewal.
    pub version: String,
    /// How long until it ends, unless it is renewed.
    pub left: Duration,
}

/// How long to wait for a lock that somebody else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Until it is clear whether the holder lives: a dead one's lease runs out, a living one renews it.
    ForTheDead,
    /// So long, whoever holds it.
    AtMost(Duration),
}

/// How often a lock is looked at while waiting for it.
const LOOK: Duration = Duration::from_secs(2);

/// Takes the lock of a state, waiting for it as long as `waiting` says. `told` hears once who holds it.
///
/// # Errors
///
/// [`StoreError::Locked`], and whatever the store says.
pub async fn acquire(
    store: &dyn Store,
    info: &LockInfo,
    waiting: Waiting,
    told: &(dyn Fn(&Holder) + Send + Sync),
) -> Result<Arc<dyn Lock>, StoreError> {
    let start = Instant::now();
    let mut first: Option<Holder> = None;
    loop {
        let holder = match store.lock(info.clone()).await {
            Err(StoreError::Locked(holder)) => holder,
            other => return other,
        };
        let left = match (waiting, &holder.lease) {
            (Waiting::AtMost(limit), _) => limit.saturating_sub(start.elapsed()),
            (Waiting::ForTheDead, Some(lease)) if is_unchanged(first.as_ref(), &holder) => {
                lease.left.max(LOOK)
            }
            (Waiting::ForTheDead, _) => Duration::ZERO,
        };
        if left.is_zero() {
            return Err(StoreError::Locked(holder));
        }
        if first.is_none() {
            told(&holder);
            first = Some(*holder);
        }
        sleep(left.min(LOOK)).await;
    }
}

/// Whether a lock is as it was when it was first seen: its holder gave no sign of life.
fn is_unchanged(first: Option<&Holder>, now: &Holder) -> bool {
    let version = |holder: &Holder| holder.lease.as_ref().map(|lease| lease.version.clone());
    first.is_none_or(|first| version(first) == version(now))
}
