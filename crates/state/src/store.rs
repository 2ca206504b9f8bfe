use crate::{Home, LockInfo, Snapshot};
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

/// A place where states are kept.
///
/// # Contract
///
/// `write` is atomic: whoever reads sees the old or the new state whole, also after a power loss. Only the holder of
/// the lock writes; `read` needs no lock.
pub trait Store: Send + Sync {
    /// The state, if there is one.
    fn read(&self) -> BoxFuture<'_, Result<Option<Snapshot>, StoreError>>;
    /// Replaces the state. `bytes` is what [`Snapshot::to_bytes`] gave.
    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Takes the lock, or says who has it.
    fn lock(&self, info: LockInfo) -> BoxFuture<'_, Result<Box<dyn Lock>, StoreError>>;
    /// Where it is, for people.
    fn describe(&self) -> String;
}

/// A lock that is held until it is dropped.
pub trait Lock: Send + Sync {}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What can go wrong with a state.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is there, but is no whole state: cut off, emptied, or something else.
    #[error("the state {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The state before the last run, if it is kept.
        backup: Option<PathBuf>,
    },
    /// A newer wharf wrote it.
    #[error("the state {path} has format {found}; this wharf knows formats up to {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u32,
    },
    /// The state belongs to a stack of another name.
    #[error("the state {path} belongs to the stack `{found}`, not `{wanted}`")]
    OtherStack {
        /// The file.
        path: PathBuf,
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
    #[error("the state is locked by {}", holder.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string))]
    Locked {
        /// Who, if the lock says so.
        holder: Option<LockInfo>,
    },
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// "read", "write", "lock".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
