//! The blocks of a deployment group, and what CodeDeploy calls them.

use aws_sdk_codedeploy::types as codedeploy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{Block, Blocks, Set};

/// The ECS service that is deployed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EcsService {
    /// The cluster's name.
    cluster_name: String,
    /// The service's name.
    service_name: String,
}

/// How a deployment goes about its work.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentStyle {
    /// Whether traffic is moved; ECS needs `WITH_TRAFFIC_CONTROL`.
    #[serde(default = "without_traffic_control")]
    #[schemars(extend("enum" = ["WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL"]))]
    deployment_option: String,
    /// Whether a second environment is made; ECS needs `BLUE_GREEN`.
    #[serde(default = "in_place")]
    #[schemars(extend("enum" = ["IN_PLACE", "BLUE_GREEN"]))]
    deployment_type: String,
}

fn without_traffic_control() -> String {
    "WITHOUT_TRAFFIC_CONTROL".to_owned()
}

fn in_place() -> String {
    "IN_PLACE".to_owned()
}

/// How a blue/green deployment goes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct BlueGreen {
    /// What happens when green is ready.
    #[serde(default)]
    deployment_ready_option: Block<DeploymentReady>,
    /// Where green comes from; not for ECS.
    #[serde(default)]
    green_fleet_provisioning_option: Block<GreenFleet>,
    /// What becomes of blue after a success.
    #[serde(default)]
    terminate_blue_instances_on_deployment_success: Block<TerminateBlue>,
}

/// What happens when green is ready.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct DeploymentReady {
    /// Whether traffic moves at once, or the deployment waits for somebody to say so and stops if nobody does.
    #[schemars(extend("enum" = ["CONTINUE_DEPLOYMENT", "STOP_DEPLOYMENT"]))]
    action_on_timeout: Option<String>,
    /// How many minutes it waits, with `STOP_DEPLOYMENT`.
    wait_time_in_minutes: Option<i32>,
}

/// Where green comes from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct GreenFleet {
    /// Instances that are there, or a copy of the Auto Scaling group.
    #[schemars(extend("enum" = ["DISCOVER_EXISTING", "COPY_AUTO_SCALING_GROUP"]))]
    action: Option<String>,
}

/// What becomes of blue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct TerminateBlue {
    /// Whether it ends; under ECS it always does.
    #[schemars(extend("enum" = ["TERMINATE", "KEEP_ALIVE"]))]
    action: Option<String>,
    /// How many minutes it stays, up to 2880: as long as a rollback is instant.
    termination_wait_time_in_minutes: Option<i32>,
}

/// What moves traffic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["elb_info", "target_group_info"]))]
pub(crate) struct LoadBalancerInfo {
    /// The blue and the green target group, and the listeners in front of them.
    #[serde(default)]
    target_group_pair_info: Block<TargetGroupPair>,
}

/// Two target groups and the listeners in front of them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct TargetGroupPair {
    /// The listener of the production traffic.
    prod_traffic_route: Block<TrafficRoute>,
    /// The listener on which green can be tried before.
    #[serde(default)]
    test_traffic_route: Block<TrafficRoute>,
    /// The two target groups.
    target_group: Blocks<TargetGroup>,
}

/// The listeners of a traffic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct TrafficRoute {
    /// One listener.
    listener_arns: Set<String>,
}

/// A target group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct TargetGroup {
    /// Its name.
    name: String,
}

/// Alarms that stop a deployment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AlarmConfiguration {
    /// The names of CloudWatch alarms, ten at the most.
    #[serde(default)]
    alarms: Set<String>,
    /// Whether they are looked at.
    #[serde(default)]
    enabled: bool,
    /// Whether a deployment goes on if CloudWatch does not answer.
    #[serde(default)]
    ignore_poll_alarm_failure: bool,
}

/// When the last good revision comes back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AutoRollback {
    /// Whether it does.
    #[serde(default)]
    enabled: bool,
    /// On what: `DEPLOYMENT_FAILURE`, `DEPLOYMENT_STOP_ON_ALARM`, `DEPLOYMENT_STOP_ON_REQUEST`.
    #[serde(default)]
    events: Set<String>,
}

