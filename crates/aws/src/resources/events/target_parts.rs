//! The blocks of a target, and what EventBridge calls them.

use crate::errors::Built;
use aws_sdk_eventbridge::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, DeadLetterConfig, EcsParameters,
    InputTransformer, LaunchType, NetworkConfiguration, PropagateTags, RetryPolicy, SqsParameters, Tag,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wharf_provider::{Block, BlockSet, Error, Result, Set};

/// What is sent, made of parts of the event.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Transformer {
    /// Names for parts of the event, as JSON paths.
    input_paths: Option<BTreeMap<String, String>>,
    /// The template, with the names as `<name>`.
    input_template: String,
}

/// How tasks are started.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["ordered_placement_strategy", "placement_constraint"]))]
pub(crate) struct Ecs {
    /// The ARN of the task definition.
    task_definition_arn: String,
    /// How many tasks.
    #[serde(default = "one")]
    task_count: i32,
    /// What tasks run on.
    #[schemars(extend("enum" = ["EC2", "EXTERNAL", "FARGATE"]))]
    launch_type: Option<String>,
    /// The version of Fargate: `LATEST`, `1.4.0`.
    platform_version: Option<String>,
    /// The task group.
    group: Option<String>,
    /// Whether tags of the task definition go to the tasks.
    #[schemars(extend("enum" = ["TASK_DEFINITION"]))]
    propagate_tags: Option<String>,
    /// Whether ECS tags the tasks itself.
    #[serde(default)]
    enable_ecs_managed_tags: bool,
    /// Whether commands can be run in the containers.
    #[serde(default)]
    enable_execute_command: bool,
    /// Which capacity providers, in place of a launch type.
    #[serde(default)]
    capacity_provider_strategy: BlockSet<CapacityProvider>,
    /// Where in the network; tasks on Fargate need it.
    #[serde(default)]
    network_configuration: Block<Network>,
    /// Tags of the tasks.
    tags: Option<BTreeMap<String, String>>,
}

/// A capacity provider and its share.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "Terraform's name")]
pub(crate) struct CapacityProvider {
    /// The provider: `FARGATE_SPOT`.
    capacity_provider: String,
    /// Its share of the tasks beyond the base.
    #[serde(default)]
    weight: i32,
    /// How many tasks it runs at least.
    #[serde(default)]
    base: i32,
}

/// Where in the network.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Network {
    /// The subnets.
    subnets: Set<String>,
    /// The security groups.
    #[serde(default)]
    security_groups: Set<String>,
    /// Whether tasks get a public address.
    #[serde(default)]
    assign_public_ip: bool,
}

/// How messages are sent.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sqs {
    /// The message group.
    message_group_id: Option<String>,
}

/// Where events go that could not be delivered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeadLetters {
    /// The ARN of a queue.
    arn: Option<String>,
}

/// How long and how often delivery is tried.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Retry {
    /// How old an event may be, in seconds: 60 to 86400.
    maximum_event_age_in_seconds: Option<i32>,
    /// How often: up to 185 times.
    maximum_retry_attempts: Option<i32>,
}

fn one() -> i32 {
    1
}

impl Transformer {
    pub(super) fn to_aws(&self) -> Result<InputTransformer> {
        let paths = self.input_paths.clone().map(|paths| paths.into_iter().collect());
        let builder = InputTransformer::builder().set_input_paths_map(paths);
        builder.input_template(&self.input_template).build().built()
    }

    pub(super) fn from_aws(transformer: InputTransformer) -> Self {
        Transformer {
            input_paths: transformer.input_paths_map.map(|paths| paths.into_iter().collect()),
            input_template: transformer.input_template,
        }
    }
}

