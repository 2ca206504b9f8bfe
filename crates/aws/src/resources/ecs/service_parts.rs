//! The blocks of a service, and what ECS calls them.

use super::deployment_configuration::AdvancedConfiguration;
use crate::errors::Built;
use aws_sdk_ecs::types as ecs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{Block, Result, Set};

/// A share of a service's tasks for a capacity provider.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CapacityProviderStrategy {
    /// The provider: `FARGATE`, `FARGATE_SPOT`, or one of the cluster's own.
    pub(crate) capacity_provider: String,
    /// Its share of the tasks beyond the bases.
    #[serde(default)]
    pub(crate) weight: i32,
    /// How many tasks it gets first; one provider may have one.
    #[serde(default)]
    pub(crate) base: i32,
}

/// Who deploys a service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentController {
    /// ECS's rolling update, `CODE_DEPLOY`'s blue/green, or somebody else.
    #[serde(rename = "type", default = "ecs_controller")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["ECS", "CODE_DEPLOY", "EXTERNAL"]))]
    pub(crate) kind: String,
}

fn ecs_controller() -> String {
    "ECS".to_owned()
}

/// When a deployment has failed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CircuitBreaker {
    /// Whether a deployment that cannot become steady fails.
    pub(crate) enable: bool,
    /// Whether the last good deployment comes back then.
    pub(crate) rollback: bool,
}

/// Alarms that fail a deployment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Alarms {
    /// The CloudWatch alarms.
    pub(crate) alarm_names: Set<String>,
    /// Whether they are looked at.
    pub(crate) enable: bool,
    /// Whether the last good deployment comes back.
    pub(crate) rollback: bool,
}

/// Where the tasks of a service with the network mode `awsvpc` are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct NetworkConfiguration {
    /// The subnets.
    pub(crate) subnets: Set<String>,
    /// The security groups; the VPC's default one if there are none.
    #[serde(default)]
    pub(crate) security_groups: Set<String>,
    /// Whether tasks get public addresses.
    #[serde(default)]
    pub(crate) assign_public_ip: bool,
}

/// A target group that a service registers its tasks in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LoadBalancer {
    /// The target group.
    pub(crate) target_group_arn: Option<String>,
    /// A classic load balancer, instead of a target group.
    pub(crate) elb_name: Option<String>,
    /// The container.
    pub(crate) container_name: String,
    /// The port of the container.
    pub(crate) container_port: i32,
    /// What a blue/green deployment of ECS's own moves.
    #[serde(default)]
    pub(crate) advanced_configuration: Block<AdvancedConfiguration>,
}

/// A registry of Cloud Map that a service registers its tasks in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ServiceRegistry {
    /// The service of Cloud Map.
    pub(crate) registry_arn: String,
    /// The port, for SRV records.
    pub(crate) port: Option<i32>,
    /// The container.
    pub(crate) container_name: Option<String>,
    /// The port of the container.
    pub(crate) container_port: Option<i32>,
}

/// How tasks are spread over container instances.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlacementStrategy {
    /// The strategy.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["random", "spread", "binpack"]))]
    pub(crate) kind: String,
    /// What it goes by: `instanceId`, `attribute:ecs.availability-zone`, `cpu`, `memory`.
    pub(crate) field: Option<String>,
}

/// On which container instances tasks may be placed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlacementConstraint {
    /// The kind of constraint.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["distinctInstance", "memberOf"]))]
    pub(crate) kind: String,
    /// An expression of ECS's cluster query language, for `memberOf`.
    pub(crate) expression: Option<String>,
}

impl CapacityProviderStrategy {
    pub(crate) fn to_aws(&self) -> Result<ecs::CapacityProviderStrategyItem> {
        let item = ecs::CapacityProviderStrategyItem::builder().capacity_provider(&self.capacity_provider);
        item.weight(self.weight).base(self.base).build().built()
    }

    pub(crate) fn from_aws(item: ecs::CapacityProviderStrategyItem) -> Self {
        CapacityProviderStrategy {
            capacity_provider: item.capacity_provider,
            weight: item.weight,
            base: item.base,
        }
    }
}

impl CircuitBreaker {
    pub(crate) fn to_aws(&self) -> ecs::DeploymentCircuitBreaker {
        ecs::DeploymentCircuitBreaker::builder().enable(self.enable).rollback(self.rollback).build()
    }