/// Who is told of deployments.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "Terraform's names")]
pub(crate) struct Trigger {
    /// A name.
    trigger_name: String,
    /// The topic of SNS.
    trigger_target_arn: String,
    /// Of what: `DeploymentStart`, `DeploymentSuccess`, `DeploymentFailure`, `DeploymentStop`,
    /// `DeploymentRollback`, `DeploymentReady`.
    trigger_events: Set<String>,
}

impl EcsService {
    pub(crate) fn to_aws(&self) -> codedeploy::EcsService {
        let service = codedeploy::EcsService::builder();
        service.cluster_name(&self.cluster_name).service_name(&self.service_name).build()
    }

    pub(crate) fn from_aws(service: codedeploy::EcsService) -> Self {
        EcsService {
            cluster_name: service.cluster_name.unwrap_or_default(),
            service_name: service.service_name.unwrap_or_default(),
        }
    }
}

impl DeploymentStyle {
    pub(crate) fn to_aws(&self) -> codedeploy::DeploymentStyle {
        codedeploy::DeploymentStyle::builder()
            .deployment_option(self.deployment_option.as_str().into())
            .deployment_type(self.deployment_type.as_str().into())
            .build()
    }

    pub(crate) fn from_aws(style: &codedeploy::DeploymentStyle) -> Self {
        let option = style.deployment_option.as_ref();
        DeploymentStyle {
            deployment_option: option
                .map_or_else(without_traffic_control, |option| option.as_str().to_owned()),
            deployment_type: style
                .deployment_type
                .as_ref()
                .map_or_else(in_place, |kind| kind.as_str().to_owned()),
        }
    }
}

impl BlueGreen {
    pub(crate) fn to_aws(&self) -> codedeploy::BlueGreenDeploymentConfiguration {
        let ready = self.deployment_ready_option.as_ref().map(|ready| {
            // What it waited before is not for one that goes on at once, and CodeDeploy refuses both together.
            let waits = ready.action_on_timeout.as_deref() != Some("CONTINUE_DEPLOYMENT");
            codedeploy::DeploymentReadyOption::builder()
                .set_action_on_timeout(ready.action_on_timeout.as_deref().map(Into::into))
                .set_wait_time_in_minutes(ready.wait_time_in_minutes.filter(|_| waits))
                .build()
        });
        let green = self.green_fleet_provisioning_option.as_ref().map(|green| {
            let option = codedeploy::GreenFleetProvisioningOption::builder();
            option.set_action(green.action.as_deref().map(Into::into)).build()
        });
        let blue = self.terminate_blue_instances_on_deployment_success.as_ref().map(|blue| {
            codedeploy::BlueInstanceTerminationOption::builder()
                .set_action(blue.action.as_deref().map(Into::into))
                .set_termination_wait_time_in_minutes(blue.termination_wait_time_in_minutes)
                .build()
        });
        codedeploy::BlueGreenDeploymentConfiguration::builder()
            .set_deployment_ready_option(ready)
            .set_green_fleet_provisioning_option(green)
            .set_terminate_blue_instances_on_deployment_success(blue)
            .build()
    }

    pub(crate) fn from_aws(configuration: codedeploy::BlueGreenDeploymentConfiguration) -> Self {
        BlueGreen {
            deployment_ready_option: Block(configuration.deployment_ready_option.map(|ready| {
                DeploymentReady {
                    action_on_timeout: ready.action_on_timeout.map(|action| action.as_str().to_owned()),
                    wait_time_in_minutes: Some(ready.wait_time_in_minutes),
                }
            })),
            green_fleet_provisioning_option: Block(
                configuration.green_fleet_provisioning_option.map(|green| GreenFleet {
                    action: green.action.map(|action| action.as_str().to_owned()),
                }),
            ),
            terminate_blue_instances_on_deployment_success: Block(
                configuration.terminate_blue_instances_on_deployment_success.map(|blue| TerminateBlue {
                    action: blue.action.map(|action| action.as_str().to_owned()),
                    termination_wait_time_in_minutes: Some(blue.termination_wait_time_in_minutes),
                }),
            ),
        }
    }
}

