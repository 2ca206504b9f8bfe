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
