use super::codepipeline_stage::{Stage, keep_the_rest};
use super::codepipeline_trigger::Trigger;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use crate::resources::import::imported;
use aws_sdk_codepipeline::types as codepipeline;
use futures::future::{try_join, try_join_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, BlockSet, Blocks, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions,
    ResourceType, Result, Scope, Tags, UpdateOf, WantedOf,
};

/// A pipeline. Terraform: `aws_codepipeline`; AWS: `CreatePipeline`.
pub(crate) struct Pipeline;

/// A pipeline of CodePipeline. It runs once as soon as it is made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name: up to 100 letters, digits and `.@-_`.
    #[schemars(extend("forces_replacement" = true))]
    name: String,
    /// The ARN of the role that the pipeline has.
    role_arn: String,
    /// The type. They differ in price; only V2 has triggers, variables and execution modes.
    #[serde(default = "v1")]
    #[schemars(extend("enum" = ["V1", "V2"]))]
    pipeline_type: String,
    /// What becomes of an execution when the next one comes.
    #[serde(default = "superseded")]
    #[schemars(extend("enum" = ["SUPERSEDED", "QUEUED", "PARALLEL"]))]
    execution_mode: String,
    /// Where artifacts are kept: one bucket, or one for each region that actions run in.
    artifact_store: BlockSet<ArtifactStore>,
    /// The stages, at least two, the first with all the sources.
    stage: Blocks<Stage>,
    /// What starts the pipeline, besides its sources.
    #[serde(default)]
    trigger: Blocks<Trigger>,
    /// Variables that an execution may be given.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    variable: Blocks<Variable>,
    /// Tags of the pipeline.
    #[serde(default)]
    tags: Tags,
}

/// Where artifacts are kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct ArtifactStore {
    /// The bucket.
    location: String,
    /// The kind of store.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["S3"]))]
    kind: String,
    /// The region that it is for, if there are several.
    region: Option<String>,
    /// The key that encrypts the artifacts; S3's own if it is left out.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    encryption_key: Block<EncryptionKey>,
}

/// The key that encrypts artifacts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct EncryptionKey {
    /// The KMS key: its id, ARN, or the ARN of an alias.
    id: String,
    /// The kind of key.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["KMS"]))]
    kind: String,
}

/// A variable of a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Variable {
    /// The name.
    name: String,
    /// The value of an execution that is given none.
    default_value: Option<String>,
    /// A description.
    description: Option<String>,
}

/// What AWS sets on a pipeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The name.
    id: String,
    /// The ARN.
    arn: String,
    /// Everything that starts the pipeline, what AWS added included.
    #[schemars(extend("volatile" = true))]
    trigger_all: Blocks<Trigger>,
}

fn v1() -> String {
    "V1".to_owned()
}

fn superseded() -> String {
    "SUPERSEDED".to_owned()
}

