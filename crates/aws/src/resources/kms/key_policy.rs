use super::support::{canonical_key, is_pending_deletion, only_key_id, policy, put_policy};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::exact;
use crate::resources::iam::{document, principals};
use crate::resources::import::imported;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wharf_core::Map;
use wharf_provider::{
    Absent, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// The policy of a key. Terraform: `aws_kms_key_policy`; AWS: `PutKeyPolicy`.
pub(crate) struct KeyPolicy;

/// The policy of a key, apart from the key, so that it can name roles whose own policies name the key. A key is never
/// without one: a destroy puts AWS's default policy back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The key, by id or ARN.
    #[schemars(extend("forces_replacement" = true))]
    key_id: String,
    /// The document: who may do what with the key.
    policy: Json,
    /// Whether AWS takes a policy that locks the caller out.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    bypass_policy_lockout_safety_check: bool,
}

/// What AWS sets on a key policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The key, as `key_id` gives it.
    id: String,
}

impl ResourceType for KeyPolicy {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_kms_key_policy";
    const IMPORT_ID: &'static str = "KEY_ID";
    const PERMISSIONS: Permissions = Permissions {
        read: &["kms:GetKeyPolicy", "iam:GetRole", "iam:GetUser"],
        create: &["kms:PutKeyPolicy"],
        update: &["kms:PutKeyPolicy"],
        delete: &["kms:PutKeyPolicy", "kms:DescribeKey"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["iam:GetRole"], &["{policy:roles}"]),
        Scope::of(&["iam:GetUser"], &["{policy:users}"]),
        Scope::rest(&["{key_id:key}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let Properties { key_id, policy, bypass_policy_lockout_safety_check } = new.properties;
        put_policy(cloud.kms_once(), key_id, policy, *bypass_policy_lockout_safety_check).await?;
        Ok(key_id.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["policy"]) {
            let Properties { policy, bypass_policy_lockout_safety_check, .. } = update.desired;
            put_policy(cloud.kms(), update.id, policy, *bypass_policy_lockout_safety_check).await?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let answer = cloud.kms().describe_key().key_id(&object.id).send().await;
        let key = answer.named("kms:DescribeKey").or_absent()?.and_then(|answer| answer.key_metadata);
        let Some(account) = key.and_then(|key| key.aws_account_id) else { return Ok(()) };
        match put_policy(cloud.kms(), &object.id, &default_policy(cloud.partition(), &account), false).await {
            Err(error) if is_pending_deletion(&error) => Ok(()),
            other => other.or_absent().map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let id = &wanted.properties.key_id;
        let object = ObjectOf { id: id.clone(), properties: Some(wanted.properties.clone()) };
        let live = read(cloud, &object).await?;
        let found = live.map(|live| exact::found(wanted, id, &live.properties));
        // Every key has a policy; one that is not the wanted one is only what this one replaces.
        Ok(found.filter(|found| matches!(found, Found::Ours(_))).unwrap_or(Found::Absent))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, only_key_id(id).map(|_| id.to_owned()))
    }

    fn canonical(properties: &mut Map) {
        canonical_key(properties, "key_id");
        document::canonical(properties, "policy");
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<KeyPolicy>) -> Result<Option<LiveOf<KeyPolicy>>> {
    let Some(policy) = policy(cloud, &object.id).await? else { return Ok(None) };
    let recorded = object.properties.as_ref();
    let policy = principals::resolve(cloud, policy, recorded.map(|properties| &properties.policy)).await?;
    Ok(Some(LiveOf {
        properties: Properties {
            key_id: object.id.clone(),
            policy,
            bypass_policy_lockout_safety_check: recorded
                .is_some_and(|properties| properties.bypass_policy_lockout_safety_check),
        },
        attributes: Attributes { id: object.id.clone() },
    }))
}

/// What a key has when nobody gives it a policy: the account's own IAM policies decide.
fn default_policy(partition: &str, account: &str) -> Json {
    Json(json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{partition}:iam::{account}:root")},
            "Action": "kms:*",
            "Resource": "*",
        }],
    }))
}
