use super::codebuild_project_parts::{Artifacts, Cache, Environment, LogsConfig, Source, VpcConfig};
use super::codebuild_project_rest as rest;
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::{imported, text};
use aws_sdk_codebuild::types as codebuild;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result,
    Scope, Tags, UpdateOf, WantedOf,
};

/// A build project. Terraform: `aws_codebuild_project`; AWS: `CreateProject`.
pub(crate) struct Project;

/// A CodeBuild project: what a build starts from, runs in and leaves behind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "build_batch_config", "file_system_locations", "project_visibility", "resource_access_role",
    "secondary_artifacts", "secondary_source_version", "secondary_sources", "timeouts",
]))]
pub(crate) struct Properties {
    /// The name: 2 to 150 letters, digits, underscores and hyphens.
    #[schemars(extend("forces_replacement" = true))]
    name: String,
    /// A description.
    description: Option<String>,
    /// The ARN of the role that builds have.
    service_role: String,
    /// What a build starts from.
    source: Block<Source>,
    /// The branch, tag or commit of the source.
    source_version: Option<String>,
    /// What a build leaves behind.
    artifacts: Block<Artifacts>,
    /// What a build runs in.
    environment: Block<Environment>,
    /// What builds leave to each other.
    #[serde(default)]
    cache: Block<Cache>,
    /// Where builds log.
    #[serde(default)]
    logs_config: Block<LogsConfig>,
    /// The network that builds run in, if they need one of yours.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    vpc_config: Block<VpcConfig>,
    /// How many minutes a build may take, from 5 to 2160.
    #[serde(default = "an_hour")]
    build_timeout: i32,
    /// How many minutes a build may wait for its turn, from 5 to 480.
    #[serde(default = "eight_hours")]
    queued_timeout: i32,
    /// How many builds may run at once.
    concurrent_build_limit: Option<i32>,
    /// How often a failed build is tried again.
    auto_retry_limit: Option<i32>,
    /// The KMS key of the artifacts, by ARN or alias; S3's own if it is left out.
    encryption_key: Option<String>,
    /// Whether there is a badge that shows how the last build ended.
    #[serde(default)]
    badge_enabled: bool,
    /// Tags of the project.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a build project.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
    /// The URL of the badge, with `badge_enabled`.
    #[schemars(extend("volatile" = true))]
    badge_url: Option<String>,
}

fn an_hour() -> i32 {
    60
}

fn eight_hours() -> i32 {
    480
}

