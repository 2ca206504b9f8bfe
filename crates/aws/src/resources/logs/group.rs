use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::import::imported;
use aws_sdk_cloudwatchlogs::types::{LogGroup as AwsGroup, LogGroupClass};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// A log group. Terraform: `aws_cloudwatch_log_group`; AWS: `CreateLogGroup`.
pub(crate) struct LogGroup;

/// A group of log streams in CloudWatch Logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["deletion_protection_enabled"]))]
pub(crate) struct Properties {
    /// The name: up to 512 letters, digits and `_-/.#`. One is made up when neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` (half the price, fewer features) or `DELIVERY`; AWS takes `STANDARD` when it is
    /// not set.
    #[schemars(extend("forces_replacement" = true, "enum" = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]))]
    log_group_class: Option<String>,
    /// How many days events are kept: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, ...; 0 for ever.
    #[serde(default)]
    retention_in_days: i32,
    /// The ARN of the KMS key that new events are encrypted with; empty for AWS's own. The key's policy must allow
    /// `logs.<region>.amazonaws.com` to use it.
    #[serde(default)]
    kms_key_id: String,
    /// Whether a destroy leaves the group and its events where they are.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    skip_destroy: bool,
    /// Tags of the group.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a log group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN, without `:*` at its end.
    arn: String,
}

/// How long AWS can keep events, in days.
const RETENTION: [i64; 23] = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
    3653,
];

