//! Stages and actions of a pipeline, and what CodePipeline calls them.

use crate::errors::Built;
use aws_sdk_codepipeline::types as codepipeline;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wharf_provider::{Block, Blocks, Result};

/// A stage: actions that run before those of the next stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["before_entry", "on_success"]))]
pub(crate) struct Stage {
    /// The name, unique in the pipeline.
    name: String,
    /// The actions, in the order of their `run_order`.
    action: Blocks<Action>,
    /// What happens when the stage fails.
    #[serde(default)]
    on_failure: Block<OnFailure>,
}

/// What happens when a stage fails.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["condition"]))]
struct OnFailure {
    /// Whether the stage goes back to its last success, is tried again, or stays failed.
    #[schemars(extend("enum" = ["ROLLBACK", "RETRY", "FAIL", "SKIP"]))]
    result: Option<String>,
    /// What is tried again.
    #[serde(default)]
    retry_configuration: Block<RetryConfiguration>,
}

/// What of a stage is tried again.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct RetryConfiguration {
    /// What failed, or everything.
    #[schemars(extend("enum" = ["FAILED_ACTIONS", "ALL_ACTIONS"]))]
    retry_mode: Option<String>,
}

/// An action of a stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Action {
    /// The name, unique in the stage.
    name: String,
    /// What it does.
    #[schemars(extend("enum" = ["Source", "Build", "Test", "Deploy", "Approval", "Invoke", "Compute"]))]
    category: String,
    /// Whose action it is.
    #[schemars(extend("enum" = ["AWS", "ThirdParty", "Custom"]))]
    owner: String,
    /// What does it: CodeCommit, CodeBuild, `CodeDeployToECS`.
    provider: String,
    /// The version of the provider's action: `1`.
    version: String,
    /// What the provider is told; its keys are in CodePipeline's action reference.
    #[serde(default)]
    configuration: BTreeMap<String, String>,
    /// The artifacts that it reads.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    input_artifacts: Vec<String>,
    /// The artifacts that it writes.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    output_artifacts: Vec<String>,
    /// Its place in the stage, from 1; actions with the same one run side by side.
    run_order: Option<i32>,
    /// The name under which other actions find its variables.
    namespace: Option<String>,
    /// The region that it runs in, if not in the pipeline's.
    region: Option<String>,
    /// The role that it has, if not the pipeline's.
    role_arn: Option<String>,
    /// How many minutes it may take, from 5 to 86400.
    timeout_in_minutes: Option<i32>,
}

/// Gives stages and actions what AWS has of theirs and this type does not know: a pipeline is written whole.
pub(crate) fn keep_the_rest(
    stages: &mut [codepipeline::StageDeclaration],
    there: Vec<codepipeline::StageDeclaration>,
) {
    for old in there {
        let Some(stage) = stages.iter_mut().find(|stage| stage.name == old.name) else { continue };
        stage.before_entry = old.before_entry;
        stage.on_success = old.on_success;
        if let (Some(failure), Some(old)) = (&mut stage.on_failure, old.on_failure) {
            failure.conditions = old.conditions;
        }
        for old in old.actions {
            let same = |action: &&mut codepipeline::ActionDeclaration| {
                action.name == old.name && action.action_type_id == old.action_type_id
            };
            let Some(action) = stage.actions.iter_mut().find(same) else { continue };
            action.commands = old.commands;
            action.output_variables = old.output_variables;
            action.environment_variables = old.environment_variables;
            for old in old.output_artifacts.into_iter().flatten() {
                let mut artifacts = action.output_artifacts.iter_mut().flatten();
                if let Some(artifact) = artifacts.find(|artifact| artifact.name == old.name) {
                    artifact.files = old.files;
                }
            }
        }
    }
}

impl Stage {
    pub(crate) fn to_aws(&self) -> Result<codepipeline::StageDeclaration> {
        let on_failure = self.on_failure.as_ref().map(|failure| {
            let retry = failure.retry_configuration.as_ref().map(|retry| {
                let configuration = codepipeline::RetryConfiguration::builder();
                configuration.set_retry_mode(retry.retry_mode.as_deref().map(Into::into)).build()
            });
            codepipeline::FailureConditions::builder()
                .set_result(failure.result.as_deref().map(Into::into))
                .set_retry_configuration(retry)
                .build()
        });
        codepipeline::StageDeclaration::builder()
            .name(&self.name)
            .set_actions(Some(self.action.iter().map(Action::to_aws).collect::<Result<_>>()?))
            .set_on_failure(on_failure)
            .build()
            .built()
    }

