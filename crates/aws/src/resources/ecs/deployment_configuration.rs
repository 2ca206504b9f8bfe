//! How ECS itself deploys a service: in place, or blue/green, at once, in steps, with hooks.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>.

use super::document::{from_document, to_document};
use crate::resources::traffic::first;
use aws_sdk_ecs::types as ecs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::{Block, BlockSet, Json, Set};

/// The strategies with two revisions side by side, between which ECS shifts the traffic.
pub(super) const SHIFTING: [&str; 3] = ["BLUE_GREEN", "LINEAR", "CANARY"];

/// How ECS deploys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentConfiguration {
    /// `ROLLING` replaces tasks in place; the others start a second revision, and shift the traffic at once, in equal
    /// steps, or in two.
    #[serde(default = "rolling")]
    #[schemars(extend("enum" = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]))]
    pub(super) strategy: String,
    /// How long both revisions run once all traffic has shifted, 0 to 1440 minutes.
    pub(super) bake_time_in_minutes: Option<i32>,
    /// What runs, or waits, at stages of a deployment.
    #[serde(default)]
    pub(super) lifecycle_hook: BlockSet<LifecycleHook>,
    /// The steps of `LINEAR`.
    #[serde(default)]
    pub(super) linear_configuration: Block<Linear>,
    /// The steps of `CANARY`.
    #[serde(default)]
    pub(super) canary_configuration: Block<Canary>,
}

/// What runs, or waits, at stages of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LifecycleHook {
    /// `AWS_LAMBDA` calls a function; `PAUSE` waits until somebody continues the deployment.
    #[serde(default = "lambda")]
    #[schemars(extend("enum" = ["AWS_LAMBDA", "PAUSE"]))]
    pub(super) target_type: String,
    /// The function; not for a pause.
    pub(super) hook_target_arn: Option<String>,
    /// The role with which ECS calls it; not for a pause.
    pub(super) role_arn: Option<String>,
    /// When: `RECONCILE_SERVICE`, `PRE_SCALE_UP`, `POST_SCALE_UP`, `TEST_TRAFFIC_SHIFT`, `POST_TEST_TRAFFIC_SHIFT`,
    /// `PRE_PRODUCTION_TRAFFIC_SHIFT`, `PRODUCTION_TRAFFIC_SHIFT`, `POST_PRODUCTION_TRAFFIC_SHIFT`.
    pub(super) lifecycle_stages: Set<String>,
    /// What the function is told besides.
    pub(super) hook_details: Option<Json>,
    /// How long a pause lasts at most, and what then.
    #[serde(default)]
    pub(super) timeout_configuration: Block<Timeout>,
}

/// How long a pause lasts at most, and what then.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Timeout {
    /// Minutes.
    #[serde(default = "a_day")]
    pub(super) timeout_in_minutes: i32,
    /// Whether the deployment goes on then, or back.
    #[serde(default = "rollback")]
    #[schemars(extend("enum" = ["ROLLBACK", "CONTINUE"]))]
    pub(super) action: String,
}

/// Equal steps.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Linear {
    /// The share of the production traffic that shifts in each step: 3 to 100 percent.
    #[serde(default = "ten_percent")]
    pub(super) step_percent: f64,
    /// How long each lasts, 0 to 1440 minutes.
    #[serde(default = "six")]
    pub(super) step_bake_time_in_minutes: i32,
}

/// A small step, and the rest.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Canary {
    /// The share of the production traffic that shifts first: 0.1 to 100 percent.
    #[serde(default = "five_percent")]
    pub(super) canary_percent: f64,
    /// How long that lasts, 0 to 1440 minutes.
    #[serde(default = "ten")]
    pub(super) canary_bake_time_in_minutes: i32,
}

