use super::support::imported_bucket;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::imported;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf, WantedOf,
};

/// Terraform: `aws_s3_bucket_public_access_block`; AWS: `PutPublicAccessBlock`.
pub(crate) struct BucketPublicAccessBlock;

/// What a bucket refuses although ACLs or policies allow it to the public. AWS refuses all four on a new bucket; what
/// is left out here is **not** refused, as in Terraform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["skip_destroy"]))]
pub(crate) struct Properties {
    /// The bucket's name.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// Whether requests that would set a public ACL fail.
    #[serde(default)]
    block_public_acls: bool,
    /// Whether requests that would set a public bucket policy fail.
    #[serde(default)]
    block_public_policy: bool,
    /// Whether public ACLs have no effect.
    #[serde(default)]
    ignore_public_acls: bool,
    /// Whether only AWS services and the account itself have access when the bucket policy is public.
    #[serde(default)]
    restrict_public_buckets: bool,
}

/// What AWS sets on a public access block.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The bucket's name.
    id: String,
}

impl ResourceType for BucketPublicAccessBlock {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket_public_access_block";
    const IMPORT_ID: &'static str = "BUCKET";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:GetBucketPublicAccessBlock"],
        create: &["s3:PutBucketPublicAccessBlock"],
        update: &["s3:PutBucketPublicAccessBlock"],
        delete: &["s3:PutBucketPublicAccessBlock"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("id", "{bucket}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["s3:{bucket}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, &object.id))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        put(cloud.s3_once(), new.properties).await?;
        Ok(new.properties.bucket.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        put(cloud.s3(), update.desired).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.s3().delete_public_access_block().bucket(&object.id);
        request.send().await.named("s3:DeletePublicAccessBlock").or_absent()?;
        Ok(())
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, imported_bucket(id))
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let bucket = &wanted.properties.bucket;
        let Some(live) = read(cloud, bucket).await? else { return Ok(Found::Absent) };
        Ok(if live.properties == *wanted.properties {
            Found::Ours(bucket.clone())
        } else if live.properties == of_new_bucket(bucket) {
            Found::Absent
        } else {
            Found::Foreign(bucket.clone())
        })
    }
}

async fn read(cloud: &Clients, bucket: &str) -> Result<Option<LiveOf<BucketPublicAccessBlock>>> {
    let answer = cloud.s3().get_public_access_block().bucket(bucket).send().await;
    let answer = answer.named("s3:GetPublicAccessBlock").or_absent()?;
    let Some(block) = answer.and_then(|answer| answer.public_access_block_configuration) else {
        return Ok(None);
    };
    Ok(Some(LiveOf {
        properties: Properties {
            bucket: bucket.to_owned(),
            block_public_acls: block.block_public_acls.unwrap_or_default(),
            block_public_policy: block.block_public_policy.unwrap_or_default(),
            ignore_public_acls: block.ignore_public_acls.unwrap_or_default(),
            restrict_public_buckets: block.restrict_public_buckets.unwrap_or_default(),
        },
        attributes: Attributes { id: bucket.to_owned() },
    }))
}

async fn put(client: &aws_sdk_s3::Client, properties: &Properties) -> Result<()> {
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(properties.block_public_acls)
        .block_public_policy(properties.block_public_policy)
        .ignore_public_acls(properties.ignore_public_acls)
        .restrict_public_buckets(properties.restrict_public_buckets)
        .build();
    let request = client.put_public_access_block().bucket(&properties.bucket);
    let request = request.public_access_block_configuration(block);
    request.send().await.named("s3:PutPublicAccessBlock")?;
    Ok(())
}

/// What AWS gives a new bucket.
fn of_new_bucket(bucket: &str) -> Properties {
    Properties {
        bucket: bucket.to_owned(),
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
    }
}
