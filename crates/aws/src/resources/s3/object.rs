use super::support::{delete_versions, from_aws, to_aws};
use crate::arn;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use crate::resources::import::{imported, pair, text};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ServerSideEncryption, StorageClass, Tagging};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// An object in a bucket. Terraform: `aws_s3_object`; AWS: `PutObject`.
pub(crate) struct Object;

/// An object in a bucket. Its content is compared by the checksum that S3 computes, so a change behind wharf's back is
/// seen without a download. A destroy deletes all of its versions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "acl", "checksum_algorithm", "checksum_crc32", "checksum_crc32c", "checksum_crc64nvme", "checksum_sha1",
    "force_destroy", "object_lock_legal_hold_status", "object_lock_mode", "object_lock_retain_until_date",
    "override_provider", "source", "source_hash",
]))]
pub(crate) struct Properties {
    /// The bucket's name.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// The key: the object's name in the bucket.
    #[schemars(extend("forces_replacement" = true))]
    key: String,
    /// The content as text. For a file: `content: ${file("path")}`.
    #[schemars(extend("write_only" = true))]
    content: Option<String>,
    /// The content in base64, for what is no text: `content_base64: ${filebase64("path")}`.
    #[schemars(extend("write_only" = true))]
    content_base64: Option<String>,
    /// The SHA-256 of the content, in base64. Follows from the content; not to be set.
    #[schemars(extend("volatile" = true))]
    checksum_sha256: Option<String>,
    /// The media type: `application/zip`; S3 says `binary/octet-stream` when it is not set.
    content_type: Option<String>,
    /// How the content is encoded besides: `gzip`.
    content_encoding: Option<String>,
    /// The language of the content: `en-US`.
    content_language: Option<String>,
    /// How a browser shows the object.
    content_disposition: Option<String>,
    /// How long caches keep the object.
    cache_control: Option<String>,
    /// Metadata; the names in lower case.
    metadata: Option<BTreeMap<String, String>>,
    /// The storage class: `STANDARD`, `STANDARD_IA`, ...
    storage_class: Option<String>,
    /// What the object is encrypted with; what the bucket says when it is not set.
    #[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse"]))]
    server_side_encryption: Option<String>,
    /// The KMS key, by ARN. Means `server_side_encryption: aws:kms`.
    kms_key_id: Option<String>,
    /// Whether the bucket's own derived key is used with KMS.
    bucket_key_enabled: Option<bool>,
    /// Where a website endpoint redirects requests for the object.
    website_redirect: Option<String>,
    /// Tags of the object; S3 takes ten, two of which are wharf's.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on an object.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// `<bucket>/<key>`.
    id: String,
    /// The ARN.
    arn: String,
    /// S3's own mark of the content; often its MD5, so it tells who guesses the content that the guess is right.
    #[schemars(extend("volatile" = true, "derived_from" = ["content", "content_base64"]))]
    etag: String,
    /// The version, in a bucket that keeps versions.
    #[schemars(extend("volatile" = true))]
    version_id: Option<String>,
}