impl ResourceType for Project {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_codebuild_project";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    const BATCH: usize = 100;
    const PERMISSIONS: Permissions = Permissions {
        read: &["codebuild:BatchGetProjects"],
        create: &["codebuild:CreateProject", "iam:PassRole"],
        update: &["codebuild:BatchGetProjects", "codebuild:UpdateProject", "iam:PassRole"],
        delete: &["codebuild:DeleteProject"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "codebuild:project/{name}"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] =
        &[Scope::pass_role(&["{service_role:role}"], "codebuild.amazonaws.com"), Scope::rest(&["{arn}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let names = objects.iter().map(|object| arn::last(&object.id).to_owned()).collect();
        let mut projects: HashMap<_, _> = describe(cloud, names)
            .await?
            .into_iter()
            .map(|project| (project.name().unwrap_or_default().to_owned(), project))
            .collect();
        let live = objects.iter().map(|object| {
            let project = projects.remove(arn::last(&object.id))?;
            Some(live(project, object.properties.as_ref()))
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .codebuild_once()
            .create_project()
            .name(&properties.name)
            .set_description(properties.description.clone())
            .service_role(&properties.service_role)
            .set_source(properties.source.as_ref().map(Source::to_aws).transpose()?)
            .set_source_version(properties.source_version.clone())
            .set_artifacts(properties.artifacts.as_ref().map(Artifacts::to_aws).transpose()?)
            .set_environment(properties.environment.as_ref().map(Environment::to_aws).transpose()?)
            .set_cache(properties.cache.as_ref().map(Cache::to_aws).transpose()?)
            .set_logs_config(properties.logs_config.as_ref().map(LogsConfig::to_aws).transpose()?)
            .set_vpc_config(properties.vpc_config.as_ref().map(VpcConfig::to_aws))
            .timeout_in_minutes(properties.build_timeout)
            .queued_timeout_in_minutes(properties.queued_timeout)
            .set_concurrent_build_limit(properties.concurrent_build_limit)
            .set_auto_retry_limit(properties.auto_retry_limit)
            .set_encryption_key(properties.encryption_key.clone())
            .badge_enabled(properties.badge_enabled)
            .set_tags(Some(to_aws(&properties.tags)));
        let created = request.send().await.named("codebuild:CreateProject")?;
        created
            .project
            .and_then(|project| project.arn)
            .ok_or_else(|| Error::internal("codebuild:CreateProject answered without an ARN"))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let desired = update.desired;
        let mut request = cloud.codebuild().update_project().name(arn::last(update.id));
        let there = if update.changes(&["source", "environment", "cache"]) {
            describe(cloud, vec![arn::last(update.id).to_owned()]).await?.into_iter().next()
        } else {
            None
        };
        if update.changes(&["description"]) {
            request = request.set_description(desired.description.clone());
        }
        if update.changes(&["service_role"]) {
            request = request.service_role(&desired.service_role);
        }
        if update.changes(&["source"]) {
            let mut source = desired.source.as_ref().map(Source::to_aws).transpose()?;
            let there = there.as_ref().and_then(|there| there.source.as_ref());
            source.iter_mut().zip(there).for_each(|(source, there)| rest::of_source(source, there));
            request = request.set_source(source);
        }
        if update.changes(&["source_version"]) {
            request = request.set_source_version(desired.source_version.clone());
        }
        if update.changes(&["artifacts"]) {
            request = request.set_artifacts(desired.artifacts.as_ref().map(Artifacts::to_aws).transpose()?);
        }
        if update.changes(&["environment"]) {
            let mut environment = desired.environment.as_ref().map(Environment::to_aws).transpose()?;
            let there = there.as_ref().and_then(|there| there.environment.as_ref());
            environment.iter_mut().zip(there).for_each(|(new, there)| rest::of_environment(new, there));
            request = request.set_environment(environment);
        }
        if update.changes(&["cache"]) {
            let mut cache = desired.cache.as_ref().map(Cache::to_aws).transpose()?;
            let there = there.as_ref().and_then(|there| there.cache.as_ref());
            cache.iter_mut().zip(there).for_each(|(cache, there)| rest::of_cache(cache, there));
            request = request.set_cache(cache);
        }
        if update.changes(&["logs_config"]) {
            let logs = desired.logs_config.as_ref().map(LogsConfig::to_aws);
            request = request.set_logs_config(logs.transpose()?);
        }
        if update.changes(&["vpc_config"]) {
            // The empty one takes the project out of the VPC.
            let none = || codebuild::VpcConfig::builder().build();
            request = request.vpc_config(desired.vpc_config.as_ref().map_or_else(none, VpcConfig::to_aws));
        }
        if update.changes(&["build_timeout"]) {
            request = request.timeout_in_minutes(desired.build_timeout);
        }
        if update.changes(&["queued_timeout"]) {
            request = request.queued_timeout_in_minutes(desired.queued_timeout);
        }
        if update.changes(&["concurrent_build_limit"]) {
            request = request.set_concurrent_build_limit(desired.concurrent_build_limit);
        }
        if update.changes(&["auto_retry_limit"]) {
            request = request.set_auto_retry_limit(desired.auto_retry_limit);
        }
        if update.changes(&["encryption_key"]) {
            request = request.set_encryption_key(desired.encryption_key.clone());
        }
        if update.changes(&["badge_enabled"]) {
            request = request.badge_enabled(desired.badge_enabled);
        }
        if update.changes(&["tags"]) {
            // The list sent is the list kept.
            request = request.set_tags(Some(to_aws(&desired.tags)));
        }
        request.send().await.named("codebuild:UpdateProject")?;
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.codebuild().delete_project().name(arn::last(&object.id));
        request.send().await.named("codebuild:DeleteProject").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let there = describe(cloud, vec![wanted.properties.name.clone()]).await?.into_iter().next();
        Ok(there.map_or(Found::Absent, |project| {
            let arn = project.arn.unwrap_or_default();
            wanted.by_tags(arn, &from_aws(project.tags))
        }))
    }

    async fn import(cloud: &Clients, id: &str) -> Result<Option<String>> {
        let name =
            arn::resource(id).strip_prefix("project/").filter(|_| id.starts_with("arn:")).unwrap_or(id);
        if bad_name(name).is_some() {
            return imported::<Self>(id, None);
        }
        let arn = cloud.arn("codebuild", &format!("project/{name}")).await?;
        // By the ARN too, but not of another region or account.
        imported::<Self>(id, Some(arn).filter(|arn| name == id || arn == id))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        text(attributes, "arn").map(str::to_owned)
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut fault =
            |property: &str, message: &str| faults.push((property.to_owned(), message.to_owned()));
        let name = properties.get("name").and_then(Value::as_str);
        if let Some(message) = name.and_then(bad_name) {
            fault("name", &message);
        }
        let block = |name: &str| properties.get(name)?.as_list()?.first()?.as_map();
        let text = |name: &str, field: &str| block(name)?.get(field)?.as_str();
        let (source, artifacts) = (text("source", "type"), text("artifacts", "type"));
        let of_pipeline = |kind: Option<&str>| kind.map(|kind| kind == "CODEPIPELINE");
        if source.is_some() && artifacts.is_some() && of_pipeline(source) != of_pipeline(artifacts) {
            fault("artifacts", "artifacts are of the type CODEPIPELINE if the source is, and only then");
        }
        let there = |field: &str| {
            block("source").and_then(|source| source.get(field)).is_some_and(|value| !value.is_null())
        };
        match source {
            Some("NO_SOURCE") if !there("buildspec") => {
                fault("source", "without a source, a buildspec is needed");
            }
            Some("CODEPIPELINE" | "NO_SOURCE") | None => {}
            Some(_) if !there("location") => {
                fault("source", "a source of this type needs a `location`");
            }
            Some(_) => {}
        }
        for (property, range) in [("build_timeout", 5..=2160), ("queued_timeout", 5..=480)] {
            let minutes = properties.get(property).and_then(Value::as_i64);
            if minutes.is_some_and(|minutes| !range.contains(&minutes)) {
                let message = format!("from {} to {} minutes", range.start(), range.end());
                fault(property, &message);
            }
        }
        faults
    }

    fn passes(error: &Error) -> bool {
        // CodeBuild looks at the VPC with the project's role, whose new policy it does not know yet.
        error.kind == ErrorKind::Invalid && error.message.contains("Not authorized to perform")
    }
}

/// What is wrong with the name of a project, if anything.
fn bad_name(name: &str) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!(2..=150).contains(&name.len()) || !begins || !name.chars().all(fine))
        .then(|| format!("`{name}` is no name: 2 to 150 letters, digits, underscores and hyphens"))
}

/// The projects of these names that are there.
async fn describe(cloud: &Clients, names: Vec<String>) -> Result<Vec<codebuild::Project>> {
    let request = cloud.codebuild().batch_get_projects().set_names(Some(names));
    let answer = request.send().await.named("codebuild:BatchGetProjects")?;
    Ok(answer.projects.unwrap_or_default())
}

fn to_aws(tags: &Tags) -> Vec<codebuild::Tag> {
    tags.0.iter().map(|(key, value)| codebuild::Tag::builder().key(key).value(value).build()).collect()
}

fn from_aws(tags: Option<Vec<codebuild::Tag>>) -> Tags {
    Tags::from_aws(
        tags.into_iter().flatten().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))),
    )
}

