//! States as objects in S3: read with one request, written with one, and never over what somebody else wrote.

mod bucket;
mod clock;
mod lease;
mod object;
mod store;

pub use bucket::create;
pub use store::S3Store;

use std::fmt;

/// Where a state is: the `state.s3` section of a stack file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The object's key. The lock is beside it, under this key with `.lock`.
    pub key: String,
    /// The KMS key that encrypts state and lock; S3's own key if there is none.
    pub kms_key_id: Option<String>,
}

impl Place {
    /// The place of the lock.
    #[must_use]
    pub fn lock(&self) -> Place {
        Place { key: format!("{}.lock", self.key), ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}
