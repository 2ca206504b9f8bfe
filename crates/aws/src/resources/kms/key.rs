use super::support::{is_pending_deletion, only_key_id, policy, put_policy, tags, to_aws};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::iam::{document, principals};
use crate::resources::import::imported;
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeySpec, KeyState, KeyUsageType};
use futures::StreamExt;
use futures::future::try_join_all;
use futures::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    Tags, UpdateOf, WantedOf,
};

/// A key. Terraform: `aws_kms_key`; AWS: `CreateKey`.
pub(crate) struct Key;

/// A KMS key. AWS never deletes one at once: a destroy schedules its deletion, and a key that waits for it counts as
/// gone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["custom_key_store_id", "timeouts", "xks_key_id"]))]
pub(crate) struct Properties {
    /// What the key is for.
    description: Option<String>,
    /// What the key does.
    #[serde(default = "encrypt")]
    #[schemars(extend(
        "forces_replacement" = true,
        "enum" = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"],
    ))]
    key_usage: String,
    /// The kind of key: `SYMMETRIC_DEFAULT`, `RSA_2048`, `ECC_NIST_P256`, `HMAC_256`, ...
    #[serde(default = "symmetric")]
    #[schemars(extend("forces_replacement" = true))]
    customer_master_key_spec: String,
    /// The key policy; AWS's own, which leaves it to IAM, when it is not set. Set it here or with
    /// `aws_kms_key_policy`, not with both.
    #[schemars(extend("shared" = true))]
    policy: Option<Json>,
    /// Whether AWS takes a policy that locks the caller out.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    bypass_policy_lockout_safety_check: bool,
    /// How many days after a destroy the key is deleted: 7 to 30; AWS takes 30 when it is not set.
    #[schemars(extend("write_only" = true))]
    deletion_window_in_days: Option<i32>,
    /// Whether the key can be used.
    #[serde(default = "yes")]
    is_enabled: bool,
    /// Whether AWS makes new key material from time to time. Symmetric keys only.
    #[serde(default)]
    enable_key_rotation: bool,
    /// How often, in days: 90 to 2560.
    rotation_period_in_days: Option<i32>,
    /// Whether the key can have replicas in other regions.
    #[schemars(extend("forces_replacement" = true))]
    multi_region: Option<bool>,
    /// Tags of the key.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a key.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The key's id.
    id: String,
    /// The key's id.
    key_id: String,
    /// The ARN.
    arn: String,
}

fn yes() -> bool {
    true
}

fn encrypt() -> String {
    "ENCRYPT_DECRYPT".to_owned()
}

fn symmetric() -> String {
    "SYMMETRIC_DEFAULT".to_owned()
}

/// How many keys a look-up asks for their tags at once.
const ABREAST: usize = 8;

