//! What the S3 types share: tags, and deleting versions.

use crate::clients::Clients;
use crate::errors::{Built, Named};
use aws_sdk_s3::types::{Delete, ObjectIdentifier, Tag};
use wharf_provider::{Error, ErrorKind, Result, Tags};

/// Tags as S3 takes them.
pub(crate) fn to_aws(tags: &Tags) -> Result<Vec<Tag>> {
    tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().built()).collect()
}

/// Tags as S3 gives them.
pub(crate) fn from_aws(tags: impl IntoIterator<Item = Tag>) -> Tags {
    Tags::from_aws(tags.into_iter().map(|tag| (tag.key, tag.value)))
}

/// The bucket of an id that is its name. What a name is made of has changed over the years; what no name ever has is
/// what other ids are made of.
pub(crate) fn imported_bucket(id: &str) -> Option<String> {
    Some(id.to_owned()).filter(|id| !id.is_empty() && !id.contains(['/', ':', ',']))
}

/// The bucket of an id that may have the account it is expected to belong to behind it.
pub(crate) fn imported_bucket_of(id: &str) -> Option<String> {
    let (bucket, owner) = id.split_once(',').unwrap_or((id, ""));
    imported_bucket(bucket).filter(|_| owner.bytes().all(|b| b.is_ascii_digit()))
}

/// Deletes every version of every object in a bucket, or of the one with this key, a thousand a request.
pub(crate) async fn delete_versions(cloud: &Clients, bucket: &str, key: Option<&str>) -> Result<()> {
    loop {
        let request = cloud.s3().list_object_versions().bucket(bucket).set_prefix(key.map(str::to_owned));
        let page = request.send().await.named("s3:ListObjectVersions")?;
        let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
        let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
        // A key comes before all that begin with it.
        let objects: Vec<_> = versions
            .chain(markers)
            .filter(|(listed, _)| key.is_none() || *listed == key)
            .filter_map(|(key, version)| {
                ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
            })
            .collect();
        if objects.is_empty() {
            return Ok(());
        }
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().built()?;
        let request = cloud.s3().delete_objects().bucket(bucket).delete(delete);
        let answer = request.send().await.named("s3:DeleteObjects")?;
        if let Some(error) = answer.errors().first() {
            let message = format!(
                "`{}` could not be deleted: {}",
                error.key().unwrap_or_default(),
                error.message().unwrap_or_default()
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_imported_by_name() {
        assert_eq!(imported_bucket("app.example.com"), Some("app.example.com".to_owned()));
        for id in ["", "bucket/key", "arn:aws:s3:::bucket", "bucket,123456789012"] {
            assert_eq!(imported_bucket(id), None, "{id}");
        }
        assert_eq!(imported_bucket_of("bucket,123456789012"), Some("bucket".to_owned()));
        assert_eq!(imported_bucket_of("bucket"), Some("bucket".to_owned()));
        assert_eq!(imported_bucket_of("bucket,somebody"), None);
    }
}
