use super::document as documents;
use super::support::{POLICY_NAME, document, from_aws, naming_mistakes, root, to_aws};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::import::imported;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::Map;
use wharf_provider::{
    Absent, Error, ErrorKind, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    Tags, UpdateOf, WantedOf,
};

/// A managed policy of the account. Terraform: `aws_iam_policy`; AWS: `CreatePolicy`.
pub(crate) struct Policy;

/// A managed policy, which can be attached to several roles. A change of the document makes a new version of it and
/// the default one; AWS keeps five, so the oldest goes when there are that many.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["delay_after_policy_creation_in_ms"]))]
pub(crate) struct Properties {
    /// The name, unique in the account whatever the path: up to 128 letters, digits and `+=,.@-_`. One is
    /// made up when neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// The path, for permissions that are given by it.
    #[serde(default = "root")]
    #[schemars(extend("forces_replacement" = true))]
    path: String,
    /// What the policy is for.
    #[schemars(extend("forces_replacement" = true))]
    description: Option<String>,
    /// The document: what is allowed and denied.
    policy: Json,
    /// Tags of the policy.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The policy's ARN.
    id: String,
    /// The ARN.
    arn: String,
    /// The id that AWS uses inside: `ANPA...`.
    policy_id: String,
    /// How many users, groups and roles it is attached to.
    #[schemars(extend("volatile" = true))]
    attachment_count: i32,
}