impl ResourceType for Key {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_kms_key";
    const IMPORT_ID: &'static str = "KEY_ID";
    const CREATE_BEFORE_DESTROY: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &[
            "kms:DescribeKey",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListResourceTags",
            "kms:ListKeys",
            "iam:GetRole",
            "iam:GetUser",
        ],
        create: &[
            "kms:CreateKey",
            "kms:TagResource",
            "kms:EnableKeyRotation",
            "kms:DisableKey",
            "iam:CreateServiceLinkedRole",
        ],
        update: &[
            "kms:UpdateKeyDescription",
            "kms:PutKeyPolicy",
            "kms:EnableKey",
            "kms:DisableKey",
            "kms:EnableKeyRotation",
            "kms:DisableKeyRotation",
            "kms:TagResource",
            "kms:UntagResource",
        ],
        delete: &["kms:ScheduleKeyDeletion"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "kms:key/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["kms:GetKeyPolicy"], &["{arn}"]).when("policy"),
        Scope::of(&["iam:GetRole"], &["{policy:roles}"]),
        Scope::of(&["iam:GetUser"], &["{policy:users}"]),
        Scope::of(&["iam:CreateServiceLinkedRole"], &["iam:role/aws-service-role/mrk.kms.amazonaws.com/AWSServiceRoleForKeyManagementServiceMultiRegionKeys"]).only_if("iam:AWSServiceName", "mrk.kms.amazonaws.com").when("multi_region"),
        Scope::of(&["kms:ScheduleKeyDeletion", "kms:UpdateKeyDescription", "kms:EnableKey", "kms:DisableKeyRotation", "kms:UntagResource"], &["{arn}"]).owned(),
        Scope::of(&["kms:PutKeyPolicy"], &["{arn}"]).when("policy"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let mut request = cloud
            .kms_once()
            .create_key()
            .set_description(properties.description.clone())
            .key_usage(KeyUsageType::from(properties.key_usage.as_str()))
            .key_spec(KeySpec::from(properties.customer_master_key_spec.as_str()))
            .set_policy(properties.policy.as_ref().map(Json::text))
            .set_multi_region(properties.multi_region)
            .set_tags(Some(to_aws(&properties.tags.0)?));
        if properties.bypass_policy_lockout_safety_check {
            request = request.bypass_policy_lockout_safety_check(true);
        }
        let created = request.send().await.named("kms:CreateKey")?;
        created
            .key_metadata
            .map(|key| key.key_id)
            .ok_or_else(|| Error::internal("kms:CreateKey answered without an id"))
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        // AWS's own defaults need no request. A disabled key refuses rotation, so that comes first.
        if properties.enable_key_rotation && !rotates_as(cloud, id, properties).await? {
            enable_rotation(cloud, id, properties).await?;
        }
        if !properties.is_enabled {
            disable(cloud, id).await?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, desired) = (update.id, update.desired);
        if update.changes(&["is_enabled"]) && desired.is_enabled {
            cloud.kms().enable_key().key_id(id).send().await.named("kms:EnableKey")?;
        }
        if update.changes(&["description"]) {
            let description = desired.description.clone().unwrap_or_default();
            let request = cloud.kms().update_key_description().key_id(id).description(description);
            request.send().await.named("kms:UpdateKeyDescription")?;
        }
        if let (true, Some(policy)) = (update.changes(&["policy"]), &desired.policy) {
            put_policy(cloud.kms(), id, policy, desired.bypass_policy_lockout_safety_check).await?;
        }
        if update.changes(&["enable_key_rotation", "rotation_period_in_days"]) {
            if desired.enable_key_rotation {
                enable_rotation(cloud, id, desired).await?;
            } else if update.changes(&["enable_key_rotation"]) {
                cloud.kms().disable_key_rotation().key_id(id).send().await.named("kms:DisableKeyRotation")?;
            }
        }
        if update.changes(&["is_enabled"]) && !desired.is_enabled {
            disable(cloud, id).await?;
        }
        if update.changes(&["tags"]) {
            let (set, removed) = desired.tags.difference(&update.live.tags);
            if !removed.is_empty() {
                let request = cloud.kms().untag_resource().key_id(id).set_tag_keys(Some(removed));
                request.send().await.named("kms:UntagResource")?;
            }
            if !set.is_empty() {
                let request = cloud.kms().tag_resource().key_id(id).set_tags(Some(to_aws(&set)?));
                request.send().await.named("kms:TagResource")?;
            }
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let days = object.properties.as_ref().and_then(|properties| properties.deletion_window_in_days);
        let request = cloud.kms().schedule_key_deletion().key_id(&object.id);
        let scheduled = request.set_pending_window_in_days(days).send().await;
        match scheduled.named("kms:ScheduleKeyDeletion").or_absent() {
            Err(error) if is_pending_deletion(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        // Keys have no name, and KMS finds none by tag: every key has to be asked.
        let items = cloud.kms().list_keys().limit(1000).into_paginator().items().send();
        let keys = items.collect::<Result<Vec<_>, _>>().await.named("kms:ListKeys")?;
        let ids = keys.into_iter().filter_map(|key| key.key_id).filter(|id| !wanted.known.contains(id));
        let mut answers = stream::iter(ids)
            .map(|id| async move {
                let tags = tags(cloud, &id).await;
                (id, tags)
            })
            .buffer_unordered(ABREAST);
        while let Some((id, tags)) = answers.next().await {
            let found = match tags {
                Ok(tags) => wanted.by_tags(id.as_str(), &tags),
                Err(error) if error.kind == ErrorKind::AccessDenied => continue,
                Err(error) => return Err(error),
            };
            if matches!(found, Found::Ours(_)) && describe(cloud, &id).await?.is_some() {
                return Ok(found);
            }
        }
        Ok(Found::Absent)
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, only_key_id(id).map(str::to_owned))
    }

    fn canonical(properties: &mut Map) {
        document::canonical(properties, "policy");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = Vec::new();
        for (property, range) in [("deletion_window_in_days", 7..=30), ("rotation_period_in_days", 90..=2560)]
        {
            let days = properties.get(property).and_then(Value::as_i64);
            if let Some(days) = days.filter(|days| !range.contains(days)) {
                let message = format!("{days} days: it takes {} to {}", range.start(), range.end());
                mistakes.push((property.to_owned(), message));
            }
        }
        let rotates = properties.get("enable_key_rotation").map_or(Some(false), Value::as_bool);
        let spec = properties.get("customer_master_key_spec").and_then(Value::as_str);
        if let (Some(true), Some(spec)) = (rotates, spec.filter(|spec| *spec != "SYMMETRIC_DEFAULT")) {
            let message = format!("AWS rotates symmetric keys only, and this one is {spec}");
            mistakes.push(("enable_key_rotation".to_owned(), message));
        }
        if rotates == Some(false) && properties.get("rotation_period_in_days").is_some_and(|v| !v.is_null()) {
            let message = "it means something only with `enable_key_rotation: true`".to_owned();
            mistakes.push(("rotation_period_in_days".to_owned(), message));
        }
        mistakes
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Key>) -> Result<Option<LiveOf<Key>>> {
    let (id, recorded) = (&object.id, object.properties.as_ref());
    let with_policy = recorded.is_none_or(|properties| properties.policy.is_some());
    let may_rotate = recorded.is_none_or(|properties| properties.customer_master_key_spec == symmetric());
    let policy = async { if with_policy { policy(cloud, id).await } else { Ok(None) } };
    let rotation = async { if may_rotate { rotation(cloud, id).await } else { Ok(Rotation::default()) } };
    let (key, policy, rotation, tags) =
        futures::join!(describe(cloud, id), policy, rotation, tags(cloud, id));
    // The other answers mean nothing of a key that waits for its deletion.
    let Some(key) = key? else { return Ok(None) };
    let (policy, rotation, tags) = (policy?, rotation?, tags?);
    let policy = match policy {
        Some(policy) => {
            let recorded = recorded.and_then(|properties| properties.policy.as_ref());
            Some(principals::resolve(cloud, policy, recorded).await?)
        }
        None => None,
    };
    Ok(Some(LiveOf {
        properties: Properties {
            description: key.description,
            key_usage: key.key_usage.map_or_else(encrypt, |usage| usage.as_str().to_owned()),
            customer_master_key_spec: key.key_spec.map_or_else(symmetric, |spec| spec.as_str().to_owned()),
            policy,
            bypass_policy_lockout_safety_check: recorded
                .is_some_and(|properties| properties.bypass_policy_lockout_safety_check),
            deletion_window_in_days: recorded.and_then(|properties| properties.deletion_window_in_days),
            is_enabled: key.enabled,
            enable_key_rotation: rotation.enabled,
            rotation_period_in_days: rotation.days,
            multi_region: key.multi_region,
            tags,
        },
        attributes: Attributes { id: id.clone(), arn: key.arn.unwrap_or_default(), key_id: key.key_id },
    }))
}

/// A key, unless it is gone or about to be.
async fn describe(cloud: &Clients, id: &str) -> Result<Option<KeyMetadata>> {
    let answer = cloud.kms().describe_key().key_id(id).send().await.named("kms:DescribeKey").or_absent()?;
    let gone = [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion];
    Ok(answer.and_then(|answer| answer.key_metadata).filter(|key| {
        key.key_manager != Some(KeyManagerType::Aws)
            && key.key_state.as_ref().is_none_or(|state| !gone.contains(state))
    }))
}

#[derive(Default)]
struct Rotation {
    enabled: bool,
    days: Option<i32>,
}

async fn rotation(cloud: &Clients, id: &str) -> Result<Rotation> {
    let answer = cloud.kms().get_key_rotation_status().key_id(id).send().await;
    match answer.named("kms:GetKeyRotationStatus") {
        Ok(status) => {
            Ok(Rotation { enabled: status.key_rotation_enabled, days: status.rotation_period_in_days })
        }
        // An import may be of any kind of key.
        Err(error) if error.is_code("UnsupportedOperationException") => Ok(Rotation::default()),
        Err(error) => Err(error),
    }
}

async fn rotates_as(cloud: &Clients, id: &str, properties: &Properties) -> Result<bool> {
    let rotation = rotation(cloud, id).await?;
    let days = properties.rotation_period_in_days;
    Ok(rotation.enabled && (days.is_none() || days == rotation.days))
}

async fn enable_rotation(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
    let request = cloud.kms().enable_key_rotation().key_id(id);
    let request = request.set_rotation_period_in_days(properties.rotation_period_in_days);
    request.send().await.named("kms:EnableKeyRotation")?;
    Ok(())
}

async fn disable(cloud: &Clients, id: &str) -> Result<()> {
    cloud.kms().disable_key().key_id(id).send().await.named("kms:DisableKey")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(pairs: &[(&str, Value)]) -> Vec<String> {
        let map = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Key::check(&map).into_iter().map(|(property, _)| property).collect()
    }

    #[test]
    fn days_have_ranges() {
        let days = |days: i64| mistakes(&[("deletion_window_in_days", Value::from(days))]);
        assert_eq!(days(7), [""; 0]);
        assert_eq!(days(31), ["deletion_window_in_days"]);
    }

    #[test]
    fn rotation_needs_a_symmetric_key() {
        let rsa = ("customer_master_key_spec", Value::from("RSA_2048"));
        assert_eq!(mistakes(&[("enable_key_rotation", true.into()), rsa]), ["enable_key_rotation"]);
        let period = ("rotation_period_in_days", Value::from(90));
        assert_eq!(mistakes(std::slice::from_ref(&period)), ["rotation_period_in_days"]);
        assert_eq!(mistakes(&[("enable_key_rotation", Value::unknown("var.x")), period]), [""; 0]);
    }
}
