"""ECS services: checks at creation, what CODE_DEPLOY forbids, and becoming steady or inactive at the second look."""

from __future__ import annotations

import datetime
from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from .elbv2 import load_balancers_of

KEPT = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "propagateTags",
)
"""Members of a service that moto forgets at creation."""

BY_CODE_DEPLOY = {
    "taskDefinition": "task definition",
    "networkConfiguration": "network parameters",
    "loadBalancers": "load balancers",
    "platformVersion": "platform version",
    "serviceRegistries": "service registries",
    "capacityProviderStrategy": "capacity provider strategy",
}
"""What only CodeDeploy may change in a service under its controller, and how the refusal calls it."""

ROLLING = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}
"""What AWS adds to the deployment configuration of a service under its own controller."""

ROLE = "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def _invalid(message: str) -> Fault:
    return Fault("InvalidParameterException", message)


def _cluster_name(call: Call) -> str:
    name = call.params.get("cluster", "default").split("/")[-1]
    cluster = call.backend().clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    return name


def _find(call: Call, reference: str) -> Any:
    return call.backend().services.get(f"{_cluster_name(call)}:{reference.split('/')[-1]}")


def _controller(service: Any) -> str:
    return service.deployment_controller["type"]


# Creation


@before("ecs:CreateService")
def create_service(call: Call) -> None:
    params = call.params
    old = _find(call, params["serviceName"])
    if old is not None and old.status == "ACTIVE":
        raise _invalid("Creation of service was not idempotent.")
    if old is not None and old.status == "DRAINING":
        raise _invalid("Unable to Start a service that is still Draining.")
    if "taskDefinition" not in params and params.get("deploymentController", {}).get("type") != "EXTERNAL":
        raise _invalid("TaskDefinition can not be blank.")
    if "taskDefinition" in params:
        _check_task_definition(call, params)
    network = params.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if network is not None and "securityGroups" not in network:
        network["securityGroups"] = []
        call.rewritten = True
    if params.get("capacityProviderStrategy") and params.get("launchType"):
        raise _invalid("Specifying both a launch type and capacity provider strategy is not supported.")
    if "capacityProviderStrategy" in params:
        # moto knows launch types only
        params["launchType"] = "FARGATE"
        call.scratch["no launch type"] = call.rewritten = True


def _check_task_definition(call: Call, params: dict[str, Any]) -> None:
    definition = task_definition(call, params["taskDefinition"])
    if definition.network_mode == "awsvpc" and "networkConfiguration" not in params:
        raise _invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if params.get("launchType") == "FARGATE" and "FARGATE" not in definition.compatibilities:
        raise _invalid("Task definition does not support launch_type FARGATE.")
    check_load_balancers(call, definition, params.get("loadBalancers", []))
    if params.get("healthCheckGracePeriodSeconds") is not None and not params.get("loadBalancers"):
        raise _invalid("Health check grace period is only valid for services configured to use load balancers")


def check_load_balancers(
    call: Call, definition: Any, load_balancers: list[dict[str, Any]], attached: bool = True
) -> None:
    """The containers, ports and target groups must fit, and a load balancer forward to the latter (if ``attached``)."""
    containers = {container["name"]: container for container in definition.container_definitions}
    groups = call.backend("elbv2").target_groups
    for item in load_balancers:
        container = containers.get(item.get("containerName"))
        if container is None:
            raise _invalid(f"The container {item.get('containerName')} does not exist in the task definition.")
        ports = {mapping.get("containerPort") for mapping in container["portMappings"]}
        if item.get("containerPort") not in ports:
            name, port = item["containerName"], item.get("containerPort")
            raise _invalid(f"The container {name} did not have a container port {port} defined.")
        arn = item.get("targetGroupArn")
        if arn not in groups:
            raise _invalid(f"Unable to assume role and validate the specified targetGroupArn: {arn} not found.")
        if attached and not load_balancers_of(call, arn):
            message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            raise _invalid(message)
        if definition.network_mode == "awsvpc" and groups[arn].target_type != "ip":
            raise _invalid(
                f"The provided target group {arn} has target type {groups[arn].target_type}, which is incompatible "
                "with the awsvpc network mode specified in the task definition."
            )


def task_definition(call: Call, reference: str) -> Any:
    """The active task definition that a family, a family and revision or an ARN means."""
    name = reference.split("/")[-1]
    family, _, revision = name.partition(":")
    revisions = call.backend("ecs").task_definitions.get(family, {})
    active = {key: value for key, value in revisions.items() if value.status == "ACTIVE"}
    found = active.get(int(revision)) if revision.isdigit() else active.get(max(active, default=0))
    if found is None:
        raise Fault("ClientException", "TaskDefinition not found." if not revisions else "TaskDefinition is inactive")
    return found


