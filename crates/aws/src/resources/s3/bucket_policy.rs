use super::support::imported_bucket;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::exact;
use crate::resources::iam::{document, principals};
use crate::resources::import::imported;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::Map;
use wharf_provider::{
    Absent, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// The policy of a bucket. Terraform: `aws_s3_bucket_policy`; AWS: `PutBucketPolicy`.
pub(crate) struct BucketPolicy;

/// The policy of a bucket, which has one at most.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The bucket's name.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// The document: who may do what with the bucket and the objects in it.
    policy: Json,
}

/// What AWS sets on a bucket policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The bucket's name.
    id: String,
}

impl ResourceType for BucketPolicy {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket_policy";
    const NAMED_BY: &'static [&'static str] = &["bucket"];
    const IMPORT_ID: &'static str = "BUCKET";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:GetBucketPolicy", "iam:GetRole", "iam:GetUser"],
        create: &["s3:PutBucketPolicy"],
        update: &["s3:PutBucketPolicy"],
        delete: &["s3:DeleteBucketPolicy"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("id", "{bucket}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["iam:GetRole"], &["{policy:roles}"]),
        Scope::of(&["iam:GetUser"], &["{policy:users}"]),
        Scope::rest(&["s3:{bucket}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        put(cloud.s3_once(), new.properties).await?;
        Ok(new.properties.bucket.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        put(cloud.s3(), update.desired).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.s3().delete_bucket_policy().bucket(&object.id);
        request.send().await.named("s3:DeleteBucketPolicy").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let bucket = &wanted.properties.bucket;
        let object = ObjectOf { id: bucket.clone(), properties: Some(wanted.properties.clone()) };
        let live = read(cloud, &object).await?;
        Ok(live.map_or(Found::Absent, |live| exact::found(wanted, bucket, &live.properties)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, imported_bucket(id))
    }

    fn canonical(properties: &mut Map) {
        document::canonical(properties, "policy");
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<BucketPolicy>) -> Result<Option<LiveOf<BucketPolicy>>> {
    let request = cloud.s3().get_bucket_policy().bucket(&object.id);
    let answer = request.send().await.named("s3:GetBucketPolicy").or_absent()?;
    let Some(text) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
    let recorded = object.properties.as_ref().map(|properties| &properties.policy);
    let policy = principals::resolve(cloud, Json::parse(&text), recorded).await?;
    Ok(Some(LiveOf {
        properties: Properties { bucket: object.id.clone(), policy },
        attributes: Attributes { id: object.id.clone() },
    }))
}

async fn put(client: &aws_sdk_s3::Client, properties: &Properties) -> Result<()> {
    let request = client.put_bucket_policy().bucket(&properties.bucket).policy(properties.policy.text());
    request.send().await.named("s3:PutBucketPolicy")?;
    Ok(())
}
