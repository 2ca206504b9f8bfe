//! One object in S3, replaced only where it is what it was.

use crate::Place;
use crate::clock::Clock;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_types::DateTime;
use std::sync::Arc;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Error, ErrorKind, Result};

/// An object and the clients to reach it.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) clients: Arc<Clients>,
    pub(crate) place: Place,
}

/// What an object was when it was read.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tag: String,
    /// Its version, in a bucket that keeps versions.
    pub(crate) version: Option<String>,
    /// When it was written, by S3's clock.
    pub(crate) modified: Option<DateTime>,
    /// When it was read, by S3's clock.
    pub(crate) now: Option<DateTime>,
}

/// What a write made of an object.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) tag: String,
    pub(crate) version: Option<String>,
}

/// What came of a conditional request.
#[derive(Debug)]
pub(crate) enum Tried<T> {
    Done(T),
    /// The object is not (any more) what the condition says.
    Moved,
}

impl Object {
    /// `s3:GetObject`; of a version, if one is named.
    pub(crate) async fn get(&self, version: Option<&str>) -> Result<Option<Content>> {
        let clock = Clock::default();
        let request = self.clients.s3().get_object().bucket(&self.place.bucket).key(&self.place.key);
        let request = request.set_version_id(version.map(str::to_owned));
        let answer = request.customize().interceptor(clock.clone()).send().await;
        let answer = match answer.named("s3:GetObject") {
            Err(error) if error.is_code("NoSuchBucket") => return Err(error),
            other => other.or_absent()?,
        };
        let Some(answer) = answer else { return Ok(None) };
        let broken = |error: &dyn std::fmt::Display| Error {
            operation: "s3:GetObject".to_owned(),
            ..Error::new(ErrorKind::Ambiguous, format!("the answer broke off: {error}"))
        };
        let bytes = answer.body.collect().await.map_err(|error| broken(&error))?.to_vec();
        Ok(Some(Content {
            bytes,
            tag: answer.e_tag.unwrap_or_default(),
            version: answer.version_id,
            modified: answer.last_modified,
            now: clock.now(),
        }))
    }

    /// The object's tag, without reading it: `s3:HeadObject`.
    pub(crate) async fn tag(&self) -> Result<Option<String>> {
        let request = self.clients.s3().head_object().bucket(&self.place.bucket).key(&self.place.key);
        let answer = request.send().await.named("s3:HeadObject").or_absent()?;
        Ok(answer.and_then(|answer| answer.e_tag))
    }

    /// Replaces the object that has `tag`; without a tag, makes one where there is none: `s3:PutObject`.
    ///
    /// An attempt whose answer was lost makes the next one fail its condition: whoever gets `Moved` has to look whether
    /// what stands there is its own.
    pub(crate) async fn put(&self, bytes: Vec<u8>, tag: Option<&str>) -> Result<Tried<Written>> {
        let request = self.clients.s3().put_object().bucket(&self.place.bucket).key(&self.place.key);
        let request = match tag {
            Some(tag) => request.if_match(tag),
            None => request.if_none_match("*"),
        };
        let request = match &self.place.kms_key_id {
            Some(key) => request.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
            None => request.server_side_encryption(ServerSideEncryption::Aes256),
        };
        let request = request.content_type("application/json").body(ByteStream::from(bytes));
        let answer = tried(request.send().await.named("s3:PutObject"), tag.is_some())?;
        Ok(match answer {
            Tried::Done(answer) => {
                Tried::Done(Written { tag: answer.e_tag.unwrap_or_default(), version: answer.version_id })
            }
            Tried::Moved => Tried::Moved,
        })
    }

    /// Deletes the object that has `tag`: `s3:DeleteObject`.
    pub(crate) async fn delete(&self, tag: &str) -> Result<Tried<()>> {
        let request = self.clients.s3().delete_object().bucket(&self.place.bucket).key(&self.place.key);
        let answer = tried(request.if_match(tag).send().await.named("s3:DeleteObject").map(drop), true)?;
        Ok(answer)
    }
}

/// S3's ways to say that a condition does not hold.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>
fn tried<T>(answer: Result<T>, must_exist: bool) -> Result<Tried<T>> {
    match answer {
        Ok(answer) => Ok(Tried::Done(answer)),
        Err(error) if error.is_code("PreconditionFailed") || error.is_code("ConditionalRequestConflict") => {
            Ok(Tried::Moved)
        }
        Err(error) if must_exist && error.is_code("NoSuchKey") => Ok(Tried::Moved),
        Err(error) => Err(error),
    }
}
