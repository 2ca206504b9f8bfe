use super::support::{canonical_key, key_id};
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::{generated_name, prefix_of, sought_name};
use crate::resources::exact;
use crate::resources::import::imported;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use wharf_core::Map;
use wharf_provider::{
    Absent, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf, WantedOf,
};

/// A name for a key. Terraform: `aws_kms_alias`; AWS: `CreateAlias`.
pub(crate) struct Alias;

/// A name for a key, which can be moved to another key.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name: `alias/` and up to 250 letters, digits and `/_-`, unique in account and region. One is made up when
    /// neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins, with `alias/` in front.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// The key, by id or ARN.
    target_key_id: String,
}

/// What AWS sets on an alias.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN of the alias.
    arn: String,
    /// The ARN of the key.
    #[schemars(extend("volatile" = true))]
    target_key_arn: String,
}

/// The most aliases that one answer holds.
const PAGE: i32 = 100;

impl ResourceType for Alias {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_kms_alias";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["kms:ListAliases"],
        create: &["kms:CreateAlias"],
        update: &["kms:UpdateAlias"],
        delete: &["kms:DeleteAlias"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "kms:{name|alias/wharf-*}"), ("id", "{name|alias/wharf-*}")];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["{arn}", "{target_key_id:key}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let names: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
        let mut aliases = list(cloud, &names).await?;
        let live = objects.iter().map(|object| {
            let mut live = aliases.remove(&object.id)?;
            live.properties.name_prefix = match &object.properties {
                Some(properties) => properties.name_prefix.clone(),
                None => prefix_of(&object.id),
            };
            Some(live)
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let name = new.properties.name(new.token);
        let request = cloud.kms_once().create_alias().alias_name(&name);
        request.target_key_id(&new.properties.target_key_id).send().await.named("kms:CreateAlias")?;
        Ok(name)
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["target_key_id"]) {
            let request = cloud.kms().update_alias().alias_name(update.id);
            let request = request.target_key_id(&update.desired.target_key_id);
            request.send().await.named("kms:UpdateAlias")?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.kms().delete_alias().alias_name(&object.id);
        request.send().await.named("kms:DeleteAlias").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let properties = wanted.properties;
        let Some(name) = sought_name(properties.name.as_deref(), Some(properties.prefix()), wanted.token)
        else {
            return Ok(Found::Absent);
        };
        let live = list(cloud, &[&name]).await?.remove(&name);
        Ok(live.map_or(Found::Absent, |live| exact::found(wanted, name, &live.properties)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, bad_name(id).is_none().then(|| id.to_owned()))
    }

    fn canonical(properties: &mut Map) {
        canonical_key(properties, "target_key_id");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &str| properties.get(name).filter(|value| !value.is_null());
        let mut mistakes: Vec<_> = ["name", "name_prefix"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), bad_name(set(name)?.as_str()?)?)))
            .collect();
        if set("name").is_some() && set("name_prefix").is_some() {
            mistakes.push(("name_prefix".to_owned(), "set one of `name` and `name_prefix`".to_owned()));
        }
        mistakes
    }
}

impl Properties {
    fn prefix(&self) -> &str {
        self.name_prefix.as_deref().unwrap_or("alias/wharf-")
    }

    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(Some(self.prefix()), token))
    }
}

/// What is wrong with the name of an alias, if anything.
fn bad_name(name: &str) -> Option<String> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Some(format!("`{name}` is no alias: it begins with `alias/`"));
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
    if rest.starts_with("aws/") {
        Some("aliases that begin with `alias/aws/` are AWS's own".to_owned())
    } else if rest.is_empty() || rest.len() > 250 || !rest.chars().all(fine) {
        Some(format!("`{name}` is no alias: `alias/` and 1 to 250 letters, digits and any of /_-"))
    } else {
        None
    }
}

/// The aliases of these names, by name. There is no request for just some of them; it ends when all are found.
async fn list(cloud: &Clients, names: &[&str]) -> Result<HashMap<String, LiveOf<Alias>>> {
    let mut missing: HashSet<&str> = names.iter().copied().collect();
    let mut found = HashMap::new();
    let mut pages = cloud.kms().list_aliases().limit(PAGE).into_paginator().send();
    while !missing.is_empty()
        && let Some(page) = pages.next().await
    {
        for alias in page.named("kms:ListAliases")?.aliases.into_iter().flatten() {
            let (Some(name), Some(arn)) = (alias.alias_name, alias.alias_arn) else { continue };
            // AWS's own aliases have no key before their first use.
            let Some(target) = alias.target_key_id.filter(|_| missing.remove(name.as_str())) else {
                continue;
            };
            let live = LiveOf {
                attributes: Attributes {
                    id: name.clone(),
                    target_key_arn: target_arn(&arn, &name, &target),
                    arn,
                },
                properties: Properties { name: Some(name.clone()), name_prefix: None, target_key_id: target },
            };
            found.insert(name, live);
        }
    }
    Ok(found)
}

/// The ARN of the key: account and region are the alias's.
fn target_arn(alias_arn: &str, name: &str, target: &str) -> String {
    format!("{}key/{}", alias_arn.strip_suffix(name).unwrap_or_default(), key_id(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_core::Value;

    #[test]
    fn the_key_is_beside_its_alias() {
        let arn = target_arn("arn:aws:kms:eu-central-1:123456789012:alias/app", "alias/app", "12-ab");
        assert_eq!(arn, "arn:aws:kms:eu-central-1:123456789012:key/12-ab");
    }

    #[test]
    fn names() {
        let mistakes = |name: &str| Alias::check(&Map::from([("name".to_owned(), Value::from(name))])).len();
        assert_eq!(mistakes("alias/app/pipeline"), 0);
        for name in ["app", "alias/", "alias/aws/s3", "alias/a b"] {
            assert_eq!(mistakes(name), 1, "{name}");
        }
    }
}
