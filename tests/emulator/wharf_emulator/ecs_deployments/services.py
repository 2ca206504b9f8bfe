"""What CreateService, UpdateService and DescribeServices have to do with ECS's own blue/green.

Hooks beside those of ``corrections.ecs_services``, which check and complete services of any kind.
"""

from __future__ import annotations

import copy
from typing import Any

from .. import clock
from ..call import Call, Fault
from ..corrections.elbv2 import load_balancers_of
from ..deployments import settings
from ..hooks import after, before
from ..roles import require_assumable
from . import describe, rules, tasks
from .machine import Machine
from .rollout import STRATEGIES, Deployment, Revision, State

CHANGES = {
    "taskDefinition": "task_definition",
    "networkConfiguration": "network_configuration",
    "loadBalancers": "load_balancers",
    "platformVersion": "platform_version",
    "serviceRegistries": "service_registries",
}
"""Members of a service whose change makes a new revision, and moto's names of them."""


def _invalid(message: str) -> Fault:
    return Fault("InvalidParameterException", message)


def _strategy(configuration: dict[str, Any] | None) -> str:
    return (configuration or {}).get("strategy", "ROLLING")


def find(call: Call, reference: str) -> Any:
    """The service of a name or ARN in the call's cluster, None if there never was one."""
    cluster = call.params.get("cluster", "default").split("/")[-1]
    return call.backend().services.get(f"{cluster}:{reference.split('/')[-1]}")


# Checks


@before("ecs:CreateService")
def create_service(call: Call) -> None:
    params = call.params
    configuration = params.get("deploymentConfiguration")
    if _strategy(configuration) not in STRATEGIES:
        if any(item.get("advancedConfiguration") for item in params.get("loadBalancers", [])):
            raise _invalid("advancedConfiguration needs the deployment strategy BLUE_GREEN, LINEAR or CANARY")
        return
    if params.get("deploymentController", {}).get("type", "ECS") != "ECS":
        raise _invalid(f"The deployment strategy {configuration['strategy']} needs the ECS deployment controller")
    _check(call, configuration, params.get("loadBalancers", []))


@before("ecs:UpdateService")
def update_service(call: Call) -> None:
    params, service = call.params, find(call, call.params["service"])
    call.scratch["parameters"] = _parameters(service)
    known = service.wharf_kept["deploymentConfiguration"]
    configuration = {**known, **params.get("deploymentConfiguration", {})}
    if _strategy(configuration) not in STRATEGIES:
        return
    if service.deployment_controller["type"] != "ECS":
        raise _invalid(f"The deployment strategy {configuration['strategy']} needs the ECS deployment controller")
    if "loadBalancers" in params or _strategy(known) not in STRATEGIES:
        _check(call, configuration, params.get("loadBalancers", service.load_balancers))


def _check(call: Call, configuration: dict[str, Any], balancers: list[dict[str, Any]]) -> None:
    """The roles, rules and target groups must fit.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    """
    for hook in configuration.get("lifecycleHooks") or []:
        _check_hook(call, hook)
    for item in balancers:
        advanced = item.get("advancedConfiguration") or {}
        for member in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
            if not advanced.get(member):
                raise _invalid(f"advancedConfiguration.{member} is required with the deployment strategy")
        _check_role(call, advanced["roleArn"])
        pair = (item["targetGroupArn"], advanced["alternateTargetGroupArn"])
        if pair[0] == pair[1]:
            raise _invalid("The target group and the alternate target group must be different.")
        if pair[1] not in call.backend("elbv2").target_groups:
            raise _invalid(f"Unable to assume role and validate the specified targetGroupArn: {pair[1]} not found.")
        for member in (rules.PRODUCTION, rules.TEST):
            if not advanced.get(member):
                continue
            found = rules.find(call, advanced[member])
            if found is None:
                raise _invalid(f"The listener rule {advanced[member]} in {member} does not exist or is a listener.")
            if not rules.reached(found[1]) & set(pair):
                raise _invalid(f"The listener rule {advanced[member]} forwards to neither target group of the service.")
        if not load_balancers_of(call, pair[1]):
            message = f"The target group with targetGroupArn {pair[1]} does not have an associated load balancer."
            raise _invalid(message)


def _check_role(call: Call, arn: str) -> None:
    require_assumable(call, arn, "ecs.amazonaws.com", _invalid(f"Unable to assume role {arn}"))


def _check_hook(call: Call, hook: dict[str, Any]) -> None:
    if not hook.get("lifecycleStages"):
        raise _invalid("lifecycleStages is required for a lifecycle hook")
    if hook.get("targetType", "AWS_LAMBDA") == "PAUSE":
        shifts = {"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"}
        if shifts & set(hook["lifecycleStages"]):
            raise _invalid("PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages")
        return
    for member in ("hookTargetArn", "roleArn"):
        if not hook.get(member):
            raise _invalid(f"{member} is required for a lifecycle hook")
    _check_role(call, hook["roleArn"])


# Deployments


def _parameters(service: Any) -> dict[str, Any]:
    return {
        "taskDefinition": service.task_definition,
        "launchType": service.launch_type,
        "platformVersion": service.platform_version,
        "networkConfiguration": copy.deepcopy(service.network_configuration),
        "loadBalancers": copy.deepcopy(service.load_balancers),
        "serviceRegistries": copy.deepcopy(service.service_registries),
    }