    pub(crate) fn from_aws(stage: codepipeline::StageDeclaration) -> Self {
        Stage {
            name: stage.name,
            action: stage.actions.into_iter().map(Action::from_aws).collect(),
            on_failure: Block(stage.on_failure.map(|failure| OnFailure {
                result: failure.result.map(|result| result.as_str().to_owned()),
                retry_configuration: Block(failure.retry_configuration.map(|retry| RetryConfiguration {
                    retry_mode: retry.retry_mode.map(|mode| mode.as_str().to_owned()),
                })),
            })),
        }
    }
}

impl Action {
    fn to_aws(&self) -> Result<codepipeline::ActionDeclaration> {
        let kind = codepipeline::ActionTypeId::builder()
            .category(self.category.as_str().into())
            .owner(self.owner.as_str().into())
            .provider(&self.provider)
            .version(&self.version)
            .build()
            .built()?;
        let inputs = self
            .input_artifacts
            .iter()
            .map(|name| codepipeline::InputArtifact::builder().name(name).build().built());
        let outputs = self
            .output_artifacts
            .iter()
            .map(|name| codepipeline::OutputArtifact::builder().name(name).build().built());
        let configuration = &self.configuration;
        codepipeline::ActionDeclaration::builder()
            .name(&self.name)
            .action_type_id(kind)
            .set_configuration(
                (!configuration.is_empty()).then(|| configuration.clone().into_iter().collect()),
            )
            .set_input_artifacts(Some(inputs.collect::<Result<_>>()?))
            .set_output_artifacts(Some(outputs.collect::<Result<_>>()?))
            .set_run_order(self.run_order)
            .set_namespace(self.namespace.clone())
            .set_region(self.region.clone())
            .set_role_arn(self.role_arn.clone())
            .set_timeout_in_minutes(self.timeout_in_minutes)
            .build()
            .built()
    }

    fn from_aws(action: codepipeline::ActionDeclaration) -> Self {
        let kind = action.action_type_id;
        let (category, owner, provider, version) = kind.map_or_else(Default::default, |kind| {
            (kind.category.as_str().to_owned(), kind.owner.as_str().to_owned(), kind.provider, kind.version)
        });
        Action {
            name: action.name,
            category,
            owner,
            provider,
            version,
            configuration: action.configuration.into_iter().flatten().collect(),
            input_artifacts: action
                .input_artifacts
                .into_iter()
                .flatten()
                .map(|artifact| artifact.name)
                .collect(),
            output_artifacts: action
                .output_artifacts
                .into_iter()
                .flatten()
                .map(|artifact| artifact.name)
                .collect(),
            run_order: action.run_order,
            namespace: action.namespace,
            region: action.region,
            role_arn: action.role_arn,
            timeout_in_minutes: action.timeout_in_minutes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_of_a_stage_stays() {
        let stage = || -> Option<codepipeline::StageDeclaration> {
            let action = json!([{
                "name": "Image", "category": "Compute", "owner": "AWS", "provider": "Commands", "version": "1",
                "output_artifacts": ["image"],
            }]);
            serde_json::from_value::<Stage>(json!({"name": "Build", "action": action})).ok()?.to_aws().ok()
        };
        let mut there = stage().expect("a stage");
        there.before_entry =
            codepipeline::BeforeEntryConditions::builder().set_conditions(Some(vec![])).build().ok();
        there.actions[0].commands = Some(vec!["make".to_owned()]);
        let mut new = vec![stage().expect("a stage")];
        keep_the_rest(&mut new, vec![there.clone()]);
        assert_eq!(new, [there.clone()]);
        let mut other = vec![stage().expect("a stage")];
        other[0].name = "Test".to_owned();
        keep_the_rest(&mut other, vec![there]);
        assert_eq!((&other[0].before_entry, &other[0].actions[0].commands), (&None, &None));
    }
}
