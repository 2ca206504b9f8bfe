use super::repository::imported;
use crate::clients::Clients;
use crate::errors::Named;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Found, Json, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, UpdateOf,
    WantedOf,
};

/// The lifecycle policy of a repository. Terraform: `aws_ecr_lifecycle_policy`; AWS: `PutLifecyclePolicy`.
pub(crate) struct LifecyclePolicy;

/// Which images of an ECR repository expire. A repository has one policy.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The repository's name.
    #[schemars(extend("forces_replacement" = true))]
    repository: String,
    /// The policy, in the words of ECR: `rules` with `rulePriority`, `selection` and `action`.
    policy: Json,
}

/// What AWS sets on a lifecycle policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The repository's name.
    id: String,
    /// The account of the registry.
    registry_id: String,
}

impl ResourceType for LifecyclePolicy {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_ecr_lifecycle_policy";
    // A create would overwrite what somebody else wrote.
    const NAMED_BY: &'static [&'static str] = &["repository"];
    const IMPORT_ID: &'static str = "REPOSITORY_NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["ecr:GetLifecyclePolicy"],
        create: &["ecr:PutLifecyclePolicy"],
        update: &["ecr:PutLifecyclePolicy"],
        delete: &["ecr:DeleteLifecyclePolicy"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[Scope::rest(&["ecr:repository/{repository}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        try_join_all(objects.iter().map(|object| read(cloud, &object.id))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        put(cloud.ecr_once(), new.properties).await?;
        Ok(new.properties.repository.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        put(cloud.ecr(), update.desired).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.ecr().delete_lifecycle_policy().repository_name(&object.id);
        request.send().await.named("ecr:DeleteLifecyclePolicy").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let repository = &wanted.properties.repository;
        let Some(live) = read(cloud, repository).await? else { return Ok(Found::Absent) };
        let form = |policy: &Json| canonical(Value::from(policy.0.clone()));
        let same = form(&live.properties.policy) == form(&wanted.properties.policy);
        Ok(if same { Found::Ours(repository.clone()) } else { Found::Foreign(repository.clone()) })
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id)
    }

    fn canonical(properties: &mut Map) {
        if let Some(policy) = properties.remove("policy") {
            properties.insert("policy".to_owned(), canonical(policy));
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let Some(Value::Map(policy)) = properties.get("policy").map(Value::bare) else { return Vec::new() };
        let mut priorities: Vec<i64> = policy
            .get("rules")
            .and_then(Value::as_list)
            .unwrap_or_default()
            .iter()
            .filter_map(|rule| rule.as_map()?.get("rulePriority")?.as_i64())
            .collect();
        priorities.sort_unstable();
        let twice = priorities.array_windows().find(|[one, next]| one == next);
        let mut faults: Vec<_> = twice
            .map(|[priority, _]| {
                ("policy".to_owned(), format!("two rules have the `rulePriority` {priority}"))
            })
            .into_iter()
            .collect();
        if !policy.contains_key("rules") {
            faults.push(("policy".to_owned(), "a lifecycle policy has `rules`".to_owned()));
        }
        faults
    }
}

async fn read(cloud: &Clients, repository: &str) -> Result<Option<LiveOf<LifecyclePolicy>>> {
    let request = cloud.ecr().get_lifecycle_policy().repository_name(repository);
    let Some(answer) = request.send().await.named("ecr:GetLifecyclePolicy").or_absent()? else {
        return Ok(None);
    };
    Ok(Some(LiveOf {
        properties: Properties {
            repository: repository.to_owned(),
            policy: Json::parse(&answer.lifecycle_policy_text.unwrap_or_default()),
        },
        attributes: Attributes {
            id: repository.to_owned(),
            registry_id: answer.registry_id.unwrap_or_default(),
        },
    }))
}

async fn put(client: &aws_sdk_ecr::Client, properties: &Properties) -> Result<()> {
    let request = client.put_lifecycle_policy().repository_name(&properties.repository);
    request.lifecycle_policy_text(properties.policy.text()).send().await.named("ecr:PutLifecyclePolicy")?;
    Ok(())
}

/// A policy with its rules in the order of their priorities, and the tags in them sorted.
fn canonical(policy: Value) -> Value {
    let Value::Map(mut policy) = policy else { return policy };
    if let Some(Value::List(rules)) = policy.get_mut("rules") {
        let priority = |rule: &Value| rule.as_map()?.get("rulePriority")?.as_i64();
        if rules.iter().all(|rule| priority(rule).is_some()) {
            rules.sort_by_key(priority);
        }
        for rule in rules {
            let Value::Map(rule) = rule else { continue };
            let Some(Value::Map(selection)) = rule.get_mut("selection") else { continue };
            for name in ["tagPrefixList", "tagPatternList"] {
                match selection.get_mut(name) {
                    Some(Value::List(tags)) if tags.is_empty() => drop(selection.remove(name)),
                    Some(Value::List(tags)) if tags.iter().all(Value::is_known) => {
                        tags.sort_by_cached_key(ToString::to_string);
                    }
                    _ => {}
                }
            }
        }
    }
    Value::Map(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_rules_and_tags_means_nothing() {
        let one = json!({"rules": [
            {"rulePriority": 2, "selection": {"tagStatus": "any", "tagPrefixList": []}},
            {"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPrefixList": ["b", "a"]}},
        ]});
        let other = json!({"rules": [
            {"rulePriority": 1, "selection": {"tagStatus": "tagged", "tagPrefixList": ["a", "b"]}},
            {"rulePriority": 2, "selection": {"tagStatus": "any"}},
        ]});
        assert_eq!(canonical(one.into()), canonical(other.into()));
    }

    #[test]
    fn priorities_are_unique() {
        let policy = |rules| Map::from([("policy".to_owned(), Value::from(json!({"rules": rules})))]);
        let check = |rules| LifecyclePolicy::check(&policy(rules)).len();
        assert_eq!(check(json!([{"rulePriority": 1}, {"rulePriority": 1}])), 1);
        assert_eq!(check(json!([{"rulePriority": 1}, {"rulePriority": 2}])), 0);
    }
}