@after("ecs:CreateService")
def new_service(call: Call, result: dict[str, Any]) -> None:
    service = _find(call, call.params["serviceName"])
    service.wharf_kept = {
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100},
        "availabilityZoneRebalancing": "DISABLED",
        "placementConstraints": [],
        "placementStrategy": [],
        "propagateTags": "NONE",
    }
    service.wharf_created_at = datetime.datetime.now(datetime.UTC)
    service.wharf_described = 0
    if call.scratch.get("no launch type"):
        service.launch_type = None
    if service.platform_version is None and service.launch_type == "FARGATE":
        service.platform_version = "LATEST"
    if service.launch_type == "FARGATE":
        service.wharf_kept["platformFamily"] = "Linux"
    if service.load_balancers:
        service.wharf_kept["healthCheckGracePeriodSeconds"] = 0
    if _controller(service) == "ECS":
        service.wharf_kept["deploymentConfiguration"].update(ROLLING)
    _keep(call, service)
    service.running_count, service.pending_count = 0, service.desired_count
    if _controller(service) == "CODE_DEPLOY":
        _new_primary_task_set(call, service)
    _show(service, result["service"])


def _keep(call: Call, service: Any) -> None:
    for member in KEPT:
        if member in call.params:
            value = call.params[member]
            if member == "deploymentConfiguration":
                value = {**service.wharf_kept[member], **value}
            service.wharf_kept[member] = value


def _new_primary_task_set(call: Call, service: Any) -> None:
    task_set = call.backend().create_task_set(
        service.name,
        service.cluster_name,
        service.task_definition,
        launch_type=service.launch_type or "FARGATE",
        network_configuration=service.network_configuration,
        load_balancers=service.load_balancers,
        platform_version=service.platform_version,
    )
    task_set.status = "PRIMARY"
    task_set.scale = {"value": 100.0, "unit": "PERCENT"}
    _set_counts(task_set, service)


def _set_counts(task_set: Any, service: Any) -> None:
    task_set.computed_desired_count = service.desired_count
    task_set.running_count = service.running_count
    task_set.pending_count = service.pending_count
    task_set.stabilityStatus = "STEADY_STATE" if not service.pending_count else "STABILIZING"


# Reading: a change is complete at the second description after it


@before("ecs:DescribeServices")
def describe_services(call: Call) -> None:
    if len(call.params["services"]) > 10:
        raise _invalid("Services can have at most 10 items.")
    for reference in call.params["services"]:
        service = _find(call, reference)
        if service is None or service.status == "INACTIVE":
            continue
        service.wharf_described = getattr(service, "wharf_described", 0) + 1
        if service.wharf_described > 1:
            settle(call, service)


def settle(call: Call, service: Any) -> None:
    """Completes what a service is about to do."""
    if service.status == "DRAINING":
        service.status, service.running_count, service.pending_count = "INACTIVE", 0, 0
        _set_targets(call, service, 0)
        for task_set in service.task_sets:
            deregister(call, task_set)
        service.task_sets.clear()
        service.deployments.clear()
        return
    state = getattr(service, "wharf_blue_green", None)
    if state is not None and (state.active() is not None or not state.serving):
        # the tasks are in the hands of ECS's own blue/green deployment
        return
    if service.running_count != service.desired_count or service.pending_count:
        _set_targets(call, service, service.desired_count)
    service.running_count, service.pending_count = service.desired_count, 0
    _set_primary_counts(service)


def _set_primary_counts(service: Any) -> None:
    """Other task sets are in the hands of a deployment."""
    for task_set in service.task_sets:
        if task_set.status == "PRIMARY":
            _set_counts(task_set, service)


def deregister(call: Call, task_set: Any) -> None:
    """Takes the addresses of a task set that is not the primary one out of its target groups."""
    for load_balancer in task_set.load_balancers:
        group = call.backend("elbv2").target_groups.get(load_balancer.get("targetGroupArn"))
        for item in getattr(task_set, "wharf_addresses", []) if group is not None else []:
            if item in group.targets:
                group.deregister([{"Id": item}])
            getattr(group, "wharf_unhealthy", {}).pop(item, None)


def _set_targets(call: Call, service: Any, count: int) -> None:
    """Registers the addresses of a service's tasks in its target groups."""
    addresses, used = getattr(service, "wharf_addresses", []), getattr(service, "wharf_groups", {})
    for load_balancer in service.load_balancers:
        arn = load_balancer.get("targetGroupArn")
        group = call.backend("elbv2").target_groups.get(used.get(arn, arn))
        if group is None:
            continue
        port = load_balancer["containerPort"]
        if group.targets:
            group.deregister([{"Id": item, "Port": port} for item in addresses if item in group.targets])
        service.wharf_addresses = [address(service, number) for number in range(count)]
        group.register([{"Id": item, "Port": port} for item in service.wharf_addresses])