/// What a blue/green deployment moves of a load balancer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AdvancedConfiguration {
    /// The other target group: each deployment goes to the one of the two that does not serve.
    pub(super) alternate_target_group_arn: String,
    /// The rule that sends production traffic, a listener's default one perhaps; a listener of a network load balancer.
    pub(super) production_listener_rule: String,
    /// The same for test traffic.
    pub(super) test_listener_rule: Option<String>,
    /// The role with which ECS moves them.
    pub(super) role_arn: String,
}

fn rolling() -> String {
    "ROLLING".to_owned()
}

fn lambda() -> String {
    "AWS_LAMBDA".to_owned()
}

fn rollback() -> String {
    "ROLLBACK".to_owned()
}

fn a_day() -> i32 {
    1440
}

fn ten_percent() -> f64 {
    10.0
}

fn five_percent() -> f64 {
    5.0
}

fn six() -> i32 {
    6
}

fn ten() -> i32 {
    10
}

impl DeploymentConfiguration {
    /// Whether there are two revisions, between which ECS shifts the traffic.
    pub(super) fn shifts(&self) -> bool {
        SHIFTING.contains(&self.strategy.as_str())
    }

    /// Adds it to what else ECS keeps there.
    pub(super) fn add_to(
        &self,
        request: ecs::builders::DeploymentConfigurationBuilder,
    ) -> ecs::builders::DeploymentConfigurationBuilder {
        let hooks: Vec<_> = self.lifecycle_hook.iter().map(LifecycleHook::to_aws).collect();
        request
            .strategy(self.strategy.as_str().into())
            .set_bake_time_in_minutes(self.bake_time_in_minutes)
            .set_lifecycle_hooks(self.shifts().then_some(hooks))
            .set_linear_configuration(self.linear_configuration.as_ref().map(Linear::to_aws))
            .set_canary_configuration(self.canary_configuration.as_ref().map(Canary::to_aws))
    }

    /// Nothing for a service that is rolled, as nobody says so.
    pub(super) fn from_aws(live: &ecs::DeploymentConfiguration) -> Option<Self> {
        let strategy = live.strategy()?.as_str();
        SHIFTING.contains(&strategy).then(|| DeploymentConfiguration {
            strategy: strategy.to_owned(),
            bake_time_in_minutes: live.bake_time_in_minutes(),
            lifecycle_hook: live.lifecycle_hooks().iter().map(LifecycleHook::from_aws).collect(),
            linear_configuration: Block(live.linear_configuration().map(Linear::from_aws)),
            canary_configuration: Block(live.canary_configuration().map(Canary::from_aws)),
        })
    }
}

impl LifecycleHook {
    fn to_aws(&self) -> ecs::DeploymentLifecycleHook {
        let timeout = self.timeout_configuration.as_ref().map(|timeout| {
            ecs::DeploymentLifecycleHookTimeoutConfiguration::builder()
                .timeout_in_minutes(timeout.timeout_in_minutes)
                .action(timeout.action.as_str().into())
                .build()
        });
        // What is the default is left out, as ECS took no such member at first.
        let kind = (self.target_type != lambda()).then(|| self.target_type.as_str().into());
        ecs::DeploymentLifecycleHook::builder()
            .set_target_type(kind)
            .set_hook_target_arn(self.hook_target_arn.clone())
            .set_role_arn(self.role_arn.clone())
            .set_lifecycle_stages(Some(
                self.lifecycle_stages.iter().map(|stage| stage.as_str().into()).collect(),
            ))
            .set_hook_details(self.hook_details.as_ref().map(to_document))
            .set_timeout_configuration(timeout)
            .build()
    }

