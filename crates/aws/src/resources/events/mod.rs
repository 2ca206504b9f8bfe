//! Amazon EventBridge.

pub(crate) mod rule;
mod support;
pub(crate) mod target;
mod target_parts;
