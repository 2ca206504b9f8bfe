//! What wharf remembers of a stack, and who may write it: the snapshot, its on-disk form, the journal, and the stores.

mod encode;
mod journal;
pub mod local;
mod lock;
mod private;
mod snapshot;
mod store;

pub use encode::{hash, holds_hash, is_hash, matches};
pub use journal::{Entry, Intent, Journal};
pub use local::LocalStore;
pub use lock::{Holder, Lease, Lock, LockInfo, Waiting, acquire};
pub use private::private_file;
pub use snapshot::{Deposed, Home, Left, Output, Record, Snapshot, Unreadable, random_id};
pub use store::{BoxFuture, Store, StoreError, Version};

/// The newest format this version reads and the one it writes.
pub const FORMAT_VERSION: u32 = 1;
