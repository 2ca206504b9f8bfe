use super::support::{ROLE_NAME, bad_name};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::{imported, text};
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// A managed policy on a role. Terraform: `aws_iam_role_policy_attachment`; AWS: `AttachRolePolicy`.
pub(crate) struct RolePolicyAttachment;

/// A managed policy, the account's own or one of AWS's, attached to a role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name of the role.
    #[schemars(extend("forces_replacement" = true))]
    role: String,
    /// The ARN of the policy.
    #[schemars(extend("forces_replacement" = true))]
    policy_arn: String,
}

/// What AWS sets on an attachment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// `<role>/<ARN of the policy>`.
    id: String,
}

impl ResourceType for RolePolicyAttachment {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_iam_role_policy_attachment";
    const IMPORT_ID: &'static str = "ROLE_NAME/POLICY_ARN";
    const PERMISSIONS: Permissions = Permissions {
        read: &["iam:ListAttachedRolePolicies"],
        create: &["iam:AttachRolePolicy"],
        update: &[],
        delete: &["iam:DetachRolePolicy"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["iam:AttachRolePolicy", "iam:DetachRolePolicy"], &["{role:role}"])
            .only_for("iam:PolicyARN", "{policy_arn}"),
        Scope::rest(&["{role:role}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let roles: BTreeSet<&str> = objects.iter().filter_map(|o| Some(parts(&o.id)?.0)).collect();
        let attached = try_join_all(
            roles.into_iter().map(|role| async move { Ok::<_, Error>((role, attached(cloud, role).await?)) }),
        );
        let attached: HashMap<&str, BTreeSet<String>> = attached.await?.into_iter().collect();
        let live = objects.iter().map(|object| {
            let (role, policy_arn) = parts(&object.id)?;
            attached.get(role)?.contains(policy_arn).then(|| LiveOf {
                properties: Properties { role: role.to_owned(), policy_arn: policy_arn.to_owned() },
                attributes: Attributes { id: object.id.clone() },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let Properties { role, policy_arn } = new.properties;
        let request = cloud.iam_once().attach_role_policy().role_name(role).policy_arn(policy_arn);
        request.send().await.named("iam:AttachRolePolicy")?;
        Ok(format!("{role}/{policy_arn}"))
    }

    async fn update(_: &Clients, _: &UpdateOf<'_, Self>) -> Result<()> {
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let Some((role, policy_arn)) = parts(&object.id) else { return Ok(()) };
        let request = cloud.iam().detach_role_policy().role_name(role).policy_arn(policy_arn);
        request.send().await.named("iam:DetachRolePolicy").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { role, policy_arn } = wanted.properties;
        let there = attached(cloud, role).await?.contains(policy_arn);
        Ok(if there { Found::Ours(format!("{role}/{policy_arn}")) } else { Found::Absent })
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let fine = |(role, arn): (&str, &str)| bad_name(role, ROLE_NAME).is_none() && arn.starts_with("arn:");
        imported::<Self>(id, parts(id).is_some_and(fine).then(|| id.to_owned()))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        // Terraform's own id has a random end.
        Some(format!("{}/{}", text(attributes, "role")?, text(attributes, "policy_arn")?))
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let arn = text("policy_arn").filter(|arn| !arn.starts_with("arn:"));
        [
            ("role", text("role").and_then(|name| bad_name(name, ROLE_NAME))),
            ("policy_arn", arn.map(|text| format!("`{text}` is no ARN"))),
        ]
        .into_iter()
        .filter_map(|(property, mistake)| Some((property.to_owned(), mistake?)))
        .collect()
    }
}

/// The ARNs of the managed policies on a role; none if there is no such role.
async fn attached(cloud: &Clients, role: &str) -> Result<BTreeSet<String>> {
    let items = cloud.iam().list_attached_role_policies().role_name(role).into_paginator().items().send();
    let policies = items.collect::<Result<Vec<_>, _>>().await;
    let policies = policies.named("iam:ListAttachedRolePolicies").or_absent()?;
    Ok(policies.into_iter().flatten().filter_map(|policy| policy.policy_arn).collect())
}

/// The role and the policy's ARN of an id. A role's name has no slash in it.
fn parts(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::import::tests::in_terraform;
    use serde_json::json;

    #[test]
    fn ids() {
        let arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
        assert_eq!(parts(&format!("ecs-execution/{arn}")), Some(("ecs-execution", arn)));
        let attributes = json!({"id": "ecs-execution-20240131", "role": "ecs-execution", "policy_arn": arn});
        assert_eq!(in_terraform::<RolePolicyAttachment>(attributes), Some(format!("ecs-execution/{arn}")));
    }
}
