//! AWS Identity and Access Management.

pub(crate) mod document;
pub(crate) mod policy;
pub(crate) mod principals;
pub(crate) mod role;
pub(crate) mod role_policy;
pub(crate) mod role_policy_attachment;
mod support;
