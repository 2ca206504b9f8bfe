//! The properties of a live service.

use super::deployment_configuration::DeploymentConfiguration;
use super::service::{Attributes, Properties, Service, one_hundred, replica, two_hundred};
use super::service_parts::{
    Alarms, CapacityProviderStrategy, CircuitBreaker, DeploymentController, LoadBalancer,
    NetworkConfiguration, PlacementConstraint, PlacementStrategy, ServiceRegistry,
};
use super::service_rollout::{serving, shifts, state};
use super::support::from_aws;
use crate::arn;
use aws_sdk_ecs::types as ecs;
use std::collections::HashMap;
use wharf_provider::{Block, LiveOf};

/// A service as ECS tells it; `groups` are the target groups of revisions, `recorded` has what ECS does not tell.
pub(super) fn live(
    service: ecs::Service,
    groups: &HashMap<String, Vec<String>>,
    recorded: Option<&Properties>,
) -> LiveOf<Service> {
    let shifts = shifts(&service);
    let rollout_state = state(&service).filter(|_| shifts).map(|state| state.as_str().to_owned());
    let serving_target_group_arns = serving(&service, groups);
    let arn = service.service_arn.unwrap_or_default();
    // Under CODE_DEPLOY the primary task set is the one that serves.
    let primary = service.task_sets.into_iter().flatten().find(|set| set.status() == Some("PRIMARY"));
    let (mut task_definition, mut network, mut balancers) =
        (service.task_definition, service.network_configuration, service.load_balancers);
    if let Some(set) = primary {
        task_definition = set.task_definition.or(task_definition);
        network = set.network_configuration.or(network);
        balancers = set.load_balancers.filter(|list| !list.is_empty()).or(balancers);
    }
    let deployment = service.deployment_configuration;
    let percent =
        |percent: fn(&ecs::DeploymentConfiguration) -> Option<i32>| deployment.as_ref().and_then(percent);
    LiveOf {
        properties: Properties {
            name: service.service_name.unwrap_or_default(),
            cluster: service.cluster_arn,
            task_definition: task_definition.map(|live| as_recorded(live, recorded)),
            desired_count: Some(service.desired_count),
            launch_type: service.launch_type.map(|name| name.as_str().to_owned()),
            capacity_provider_strategy: service
                .capacity_provider_strategy
                .into_iter()
                .flatten()
                .map(CapacityProviderStrategy::from_aws)
                .collect(),
            platform_version: service.platform_version,
            scheduling_strategy: service
                .scheduling_strategy
                .map_or_else(replica, |strategy| strategy.as_str().to_owned()),
            deployment_controller: Block(Some(DeploymentController {
                kind: service
                    .deployment_controller
                    .map_or_else(|| "ECS".to_owned(), |controller| controller.r#type.as_str().to_owned()),
            })),
            deployment_configuration: Block(deployment.as_ref().and_then(DeploymentConfiguration::from_aws)),
            deployment_maximum_percent: percent(|d| d.maximum_percent).unwrap_or_else(two_hundred),
            deployment_minimum_healthy_percent: percent(|d| d.minimum_healthy_percent)
                .unwrap_or_else(one_hundred),
            deployment_circuit_breaker: Block(
                deployment
                    .as_ref()
                    .and_then(|deployment| deployment.deployment_circuit_breaker.as_ref())
                    .map(CircuitBreaker::from_aws),
            ),
            alarms: Block(deployment.and_then(|deployment| deployment.alarms).map(Alarms::from_aws)),
            network_configuration: Block(network.and_then(NetworkConfiguration::from_aws)),
            load_balancer: balancers.into_iter().flatten().map(LoadBalancer::from_aws).collect(),
            health_check_grace_period_seconds: service.health_check_grace_period_seconds,
            service_registries: Block(
                service.service_registries.into_iter().flatten().next().map(ServiceRegistry::from_aws),
            ),
            ordered_placement_strategy: service
                .placement_strategy
                .into_iter()
                .flatten()
                .map(PlacementStrategy::from_aws)
                .collect(),
            placement_constraints: service
                .placement_constraints
                .into_iter()
                .flatten()
                .map(PlacementConstraint::from_aws)
                .collect(),
            enable_execute_command: service.enable_execute_command,
            enable_ecs_managed_tags: service.enable_ecs_managed_tags,
            propagate_tags: service.propagate_tags.map(|source| source.as_str().to_owned()),
            availability_zone_rebalancing: service
                .availability_zone_rebalancing
                .map(|setting| setting.as_str().to_owned()),
            force_delete: recorded.is_some_and(|properties| properties.force_delete),
            force_new_deployment: recorded.is_some_and(|properties| properties.force_new_deployment),
            triggers: recorded.map(|properties| properties.triggers.clone()).unwrap_or_default(),
            wait_for_steady_state: recorded.is_some_and(|properties| properties.wait_for_steady_state),
            tags: from_aws(service.tags),
        },
        attributes: Attributes {
            id: arn.clone(),
            arn,
            current_service_deployment: service.current_service_deployment.filter(|_| shifts),
            rollout_state,
            serving_target_group_arns,
        },
    }
}

/// The task definition, in the words of the stack file if those name a family: any revision of it is what they mean.
fn as_recorded(live: String, recorded: Option<&Properties>) -> String {
    let family = arn::last(&live).split(':').next();
    match recorded.and_then(|properties| properties.task_definition.as_deref()) {
        Some(name) if Some(name) == family => name.to_owned(),
        _ => live,
    }
}