impl Ecs {
    pub(super) fn to_aws(&self) -> Result<EcsParameters> {
        let network = self.network_configuration.as_ref().map(|network| {
            let public =
                if network.assign_public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
            let groups = Some(network.security_groups.to_vec()).filter(|groups| !groups.is_empty());
            let vpc = AwsVpcConfiguration::builder()
                .set_subnets(Some(network.subnets.to_vec()))
                .set_security_groups(groups)
                .assign_public_ip(public);
            Ok::<_, Error>(NetworkConfiguration::builder().awsvpc_configuration(vpc.build().built()?).build())
        });
        let providers = self.capacity_provider_strategy.iter().map(|item| {
            let builder = CapacityProviderStrategyItem::builder().capacity_provider(&item.capacity_provider);
            builder.weight(item.weight).base(item.base).build().built()
        });
        let providers = providers.collect::<Result<Vec<_>>>()?;
        let tags = self.tags.as_ref().map(|tags| {
            let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().built());
            tags.collect::<Result<Vec<_>>>()
        });
        EcsParameters::builder()
            .task_definition_arn(&self.task_definition_arn)
            .task_count(self.task_count)
            .set_launch_type(self.launch_type.as_deref().map(LaunchType::from))
            .set_platform_version(self.platform_version.clone())
            .set_group(self.group.clone())
            .set_propagate_tags(self.propagate_tags.as_deref().map(PropagateTags::from))
            .enable_ecs_managed_tags(self.enable_ecs_managed_tags)
            .enable_execute_command(self.enable_execute_command)
            .set_capacity_provider_strategy(Some(providers).filter(|providers| !providers.is_empty()))
            .set_network_configuration(network.transpose()?)
            .set_tags(tags.transpose()?)
            .build()
            .built()
    }

    pub(super) fn from_aws(ecs: EcsParameters) -> Self {
        let network = ecs.network_configuration.and_then(|network| network.awsvpc_configuration);
        let providers = ecs.capacity_provider_strategy.into_iter().flatten();
        Ecs {
            task_definition_arn: ecs.task_definition_arn,
            task_count: ecs.task_count.unwrap_or_else(one),
            launch_type: ecs.launch_type.map(|kind| kind.as_str().to_owned()),
            platform_version: ecs.platform_version,
            group: ecs.group,
            propagate_tags: ecs.propagate_tags.map(|from| from.as_str().to_owned()),
            enable_ecs_managed_tags: ecs.enable_ecs_managed_tags,
            enable_execute_command: ecs.enable_execute_command,
            capacity_provider_strategy: providers
                .map(|item| CapacityProvider {
                    capacity_provider: item.capacity_provider,
                    weight: item.weight,
                    base: item.base,
                })
                .collect(),
            network_configuration: Block(network.map(|network| Network {
                subnets: Set(network.subnets),
                security_groups: Set(network.security_groups.unwrap_or_default()),
                assign_public_ip: network.assign_public_ip == Some(AssignPublicIp::Enabled),
            })),
            tags: ecs.tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()),
        }
    }
}

impl Sqs {
    pub(super) fn to_aws(&self) -> SqsParameters {
        SqsParameters::builder().set_message_group_id(self.message_group_id.clone()).build()
    }

    pub(super) fn from_aws(sqs: SqsParameters) -> Self {
        Sqs { message_group_id: sqs.message_group_id }
    }
}

impl DeadLetters {
    pub(super) fn to_aws(&self) -> DeadLetterConfig {
        DeadLetterConfig::builder().set_arn(self.arn.clone()).build()
    }

    pub(super) fn from_aws(letters: DeadLetterConfig) -> Self {
        DeadLetters { arn: letters.arn }
    }
}

impl Retry {
    pub(super) fn to_aws(&self) -> RetryPolicy {
        RetryPolicy::builder()
            .set_maximum_event_age_in_seconds(self.maximum_event_age_in_seconds)
            .set_maximum_retry_attempts(self.maximum_retry_attempts)
            .build()
    }

    pub(super) fn from_aws(retry: RetryPolicy) -> Self {
        Retry {
            maximum_event_age_in_seconds: retry.maximum_event_age_in_seconds,
            maximum_retry_attempts: retry.maximum_retry_attempts,
        }
    }
}
