use super::support::{ROLE_NAME, bad_name, document, from_aws, naming_mistakes, root, to_aws};
use super::{document as documents, principals};
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::import::imported;
use aws_sdk_iam::types::AttachedPermissionsBoundary;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope,
    Tags, UpdateOf, WantedOf,
};

/// A role. Terraform: `aws_iam_role`; AWS: `CreateRole`.
pub(crate) struct Role;

/// An IAM role. Who may assume it is said here; what it may do, by `aws_iam_role_policy` and
/// `aws_iam_role_policy_attachment`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["inline_policy", "managed_policy_arns"]))]
pub(crate) struct Properties {
    /// The name, unique in the account whatever the path: up to 64 letters, digits and `+=,.@-_`. One is
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
    /// The trust policy: who may assume the role.
    assume_role_policy: Json,
    /// What the role is for.
    description: Option<String>,
    /// The longest session, in seconds: 3600 to 43200.
    #[serde(default = "hour")]
    max_session_duration: i32,
    /// The ARN of the policy that bounds what the role can do at most; empty for none.
    #[serde(default)]
    permissions_boundary: String,
    /// Whether a destroy takes the role's policies away first, whoever attached them.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    force_detach_policies: bool,
    /// Tags of the role.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a role.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The role's name.
    id: String,
    /// The ARN.
    arn: String,
    /// The id that AWS uses inside policies: `AROA...`.
    unique_id: String,
    /// When it was made.
    create_date: String,
}

fn hour() -> i32 {
    3600
}

