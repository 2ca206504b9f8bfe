//! `wharf gate`: judges plans.

mod asked;
mod files;
mod run;
mod subject;

pub(crate) use run::run;
