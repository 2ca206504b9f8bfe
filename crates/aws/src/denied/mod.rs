//! What AWS says to whoever may not: which action, on what, and why.

mod decode;
mod explained;
mod message;

pub use message::{Denied, Reason};

pub(crate) use explained::Explained;
pub(crate) use message::plain;