impl ResourceType for LogGroup {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_cloudwatch_log_group";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    /// The most groups that one request names.
    const BATCH: usize = 50;
    const PERMISSIONS: Permissions = Permissions {
        read: &["logs:DescribeLogGroups", "logs:ListTagsForResource"],
        create: &[
            "logs:CreateLogGroup",
            "logs:TagResource",
            "logs:AssociateKmsKey",
            "logs:PutRetentionPolicy",
        ],
        update: &[
            "logs:PutRetentionPolicy",
            "logs:DeleteRetentionPolicy",
            "logs:AssociateKmsKey",
            "logs:DisassociateKmsKey",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        delete: &["logs:DeleteLogGroup"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "logs:log-group:{name|wharf-*}"), ("id", "{name|wharf-*}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["logs:AssociateKmsKey"], &["{arn}", "{arn}:*"]).when("kms_key_id"),
        Scope::rest(&["{arn}", "{arn}:*"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let mut groups = describe(cloud, objects.iter().map(|object| object.id.clone()).collect()).await?;
        let reads = objects.iter().map(|object| {
            let group = groups.remove(&object.id);
            async move {
                let Some(group) = group else { return Ok(None) };
                live(cloud, object, group).await
            }
        });
        try_join_all(reads.collect::<Vec<_>>()).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let (properties, name) = (new.properties, new.properties.name(new.token));
        let request = cloud
            .logs_once()
            .create_log_group()
            .log_group_name(&name)
            .set_log_group_class(properties.log_group_class.as_deref().map(LogGroupClass::from))
            .set_kms_key_id(key(properties).map(str::to_owned))
            .set_tags(Some(properties.tags.0.clone().into_iter().collect()));
        request.send().await.named("logs:CreateLogGroup")?;
        Ok(name)
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        if properties.retention_in_days > 0 {
            let request = cloud.logs().put_retention_policy().log_group_name(id);
            let request = request.retention_in_days(properties.retention_in_days);
            request.send().await.named("logs:PutRetentionPolicy")?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (name, desired) = (update.id, update.desired);
        // A retention that is wanted is set by `finish`.
        if update.changes(&["retention_in_days"]) && desired.retention_in_days == 0 {
            let request = cloud.logs().delete_retention_policy().log_group_name(name);
            request.send().await.named("logs:DeleteRetentionPolicy").or_absent()?;
        }
        if update.changes(&["kms_key_id"]) {
            if let Some(key) = key(desired) {
                let request = cloud.logs().associate_kms_key().log_group_name(name).kms_key_id(key);
                request.send().await.named("logs:AssociateKmsKey")?;
            } else {
                let request = cloud.logs().disassociate_kms_key().log_group_name(name);
                request.send().await.named("logs:DisassociateKmsKey")?;
            }
        }
        if update.changes(&["tags"]) {
            let group = describe(cloud, vec![name.to_owned()]).await?.remove(name);
            let arn = arn_of(&group.ok_or_else(|| gone(name))?);
            let (set, removed) = desired.tags.difference(&update.live.tags);
            if !removed.is_empty() {
                let request = cloud.logs().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
                request.send().await.named("logs:UntagResource")?;
            }
            if !set.is_empty() {
                let request = cloud.logs().tag_resource().resource_arn(&arn);
                let request = request.set_tags(Some(set.into_iter().collect()));
                request.send().await.named("logs:TagResource")?;
            }
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        if object.properties.as_ref().is_some_and(|properties| properties.skip_destroy) {
            return Ok(());
        }
        let request = cloud.logs().delete_log_group().log_group_name(&object.id);
        request.send().await.named("logs:DeleteLogGroup").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { name, name_prefix, .. } = wanted.properties;
        let Some(name) = sought_name(name.as_deref(), name_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let Some(group) = describe(cloud, vec![name.clone()]).await?.remove(&name) else {
            return Ok(Found::Absent);
        };
        Ok(tags(cloud, &arn_of(&group)).await?.map_or(Found::Absent, |tags| wanted.by_tags(name, &tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, bad_name(id, 512).is_none().then(|| id.to_owned()))
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = Vec::new();
        // AWS answers with the ARN, and another form would differ for ever.
        let key = properties.get("kms_key_id").and_then(Value::as_str).filter(|key| !key.is_empty());
        if let Some(key) = key.filter(|key| !arn::resource(key).starts_with("key/")) {
            mistakes.push(("kms_key_id".to_owned(), format!("`{key}` is no ARN of a key")));
        }
        let days = properties.get("retention_in_days").and_then(Value::as_i64);
        if let Some(days) = days.filter(|days| !RETENTION.contains(days)) {
            let allowed = RETENTION.map(|days| days.to_string()).join(", ");
            mistakes.push(("retention_in_days".to_owned(), format!("{days} days: AWS takes {allowed}")));
        }
        let set = |name: &str| properties.get(name).filter(|value| !value.is_null());
        for (property, longest) in [("name", 512), ("name_prefix", 486)] {
            let Some(name) = set(property).and_then(Value::as_str) else { continue };
            mistakes.extend(bad_name(name, longest).map(|message| (property.to_owned(), message)));
        }
        if set("name").is_some() && set("name_prefix").is_some() {
            mistakes.push(("name_prefix".to_owned(), "set one of `name` and `name_prefix`".to_owned()));
        }
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

/// What is wrong with the name of a group, if anything.
fn bad_name(name: &str, longest: usize) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    (name.is_empty() || name.len() > longest || name.starts_with("aws/") || !name.chars().all(fine)).then(|| {
        format!("`{name}` is no name: 1 to {longest} letters, digits and any of _-/.#, not beginning with `aws/`")
    })
}

/// The groups of these names that are there, by name.
async fn describe(cloud: &Clients, names: Vec<String>) -> Result<HashMap<String, AwsGroup>> {
    let request = cloud.logs().describe_log_groups().set_log_group_identifiers(Some(names));
    let items = request.into_paginator().items().send();
    let groups = items.collect::<Result<Vec<_>, _>>().await.named("logs:DescribeLogGroups")?;
    Ok(groups
        .into_iter()
        .map(|group| (group.log_group_name().unwrap_or_default().to_owned(), group))
        .collect())
}

async fn live(
    cloud: &Clients,
    object: &ObjectOf<LogGroup>,
    group: AwsGroup,
) -> Result<Option<LiveOf<LogGroup>>> {
    let arn = arn_of(&group);
    let Some(tags) = tags(cloud, &arn).await? else { return Ok(None) };
    let recorded = object.properties.as_ref();
    Ok(Some(LiveOf {
        properties: Properties {
            name: Some(object.id.clone()),
            name_prefix: match recorded {
                Some(properties) => properties.name_prefix.clone(),
                None => prefix_of(&object.id),
            },
            log_group_class: group.log_group_class.map(|class| class.as_str().to_owned()),
            retention_in_days: group.retention_in_days.unwrap_or_default(),
            kms_key_id: group.kms_key_id.unwrap_or_default(),
            skip_destroy: recorded.is_some_and(|properties| properties.skip_destroy),
            tags,
        },
        attributes: Attributes { id: object.id.clone(), arn },
    }))
}

async fn tags(cloud: &Clients, arn: &str) -> Result<Option<Tags>> {
    let answer = cloud.logs().list_tags_for_resource().resource_arn(arn).send().await;
    let answer = answer.named("logs:ListTagsForResource").or_absent()?;
    Ok(answer.map(|answer| Tags::from_aws(answer.tags.into_iter().flatten())))
}

/// The ARN without the `:*` for the streams, which requests about the group refuse.
fn arn_of(group: &AwsGroup) -> String {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

fn key(properties: &Properties) -> Option<&str> {
    Some(properties.kms_key_id.as_str()).filter(|key| !key.is_empty())
}

fn gone(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("the log group `{name}` is not there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_is_without_streams() {
        let group = AwsGroup::builder().arn("arn:aws:logs:eu:1:log-group:app:*").build();
        assert_eq!(arn_of(&group), "arn:aws:logs:eu:1:log-group:app");
    }

    #[test]
    fn mistakes() {
        let map = |name: &str, days: i64| {
            Map::from([
                ("name".to_owned(), Value::from(name)),
                ("retention_in_days".to_owned(), Value::from(days)),
            ])
        };
        assert_eq!(LogGroup::check(&map("/ecs/app", 30)), []);
        assert_eq!(LogGroup::check(&map("a b", 31)).len(), 2);
        let key =
            |key: &str| LogGroup::check(&Map::from([("kms_key_id".to_owned(), Value::from(key))])).len();
        assert_eq!(
            (key(""), key("arn:aws:kms:eu-central-1:123456789012:key/1"), key("alias/app")),
            (0, 0, 1)
        );
    }
}
