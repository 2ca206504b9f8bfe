"""The ECS side of a deployment: the replacement task set, the switch of the primary one, the end of the old one.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
"""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..corrections import ecs_services
from ..tasks import stopped
from .rollout import Failure, instant

FAILED_CHECKS = "Target.FailedHealthChecks"
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html"""


def service_of(call: Call, group: Any) -> Any:
    """The service of a deployment group, None if there is none that is active under CodeDeploy's control."""
    named = group.ecs_services[0]
    service = call.backend("ecs").services.get(f"{named['clusterName'].split('/')[-1]}:{named['serviceName']}")
    if service is None or service.status != "ACTIVE" or service.deployment_controller["type"] != "CODE_DEPLOY":
        return None
    return service


def required_service(call: Call, deployment: Any) -> Any:
    """The service of a deployment; a ``Failure`` if it is gone."""
    service = service_of(call, deployment.deployment_group)
    if service is None:
        name = deployment.deployment_group.ecs_services[0]["serviceName"]
        raise Failure("INVALID_ECS_SERVICE", f"The ECS service {name} cannot be found or is not active")
    return service


def by_arn(service: Any, arn: str) -> Any:
    """A task set of a service, None if it is gone."""
    return next((item for item in service.task_sets if item.task_set_arn == arn), None)


def primary(service: Any) -> Any:
    """The primary task set of a service."""
    found = next((item for item in service.task_sets if item.status == "PRIMARY"), None)
    if found is None:
        raise Failure("INVALID_ECS_SERVICE", f"The ECS service {service.name} has no primary task set")
    return found


def create(call: Call, deployment: Any, service: Any) -> Any:
    """Makes the replacement task set; its tasks are pending."""
    rollout, spec = deployment.wharf_rollout, deployment.wharf_rollout.appspec
    balancer = {"targetGroupArn": rollout.groups["Green"], "containerName": spec.container, "containerPort": spec.port}
    backend = call.backend("ecs")
    try:
        definition = ecs_services.task_definition(call, spec.task_definition)
        ecs_services.check_load_balancers(call, definition, [balancer], attached=False)
    except Fault as fault:
        raise Failure("ECS_UPDATE_ERROR", fault.message) from fault
    made = backend.create_task_set(
        service.name,
        service.cluster_name,
        definition.arn,
        external_id=deployment.deployment_id,
        launch_type=service.launch_type or "FARGATE",
        network_configuration=spec.network or service.network_configuration,
        load_balancers=[balancer],
        platform_version=spec.platform_version or service.platform_version,
    )
    made.scale = {"value": 100.0, "unit": "PERCENT"}
    made.started_by = "CODE_DEPLOY"
    made.createdAt = made.updatedAt = instant(rollout.due)
    made.stabilityStatus = "STABILIZING"
    made.computed_desired_count = made.pending_count = service.desired_count
    made.running_count = 0
    service.wharf_generations = getattr(service, "wharf_generations", 0) + 1
    made.wharf_generation = service.wharf_generations
    return made


def start(call: Call, service: Any, task_set: Any, healthy: bool, fault: dict[str, str] | None = None) -> None:
    """Lets a task set's tasks run and registers them in its target group; the fault says how they are not healthy."""
    fault = fault or {}
    why = {
        "Reason": fault.get("health_reason", FAILED_CHECKS),
        "Description": fault.get("description", "Health checks failed"),
    }
    count = task_set.computed_desired_count
    addresses = [ecs_services.address(service, number, task_set.wharf_generation) for number in range(count)]
    for balancer in task_set.load_balancers:
        group = call.backend("elbv2").target_groups.get(balancer["targetGroupArn"])
        if group is None:
            raise Failure("ECS_UPDATE_ERROR", f"The target group {balancer['targetGroupArn']} does not exist")
        group.register([{"Id": address, "Port": balancer["containerPort"]} for address in addresses])
        unhealthy = group.__dict__.setdefault("wharf_unhealthy", {})
        for address in addresses:
            unhealthy.pop(address, None)
            if not healthy:
                unhealthy[address] = why
    task_set.wharf_addresses = addresses
    task_set.running_count, task_set.pending_count = count, 0
    task_set.stabilityStatus = "STEADY_STATE" if healthy else "STABILIZING"


def tell(service: Any, task_set: Any, time: float, message: str) -> None:
    """Adds an event to a service, once."""
    text = f"(service {service.name}, taskSet {task_set.id}) {message}"
    if not any(event["message"] == text for event in service.events):
        number = f"{task_set.id.rpartition('/')[2]}-{len(service.events)}"
        service.events.insert(0, {"id": number, "createdAt": instant(time), "message": text})


def make_primary(call: Call, service: Any, task_set: Any) -> None:
    """Makes a task set the service's primary one, and its parameters the service's."""
    old = primary(service)
    if old is task_set:
        return
    old.wharf_generation = getattr(service, "wharf_generation", 0)
    old.wharf_addresses = getattr(service, "wharf_addresses", [])
    old.status, task_set.status = "ACTIVE", "PRIMARY"
    service.wharf_generation = task_set.wharf_generation
    service.wharf_addresses = task_set.wharf_addresses
    service.task_definition = task_set.task_definition
    service.load_balancers = task_set.load_balancers
    service.network_configuration = task_set.network_configuration
    service.platform_version = task_set.platform_version
    service.running_count, service.pending_count = task_set.running_count, task_set.pending_count
    if service.running_count != service.desired_count:
        ecs_services.settle(call, service)


def drain(call: Call, task_set: Any) -> None:
    """Deregisters the tasks of a task set that is to go."""
    task_set.status = "DRAINING"
    ecs_services.deregister(call, task_set)


def not_started(call: Call, service: Any, task_set: Any, time: float, reason: str) -> None:
    """The tasks of a task set have stopped before they ran."""
    halt(call, task_set)
    stopped.not_started(call, service, task_set, time, reason)


def exited(call: Call, service: Any, task_set: Any, time: float, fault: dict[str, str]) -> None:
    """The tasks of a task set have run and stopped, because a container has exited."""
    halt(call, task_set)
    stopped.exited(call, service, task_set, time, int(fault.get("exit_code", "1")), fault.get("log", ""))


def halt(call: Call, task_set: Any) -> None:
    """Nothing of a task set runs; its tasks are pending again."""
    ecs_services.deregister(call, task_set)
    task_set.running_count, task_set.pending_count = 0, task_set.computed_desired_count
    task_set.stabilityStatus = "STABILIZING"


def delete(call: Call, service: Any, task_set: Any) -> None:
    """Removes a task set that is not the primary one."""
    drain(call, task_set)
    stopped.scaled_in(call, service, task_set)
    service.task_sets.remove(task_set)