impl ResourceType for Role {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_iam_role";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["iam:GetRole", "iam:GetUser"],
        create: &["iam:CreateRole", "iam:TagRole"],
        update: &[
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:PutRolePermissionsBoundary",
            "iam:DeleteRolePermissionsBoundary",
            "iam:TagRole",
            "iam:UntagRole",
        ],
        delete: &[
            "iam:DeleteRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:DetachRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:RemoveRoleFromInstanceProfile",
        ],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "iam:role{path|/}{name|wharf-*}"), ("id", "{name|wharf-*}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["iam:GetRole"], &["{arn}"]),
        Scope::of(&["iam:GetRole"], &["{assume_role_policy:roles}"]),
        Scope::of(&["iam:GetUser"], &["{assume_role_policy:users}"]),
        Scope::of(&["iam:DetachRolePolicy", "iam:DeleteRolePolicy"], &["{arn}"])
            .when("force_detach_policies"),
        Scope::of(&["iam:RemoveRoleFromInstanceProfile"], &["iam:instance-profile/*"])
            .when("force_detach_policies"),
        Scope::of(&["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"], &["{arn}"])
            .when("permissions_boundary"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let (properties, name) = (new.properties, new.properties.name(new.token));
        let request = cloud
            .iam_once()
            .create_role()
            .role_name(&name)
            .path(&properties.path)
            .assume_role_policy_document(properties.assume_role_policy.text())
            .set_description(properties.description.clone())
            .max_session_duration(properties.max_session_duration)
            .set_permissions_boundary(boundary(properties).map(str::to_owned))
            .set_tags(Some(to_aws(&properties.tags.0)?));
        request.send().await.named("iam:CreateRole")?;
        Ok(name)
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (name, desired) = (update.id, update.desired);
        if update.changes(&["assume_role_policy"]) {
            let document = desired.assume_role_policy.text();
            let request = cloud.iam().update_assume_role_policy().role_name(name).policy_document(document);
            request.send().await.named("iam:UpdateAssumeRolePolicy")?;
        }
        if update.changes(&["description", "max_session_duration"]) {
            // What this request leaves out goes back to its default.
            let request = cloud.iam().update_role().role_name(name);
            let request = request.set_description(desired.description.clone());
            let request = request.max_session_duration(desired.max_session_duration);
            request.send().await.named("iam:UpdateRole")?;
        }
        if update.changes(&["permissions_boundary"]) {
            if let Some(arn) = boundary(desired) {
                let request = cloud.iam().put_role_permissions_boundary().role_name(name);
                request.permissions_boundary(arn).send().await.named("iam:PutRolePermissionsBoundary")?;
            } else {
                let request = cloud.iam().delete_role_permissions_boundary().role_name(name);
                request.send().await.named("iam:DeleteRolePermissionsBoundary").or_absent()?;
            }
        }
        if update.changes(&["tags"]) {
            let (set, removed) = desired.tags.difference(&update.live.tags);
            if !removed.is_empty() {
                let request = cloud.iam().untag_role().role_name(name).set_tag_keys(Some(removed));
                request.send().await.named("iam:UntagRole")?;
            }
            if !set.is_empty() {
                let request = cloud.iam().tag_role().role_name(name).set_tags(Some(to_aws(&set)?));
                request.send().await.named("iam:TagRole")?;
            }
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let name = &object.id;
        let Err(error) = delete(cloud, name).await else { return Ok(()) };
        if error.kind != ErrorKind::InUse {
            return Err(error);
        }
        let holds = Holds::of(cloud, name).await?;
        if object.properties.as_ref().is_some_and(|properties| properties.force_detach_policies) {
            holds.release(cloud, name).await?;
            return delete(cloud, name).await;
        }
        if holds.is_empty() {
            // AWS has not noticed yet that the last one is gone.
            return Err(error);
        }
        let message = format!(
            "the role `{name}` still has {}; remove them, or set `force_detach_policies: true` and apply before the destroy",
            holds.describe()
        );
        Err(Error { message, ..error })
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { name, name_prefix, .. } = wanted.properties;
        let Some(name) = sought_name(name.as_deref(), name_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let live = read(cloud, &ObjectOf { id: name.clone(), properties: None }).await?;
        Ok(live.map_or(Found::Absent, |live| wanted.by_tags(name, &live.properties.tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, bad_name(id, ROLE_NAME).is_none().then(|| id.to_owned()))
    }

    fn canonical(properties: &mut Map) {
        documents::canonical(properties, "assume_role_policy");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = naming_mistakes(properties, ROLE_NAME);
        let duration = properties.get("max_session_duration").and_then(Value::as_i64);
        if let Some(seconds) = duration.filter(|seconds| !(3600..=43_200).contains(seconds)) {
            let message = format!("{seconds} seconds: it takes 3600 to 43200");
            mistakes.push(("max_session_duration".to_owned(), message));
        }
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<Role>) -> Result<Option<LiveOf<Role>>> {
    let request = cloud.iam().get_role().role_name(&object.id);
    let answer = request.send().await.named("iam:GetRole").or_absent()?;
    let Some(role) = answer.and_then(|answer| answer.role) else { return Ok(None) };
    let recorded = object.properties.as_ref();
    let trust = document(role.assume_role_policy_document.as_deref().unwrap_or_default());
    let trust = principals::resolve(cloud, trust, recorded.map(|p| &p.assume_role_policy)).await?;
    let boundary_arn = |boundary: AttachedPermissionsBoundary| boundary.permissions_boundary_arn;
    Ok(Some(LiveOf {
        properties: Properties {
            name_prefix: match recorded {
                Some(properties) => properties.name_prefix.clone(),
                None => prefix_of(&role.role_name),
            },
            name: Some(role.role_name),
            path: role.path,
            assume_role_policy: trust,
            description: role.description,
            max_session_duration: role.max_session_duration.unwrap_or_else(hour),
            permissions_boundary: role.permissions_boundary.and_then(boundary_arn).unwrap_or_default(),
            force_detach_policies: recorded.is_some_and(|properties| properties.force_detach_policies),
            tags: from_aws(role.tags),
        },
        attributes: Attributes {
            id: object.id.clone(),
            arn: role.arn,
            unique_id: role.role_id,
            create_date: role.create_date.to_string(),
        },
    }))
}

fn boundary(properties: &Properties) -> Option<&str> {
    Some(properties.permissions_boundary.as_str()).filter(|arn| !arn.is_empty())
}

async fn delete(cloud: &Clients, name: &str) -> Result<()> {
    cloud.iam().delete_role().role_name(name).send().await.named("iam:DeleteRole").or_absent()?;
    Ok(())
}

/// What keeps a role from being deleted.
struct Holds {
    attached: Vec<String>,
    inline: Vec<String>,
    instance_profiles: Vec<String>,
}

impl Holds {
    async fn of(cloud: &Clients, role: &str) -> Result<Self> {
        let attached = async {
            let pages = cloud.iam().list_attached_role_policies().role_name(role).into_paginator();
            let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
            items.named("iam:ListAttachedRolePolicies").or_absent()
        };
        let inline = async {
            let pages = cloud.iam().list_role_policies().role_name(role).into_paginator();
            let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
            items.named("iam:ListRolePolicies").or_absent()
        };
        let profiles = async {
            let pages = cloud.iam().list_instance_profiles_for_role().role_name(role).into_paginator();
            let items = pages.items().send().collect::<Result<Vec<_>, _>>().await;
            items.named("iam:ListInstanceProfilesForRole").or_absent()
        };
        let (attached, inline, profiles) = futures::try_join!(attached, inline, profiles)?;
        Ok(Holds {
            attached: attached.into_iter().flatten().filter_map(|policy| policy.policy_arn).collect(),
            inline: inline.unwrap_or_default(),
            instance_profiles: profiles
                .into_iter()
                .flatten()
                .map(|profile| profile.instance_profile_name)
                .collect(),
        })
    }

    fn is_empty(&self) -> bool {
        self.attached.is_empty() && self.inline.is_empty() && self.instance_profiles.is_empty()
    }

    fn describe(&self) -> String {
        [
            ("attached policies", &self.attached),
            ("inline policies", &self.inline),
            ("instance profiles", &self.instance_profiles),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what} ({})", names.join(", ")))
        .collect::<Vec<_>>()
        .join(" and ")
    }

    async fn release(&self, cloud: &Clients, role: &str) -> Result<()> {
        let detach = try_join_all(self.attached.iter().map(|arn| async move {
            let request = cloud.iam().detach_role_policy().role_name(role).policy_arn(arn);
            request.send().await.named("iam:DetachRolePolicy").or_absent()
        }));
        let delete = try_join_all(self.inline.iter().map(|name| async move {
            let request = cloud.iam().delete_role_policy().role_name(role).policy_name(name);
            request.send().await.named("iam:DeleteRolePolicy").or_absent()
        }));
        let remove = try_join_all(self.instance_profiles.iter().map(|profile| async move {
            let request = cloud.iam().remove_role_from_instance_profile().role_name(role);
            let request = request.instance_profile_name(profile);
            request.send().await.named("iam:RemoveRoleFromInstanceProfile").or_absent()
        }));
        futures::try_join!(detach, delete, remove)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes() {
        let map = |name: &str, seconds: i64| {
            Map::from([
                ("name".to_owned(), Value::from(name)),
                ("max_session_duration".to_owned(), Value::from(seconds)),
                ("path".to_owned(), Value::unknown("local.path")),
            ])
        };
        assert_eq!(Role::check(&map("ecs-execution", 3600)), []);
        let properties: Vec<_> = Role::check(&map("a b", 60)).into_iter().map(|(p, _)| p).collect();
        assert_eq!(properties, ["name", "max_session_duration"]);
    }

    #[test]
    fn what_holds_a_role_is_named() {
        let holds = Holds {
            attached: vec!["arn:a".into(), "arn:b".into()],
            inline: vec![],
            instance_profiles: vec!["web".into()],
        };
        assert_eq!(holds.describe(), "attached policies (arn:a, arn:b) and instance profiles (web)");
    }
}