def address(service: Any, number: int, generation: int | None = None) -> str:
    """The address of a task: of a service's primary task set, or of the one of another generation."""
    generation = getattr(service, "wharf_generation", 0) if generation is None else generation
    block = (sum(service.arn.encode()) + generation) % 250
    return f"10.0.{block}.{10 + number % 240}"


@after("ecs:DescribeServices")
def described_services(call: Call, result: dict[str, Any]) -> None:
    for described in result.get("services", []):
        _show(_find(call, described["serviceName"]), described)


def _show(service: Any, described: dict[str, Any]) -> None:
    """Adds what moto does not tell about a service."""
    described.update(getattr(service, "wharf_kept", {}))
    described["createdAt"] = getattr(service, "wharf_created_at", None)
    described["roleArn"] = f"arn:aws:iam::{service._account_id}:{ROLE}"
    described["runningCount"] = service.running_count
    described["pendingCount"] = max(service.pending_count, 0)
    if service.launch_type is None:
        described.pop("launchType", None)
    if _controller(service) != "ECS":
        described["deployments"] = []
        return
    for deployment in described.get("deployments", []):
        steady = service.running_count == service.desired_count and service.pending_count <= 0
        deployment["desiredCount"] = service.desired_count
        deployment["runningCount"] = service.running_count
        deployment["pendingCount"] = max(service.pending_count, 0)
        deployment["taskDefinition"] = service.task_definition
        deployment["rolloutState"] = "COMPLETED" if steady else "IN_PROGRESS"
        state = "completed" if steady else "in progress"
        deployment["rolloutStateReason"] = f"ECS deployment {deployment['id']} {state}."


@after("ecs:ListServices")
def list_services(call: Call, result: dict[str, Any]) -> None:
    gone = {service.arn for service in call.backend().services.values() if service.status == "INACTIVE"}
    result["serviceArns"] = [arn for arn in result["serviceArns"] if arn not in gone]


# Changes and deletion


@before("ecs:UpdateService")
def update_service(call: Call) -> None:
    service = _find(call, call.params["service"])
    if service is None:
        raise Fault("ServiceNotFoundException", "Service not found.")
    if service.status != "ACTIVE":
        raise Fault("ServiceNotActiveException", "Service was not ACTIVE.")
    if _controller(service) == "CODE_DEPLOY":
        for member, name in BY_CODE_DEPLOY.items():
            if member in call.params:
                raise _invalid(
                    f"Unable to update {name} on services with a CODE_DEPLOY deployment controller. "
                    "Use AWS CodeDeploy to trigger a new deployment."
                )
    reference = call.params.get("taskDefinition") or service.task_definition
    if "taskDefinition" in call.params or call.params.get("loadBalancers"):
        definition = task_definition(call, reference)
        check_load_balancers(call, definition, call.params.get("loadBalancers", []))
        call.params["taskDefinition"] = definition.arn
        call.rewritten = True
    call.scratch["before"] = (service.desired_count, service.running_count, service.task_definition)
    call.scratch["deployment"] = "taskDefinition" in call.params or call.params.get("forceNewDeployment", False)


@after("ecs:UpdateService")
def updated_service(call: Call, result: dict[str, Any]) -> None:
    service = _find(call, call.params["service"])
    desired, running, _ = call.scratch["before"]
    _keep(call, service)
    service.running_count = running
    changed = service.desired_count != desired or call.scratch["deployment"]
    service.pending_count = max(service.desired_count - running, 0)
    if changed:
        service.wharf_described = 0
        if call.scratch["deployment"]:
            service.pending_count = service.desired_count
        _set_primary_counts(service)
    _show(service, result["service"])


@before("ecs:DeleteService")
def delete_service(call: Call) -> None:
    service = _find(call, call.params["service"])
    if service is None:
        raise Fault("ServiceNotFoundException", "Service not found.")
    if service.status != "ACTIVE":
        raise Fault("ServiceNotActiveException", "Service was not ACTIVE.")
    call.scratch["running"] = service.running_count


@after("ecs:DeleteService")
def deleted_service(call: Call, result: dict[str, Any]) -> None:
    service = _find(call, call.params["service"])
    service.status, service.wharf_described = "DRAINING", 0
    service.running_count = call.scratch["running"]
    service.desired_count = 0
    result["service"].update(status="DRAINING", desiredCount=0)
    _show(service, result["service"])
