//! Plans in Markdown.

mod comment;
pub(crate) mod escape;

pub(crate) use comment::plan;
