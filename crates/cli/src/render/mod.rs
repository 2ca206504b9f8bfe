//! What people and programs read: one file per form.

pub(crate) mod delegation;
pub(crate) mod diagnostic;
pub(crate) mod drift;
pub(crate) mod gate;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod release;
pub(crate) mod style;
pub(crate) mod value;
pub(crate) mod verify;
