//! Triggers of a pipeline, and what CodePipeline calls them.

use crate::errors::Built;
use aws_sdk_codepipeline::types as codepipeline;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{Block, Blocks, Result};

/// What starts a pipeline of the type V2.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Trigger {
    /// The kind of source.
    #[schemars(extend("enum" = ["CodeStarSourceConnection"]))]
    provider_type: String,
    /// Which events of the Git source start it.
    git_configuration: Block<GitConfiguration>,
}

/// Which events of a Git source start a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct GitConfiguration {
    /// The source action.
    source_action_name: String,
    /// Pushes; one that any of the filters lets through.
    #[serde(default)]
    push: Blocks<Push>,
    /// Pull requests; one that any of the filters lets through.
    #[serde(default)]
    pull_request: Blocks<PullRequest>,
}

/// Which pushes start a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Push {
    /// Of which branches.
    #[serde(default)]
    branches: Block<Patterns>,
    /// That change which files.
    #[serde(default)]
    file_paths: Block<Patterns>,
    /// Of which tags.
    #[serde(default)]
    tags: Block<Patterns>,
}

/// Which pull requests start a pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct PullRequest {
    /// On what: `OPEN`, `UPDATED`, `CLOSED`.
    #[serde(default)]
    events: Vec<String>,
    /// To which branches.
    #[serde(default)]
    branches: Block<Patterns>,
    /// That change which files.
    #[serde(default)]
    file_paths: Block<Patterns>,
}

/// Names by glob patterns.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Patterns {
    /// Those that match one of these,
    #[serde(default)]
    includes: Vec<String>,
    /// but none of these.
    #[serde(default)]
    excludes: Vec<String>,
}

/// The same patterns have three types in the SDK.
macro_rules! patterns {
    ($to:ident, $from:ident: $kind:ident) => {
        fn $to(patterns: &Patterns) -> codepipeline::$kind {
            let list = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
            codepipeline::$kind::builder()
                .set_includes(list(&patterns.includes))
                .set_excludes(list(&patterns.excludes))
                .build()
        }

        fn $from(criteria: codepipeline::$kind) -> Patterns {
            Patterns {
                includes: criteria.includes.unwrap_or_default(),
                excludes: criteria.excludes.unwrap_or_default(),
            }
        }
    };
}
patterns!(to_branches, from_branches: GitBranchFilterCriteria);
patterns!(to_file_paths, from_file_paths: GitFilePathFilterCriteria);
patterns!(to_tags, from_tags: GitTagFilterCriteria);

impl Trigger {
    pub(crate) fn to_aws(&self) -> Result<codepipeline::PipelineTriggerDeclaration> {
        codepipeline::PipelineTriggerDeclaration::builder()
            .provider_type(self.provider_type.as_str().into())
            .set_git_configuration(self.git_configuration.as_ref().map(GitConfiguration::to_aws).transpose()?)
            .build()
            .built()
    }

    pub(crate) fn from_aws(trigger: codepipeline::PipelineTriggerDeclaration) -> Self {
        Trigger {
            provider_type: trigger.provider_type.as_str().to_owned(),
            git_configuration: Block(trigger.git_configuration.map(GitConfiguration::from_aws)),
        }
    }
}

impl GitConfiguration {
    fn to_aws(&self) -> Result<codepipeline::GitConfiguration> {
        let push: Vec<_> = self.push.iter().map(Push::to_aws).collect();
        let pull_request: Vec<_> = self.pull_request.iter().map(PullRequest::to_aws).collect();
        codepipeline::GitConfiguration::builder()
            .source_action_name(&self.source_action_name)
            .set_push((!push.is_empty()).then_some(push))
            .set_pull_request((!pull_request.is_empty()).then_some(pull_request))
            .build()
            .built()
    }

    fn from_aws(git: codepipeline::GitConfiguration) -> Self {
        GitConfiguration {
            source_action_name: git.source_action_name,
            push: git.push.into_iter().flatten().map(Push::from_aws).collect(),
            pull_request: git.pull_request.into_iter().flatten().map(PullRequest::from_aws).collect(),
        }
    }
}

impl Push {
    fn to_aws(&self) -> codepipeline::GitPushFilter {
        codepipeline::GitPushFilter::builder()
            .set_branches(self.branches.as_ref().map(to_branches))
            .set_file_paths(self.file_paths.as_ref().map(to_file_paths))
            .set_tags(self.tags.as_ref().map(to_tags))
            .build()
    }

    fn from_aws(push: codepipeline::GitPushFilter) -> Self {
        Push {
            branches: Block(push.branches.map(from_branches)),
            file_paths: Block(push.file_paths.map(from_file_paths)),
            tags: Block(push.tags.map(from_tags)),
        }
    }
}

impl PullRequest {
    fn to_aws(&self) -> codepipeline::GitPullRequestFilter {
        let events: Vec<_> = self.events.iter().map(|event| event.as_str().into()).collect();
        codepipeline::GitPullRequestFilter::builder()
            .set_events((!events.is_empty()).then_some(events))
            .set_branches(self.branches.as_ref().map(to_branches))
            .set_file_paths(self.file_paths.as_ref().map(to_file_paths))
            .build()
    }

    fn from_aws(request: codepipeline::GitPullRequestFilter) -> Self {
        let events = request.events.into_iter().flatten();
        PullRequest {
            events: events.map(|event| event.as_str().to_owned()).collect(),
            branches: Block(request.branches.map(from_branches)),
            file_paths: Block(request.file_paths.map(from_file_paths)),
        }
    }
}
