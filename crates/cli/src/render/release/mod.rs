//! How a release stands, as people read it.

mod causes;
mod deployment;
mod pipeline;
mod serving;

pub(crate) mod screen;
pub(crate) mod words;
