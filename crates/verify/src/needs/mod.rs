//! Who needs what for a release. No I/O.

pub(crate) mod caller;
pub(crate) mod deployment;
pub(crate) mod execution;
pub(crate) mod roles;
