//! `wharf release`: promote, rollback, push and history, one file each, what CodeDeploy takes back by itself, and what is
//! beside the plain case.

pub(crate) mod history;
pub(crate) mod kills;
pub(crate) mod promote;
pub(crate) mod push;
pub(crate) mod rollback;
pub(crate) mod rules;
pub(crate) mod shop;
pub(crate) mod taken_back;