impl LoadBalancerInfo {
    pub(crate) fn to_aws(&self) -> codedeploy::LoadBalancerInfo {
        let pair = self.target_group_pair_info.as_ref().map(TargetGroupPair::to_aws);
        codedeploy::LoadBalancerInfo::builder()
            .set_target_group_pair_info_list(Some(pair.into_iter().collect()))
            .build()
    }

    pub(crate) fn from_aws(info: codedeploy::LoadBalancerInfo) -> Self {
        let pair = info.target_group_pair_info_list.into_iter().flatten().next();
        LoadBalancerInfo { target_group_pair_info: Block(pair.map(TargetGroupPair::from_aws)) }
    }
}

impl TargetGroupPair {
    fn to_aws(&self) -> codedeploy::TargetGroupPairInfo {
        let route = |route: &TrafficRoute| {
            let arns = route.listener_arns.0.clone();
            codedeploy::TrafficRoute::builder().set_listener_arns(Some(arns)).build()
        };
        let groups = self
            .target_group
            .iter()
            .map(|group| codedeploy::TargetGroupInfo::builder().name(&group.name).build());
        codedeploy::TargetGroupPairInfo::builder()
            .set_prod_traffic_route(self.prod_traffic_route.as_ref().map(route))
            .set_test_traffic_route(self.test_traffic_route.as_ref().map(route))
            .set_target_groups(Some(groups.collect()))
            .build()
    }

    fn from_aws(pair: codedeploy::TargetGroupPairInfo) -> Self {
        let route = |route: codedeploy::TrafficRoute| {
            let arns: Set<String> = route.listener_arns.into_iter().flatten().collect();
            (!arns.is_empty()).then_some(TrafficRoute { listener_arns: arns })
        };
        let groups = pair.target_groups.into_iter().flatten();
        TargetGroupPair {
            prod_traffic_route: Block(pair.prod_traffic_route.and_then(route)),
            test_traffic_route: Block(pair.test_traffic_route.and_then(route)),
            target_group: groups.filter_map(|group| Some(TargetGroup { name: group.name? })).collect(),
        }
    }
}

impl AlarmConfiguration {
    pub(crate) fn to_aws(&self) -> codedeploy::AlarmConfiguration {
        let alarms = self.alarms.iter().map(|name| codedeploy::Alarm::builder().name(name).build());
        codedeploy::AlarmConfiguration::builder()
            .set_alarms(Some(alarms.collect()))
            .enabled(self.enabled)
            .ignore_poll_alarm_failure(self.ignore_poll_alarm_failure)
            .build()
    }

    pub(crate) fn from_aws(configuration: codedeploy::AlarmConfiguration) -> Self {
        let alarms = configuration.alarms.into_iter().flatten();
        AlarmConfiguration {
            alarms: alarms.filter_map(|alarm| alarm.name).collect(),
            enabled: configuration.enabled,
            ignore_poll_alarm_failure: configuration.ignore_poll_alarm_failure,
        }
    }
}

impl AutoRollback {
    pub(crate) fn to_aws(&self) -> codedeploy::AutoRollbackConfiguration {
        codedeploy::AutoRollbackConfiguration::builder()
            .enabled(self.enabled)
            .set_events(Some(self.events.iter().map(|event| event.as_str().into()).collect()))
            .build()
    }

    pub(crate) fn from_aws(configuration: codedeploy::AutoRollbackConfiguration) -> Self {
        let events = configuration.events.into_iter().flatten();
        AutoRollback {
            enabled: configuration.enabled,
            events: events.map(|event| event.as_str().to_owned()).collect(),
        }
    }
}

impl Trigger {
    pub(crate) fn to_aws(&self) -> codedeploy::TriggerConfig {
        codedeploy::TriggerConfig::builder()
            .trigger_name(&self.trigger_name)
            .trigger_target_arn(&self.trigger_target_arn)
            .set_trigger_events(Some(self.trigger_events.iter().map(|event| event.as_str().into()).collect()))
            .build()
    }

    pub(crate) fn from_aws(trigger: codedeploy::TriggerConfig) -> Self {
        let events = trigger.trigger_events.into_iter().flatten();
        Trigger {
            trigger_name: trigger.trigger_name.unwrap_or_default(),
            trigger_target_arn: trigger.trigger_target_arn.unwrap_or_default(),
            trigger_events: events.map(|event| event.as_str().to_owned()).collect(),
        }
    }
}
