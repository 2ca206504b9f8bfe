//! For tests: the AWS emulator as a process, an independent reader, environments of Python, and a cloud and a store in memory that fail on demand.

pub mod contract;
pub mod emulator;
pub mod fake;
pub mod python;
pub mod reader;
pub mod stacks;
mod store;

pub use store::MemoryStore;