fn live(project: codebuild::Project, recorded: Option<&Properties>) -> LiveOf<Project> {
    let arn = project.arn.unwrap_or_default();
    let key = recorded.and_then(|recorded| recorded.encryption_key.as_deref());
    LiveOf {
        properties: Properties {
            name: project.name.unwrap_or_default(),
            description: project.description,
            service_role: project.service_role.unwrap_or_default(),
            source: Block(project.source.map(Source::from_aws)),
            source_version: project.source_version.filter(|version| !version.is_empty()),
            artifacts: Block(project.artifacts.map(Artifacts::from_aws)),
            environment: Block(project.environment.map(Environment::from_aws)),
            cache: Block(project.cache.map(Cache::from_aws)),
            logs_config: Block(project.logs_config.map(LogsConfig::from_aws)),
            vpc_config: Block(project.vpc_config.and_then(VpcConfig::from_aws)),
            build_timeout: project.timeout_in_minutes.unwrap_or_else(an_hour),
            queued_timeout: project.queued_timeout_in_minutes.unwrap_or_else(eight_hours),
            concurrent_build_limit: project.concurrent_build_limit,
            auto_retry_limit: project.auto_retry_limit,
            encryption_key: project.encryption_key.map(|told| arn::as_written(told, key)),
            badge_enabled: project.badge.as_ref().is_some_and(|badge| badge.badge_enabled),
            tags: from_aws(project.tags),
        },
        attributes: Attributes {
            id: arn.clone(),
            arn,
            badge_url: project.badge.and_then(|badge| badge.badge_request_url),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(json: serde_json::Value) -> Vec<String> {
        match Value::from(json) {
            Value::Map(map) => Project::check(&map).into_iter().map(|(property, _)| property).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn source_and_artifacts_are_both_the_pipelines_or_neither() {
        let pipeline = json!([{"type": "CODEPIPELINE"}]);
        assert!(faults(json!({"source": pipeline, "artifacts": pipeline})).is_empty());
        assert_eq!(faults(json!({"source": pipeline, "artifacts": [{"type": "S3"}]})), ["artifacts"]);
        let none = json!([{"type": "NO_ARTIFACTS"}]);
        assert_eq!(faults(json!({"source": [{"type": "GITHUB"}], "artifacts": none})), ["source"]);
        assert_eq!(faults(json!({"source": [{"type": "NO_SOURCE"}], "artifacts": none})), ["source"]);
    }

    #[test]
    fn timeouts_have_bounds() {
        assert_eq!(faults(json!({"build_timeout": 4, "queued_timeout": 480})), ["build_timeout"]);
    }
}
