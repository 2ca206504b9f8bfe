use super::support::imported_bucket_of;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use crate::resources::exact;
use crate::resources::import::{imported, text};
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, BlockSet, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    UpdateOf, WantedOf,
};

/// Terraform: `aws_s3_bucket_server_side_encryption_configuration`; AWS: `PutBucketEncryption`.
pub(crate) struct Encryption;

/// How a bucket encrypts objects that do not say themselves how. Without it AWS uses keys of S3's own (`AES256`); a
/// destroy goes back to that.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["expected_bucket_owner"]))]
pub(crate) struct Properties {
    /// The bucket's name.
    #[schemars(extend("forces_replacement" = true))]
    bucket: String,
    /// The rule; AWS takes one.
    rule: BlockSet<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["blocked_encryption_types"]))]
pub(crate) struct Rule {
    /// What objects are encrypted with.
    #[serde(default)]
    apply_server_side_encryption_by_default: Block<ByDefault>,
    /// Whether S3 derives keys for the bucket, which makes far fewer and cheaper requests to KMS.
    bucket_key_enabled: Option<bool>,
}

/// What objects are encrypted with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ByDefault {
    /// Keys of S3 (`AES256`) or of KMS.
    #[schemars(extend("enum" = ["AES256", "aws:kms", "aws:kms:dsse"]))]
    sse_algorithm: String,
    /// The KMS key, by id, ARN or alias; AWS's own key for S3 when it is not set.
    kms_master_key_id: Option<String>,
}

/// What AWS sets on an encryption configuration.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The bucket's name.
    id: String,
}

impl ResourceType for Encryption {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_s3_bucket_server_side_encryption_configuration";
    const IMPORT_ID: &'static str = "BUCKET or BUCKET,ACCOUNT_ID";
    const PERMISSIONS: Permissions = Permissions {
        read: &["s3:GetEncryptionConfiguration"],
        create: &["s3:PutEncryptionConfiguration"],
        update: &["s3:PutEncryptionConfiguration"],
        delete: &["s3:PutEncryptionConfiguration"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("id", "{bucket}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["s3:{bucket}"])];

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
        let request = cloud.s3().delete_bucket_encryption().bucket(&object.id);
        request.send().await.named("s3:DeleteBucketEncryption").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let bucket = &wanted.properties.bucket;
        let object = ObjectOf { id: bucket.clone(), properties: Some(wanted.properties.clone()) };
        let live = read(cloud, &object).await?;
        Ok(live.map_or(Found::Absent, |live| exact::found(wanted, bucket, &live.properties)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, imported_bucket_of(id))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        text(attributes, "bucket").map(str::to_owned)
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let Some(rules) = properties.get("rule").and_then(Value::as_list) else { return Vec::new() };
        let mut mistakes = Vec::new();
        if rules.len() != 1 {
            mistakes.push(format!("AWS takes one rule, and here are {}", rules.len()));
        }
        for rule in rules.iter().filter_map(Value::as_map) {
            let by_default = rule.get("apply_server_side_encryption_by_default").and_then(Value::as_list);
            let by_default = by_default.and_then(<[Value]>::first).and_then(Value::as_map);
            let algorithm = by_default.and_then(|map| map.get("sse_algorithm")).and_then(Value::as_str);
            let key = by_default.and_then(|map| map.get("kms_master_key_id"));
            if algorithm == Some("AES256") && key.is_some_and(|key| !key.is_null()) {
                mistakes.push("`kms_master_key_id` needs `sse_algorithm: aws:kms`".to_owned());
            }
        }
        mistakes.into_iter().map(|message| ("rule".to_owned(), message)).collect()
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Encryption>) -> Result<Option<LiveOf<Encryption>>> {
    let request = cloud.s3().get_bucket_encryption().bucket(&object.id);
    let answer = request.send().await.named("s3:GetBucketEncryption").or_absent()?;
    let Some(answer) = answer.and_then(|answer| answer.server_side_encryption_configuration) else {
        return Ok(None);
    };
    let rules: Vec<Rule> = answer.rules.into_iter().map(from_aws).collect();
    // AWS's own default is what every bucket has, so it is nobody's unless it is what was applied.
    let recorded = object.properties.as_ref();
    if is_default(&rules) && recorded.is_some_and(|properties| !is_default(&properties.rule)) {
        return Ok(None);
    }
    Ok(Some(LiveOf {
        properties: Properties { bucket: object.id.clone(), rule: BlockSet(rules) },
        attributes: Attributes { id: object.id.clone() },
    }))
}

fn from_aws(rule: ServerSideEncryptionRule) -> Rule {
    let by_default = rule.apply_server_side_encryption_by_default.map(|by_default| ByDefault {
        sse_algorithm: by_default.sse_algorithm.as_str().to_owned(),
        kms_master_key_id: by_default.kms_master_key_id,
    });
    Rule {
        apply_server_side_encryption_by_default: Block(by_default),
        bucket_key_enabled: rule.bucket_key_enabled,
    }
}

fn is_default(rules: &[Rule]) -> bool {
    rules.iter().all(|rule| {
        let by_default = rule.apply_server_side_encryption_by_default.as_ref();
        by_default.is_none_or(|by_default| by_default.sse_algorithm == "AES256")
            && rule.bucket_key_enabled != Some(true)
    })
}

async fn put(client: &aws_sdk_s3::Client, properties: &Properties) -> Result<()> {
    let rules = properties.rule.iter().map(|rule| {
        let by_default = rule.apply_server_side_encryption_by_default.as_ref().map(|by_default| {
            let builder = ServerSideEncryptionByDefault::builder()
                .sse_algorithm(ServerSideEncryption::from(by_default.sse_algorithm.as_str()))
                .set_kms_master_key_id(by_default.kms_master_key_id.clone());
            builder.build().built()
        });
        Ok(ServerSideEncryptionRule::builder()
            .set_apply_server_side_encryption_by_default(by_default.transpose()?)
            .set_bucket_key_enabled(rule.bucket_key_enabled)
            .build())
    });
    let rules = rules.collect::<Result<Vec<_>>>()?;
    let configuration =
        ServerSideEncryptionConfiguration::builder().set_rules(Some(rules)).build().built()?;
    let request = client.put_bucket_encryption().bucket(&properties.bucket);
    let request = request.server_side_encryption_configuration(configuration);
    request.send().await.named("s3:PutBucketEncryption")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(algorithm: &str, key: Option<&str>, bucket_key: bool) -> Rule {
        let by_default =
            ByDefault { sse_algorithm: algorithm.to_owned(), kms_master_key_id: key.map(str::to_owned) };
        Rule {
            apply_server_side_encryption_by_default: Block(Some(by_default)),
            bucket_key_enabled: Some(bucket_key),
        }
    }

    #[test]
    fn what_every_bucket_has_is_the_default() {
        assert!(is_default(&[rule("AES256", None, false)]));
        assert!(!is_default(&[rule("aws:kms", None, false)]));
        assert!(!is_default(&[rule("AES256", None, true)]));
    }

    #[test]
    fn a_key_needs_kms() {
        let mistakes = |rules: &[Rule]| {
            let json = serde_json::json!({"rule": rules});
            let Value::Map(map) = Value::from(json) else { return 0 };
            Encryption::check(&map).len()
        };
        assert_eq!(mistakes(&[rule("aws:kms", Some("k"), true)]), 0);
        assert_eq!(mistakes(&[rule("AES256", Some("k"), false)]), 1);
        assert_eq!(mistakes(&[]), 1);
    }
}
