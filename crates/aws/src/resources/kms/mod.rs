//! AWS Key Management Service.

pub(crate) mod alias;
pub(crate) mod key;
pub(crate) mod key_policy;
pub(crate) mod support;