impl ResourceType for Policy {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_iam_policy";
    const NAMED_BY: &'static [&'static str] = &["name", "path"];
    const IMPORT_ID: &'static str = "ARN";
    const PERMISSIONS: Permissions = Permissions {
        read: &["iam:GetPolicy", "iam:GetPolicyVersion"],
        create: &["iam:CreatePolicy", "iam:TagPolicy"],
        update: &[
            "iam:CreatePolicyVersion",
            "iam:ListPolicyVersions",
            "iam:DeletePolicyVersion",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ],
        delete: &["iam:DeletePolicy", "iam:ListPolicyVersions", "iam:DeletePolicyVersion"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "iam:policy{path|/}{name|wharf-*}"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["{arn}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .iam_once()
            .create_policy()
            .policy_name(properties.name(new.token))
            .path(&properties.path)
            .set_description(properties.description.clone())
            .policy_document(properties.policy.text())
            .set_tags(Some(to_aws(&properties.tags.0)?));
        let created = request.send().await.named("iam:CreatePolicy")?;
        created
            .policy
            .and_then(|policy| policy.arn)
            .ok_or_else(|| Error::internal("iam:CreatePolicy answered without an ARN"))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (arn, desired) = (update.id, update.desired);
        if update.changes(&["policy"]) {
            match new_version(cloud, arn, &desired.policy).await {
                Err(error) if error.is_code("LimitExceeded") => {
                    let Some(oldest) = oldest(&versions(cloud, arn).await?).map(str::to_owned) else {
                        return Err(error);
                    };
                    delete_version(cloud, arn, &oldest).await?;
                    new_version(cloud, arn, &desired.policy).await?;
                }
                other => other?,
            }
        }
        if update.changes(&["tags"]) {
            let (set, removed) = desired.tags.difference(&update.live.tags);
            if !removed.is_empty() {
                let request = cloud.iam().untag_policy().policy_arn(arn).set_tag_keys(Some(removed));
                request.send().await.named("iam:UntagPolicy")?;
            }
            if !set.is_empty() {
                let request = cloud.iam().tag_policy().policy_arn(arn).set_tags(Some(to_aws(&set)?));
                request.send().await.named("iam:TagPolicy")?;
            }
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let arn = &object.id;
        let Err(error) = delete(cloud, arn).await else { return Ok(()) };
        if error.kind != ErrorKind::InUse {
            return Err(error);
        }
        // Only a policy of one version can be deleted.
        let versions = versions(cloud, arn).await?;
        let others = versions.iter().filter(|version| !version.default);
        try_join_all(others.map(|version| delete_version(cloud, arn, &version.id))).await?;
        delete(cloud, arn).await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { name, name_prefix, path, .. } = wanted.properties;
        let Some(name) = sought_name(name.as_deref(), name_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let account = &cloud.identity().await?.account_id;
        let arn = format!("arn:{}:iam::{account}:policy{path}{name}", cloud.partition());
        let answer = cloud.iam().get_policy().policy_arn(&arn).send().await;
        let policy = answer.named("iam:GetPolicy").or_absent()?.and_then(|answer| answer.policy);
        Ok(policy.map_or(Found::Absent, |policy| wanted.by_tags(arn, &from_aws(policy.tags))))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let is_policy = id.contains(":iam:") && arn::resource(id).starts_with("policy/");
        imported::<Self>(id, is_policy.then(|| id.to_owned()))
    }

    fn canonical(properties: &mut Map) {
        documents::canonical(properties, "policy");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        naming_mistakes(properties, POLICY_NAME)
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Policy>) -> Result<Option<LiveOf<Policy>>> {
    let arn = &object.id;
    let answer = cloud.iam().get_policy().policy_arn(arn).send().await.named("iam:GetPolicy").or_absent()?;
    let Some(policy) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
    let request = cloud.iam().get_policy_version().policy_arn(arn);
    let request = request.version_id(policy.default_version_id.unwrap_or_default());
    let answer = request.send().await.named("iam:GetPolicyVersion").or_absent()?;
    let Some(version) = answer.and_then(|answer| answer.policy_version) else { return Ok(None) };
    Ok(Some(LiveOf {
        properties: Properties {
            name_prefix: match &object.properties {
                Some(properties) => properties.name_prefix.clone(),
                None => policy.policy_name.as_deref().and_then(prefix_of),
            },
            name: policy.policy_name,
            path: policy.path.unwrap_or_else(root),
            description: policy.description,
            policy: document(version.document.as_deref().unwrap_or_default()),
            tags: from_aws(policy.tags),
        },
        attributes: Attributes {
            id: arn.clone(),
            arn: arn.clone(),
            policy_id: policy.policy_id.unwrap_or_default(),
            attachment_count: policy.attachment_count.unwrap_or_default(),
        },
    }))
}

async fn delete(cloud: &Clients, arn: &str) -> Result<()> {
    cloud.iam().delete_policy().policy_arn(arn).send().await.named("iam:DeletePolicy").or_absent()?;
    Ok(())
}

async fn new_version(cloud: &Clients, arn: &str, policy: &Json) -> Result<()> {
    let request = cloud.iam().create_policy_version().policy_arn(arn).policy_document(policy.text());
    request.set_as_default(true).send().await.named("iam:CreatePolicyVersion")?;
    Ok(())
}

async fn delete_version(cloud: &Clients, arn: &str, version: &str) -> Result<()> {
    let request = cloud.iam().delete_policy_version().policy_arn(arn).version_id(version);
    request.send().await.named("iam:DeletePolicyVersion").or_absent()?;
    Ok(())
}

struct Version {
    id: String,
    default: bool,
}

async fn versions(cloud: &Clients, arn: &str) -> Result<Vec<Version>> {
    let items = cloud.iam().list_policy_versions().policy_arn(arn).into_paginator().items().send();
    let versions = items.collect::<Result<Vec<_>, _>>().await.named("iam:ListPolicyVersions").or_absent()?;
    let version = |version: aws_sdk_iam::types::PolicyVersion| Version {
        id: version.version_id.unwrap_or_default(),
        default: version.is_default_version,
    };
    Ok(versions.into_iter().flatten().map(version).collect())
}

/// The version to prune: the lowest number (`v3`; AWS never gives one twice) that is not the default.
fn oldest(versions: &[Version]) -> Option<&str> {
    let number = |id: &str| id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX);
    let others = versions.iter().filter(|version| !version.default);
    others.map(|version| version.id.as_str()).min_by_key(|id| number(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_goes_but_never_the_default() {
        let versions: Vec<_> = [("v10", false), ("v8", true), ("v12", false), ("v9", false)]
            .map(|(id, default)| Version { id: id.to_owned(), default })
            .into();
        assert_eq!(oldest(&versions), Some("v9"));
        assert_eq!(oldest(&[Version { id: "v1".to_owned(), default: true }]), None);
    }
}
