use super::support::imported_bucket_of;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::{imported, text};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::Map;
use wharf_provider::{
    Absent, Block, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result,
    Scope, UpdateOf, WantedOf,
};

/// Terraform: `aws_s3_bucket_versioning`; AWS: `PutBucketVersioning`.
pub(crate) struct BucketVersioning;

/// Whether a bucket keeps old versions of its objects. Once on, it can only be suspended: that is what a destroy does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["expected_bucket_owner", "mfa"]))]
pub(crate) struct Properties {
    /// The bucket's name.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// The setting.
    versioning_configuration: Block<Setting>,
}

/// The setting.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["mfa_delete"]))]
pub(crate) struct Setting {
    /// `Enabled` or `Suspended`; `Disabled` for a bucket that never had versions.
    #[schemars(extend("enum" = ["Enabled", "Suspended", "Disabled"]))]
    status: String,
}

/// What AWS sets on a bucket's versioning.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The bucket's name.
    id: String,
}

/// A bucket that never had versions.
const DISABLED: &str = "Disabled";

impl ResourceType for BucketVersioning {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket_versioning";
    const IMPORT_ID: &'static str = "BUCKET or BUCKET,ACCOUNT_ID";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:GetBucketVersioning"],
        create: &["s3:PutBucketVersioning"],
        update: &["s3:PutBucketVersioning"],
        delete: &["s3:PutBucketVersioning"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("id", "{bucket}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["s3:{bucket}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let bucket = &new.properties.bucket;
        let status = status(new.properties);
        if status != DISABLED {
            put(cloud.s3_once(), bucket, status).await?;
        }
        Ok(bucket.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let status = status(update.desired);
        if status == DISABLED {
            let message = format!(
                "`{}` has versions, and AWS does not let go of them: use `status: Suspended`",
                update.id
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        put(cloud.s3(), update.id, status).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        if object.properties.as_ref().is_some_and(|properties| status(properties) == DISABLED) {
            return Ok(());
        }
        put(cloud.s3(), &object.id, BucketVersioningStatus::Suspended.as_str()).await.or_absent()?;
        Ok(())
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, imported_bucket_of(id))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        text(attributes, "bucket").map(str::to_owned)
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let bucket = &wanted.properties.bucket;
        let live = read(cloud, &ObjectOf { id: bucket.clone(), properties: None }).await?;
        let Some(live) = live.map(|live| status(&live.properties).to_owned()) else {
            return Ok(Found::Absent);
        };
        Ok(if live == status(wanted.properties) {
            Found::Ours(bucket.clone())
        } else if live == DISABLED {
            Found::Absent
        } else {
            Found::Foreign(bucket.clone())
        })
    }
}

async fn read(
    cloud: &Clients,
    object: &ObjectOf<BucketVersioning>,
) -> Result<Option<LiveOf<BucketVersioning>>> {
    let request = cloud.s3().get_bucket_versioning().bucket(&object.id);
    let Some(answer) = request.send().await.named("s3:GetBucketVersioning").or_absent()? else {
        return Ok(None);
    };
    let live = answer.status.map_or_else(|| DISABLED.to_owned(), |status| status.as_str().to_owned());
    // Versioning never goes away, so this is another bucket of that name.
    if live == DISABLED && object.properties.as_ref().is_some_and(|p| status(p) != DISABLED) {
        return Ok(None);
    }
    Ok(Some(LiveOf {
        properties: Properties {
            bucket: object.id.clone(),
            versioning_configuration: Block(Some(Setting { status: live })),
        },
        attributes: Attributes { id: object.id.clone() },
    }))
}

fn status(properties: &Properties) -> &str {
    properties.versioning_configuration.as_ref().map_or(DISABLED, |setting| setting.status.as_str())
}

async fn put(client: &aws_sdk_s3::Client, bucket: &str, status: &str) -> Result<()> {
    let setting = VersioningConfiguration::builder().status(BucketVersioningStatus::from(status)).build();
    let request = client.put_bucket_versioning().bucket(bucket).versioning_configuration(setting);
    request.send().await.named("s3:PutBucketVersioning")?;
    Ok(())
}
