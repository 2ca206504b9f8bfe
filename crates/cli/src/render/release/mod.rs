//! How a release stands, as people read it.

mod causes;
mod deployment;
mod pipeline;
mod serving;
mod words;

pub(crate) mod screen;
