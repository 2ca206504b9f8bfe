//! The gate's verdict: one file per form.

mod github;
mod json;
mod junit;
mod markdown;
mod report;
mod sarif;
mod summary;
pub(crate) mod text;

pub(crate) use report::report;
