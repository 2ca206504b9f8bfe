//! A cloud in memory: deterministic, strict, and as unreliable as a test asks for.
//!
//! It is less forgiving than AWS where that catches mistakes: references must exist, objects in use cannot be deleted,
//! names are unique, what cannot be changed is refused, and what it tells back is not in the order it was given in.

mod catalog;
mod cloud;
mod faults;
mod fuse;
mod invariants;
mod kind;
mod log;
mod operations;
mod provider;
mod world;

pub use cloud::FakeCloud;
pub use faults::{Call, Fault, Rule};
pub use fuse::Fuse;
pub use kind::{FakeKind, Identified};
pub use log::{Log, LogEntry};
pub use world::FakeObject;
