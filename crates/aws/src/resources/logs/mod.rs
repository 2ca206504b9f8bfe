//! Amazon CloudWatch Logs.

pub(crate) mod group;
