//! Amazon ECR.

pub(crate) mod lifecycle_policy;
pub(crate) mod repository;
