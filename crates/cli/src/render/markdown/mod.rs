//! Plans in Markdown.

mod comment;
mod escape;

pub(crate) use comment::plan;
