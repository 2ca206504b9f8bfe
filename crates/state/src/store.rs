use crate::lock::{Holder, Lock, LockInfo};
use crate::{Home, Snapshot};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use wharf_provider::Error as CloudError;

/// A place where states are kept.
///
/// # Contract
///
/// `write` is atomic: whoever reads sees the old or the new state whole, also after a power loss. It writes only what
/// follows from the state that this store read or wrote last: where somebody else wrote meanwhile it fails and leaves
/// that alone. Only the holder of the lock writes; `read` needs no lock.
pub trait Store: Send + Sync {
    /// The state, if there is one.
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>>;
    /// Replaces the state. `bytes` is what [`Snapshot::to_bytes`] gave.
    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Whether somebody wrote the state since this store read or wrote it last.
    fn has_moved(&self) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// Takes the lock, or says who has it. To wait for it, see [`acquire`](crate::acquire).
    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Arc<dyn Lock>, StoreError>>;
    /// Breaks the lock with this id, whoever holds it.
    fn unlock<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<LockInfo, StoreError>>;
    /// The states that are kept, the newest first.
    fn history(&self) -> BoxFuture<'_, Result<Vec<Version>, StoreError>>;
    /// One of them.
    fn read_version<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Snapshot, StoreError>>;
    /// Where it is, for people.
    fn describe(&self) -> String;
    /// What its owner should know about the place, once something was read or written.
    fn advice(&self) -> Option<String> {
        None
    }
}

/// A state that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What [`Store::read_version`] takes.
    pub id: String,
    /// When it was written, in seconds since 1970.
    pub written: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it is the state of now.
    pub is_current: bool,
}

/// A future that is boxed, because traits with futures are not object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What can go wrong with a state. `place` is the file, or `s3://bucket/key`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something is there, but it is no whole state: cut off, emptied, or something else.
    #[error("the state {place} is damaged: {reason}")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// The state before the last run, if it is kept in a file.
        backup: Option<PathBuf>,
    },
    /// A newer wharf wrote it.
    #[error("the state {place} has format {found}; this wharf knows formats up to {known}")]
    Newer {
        /// Where.
        place: String,
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u32,
    },
    /// The state belongs to a stack of another name.
    #[error("the state {place} belongs to the stack `{found}`, not `{wanted}`")]
    OtherStack {
        /// Where.
        place: String,
        /// The stack in it.
        found: String,
        /// The stack asked for.
        wanted: String,
    },
    /// The objects of the state are in another account or region.
    #[error(
        "the resources in the state are in account {}, {}, and this is account {}, {}",
        recorded.account_id, recorded.region, here.account_id, here.region
    )]
    Elsewhere {
        /// Where they are.
        recorded: Home,
        /// Where these credentials and this stack file point.
        here: Home,
    },
    /// Somebody else works on the stack.
    #[error("the state is locked by {}", .0.info.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string))]
    Locked(Box<Holder>),
    /// The lock ran out or was broken while its holder worked.
    #[error("the lock of the state {place} was lost{}", holder.as_ref().map(|holder| format!(" to {holder}")).unwrap_or_default())]
    LockLost {
        /// Where.
        place: String,
        /// Who has it now, if that is known.
        holder: Option<Box<LockInfo>>,
    },
    /// There is no lock with the id that is to be broken.
    #[error("{}", .holder.as_ref().map_or_else(|| format!("{place} is not locked"), |holder| format!("the lock of {place} is {}, of {holder}", holder.id)))]
    NoSuchLock {
        /// The state.
        place: String,
        /// Who holds it.
        holder: Option<Box<LockInfo>>,
    },
    /// The lock of a process that lives cannot be broken: the operating system keeps it.
    #[error("the lock is that of {0}, which still runs")]
    HolderLives(Box<LockInfo>),
    /// Somebody else wrote the state since it was read.
    #[error("somebody else wrote the state {place} meanwhile")]
    Moved {
        /// Where.
        place: String,
    },
    /// A state that is not kept.
    #[error("{place} has no version `{id}`")]
    NoSuchVersion {
        /// Where.
        place: String,
        /// What was asked for.
        id: String,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// "read", "write", "lock".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// AWS refused, or could not be reached.
    #[error("cannot {action} {place}: {source}")]
    Cloud {
        /// "read", "write", "lock".
        action: &'static str,
        /// Where.
        place: String,
        /// Why.
        source: Box<CloudError>,
    },
}

impl StoreError {
    /// Whether the same write may succeed a little later.
    pub fn may_pass(&self) -> bool {
        matches!(self, StoreError::Io { .. } | StoreError::Cloud { .. })
    }
}
