//! Amazon EC2 and VPC.

pub(crate) mod subnet;
mod support;
pub(crate) mod vpc;
