use super::support::{delete_versions, from_aws, imported_bucket, to_aws};
use crate::clients::Clients;
use crate::errors::{Built, Named};
use crate::resources::import::imported;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tagging};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Tags,
    UpdateOf, WantedOf,
};

/// A bucket. Terraform: `aws_s3_bucket`; AWS: `CreateBucket`.
pub(crate) struct Bucket;

/// An S3 bucket.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "acceleration_status", "acl", "bucket_prefix", "cors_rule", "grant", "lifecycle_rule", "logging",
    "object_lock_configuration", "object_lock_enabled", "policy", "replication_configuration", "request_payer",
    "server_side_encryption_configuration", "timeouts", "versioning", "website",
]))]
pub(crate) struct Properties {
    /// The name, unique in all of AWS: 3 to 63 lowercase letters, digits, dots and hyphens.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// Whether a destroy empties the bucket first, with all versions. Must have been applied before the destroy.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    force_destroy: bool,
    /// Tags of the bucket.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a bucket.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The bucket's name.
    id: String,
    /// The ARN.
    arn: String,
    /// The region it lies in.
    region: String,
    /// The host name: `<bucket>.s3.amazonaws.com`.
    bucket_domain_name: String,
    /// The host name with the region in it.
    bucket_regional_domain_name: String,
}

impl ResourceType for Bucket {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket";
    const NAMED_BY: &'static [&'static str] = &["bucket"];
    const IMPORT_ID: &'static str = "BUCKET";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:ListBucket", "s3:GetBucketTagging"],
        create: &["s3:CreateBucket", "s3:PutBucketTagging"],
        update: &["s3:PutBucketTagging"],
        delete: &["s3:DeleteBucket", "s3:ListBucketVersions", "s3:DeleteObject", "s3:DeleteObjectVersion"],
    };

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let mut configuration =
            CreateBucketConfiguration::builder().set_tags(Some(to_aws(&new.properties.tags)?));
        // us-east-1 is the region of a bucket without a constraint, and is refused as one.
        if cloud.region() != "us-east-1" {
            configuration = configuration.location_constraint(BucketLocationConstraint::from(cloud.region()));
        }
        let name = &new.properties.bucket;
        let request = cloud.s3_once().create_bucket().bucket(name);
        request.create_bucket_configuration(configuration.build()).send().await.named("s3:CreateBucket")?;
        Ok(name.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["tags"]) {
            let tags = to_aws(&update.desired.tags)?;
            let tagging = Tagging::builder().set_tag_set(Some(tags)).build().built()?;
            let request = cloud.s3().put_bucket_tagging().bucket(update.id).tagging(tagging);
            request.send().await.named("s3:PutBucketTagging")?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let deleted = cloud.s3().delete_bucket().bucket(&object.id).send().await;
        match deleted.named("s3:DeleteBucket").or_absent() {
            Err(error) if error.is_code("BucketNotEmpty") => {
                if !object.properties.as_ref().is_some_and(|properties| properties.force_destroy) {
                    let message = format!(
                        "the bucket `{}` is not empty; empty it, or set `force_destroy: true` and apply before the destroy",
                        object.id
                    );
                    return Err(Error { kind: ErrorKind::Invalid, message, ..error });
                }
                delete_versions(cloud, &object.id, None).await?;
                cloud
                    .s3()
                    .delete_bucket()
                    .bucket(&object.id)
                    .send()
                    .await
                    .named("s3:DeleteBucket")
                    .or_absent()?;
                Ok(())
            }
            other => other.map(drop),
        }
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, imported_bucket(id))
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let name = &wanted.properties.bucket;
        let object = ObjectOf { id: name.clone(), properties: None };
        match read(cloud, &object).await {
            Ok(Some(live)) => Ok(wanted.by_tags(name, &live.properties.tags)),
            Ok(None) => Ok(Found::Absent),
            // Somebody else's: bucket names are shared by all accounts.
            Err(error) if error.kind == ErrorKind::AccessDenied => Ok(Found::Foreign(name.clone())),
            Err(error) => Err(error),
        }
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Bucket>) -> Result<Option<LiveOf<Bucket>>> {
    let name = &object.id;
    let head =
        async { cloud.s3().head_bucket().bucket(name).send().await.named("s3:HeadBucket").or_absent() };
    let tags = async {
        cloud.s3().get_bucket_tagging().bucket(name).send().await.named("s3:GetBucketTagging").or_absent()
    };
    let (head, tags) = futures::try_join!(head, tags)?;
    let Some(head) = head else { return Ok(None) };
    let region = head.bucket_region.unwrap_or_else(|| cloud.region().to_owned());
    let tags = tags.into_iter().flat_map(|tags| tags.tag_set);
    Ok(Some(LiveOf {
        properties: Properties {
            bucket: name.clone(),
            force_destroy: object.properties.as_ref().is_some_and(|properties| properties.force_destroy),
            tags: from_aws(tags),
        },
        attributes: Attributes {
            id: name.clone(),
            arn: format!("arn:{}:s3:::{name}", cloud.partition()),
            bucket_domain_name: format!("{name}.s3.amazonaws.com"),
            bucket_regional_domain_name: format!("{name}.s3.{region}.amazonaws.com"),
            region,
        },
    }))
}