impl ResourceType for Object {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_object";
    const NAMED_BY: &'static [&'static str] = &["bucket", "key"];
    const IMPORT_ID: &'static str = "BUCKET/KEY or s3://BUCKET/KEY";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket", "kms:Decrypt"],
        create: &["s3:PutObject", "s3:PutObjectTagging", "kms:GenerateDataKey"],
        update: &["s3:PutObject", "s3:PutObjectTagging", "kms:GenerateDataKey"],
        delete: &["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "s3:{bucket}/{key}"), ("id", "{bucket}/{key}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["s3:ListBucket", "s3:ListBucketVersions"], &["s3:{bucket}"]),
        Scope::of(&["kms:Decrypt", "kms:GenerateDataKey"], &["{kms_key_id?:key}"])
            .only_if("kms:ViaService", "s3.{region}.amazonaws.com"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        // Never over an object that is there.
        let request = put(cloud.s3_once(), new.properties)?.if_none_match("*");
        match request.send().await.named("s3:PutObject") {
            Ok(_) => Ok(id(new.properties)),
            Err(error) if error.is_code("PreconditionFailed") => Err(error.of_kind(ErrorKind::AlreadyExists)),
            Err(error) => Err(error),
        }
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let desired = update.desired;
        // After an import, or written otherwise, it may be what is there.
        let there = update.live.checksum_sha256.as_ref();
        let same = desired.bytes().is_ok_and(|content| there == Some(&checksum(&content)));
        let is_there =
            |property: &str| same && ["content", "content_base64", "checksum_sha256"].contains(&property);
        if update.changed.iter().any(|property| property != "tags" && !is_there(property)) {
            // An object is written whole, with its tags.
            put(cloud.s3(), desired)?.send().await.named("s3:PutObject")?;
        } else if update.changes(&["tags"]) {
            let tagging = Tagging::builder().set_tag_set(Some(to_aws(&desired.tags)?)).build().built()?;
            let request = cloud.s3().put_object_tagging().bucket(&desired.bucket).key(&desired.key);
            request.tagging(tagging).send().await.named("s3:PutObjectTagging")?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let Some((bucket, key)) = parts(&object.id) else { return Ok(()) };
        let deleted = cloud.s3().delete_object().bucket(bucket).key(key).send().await;
        let Some(deleted) = deleted.named("s3:DeleteObject").or_absent()? else { return Ok(()) };
        // A bucket that keeps versions keeps them behind a marker, and could not be deleted.
        if deleted.delete_marker.is_some() || deleted.version_id.is_some() {
            delete_versions(cloud, bucket, Some(key)).await?;
        }
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let id = id(wanted.properties);
        let live = read(cloud, &ObjectOf { id: id.clone(), properties: None }).await?;
        Ok(live.map_or(Found::Absent, |live| wanted.by_tags(id, &live.properties.tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let plain = id.strip_prefix("s3://").unwrap_or(id);
        imported::<Self>(id, pair(plain, '/').map(|_| plain.to_owned()))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        // Terraform's own id is the key alone.
        Some(format!("{}/{}", text(attributes, "bucket")?, text(attributes, "key")?))
    }

    fn canonical(properties: &mut Map) {
        // What S3 tells of the content is its checksum, so that is what the content is compared by.
        if !properties.contains_key("checksum_sha256")
            && let Some(checksum) = checksum_of(properties)
        {
            properties.insert("checksum_sha256".to_owned(), checksum);
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &str| properties.get(name).is_some_and(|value| !value.is_null());
        let mut mistakes = Vec::new();
        let mut mistake = |property: &str, message: String| mistakes.push((property.to_owned(), message));
        match (set("content"), set("content_base64")) {
            (true, true) => {
                mistake("content_base64", "`content` and `content_base64` exclude each other".into());
            }
            (false, false) => {
                mistake("content", "set `content` or `content_base64`; empty text is content too".into());
            }
            _ => {}
        }
        if let Some(text) = properties.get("content_base64").and_then(Value::as_str)
            && let Err(error) = STANDARD.decode(text)
        {
            mistake("content_base64", format!("it is no base64: {error}"));
        }
        let metadata = properties.get("metadata").and_then(Value::as_map);
        for name in metadata.into_iter().flat_map(Map::keys).filter(|name| **name != name.to_lowercase()) {
            mistake("metadata", format!("`{name}`: S3 keeps the names of metadata in lower case"));
        }
        if set("checksum_sha256") {
            mistake("checksum_sha256", "it follows from the content, so it cannot be set".into());
        }
        // AWS answers with the ARN, and another form would differ for ever.
        let key = properties.get("kms_key_id").and_then(Value::as_str);
        if let Some(key) = key.filter(|key| !arn::resource(key).starts_with("key/")) {
            mistake("kms_key_id", format!("`{key}` is no ARN of a key"));
        }
        if set("kms_key_id")
            && properties.get("server_side_encryption").and_then(Value::as_str) == Some("AES256")
        {
            mistake("kms_key_id", "it needs `server_side_encryption: aws:kms`".into());
        }
        mistakes
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Object>) -> Result<Option<LiveOf<Object>>> {
    let Some((bucket, key)) = parts(&object.id) else { return Ok(None) };
    let head = async {
        let request = cloud.s3().head_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        request.send().await.named("s3:HeadObject").or_absent()
    };
    let tags = async {
        let request = cloud.s3().get_object_tagging().bucket(bucket).key(key);
        request.send().await.named("s3:GetObjectTagging").or_absent()
    };
    let (head, tags) = futures::try_join!(head, tags)?;
    let Some(head) = head else { return Ok(None) };
    let recorded = object.properties.as_ref();
    Ok(Some(LiveOf {
        properties: Properties {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            content: recorded.and_then(|properties| properties.content.clone()),
            content_base64: recorded.and_then(|properties| properties.content_base64.clone()),
            // Text in any case: an object without this checksum was not written by wharf.
            checksum_sha256: Some(head.checksum_sha256.unwrap_or_default()),
            content_type: head.content_type,
            content_encoding: head.content_encoding,
            content_language: head.content_language,
            content_disposition: head.content_disposition,
            cache_control: head.cache_control,
            metadata: Some(head.metadata.into_iter().flatten().collect()),
            // S3 says nothing of the usual one.
            storage_class: Some(
                head.storage_class
                    .map_or_else(|| "STANDARD".to_owned(), |class: StorageClass| class.as_str().to_owned()),
            ),
            server_side_encryption: head.server_side_encryption.map(|sse| sse.as_str().to_owned()),
            kms_key_id: head.ssekms_key_id,
            bucket_key_enabled: Some(head.bucket_key_enabled.unwrap_or_default()),
            website_redirect: head.website_redirect_location,
            tags: from_aws(tags.into_iter().flat_map(|tags| tags.tag_set)),
        },
        attributes: Attributes {
            arn: format!("arn:{}:s3:::{}", cloud.partition(), object.id),
            id: object.id.clone(),
            etag: head.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
            version_id: head.version_id,
        },
    }))
}

impl Properties {
    fn bytes(&self) -> Result<Vec<u8>> {
        match (&self.content, &self.content_base64) {
            (Some(text), _) => Ok(text.clone().into_bytes()),
            (None, Some(text)) => decode(text),
            (None, None) => Err(Error::new(ErrorKind::Invalid, "neither content nor content_base64")),
        }
    }
}

fn put(client: &aws_sdk_s3::Client, properties: &Properties) -> Result<PutObjectFluentBuilder> {
    let content = properties.bytes()?;
    // A key means KMS; the header of it alone would be refused.
    let encryption = properties.server_side_encryption.as_deref();
    let encryption = encryption.or_else(|| properties.kms_key_id.as_ref().map(|_| "aws:kms"));
    let with_kms = encryption.is_some_and(|encryption| encryption.starts_with("aws:kms"));
    Ok(client
        .put_object()
        .bucket(&properties.bucket)
        .key(&properties.key)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .checksum_sha256(checksum(&content))
        .body(ByteStream::from(content))
        .set_content_type(properties.content_type.clone())
        .set_content_encoding(properties.content_encoding.clone())
        .set_content_language(properties.content_language.clone())
        .set_content_disposition(properties.content_disposition.clone())
        .set_cache_control(properties.cache_control.clone())
        .set_metadata(properties.metadata.clone().map(|metadata| metadata.into_iter().collect()))
        .set_storage_class(properties.storage_class.as_deref().map(StorageClass::from))
        .set_server_side_encryption(encryption.map(ServerSideEncryption::from))
        .set_ssekms_key_id(properties.kms_key_id.clone())
        .set_bucket_key_enabled(properties.bucket_key_enabled.filter(|enabled| *enabled || with_kms))
        .set_website_redirect_location(properties.website_redirect.clone())
        .tagging(query(&properties.tags)))
}

fn decode(text: &str) -> Result<Vec<u8>> {
    let invalid = |error| Error::new(ErrorKind::Invalid, format!("content_base64 is no base64: {error}"));
    STANDARD.decode(text).map_err(invalid)
}

fn checksum(content: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(content))
}

/// The checksum of the content of a map of properties, if it has content; as little known as that.
fn checksum_of(properties: &Map) -> Option<Value> {
    let set = |name: &str| properties.get(name).filter(|value| !value.is_null());
    let (content, base64) = (set("content"), set("content_base64"));
    let value = content.or(base64)?;
    if let Some(unknown) = value.first_unknown() {
        return Some(Value::Unknown(unknown.clone()));
    }
    let text = value.as_str()?;
    let bytes = if content.is_some() { text.as_bytes().to_vec() } else { STANDARD.decode(text).ok()? };
    let checksum = Value::from(checksum(&bytes));
    Some(if value.has_sensitive() { checksum.sensitive() } else { checksum })
}

/// Tags as the header of a `PutObject` request has them.
fn query(tags: &Tags) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = tags.0.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn id(properties: &Properties) -> String {
    format!("{}/{}", properties.bucket, properties.key)
}

/// The bucket and the key of an id. A bucket's name has no slash in it.
fn parts(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::import::tests::in_terraform;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn ids_and_tags() {
        assert_eq!(parts("bucket/a/b.zip"), Some(("bucket", "a/b.zip")));
        let attributes = json!({"id": "a/b.zip", "bucket": "bucket", "key": "a/b.zip"});
        assert_eq!(in_terraform::<Object>(attributes), Some("bucket/a/b.zip".to_owned()));
        assert_eq!(query(&Tags::from_aws([("a b", "c&d"), ("e", "")])), "a%20b=c%26d&e=");
    }

    #[test]
    fn content_is_compared_by_checksum() {
        let hello = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        for content in [json!({"content": "hello"}), json!({"content_base64": "aGVsbG8="})] {
            let mut properties = map(content);
            Object::canonical(&mut properties);
            assert_eq!(properties["checksum_sha256"], Value::from(hello));
        }
        // What S3 said stays.
        let mut live = map(json!({"content": "hello", "checksum_sha256": ""}));
        Object::canonical(&mut live);
        assert_eq!(live["checksum_sha256"], Value::from(""));
    }

    #[test]
    fn the_checksum_is_as_secret_and_as_unknown_as_the_content() {
        let mut secret = Map::from([("content".to_owned(), Value::from("hello").sensitive())]);
        Object::canonical(&mut secret);
        assert!(secret["checksum_sha256"].has_sensitive());
        let mut unknown = Map::from([("content".to_owned(), Value::unknown("x.y"))]);
        Object::canonical(&mut unknown);
        assert_eq!(unknown["checksum_sha256"], Value::unknown("x.y"));
    }

    #[test]
    fn mistakes() {
        let properties = |json| Object::check(&map(json)).into_iter().map(|(p, _)| p).collect::<Vec<_>>();
        assert_eq!(properties(json!({"content": ""})), [""; 0]);
        assert_eq!(properties(json!({})), ["content"]);
        assert_eq!(properties(json!({"content": "a", "content_base64": "YQ=="})), ["content_base64"]);
        assert_eq!(properties(json!({"content_base64": "?"})), ["content_base64"]);
        assert_eq!(properties(json!({"content": "a", "metadata": {"Big": "x"}})), ["metadata"]);
    }
}
