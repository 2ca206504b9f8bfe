//! What the end-to-end tests share: the real binary in a hermetic environment, stacks in folders of their own.

mod case;
mod running;
mod stage;

pub use case::{Call, Case, Verify, filled_text};
pub use running::Running;
pub use stage::{Run, Stage, Waiting, binary, ended};

/// What a test fails with.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
