//! The requests that make and change a service.

use super::service::{Properties, Service};
use super::service_parts::{
    Alarms, CapacityProviderStrategy, CircuitBreaker, LoadBalancer, NetworkConfiguration,
    PlacementConstraint, PlacementStrategy, ServiceRegistry,
};
use super::support::to_aws;
use crate::clients::Clients;
use crate::errors::Built;
use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Creation;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Request;
use aws_sdk_ecs::types as ecs;
use wharf_provider::{Result, UpdateOf};

/// What is part of ECS's deployment configuration, which is sent as a whole.
const DEPLOYMENT: [&str; 5] = [
    "deployment_configuration",
    "deployment_maximum_percent",
    "deployment_minimum_healthy_percent",
    "deployment_circuit_breaker",
    "alarms",
];

/// The request that makes a service, but for its token.
pub(super) fn creation(cloud: &Clients, properties: &Properties) -> Result<Creation> {
    let daemon = properties.scheduling_strategy == "DAEMON";
    let strategy = &properties.capacity_provider_strategy;
    let registries = properties.service_registries.as_ref();
    Ok(cloud
        .ecs_once()
        .create_service()
        .service_name(&properties.name)
        .set_cluster(properties.cluster.clone())
        .set_task_definition(properties.task_definition.clone())
        .set_desired_count((!daemon).then(|| properties.desired_count.unwrap_or_default()))
        .set_launch_type(properties.launch_type.as_deref().map(Into::into))
        .set_capacity_provider_strategy(list(strategy.iter().map(CapacityProviderStrategy::to_aws))?)
        .set_platform_version(properties.platform_version.clone())
        .scheduling_strategy(properties.scheduling_strategy.as_str().into())
        .set_deployment_controller(deployment_controller(properties)?)
        .deployment_configuration(deployment_configuration(properties)?)
        .set_network_configuration(network_configuration(properties)?)
        .set_load_balancers(list(properties.load_balancer.iter().map(|b| Ok(b.to_aws())))?)
        .set_health_check_grace_period_seconds(properties.health_check_grace_period_seconds)
        .set_service_registries(list(registries.into_iter().map(|r| Ok(r.to_aws())))?)
        .set_placement_strategy(list(properties.ordered_placement_strategy.iter().map(|s| Ok(s.to_aws())))?)
        .set_placement_constraints(list(properties.placement_constraints.iter().map(|c| Ok(c.to_aws())))?)
        .enable_execute_command(properties.enable_execute_command)
        .enable_ecs_managed_tags(properties.enable_ecs_managed_tags)
        .set_propagate_tags(properties.propagate_tags.as_deref().map(Into::into))
        .set_availability_zone_rebalancing(
            properties.availability_zone_rebalancing.as_deref().map(Into::into),
        )
        .set_tags(Some(to_aws(&properties.tags))))
}

/// A list for a create request, left out when it is empty.
fn list<T>(items: impl IntoIterator<Item = Result<T>>) -> Result<Option<Vec<T>>> {
    let items = items.into_iter().collect::<Result<Vec<_>>>()?;
    Ok((!items.is_empty()).then_some(items))
}

fn deployment_controller(properties: &Properties) -> Result<Option<ecs::DeploymentController>> {
    let controller = properties.deployment_controller.as_ref();
    let controller = controller.map(|controller| {
        ecs::DeploymentController::builder().r#type(controller.kind.as_str().into()).build()
    });
    controller.transpose().built()
}

fn deployment_configuration(properties: &Properties) -> Result<ecs::DeploymentConfiguration> {
    let (mut maximum, mut minimum) =
        (Some(properties.deployment_maximum_percent), Some(properties.deployment_minimum_healthy_percent));
    if properties.scheduling_strategy == "DAEMON" {
        maximum = None;
        minimum = minimum.filter(|percent| *percent != 100);
    }
    let request = ecs::DeploymentConfiguration::builder();
    let request = match properties.deployment_configuration.as_ref() {
        Some(configuration) => configuration.add_to(request),
        None => request,
    };
    Ok(request
        .set_maximum_percent(maximum)
        .set_minimum_healthy_percent(minimum)
        .set_deployment_circuit_breaker(
            properties.deployment_circuit_breaker.as_ref().map(CircuitBreaker::to_aws),
        )
        .set_alarms(properties.alarms.as_ref().map(Alarms::to_aws).transpose()?)
        .build())
}

