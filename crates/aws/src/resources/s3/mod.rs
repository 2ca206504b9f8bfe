//! Amazon S3.

pub(crate) mod bucket;
pub(crate) mod bucket_policy;
pub(crate) mod bucket_public_access_block;
pub(crate) mod bucket_server_side_encryption_configuration;
pub(crate) mod bucket_versioning;
pub(crate) mod object;
mod support;