    fn from_aws(live: &ecs::DeploymentLifecycleHook) -> Self {
        LifecycleHook {
            target_type: live.target_type().map_or_else(lambda, |kind| kind.as_str().to_owned()),
            hook_target_arn: live.hook_target_arn().map(str::to_owned),
            role_arn: live.role_arn().map(str::to_owned),
            lifecycle_stages: live.lifecycle_stages().iter().map(|stage| stage.as_str().to_owned()).collect(),
            hook_details: live.hook_details().map(from_document),
            timeout_configuration: Block(live.timeout_configuration().map(|timeout| Timeout {
                timeout_in_minutes: timeout.timeout_in_minutes().unwrap_or_else(a_day),
                action: timeout.action().map_or_else(rollback, |action| action.as_str().to_owned()),
            })),
        }
    }
}

impl Linear {
    fn to_aws(&self) -> ecs::LinearConfiguration {
        ecs::LinearConfiguration::builder()
            .step_percent(self.step_percent)
            .step_bake_time_in_minutes(self.step_bake_time_in_minutes)
            .build()
    }

    fn from_aws(live: &ecs::LinearConfiguration) -> Self {
        Linear {
            step_percent: live.step_percent().unwrap_or_else(ten_percent),
            step_bake_time_in_minutes: live.step_bake_time_in_minutes().unwrap_or_else(six),
        }
    }
}

impl Canary {
    fn to_aws(&self) -> ecs::CanaryConfiguration {
        ecs::CanaryConfiguration::builder()
            .canary_percent(self.canary_percent)
            .canary_bake_time_in_minutes(self.canary_bake_time_in_minutes)
            .build()
    }

    fn from_aws(live: &ecs::CanaryConfiguration) -> Self {
        Canary {
            canary_percent: live.canary_percent().unwrap_or_else(five_percent),
            canary_bake_time_in_minutes: live.canary_bake_time_in_minutes().unwrap_or_else(ten),
        }
    }
}

impl AdvancedConfiguration {
    pub(super) fn to_aws(&self) -> ecs::AdvancedConfiguration {
        ecs::AdvancedConfiguration::builder()
            .alternate_target_group_arn(&self.alternate_target_group_arn)
            .production_listener_rule(&self.production_listener_rule)
            .set_test_listener_rule(self.test_listener_rule.clone())
            .role_arn(&self.role_arn)
            .build()
    }

    pub(super) fn from_aws(live: ecs::AdvancedConfiguration) -> Self {
        AdvancedConfiguration {
            alternate_target_group_arn: live.alternate_target_group_arn.unwrap_or_default(),
            production_listener_rule: live.production_listener_rule.unwrap_or_default(),
            test_listener_rule: live.test_listener_rule,
            role_arn: live.role_arn.unwrap_or_default(),
        }
    }
}

/// The strategy, if it is known and has two revisions.
pub(super) fn shifting(properties: &Map) -> Option<&str> {
    let strategy = first(properties, "deployment_configuration")?.get("strategy")?.as_str()?;
    SHIFTING.contains(&strategy).then_some(strategy)
}

/// `ROLLING`, said with nothing else, is the same as nothing said.
pub(super) fn canonical(properties: &mut Map) {
    let Some(Value::List(blocks)) = properties.get_mut("deployment_configuration") else { return };
    blocks.retain(|block| {
        let strategy = block.as_map().map(|block| block.get("strategy").map(Value::as_str));
        !matches!(strategy, Some(None | Some(Some("ROLLING"))))
    });
    for block in blocks {
        let Value::Map(block) = block else { continue };
        let Some(Value::List(hooks)) = block.get_mut("lifecycle_hook") else { continue };
        for hook in hooks {
            let Value::Map(hook) = hook else { continue };
            let is_empty =
                |name: &str| hook.get(name).and_then(Value::as_list).is_none_or(<[Value]>::is_empty);
            // A pause without a limit of its own has ECS's.
            if hook.get("target_type").and_then(Value::as_str) == Some("PAUSE")
                && is_empty("timeout_configuration")
            {
                let timeout = serde_json::json!([{"timeout_in_minutes": a_day(), "action": rollback()}]);
                hook.insert("timeout_configuration".to_owned(), Value::from(timeout));
            }
        }
    }
}