    pub(crate) fn from_aws(breaker: &ecs::DeploymentCircuitBreaker) -> Self {
        CircuitBreaker { enable: breaker.enable, rollback: breaker.rollback }
    }
}

impl Alarms {
    pub(crate) fn to_aws(&self) -> Result<ecs::DeploymentAlarms> {
        let alarms = ecs::DeploymentAlarms::builder().set_alarm_names(Some(self.alarm_names.0.clone()));
        alarms.enable(self.enable).rollback(self.rollback).build().built()
    }

    pub(crate) fn from_aws(alarms: ecs::DeploymentAlarms) -> Self {
        Alarms { alarm_names: Set(alarms.alarm_names), enable: alarms.enable, rollback: alarms.rollback }
    }
}

impl NetworkConfiguration {
    pub(crate) fn to_aws(&self) -> Result<ecs::NetworkConfiguration> {
        let public =
            if self.assign_public_ip { ecs::AssignPublicIp::Enabled } else { ecs::AssignPublicIp::Disabled };
        let groups = &self.security_groups.0;
        let vpc = ecs::AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.0.clone()))
            .set_security_groups((!groups.is_empty()).then(|| groups.clone()))
            .assign_public_ip(public)
            .build()
            .built()?;
        Ok(ecs::NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
    }

    pub(crate) fn from_aws(network: ecs::NetworkConfiguration) -> Option<Self> {
        network.awsvpc_configuration.map(|vpc| NetworkConfiguration {
            subnets: Set(vpc.subnets),
            security_groups: Set(vpc.security_groups.unwrap_or_default()),
            assign_public_ip: vpc.assign_public_ip == Some(ecs::AssignPublicIp::Enabled),
        })
    }
}

impl LoadBalancer {
    pub(crate) fn to_aws(&self) -> ecs::LoadBalancer {
        ecs::LoadBalancer::builder()
            .set_target_group_arn(self.target_group_arn.clone())
            .set_load_balancer_name(self.elb_name.clone())
            .container_name(&self.container_name)
            .container_port(self.container_port)
            .set_advanced_configuration(
                self.advanced_configuration.as_ref().map(AdvancedConfiguration::to_aws),
            )
            .build()
    }

    pub(crate) fn from_aws(balancer: ecs::LoadBalancer) -> Self {
        LoadBalancer {
            target_group_arn: balancer.target_group_arn,
            elb_name: balancer.load_balancer_name,
            container_name: balancer.container_name.unwrap_or_default(),
            container_port: balancer.container_port.unwrap_or_default(),
            advanced_configuration: Block(
                balancer.advanced_configuration.map(AdvancedConfiguration::from_aws),
            ),
        }
    }
}

impl ServiceRegistry {
    pub(crate) fn to_aws(&self) -> ecs::ServiceRegistry {
        ecs::ServiceRegistry::builder()
            .registry_arn(&self.registry_arn)
            .set_port(self.port)
            .set_container_name(self.container_name.clone())
            .set_container_port(self.container_port)
            .build()
    }

    pub(crate) fn from_aws(registry: ecs::ServiceRegistry) -> Self {
        ServiceRegistry {
            registry_arn: registry.registry_arn.unwrap_or_default(),
            port: registry.port,
            container_name: registry.container_name,
            container_port: registry.container_port,
        }
    }
}

impl PlacementStrategy {
    pub(crate) fn to_aws(&self) -> ecs::PlacementStrategy {
        let strategy = ecs::PlacementStrategy::builder().r#type(self.kind.as_str().into());
        strategy.set_field(self.field.clone()).build()
    }

    pub(crate) fn from_aws(strategy: ecs::PlacementStrategy) -> Self {
        PlacementStrategy {
            kind: strategy.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            field: strategy.field,
        }
    }
}

impl PlacementConstraint {
    pub(crate) fn to_aws(&self) -> ecs::PlacementConstraint {
        let constraint = ecs::PlacementConstraint::builder().r#type(self.kind.as_str().into());
        constraint.set_expression(self.expression.clone()).build()
    }

    pub(crate) fn from_aws(constraint: ecs::PlacementConstraint) -> Self {
        PlacementConstraint {
            kind: constraint.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            expression: constraint.expression,
        }
    }
}