impl ResourceType for Pipeline {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_codepipeline";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "NAME";
    const PERMISSIONS: Permissions = Permissions {
        read: &["codepipeline:GetPipeline", "codepipeline:ListTagsForResource"],
        create: &[
            "codepipeline:CreatePipeline",
            "codepipeline:TagResource",
            "iam:PassRole",
            "codeconnections:PassConnection",
            "codestar-connections:PassConnection",
        ],
        update: &[
            "codepipeline:GetPipeline",
            "codepipeline:UpdatePipeline",
            "codepipeline:TagResource",
            "codepipeline:UntagResource",
            "iam:PassRole",
            "codeconnections:PassConnection",
            "codestar-connections:PassConnection",
        ],
        delete: &["codepipeline:DeletePipeline"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "codepipeline:{name}"), ("id", "{name}")];
    const SCOPES: &'static [Scope] = &[
        Scope::pass_role(&["{role_arn:role}", "{stage.action.role_arn?:role}"], "codepipeline.amazonaws.com"),
        // A connection's ARN has the old or the new name of the service, and the action is of that.
        Scope::of(&["codeconnections:PassConnection"], &["{stage.action.configuration.ConnectionArn?}"])
            .only_if("codeconnections:PassedToService", "codepipeline.amazonaws.com"),
        Scope::of(&["codestar-connections:PassConnection"], &["{stage.action.configuration.ConnectionArn?}"])
            .only_if("codestar-connections:PassedToService", "codepipeline.amazonaws.com"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        // There is no batched form of GetPipeline.
        try_join_all(objects.iter().map(|object| read(cloud, &object.id))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .codepipeline_once()
            .create_pipeline()
            .pipeline(declaration(properties)?)
            .set_tags(Some(to_aws(&properties.tags)?));
        request.send().await.named("codepipeline:CreatePipeline")?;
        Ok(properties.name.clone())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let desired = update.desired;
        if update.changed.iter().any(|name| name != "tags") {
            // There is no way to send a part.
            let mut pipeline = declaration(desired)?;
            let there = described(cloud, update.id).await?;
            keep_the_rest(&mut pipeline.stages, there.map(|there| there.stages).unwrap_or_default());
            let request = cloud.codepipeline().update_pipeline().pipeline(pipeline);
            request.send().await.named("codepipeline:UpdatePipeline")?;
        }
        if update.changes(&["tags"]) {
            update_tags(cloud, update.id, &update.live.tags, &desired.tags).await?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let request = cloud.codepipeline().delete_pipeline().name(&object.id);
        request.send().await.named("codepipeline:DeletePipeline").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let name = &wanted.properties.name;
        let arn = cloud.arn("codepipeline", name).await?;
        Ok(tags(cloud, &arn).await?.map_or(Found::Absent, |tags| wanted.by_tags(name, &tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported::<Self>(id, bad_name(id).is_none().then(|| id.to_owned()))
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let blocks = |name: &str| properties.get(name).and_then(Value::as_list).unwrap_or_default();
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let mut faults = Vec::new();
        let mut fault =
            |property: &str, message: &str| faults.push((property.to_owned(), message.to_owned()));
        if let Some(message) = text("name").and_then(bad_name) {
            fault("name", &message);
        }
        let v1 = properties.get("pipeline_type").is_none_or(|kind| kind.as_str() == Some("V1"));
        for block in ["trigger", "variable"] {
            if v1 && !blocks(block).is_empty() {
                fault(block, &format!("only a pipeline with `pipeline_type: V2` has a `{block}`"));
            }
        }
        if v1 && text("execution_mode").is_some_and(|mode| mode != "SUPERSEDED") {
            fault("execution_mode", "a pipeline of the type V1 has the execution mode SUPERSEDED");
        }
        let stores = blocks("artifact_store");
        let region = |store: &Value| store.as_map().is_some_and(|store| store.contains_key("region"));
        if stores.len() > 1 && !stores.iter().all(region) {
            fault("artifact_store", "each of several artifact stores needs a `region`");
        }
        if properties
            .get("stage")
            .is_some_and(|stages| stages.as_list().is_some_and(|stages| stages.len() < 2))
        {
            fault("stage", "a pipeline has at least two stages");
        }
        for (number, stage) in blocks("stage").iter().enumerate() {
            let stage = stage.as_map();
            let name = stage.and_then(|stage| stage.get("name")?.as_str()).unwrap_or("?");
            let actions = stage.and_then(|stage| stage.get("action")?.as_list()).unwrap_or_default();
            for action in actions.iter().filter_map(Value::as_map) {
                let category = action.get("category").and_then(Value::as_str);
                if category.is_some_and(|category| (category == "Source") != (number == 0)) {
                    let message = "all sources are in the first stage, and nothing else is";
                    fault("stage", &format!("`{name}`: {message}"));
                }
                let configuration = action.get("configuration").and_then(Value::as_map);
                if configuration.is_some_and(|configuration| configuration.contains_key("OAuthToken")) {
                    let message = format!(
                        "`{name}`: a source with an OAuthToken would put the token into the pipeline's definition; \
                         use a connection (provider `CodeStarSourceConnection`)"
                    );
                    fault("stage", &message);
                }
            }
        }
        faults
    }

    fn passes(error: &Error) -> bool {
        // The role's new policy, or the bucket, has not reached CodePipeline.
        error.kind == ErrorKind::Invalid
            && error.is_code("InvalidStructureException")
            && error.message.contains("not authorized")
    }
}

/// What is wrong with the name of a pipeline, if anything.
fn bad_name(name: &str) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || ".@-_".contains(c);
    (name.is_empty() || name.len() > 100 || !name.chars().all(fine))
        .then(|| format!("`{name}` is no name: 1 to 100 letters, digits and any of .@-_"))
}

async fn read(cloud: &Clients, name: &str) -> Result<Option<LiveOf<Pipeline>>> {
    let arn = cloud.arn("codepipeline", name).await?;
    let (pipeline, tags) = try_join(described(cloud, name), tags(cloud, &arn)).await?;
    let (Some(pipeline), Some(tags)) = (pipeline, tags) else { return Ok(None) };
    let triggers: Blocks<_> = pipeline.triggers.into_iter().flatten().map(Trigger::from_aws).collect();
    let stores = pipeline.artifact_store.into_iter().map(|store| (None, store));
    let stores = stores
        .chain(pipeline.artifact_stores.into_iter().flatten().map(|(region, store)| (Some(region), store)));
    let variables = pipeline.variables.into_iter().flatten();
    Ok(Some(LiveOf {
        properties: Properties {
            name: pipeline.name,
            role_arn: pipeline.role_arn,
            pipeline_type: pipeline.pipeline_type.map_or_else(v1, |kind| kind.as_str().to_owned()),
            execution_mode: pipeline.execution_mode.map_or_else(superseded, |mode| mode.as_str().to_owned()),
            artifact_store: stores.map(|(region, store)| ArtifactStore::from_aws(region, store)).collect(),
            stage: pipeline.stages.into_iter().map(Stage::from_aws).collect(),
            trigger: triggers.clone(),
            variable: variables
                .map(|variable| Variable {
                    name: variable.name,
                    default_value: variable.default_value,
                    description: variable.description,
                })
                .collect(),
            tags,
        },
        attributes: Attributes { id: name.to_owned(), arn, trigger_all: triggers },
    }))
}

async fn described(cloud: &Clients, name: &str) -> Result<Option<codepipeline::PipelineDeclaration>> {
    let answer = cloud.codepipeline().get_pipeline().name(name).send().await;
    Ok(answer.named("codepipeline:GetPipeline").or_absent()?.and_then(|answer| answer.pipeline))
}

/// The tags of a pipeline; `None` if it is not there.
async fn tags(cloud: &Clients, arn: &str) -> Result<Option<Tags>> {
    let pages = cloud.codepipeline().list_tags_for_resource().resource_arn(arn);
    let tags = pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let tags = tags.named("codepipeline:ListTagsForResource").or_absent()?;
    Ok(tags.map(|tags| Tags::from_aws(tags.into_iter().map(|tag| (tag.key, tag.value)))))
}

async fn update_tags(cloud: &Clients, name: &str, live: &Tags, desired: &Tags) -> Result<()> {
    let arn = cloud.arn("codepipeline", name).await?;
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let request = cloud.codepipeline().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
        request.send().await.named("codepipeline:UntagResource")?;
    }
    if !set.is_empty() {
        let tags = to_aws(&Tags(set))?;
        let request = cloud.codepipeline().tag_resource().resource_arn(&arn).set_tags(Some(tags));
        request.send().await.named("codepipeline:TagResource")?;
    }
    Ok(())
}

fn to_aws(tags: &Tags) -> Result<Vec<codepipeline::Tag>> {
    let tags = tags.0.iter();
    tags.map(|(key, value)| codepipeline::Tag::builder().key(key).value(value).build().built()).collect()
}

impl ArtifactStore {
    fn to_aws(&self) -> Result<codepipeline::ArtifactStore> {
        let key = self.encryption_key.as_ref().map(|key| {
            codepipeline::EncryptionKey::builder()
                .id(&key.id)
                .r#type(key.kind.as_str().into())
                .build()
                .built()
        });
        codepipeline::ArtifactStore::builder()
            .location(&self.location)
            .r#type(self.kind.as_str().into())
            .set_encryption_key(key.transpose()?)
            .build()
            .built()
    }

    fn from_aws(region: Option<String>, store: codepipeline::ArtifactStore) -> Self {
        ArtifactStore {
            location: store.location,
            kind: store.r#type.as_str().to_owned(),
            region,
            encryption_key: Block(
                store
                    .encryption_key
                    .map(|key| EncryptionKey { id: key.id, kind: key.r#type.as_str().to_owned() }),
            ),
        }
    }
}

fn declaration(properties: &Properties) -> Result<codepipeline::PipelineDeclaration> {
    let mut stores = HashMap::new();
    let mut store = None;
    for each in properties.artifact_store.iter() {
        match &each.region {
            Some(region) => drop(stores.insert(region.clone(), each.to_aws()?)),
            None => store = Some(each.to_aws()?),
        }
    }
    let variables = properties.variable.iter().map(|variable| {
        codepipeline::PipelineVariableDeclaration::builder()
            .name(&variable.name)
            .set_default_value(variable.default_value.clone())
            .set_description(variable.description.clone())
            .build()
            .built()
    });
    let variables = variables.collect::<Result<Vec<_>>>()?;
    let triggers = properties.trigger.iter().map(Trigger::to_aws).collect::<Result<Vec<_>>>()?;
    codepipeline::PipelineDeclaration::builder()
        .name(&properties.name)
        .role_arn(&properties.role_arn)
        .pipeline_type(properties.pipeline_type.as_str().into())
        .execution_mode(properties.execution_mode.as_str().into())
        .set_artifact_store(store)
        .set_artifact_stores((!stores.is_empty()).then_some(stores))
        .set_stages(Some(properties.stage.iter().map(Stage::to_aws).collect::<Result<_>>()?))
        .set_variables((!variables.is_empty()).then_some(variables))
        .set_triggers((!triggers.is_empty()).then_some(triggers))
        .build()
        .built()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(json: serde_json::Value) -> Vec<String> {
        match Value::from(json) {
            Value::Map(map) => Pipeline::check(&map).into_iter().map(|(_, message)| message).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn sources_are_in_the_first_stage() {
        let stage = |name: &str, category: &str| json!({"name": name, "action": [{"category": category}]});
        assert!(faults(json!({"stage": [stage("Source", "Source"), stage("Build", "Build")]})).is_empty());
        assert_eq!(
            faults(json!({"stage": [stage("Source", "Source"), stage("Build", "Source")]})),
            ["`Build`: all sources are in the first stage, and nothing else is"]
        );
        assert_eq!(
            faults(json!({"stage": [stage("Source", "Source")]})),
            ["a pipeline has at least two stages"]
        );
    }

    #[test]
    fn tokens_are_refused() {
        let stage = json!([
            {"name": "Source", "action": [{"category": "Source", "configuration": {"OAuthToken": "t"}}]},
            {"name": "Build", "action": []},
        ]);
        let faults = faults(json!({"stage": stage}));
        assert!(faults.len() == 1 && faults[0].contains("OAuthToken"), "{faults:?}");
    }

    #[test]
    fn v1_lacks_what_v2_has() {
        let variable = json!([{"name": "tag"}]);
        assert_eq!(
            faults(json!({"pipeline_type": "V1", "variable": variable, "execution_mode": "QUEUED"})).len(),
            2
        );
        assert!(
            faults(json!({"pipeline_type": "V2", "variable": variable, "execution_mode": "QUEUED"}))
                .is_empty()
        );
    }
}
