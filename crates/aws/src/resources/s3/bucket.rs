use super::support::{delete_versions, from_aws, imported_bucket, to_aws};
use crate::clients::Clients;
use crate::errors::{Built, Named};
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::import::imported;
use aws_sdk_s3::operation::head_bucket::HeadBucketOutput;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use wharf_core::Map;
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// A bucket. Terraform: `aws_s3_bucket`; AWS: `CreateBucket`.
pub(crate) struct Bucket;

/// An S3 bucket.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "acceleration_status", "acl", "cors_rule", "grant", "hosted_zone_id", "lifecycle_rule", "logging",
    "object_lock_configuration", "object_lock_enabled", "policy", "replication_configuration", "request_payer",
    "server_side_encryption_configuration", "timeouts", "versioning", "website", "website_domain",
    "website_endpoint",
]))]
pub(crate) struct Properties {
    /// The name, unique in all of AWS: 3 to 63 lowercase letters, digits, dots and hyphens. One is made up when
    /// neither this nor `bucket_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    bucket: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    bucket_prefix: Option<String>,
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

/// The region of a bucket without a constraint; S3 refuses it as one.
const WITHOUT_CONSTRAINT: &str = "us-east-1";

/// S3's code for a request to the wrong region.
const ELSEWHERE: &str = "PermanentRedirect";

impl ResourceType for Bucket {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket";
    const NAMED_BY: &'static [&'static str] = &["bucket"];
    const IMPORT_ID: &'static str = "BUCKET";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:ListBucket", "s3:GetBucketTagging"],
        create: &["s3:CreateBucket", "s3:TagResource"],
        update: &["s3:GetBucketTagging", "s3:PutBucketTagging"],
        delete: &["s3:DeleteBucket", "s3:ListBucketVersions", "s3:DeleteObject", "s3:DeleteObjectVersion"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "s3:{bucket|wharf-*}"), ("id", "{bucket|wharf-*}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["s3:DeleteObject", "s3:DeleteObjectVersion"], &["{arn}/*"]).when("force_destroy"),
        Scope::of(&["s3:ListBucketVersions"], &["{arn}"]).when("force_destroy"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let mut configuration =
            CreateBucketConfiguration::builder().set_tags(Some(to_aws(&new.properties.tags)?));
        let name = new.properties.name(new.token);
        if cloud.region() == WITHOUT_CONSTRAINT {
            // There AWS answers the creation of a bucket that the account has with success.
            match head(cloud, &name).await {
                Ok(Some(_)) => {
                    let message = format!("there is a bucket `{name}`");
                    return Err(Error::new(ErrorKind::AlreadyExists, message));
                }
                // Somebody else's: the request says so better.
                Err(error) if error.kind == ErrorKind::AccessDenied || is_elsewhere(&error) => {}
                other => drop(other?),
            }
        } else {
            configuration = configuration.location_constraint(BucketLocationConstraint::from(cloud.region()));
        }
        let request = cloud.s3_once().create_bucket().bucket(&name);
        request.create_bucket_configuration(configuration.build()).send().await.named("s3:CreateBucket")?;
        Ok(name)
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["tags"]) {
            // The list sent is the list kept; without AWS's own tags (CloudFormation's), AWS refuses it.
            let there = tags(cloud, update.id).await?;
            let of_aws = there.into_iter().flatten().filter(|tag| tag.key.starts_with("aws:"));
            let tags = to_aws(&update.desired.tags)?.into_iter().chain(of_aws).collect();
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

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &str| properties.get(name).filter(|value| !value.is_null());
        let mut mistakes: Vec<_> = [("bucket", 3..=63), ("bucket_prefix", 1..=37)]
            .into_iter()
            .filter_map(|(name, lengths)| Some((name.to_owned(), bad_name(set(name)?.as_str()?, lengths)?)))
            .collect();
        if set("bucket").is_some() && set("bucket_prefix").is_some() {
            mistakes.push(("bucket_prefix".to_owned(), "set one of `bucket` and `bucket_prefix`".to_owned()));
        }
        mistakes
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { bucket, bucket_prefix, .. } = wanted.properties;
        let Some(name) = sought_name(bucket.as_deref(), bucket_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let object = ObjectOf { id: name.clone(), properties: None };
        match read(cloud, &object).await {
            Ok(Some(live)) => Ok(wanted.by_tags(name, &live.properties.tags)),
            Ok(None) => Ok(Found::Absent),
            // Bucket names are shared by all accounts and regions.
            Err(error) if error.kind == ErrorKind::AccessDenied || is_elsewhere(&error) => {
                Ok(Found::Foreign(name))
            }
            Err(error) => Err(error),
        }
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.bucket.clone().unwrap_or_else(|| generated_name(self.bucket_prefix.as_deref(), token))
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Bucket>) -> Result<Option<LiveOf<Bucket>>> {
    let name = &object.id;
    let recorded = object.properties.as_ref();
    let mut region = cloud.region().to_owned();
    if recorded.is_none() {
        // A bucket that is not known yet may be in another region.
        let Some(head) = head(cloud, name).await? else { return Ok(None) };
        region = head.bucket_region.unwrap_or(region);
    }
    let Some(tags) = tags(cloud, name).await? else { return Ok(None) };
    let partition = cloud.partition();
    let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(Some(LiveOf {
        properties: Properties {
            bucket: Some(name.clone()),
            bucket_prefix: match recorded {
                Some(properties) => properties.bucket_prefix.clone(),
                None => prefix_of(name),
            },
            force_destroy: recorded.is_some_and(|properties| properties.force_destroy),
            tags: from_aws(tags),
        },
        attributes: Attributes {
            id: name.clone(),
            arn: format!("arn:{partition}:s3:::{name}"),
            bucket_domain_name: format!("{name}.s3.{suffix}"),
            bucket_regional_domain_name: format!("{name}.s3.{region}.{suffix}"),
            region,
        },
    }))
}

/// What S3 says of a bucket; nothing if it is not there.
async fn head(cloud: &Clients, name: &str) -> Result<Option<HeadBucketOutput>> {
    let answer = cloud.s3().head_bucket().bucket(name).send().await;
    let status =
        answer.as_ref().err().and_then(|error| error.raw_response()).map(|raw| raw.status().as_u16());
    match answer.named("s3:HeadBucket").or_absent() {
        // The answer has no body, so there is neither code nor message.
        Err(error) if status == Some(301) => {
            let message = format!(
                "the bucket `{name}` is in another region than {}, the one of the stack",
                cloud.region()
            );
            Err(Error { kind: ErrorKind::Invalid, code: Some(ELSEWHERE.to_owned()), message, ..error })
        }
        other => other,
    }
}

/// The tags of a bucket; nothing if it is not there.
async fn tags(cloud: &Clients, name: &str) -> Result<Option<Vec<Tag>>> {
    let answer = cloud.s3().get_bucket_tagging().bucket(name).send().await;
    match answer.named("s3:GetBucketTagging") {
        Ok(answer) => Ok(Some(answer.tag_set)),
        Err(error) if error.is_code("NoSuchTagSet") => Ok(Some(Vec::new())),
        Err(error) => Err::<Vec<Tag>, _>(error).or_absent(),
    }
}

/// Whether a bucket is in another region, as S3 says to most requests.
fn is_elsewhere(error: &Error) -> bool {
    error.is_code(ELSEWHERE) || error.is_code("AuthorizationHeaderMalformed")
}

/// What is wrong with the name of a bucket, if anything.
fn bad_name(name: &str, lengths: RangeInclusive<usize>) -> Option<String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    (!lengths.contains(&name.len()) || !name.chars().all(fine) || name.starts_with(['.', '-'])).then(|| {
        let (shortest, longest) = lengths.into_inner();
        format!("`{name}` is no name: {shortest} to {longest} lowercase letters, digits, dots and hyphens")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_core::Value;

    #[test]
    fn names() {
        let mistakes = |property: &str, name: &str| {
            Bucket::check(&Map::from([(property.to_owned(), Value::from(name))])).len()
        };
        assert_eq!(mistakes("bucket", "acme-wharf.state-1"), 0);
        for name in ["ab", "Acme", "a_b", "-acme"] {
            assert_eq!(mistakes("bucket", name), 1, "{name}");
        }
        assert_eq!(mistakes("bucket_prefix", "a-"), 0);
        assert_eq!(mistakes("bucket_prefix", &"a".repeat(38)), 1);
        let both = ["bucket", "bucket_prefix"].map(|name| (name.to_owned(), Value::from("acme")));
        assert_eq!(Bucket::check(&Map::from(both)).len(), 1);
    }
}
