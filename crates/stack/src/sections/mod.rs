//! The sections of a stack file, from YAML to the model. One file per section.

mod lifecycle;
mod moved;
mod reader;
mod resources;
mod settings;
mod top;
mod variables;

pub(crate) use reader::Reader;
pub(crate) use resources::owner_span;
pub(crate) use top::read;