fn network_configuration(properties: &Properties) -> Result<Option<ecs::NetworkConfiguration>> {
    properties.network_configuration.as_ref().map(NetworkConfiguration::to_aws).transpose()
}

/// The request for what changed and may be sent; `None` if that is nothing.
pub(super) fn changes(
    cloud: &Clients,
    update: &UpdateOf<'_, Service>,
    by_code_deploy: bool,
) -> Result<Option<Request>> {
    let desired = update.desired;
    let mut request = cloud.ecs().update_service();
    let untouched = request.as_input().clone();
    if update.changes(&["desired_count"]) {
        request = request.set_desired_count(desired.desired_count);
    }
    if update.changes(&DEPLOYMENT) {
        let mut configuration = deployment_configuration(desired)?;
        if update.changes(&["deployment_configuration"]) && desired.deployment_configuration.is_none() {
            configuration.strategy = Some(ecs::DeploymentStrategy::Rolling);
        }
        request = request.deployment_configuration(configuration);
    }
    if update.changes(&["health_check_grace_period_seconds"]) {
        request = request.set_health_check_grace_period_seconds(desired.health_check_grace_period_seconds);
    }
    if update.changes(&["ordered_placement_strategy"]) {
        let strategies = desired.ordered_placement_strategy.iter().map(PlacementStrategy::to_aws);
        request = request.set_placement_strategy(Some(strategies.collect()));
    }
    if update.changes(&["placement_constraints"]) {
        let constraints = desired.placement_constraints.iter().map(PlacementConstraint::to_aws);
        request = request.set_placement_constraints(Some(constraints.collect()));
    }
    if update.changes(&["enable_execute_command"]) {
        request = request.enable_execute_command(desired.enable_execute_command);
    }
    if update.changes(&["enable_ecs_managed_tags"]) {
        request = request.enable_ecs_managed_tags(desired.enable_ecs_managed_tags);
    }
    if update.changes(&["propagate_tags"]) {
        request = request.set_propagate_tags(desired.propagate_tags.as_deref().map(Into::into));
    }
    if update.changes(&["availability_zone_rebalancing"]) {
        let rebalancing = desired.availability_zone_rebalancing.as_deref().map(Into::into);
        request = request.set_availability_zone_rebalancing(rebalancing);
    }
    if !by_code_deploy {
        request = deployed(request, update)?;
    }
    Ok((*request.as_input() != untouched).then_some(request))
}

/// Adds what starts a deployment of ECS.
fn deployed(mut request: Request, update: &UpdateOf<'_, Service>) -> Result<Request> {
    let desired = update.desired;
    if update.changes(&["task_definition"]) {
        request = request.set_task_definition(desired.task_definition.clone());
    }
    if update.changes(&["network_configuration"]) {
        request = request.set_network_configuration(network_configuration(desired)?);
    }
    if update.changes(&["load_balancer"]) {
        let balancers = desired.load_balancer.iter().map(LoadBalancer::to_aws);
        request = request.set_load_balancers(Some(balancers.collect()));
    }
    if update.changes(&["platform_version"]) {
        request = request.set_platform_version(desired.platform_version.clone());
    }
    if update.changes(&["service_registries"]) {
        let registries = desired.service_registries.iter().map(ServiceRegistry::to_aws);
        request = request.set_service_registries(Some(registries.collect()));
    }
    let strategy = update.changes(&["capacity_provider_strategy"]);
    if strategy {
        let items = desired.capacity_provider_strategy.iter().map(CapacityProviderStrategy::to_aws);
        request = request.set_capacity_provider_strategy(Some(items.collect::<Result<_>>()?));
    }
    let other = |name: &&String| !matches!(name.as_str(), "tags" | "force_delete" | "wait_for_steady_state");
    let forced = desired.force_new_deployment && update.changed.iter().any(|name| other(&name));
    if strategy || forced {
        request = request.force_new_deployment(true);
    }
    Ok(request)
}
