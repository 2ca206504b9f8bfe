use super::document as documents;
use super::support::{POLICY_NAME, ROLE_NAME, bad_name, document, naming_mistakes};
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::exact;
use crate::resources::import::imported;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// An inline policy of a role. Terraform: `aws_iam_role_policy`; AWS: `PutRolePolicy`.
pub(crate) struct RolePolicy;

/// A policy inside a role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name, unique in the role: up to 128 letters, digits and `+=,.@-_`. One is made up when neither this nor
    /// `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// The name of the role.
    #[schemars(extend("forces_replacement" = true))]
    role: String,
    /// The document: what the role may do.
    policy: Json,
}

/// What AWS sets on an inline policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// `<role>:<name>`.
    id: String,
}

impl ResourceType for RolePolicy {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_iam_role_policy";
    const NAMED_BY: &'static [&'static str] = &["role", "name"];
    const IMPORT_ID: &'static str = "ROLE_NAME:POLICY_NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["iam:GetRolePolicy"],
        create: &["iam:PutRolePolicy"],
        update: &["iam:PutRolePolicy"],
        delete: &["iam:DeleteRolePolicy"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["{role:role}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let name = new.properties.name(new.token);
        put(cloud.iam_once(), new.properties, &name).await?;
        Ok(id(new.properties, &name))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        match parts(update.id) {
            Some((_, name)) => put(cloud.iam(), update.desired, name).await,
            None => Err(Error::internal(format!("`{}` is no id of an inline policy", update.id))),
        }
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let Some((role, name)) = parts(&object.id) else { return Ok(()) };
        let request = cloud.iam().delete_role_policy().role_name(role).policy_name(name);
        request.send().await.named("iam:DeleteRolePolicy").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { name, name_prefix, .. } = wanted.properties;
        let Some(name) = sought_name(name.as_deref(), name_prefix.as_deref(), wanted.token) else {
            return Ok(Found::Absent);
        };
        let id = id(wanted.properties, &name);
        let live = read(cloud, &ObjectOf { id: id.clone(), properties: None }).await?;
        Ok(live.map_or(Found::Absent, |live| exact::found(wanted, id, &live.properties)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let fine =
            |(role, name)| bad_name(role, ROLE_NAME).is_none() && bad_name(name, POLICY_NAME).is_none();
        imported::<Self>(id, parts(id).is_some_and(fine).then(|| id.to_owned()))
    }

    fn canonical(properties: &mut Map) {
        documents::canonical(properties, "policy");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut mistakes = naming_mistakes(properties, POLICY_NAME);
        let role = properties.get("role").and_then(Value::as_str);
        mistakes.extend(
            role.and_then(|name| bad_name(name, ROLE_NAME)).map(|mistake| ("role".to_owned(), mistake)),
        );
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<RolePolicy>) -> Result<Option<LiveOf<RolePolicy>>> {
    let Some((role, name)) = parts(&object.id) else { return Ok(None) };
    let request = cloud.iam().get_role_policy().role_name(role).policy_name(name);
    let Some(live) = request.send().await.named("iam:GetRolePolicy").or_absent()? else { return Ok(None) };
    Ok(Some(LiveOf {
        properties: Properties {
            name: Some(name.to_owned()),
            name_prefix: match &object.properties {
                Some(properties) => properties.name_prefix.clone(),
                None => prefix_of(name),
            },
            role: role.to_owned(),
            policy: document(&live.policy_document),
        },
        attributes: Attributes { id: object.id.clone() },
    }))
}

async fn put(client: &aws_sdk_iam::Client, properties: &Properties, name: &str) -> Result<()> {
    let request = client
        .put_role_policy()
        .role_name(&properties.role)
        .policy_name(name)
        .policy_document(properties.policy.text());
    request.send().await.named("iam:PutRolePolicy")?;
    Ok(())
}

fn id(properties: &Properties, name: &str) -> String {
    format!("{}:{name}", properties.role)
}

/// The role and the policy's name of an id. Neither can have a colon in it.
fn parts(id: &str) -> Option<(&str, &str)> {
    id.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert_eq!(parts("ecs-execution:logs"), Some(("ecs-execution", "logs")));
        assert_eq!(parts("ecs-execution"), None);
    }

    #[test]
    fn a_role_is_given_by_name() {
        let arn = Value::from("arn:aws:iam::123456789012:role/a");
        let map = Map::from([("role".to_owned(), arn), ("name".to_owned(), Value::from("logs"))]);
        assert_eq!(RolePolicy::check(&map).len(), 1);
    }
}