def _new_revision(call: Call, service: Any, parameters: dict[str, Any]) -> Revision:
    from moto.moto_api._internal import mock_random

    number = "".join(mock_random.choice("0123456789") for _ in range(19))
    arn = call.arn("ecs", f"service-revision/{service.cluster_name}/{service.name}/{number}")
    groups = [item["targetGroupArn"] for item in parameters["loadBalancers"]]
    made = Revision(arn, parameters, groups, clock.now())
    service.wharf_blue_green.revisions[arn] = made
    return made


def _start(call: Call, service: Any) -> None:
    """Begins a deployment of the service as it is now; one that is under way gives way to it."""
    from moto.moto_api._internal import mock_random

    state = service.wharf_blue_green
    if state.active() is not None:
        old = Machine(call, service)
        old.deployment.due = clock.now()
        old.stop("A new deployment has superseded this one.")
    target = _new_revision(call, service, _parameters(service))
    source = state.revisions.get(state.serving)
    service.wharf_generations = getattr(service, "wharf_generations", 0) + 1
    target.generation = service.wharf_generations
    if source is not None:
        tasks.synchronise(service)
        target.groups = _other_groups(target, source)
    now = clock.now()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    identity = "".join(mock_random.choice(letters) for _ in range(21))
    left = [item for item in state.revisions.values() if item.requested and item is not source]
    deployment = Deployment(
        arn=call.arn("ecs", f"service-deployment/{service.cluster_name}/{service.name}/{identity}"),
        number=f"ecs-svc/{mock_random.randint(0, 32**12)}",
        target=target.arn,
        source=source.arn if source is not None else "",
        configuration=copy.deepcopy(service.wharf_kept["deploymentConfiguration"]),
        created=now,
        due=now + settings.step(),
        stage="RECONCILE_SERVICE" if left else "PRE_SCALE_UP",
    )
    state.deployments.append(deployment)


def _other_groups(target: Revision, source: Revision) -> list[str]:
    """Of each pair the target group that the serving revision does not use."""
    groups = []
    for balancer in target.parameters["loadBalancers"]:
        pair = (balancer["targetGroupArn"], balancer["advancedConfiguration"]["alternateTargetGroupArn"])
        groups.append(pair[1] if pair[0] in source.groups else pair[0])
    return groups


def _adopt(call: Call, service: Any, parameters: dict[str, Any]) -> None:
    """What a service runs becomes the first revision, when its strategy becomes blue/green."""
    state = service.wharf_blue_green = State()
    first = _new_revision(call, service, parameters)
    first.generation = getattr(service, "wharf_generation", 0)
    state.serving = first.arn
    _start(call, service)


def _leave(call: Call, service: Any) -> None:
    """A service that is rolled from now on has its tasks in the declared target groups."""
    tasks.synchronise(service)
    for revision in service.wharf_blue_green.revisions.values():
        tasks.end(call, service, revision)
    del service.wharf_blue_green
    service.wharf_groups, service.wharf_addresses = {}, []
    service.running_count, service.pending_count, service.wharf_described = 0, service.desired_count, 0


@after("ecs:CreateService")
def created_service(call: Call, result: dict[str, Any]) -> None:
    service = find(call, call.params["serviceName"])
    if _strategy(service.wharf_kept["deploymentConfiguration"]) in STRATEGIES:
        service.wharf_blue_green = State()
        _start(call, service)
        _show(service, result["service"])


@after("ecs:UpdateService")
def updated_service(call: Call, result: dict[str, Any]) -> None:
    params, service = call.params, find(call, call.params["service"])
    if _strategy(service.wharf_kept["deploymentConfiguration"]) not in STRATEGIES:
        if hasattr(service, "wharf_blue_green"):
            _leave(call, service)
        return
    earlier = call.scratch["parameters"]
    new = params.get("forceNewDeployment", False) or any(
        member in params and getattr(service, name) != earlier[member] for member, name in CHANGES.items()
    )
    adopted = hasattr(service, "wharf_blue_green")
    if new or not adopted:
        # what runs is what ran before: the correction of rolling services takes every task for a pending one
        service.pending_count = 0
    if not adopted:
        _adopt(call, service, earlier)
    elif new:
        _start(call, service)
    _show(service, result["service"])


@after("ecs:DescribeServices")
def described_services(call: Call, result: dict[str, Any]) -> None:
    for described in result.get("services", []):
        service = find(call, described["serviceName"])
        if hasattr(service, "wharf_blue_green") and service.status == "ACTIVE":
            _show(service, described)


@before("ecs:DeleteService")
def delete_service(call: Call) -> None:
    """Refuses as long as a deployment is under way, unless it is forced: that ends what it has begun.

    The message is known from https://github.com/hashicorp/terraform-provider-aws, which waits for its end.
    """
    service = find(call, call.params["service"])
    state = getattr(service, "wharf_blue_green", None)
    if state is None:
        return
    if service.desired_count > 0 and not call.params.get("force"):
        return
    if state.active() is not None:
        if not call.params.get("force"):
            raise _invalid("The service cannot be stopped while deployments are active.")
        machine = Machine(call, service)
        machine.deployment.due = clock.now()
        machine.stop("The service is deleted.")
    for revision in state.revisions.values():
        if revision.arn != state.serving:
            tasks.end(call, service, revision)


def _show(service: Any, described: dict[str, Any]) -> None:
    tasks.synchronise(service)
    describe.service(service, described)
