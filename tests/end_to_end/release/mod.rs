//! `wharf release`: promote, rollback, push and history, one file each, and what CodeDeploy takes back by itself.

pub(crate) mod history;
pub(crate) mod kills;
pub(crate) mod promote;
pub(crate) mod push;
pub(crate) mod rollback;
mod shop;
pub(crate) mod taken_back;
