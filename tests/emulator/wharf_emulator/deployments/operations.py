"""CodeDeploy's operations on deployments of ECS services.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import datetime
from typing import Any

from .. import clock
from ..call import Call, Fault
from ..hooks import before, instead
from ..missing.codedeploy import CONFIGURATIONS, configuration_exists, group
from . import appspec, describe, records, revisions, task_sets
from .machine import Machine, wants_rollback
from .rollout import FINISHED, Rollout


def _deployment(call: Call) -> Any:
    identity = call.params["deploymentId"]
    found = call.backend().deployments.get(identity)
    if found is None:
        raise Fault("DeploymentDoesNotExistException", f"The deployment {identity} could not be found")
    return found


def _of_ecs(call: Call) -> Any:
    found = _deployment(call)
    if not hasattr(found, "wharf_rollout"):
        raise NotImplementedError("deployments of other platforms than ECS only exist")
    return found


@before("codedeploy:CreateDeployment")
def create_deployment(call: Call) -> dict[str, Any] | None:
    params, backend = call.params, call.backend()
    application = backend.get_application(params["applicationName"])
    if application.compute_platform != "ECS":
        return None
    if not params.get("deploymentGroupName"):
        raise Fault("DeploymentGroupNameRequiredException", "The deployment group name was not specified.")
    owner = group(call, params["deploymentGroupName"])
    configuration = params.get("deploymentConfigName") or owner.deployment_config_name
    configuration_exists(configuration)
    if CONFIGURATIONS[configuration] != "ECS":
        message = f"The deployment configuration {configuration} is not for the compute platform ECS"
        raise Fault("InvalidDeploymentConfigNameException", message)
    spec, revision = appspec.read(call, params.get("revision"))
    if task_sets.service_of(call, owner) is None:
        name = owner.ecs_services[0]["serviceName"]
        message = f"The ECS service {name} cannot be found, is not active or not under CODE_DEPLOY"
        raise Fault("InvalidECSServiceException", message)
    for other in backend.deployments.values():
        if other.deployment_group is owner and other.status not in FINISHED:
            name, identity = owner.deployment_group_name, other.deployment_id
            message = f"The Deployment Group '{name}' already has an active Deployment '{identity}'"
            raise Fault("DeploymentLimitExceededException", message)
    revisions.remember(call, revision)
    made = records.add(call, owner, configuration, Rollout(spec, clock.now()), revision, params)
    return {"deploymentId": made}


@instead("codedeploy:GetDeployment")
def get_deployment(call: Call) -> dict[str, Any]:
    return {"deploymentInfo": describe.deployment_info(_deployment(call))}


@instead("codedeploy:BatchGetDeployments")
def batch_get_deployments(call: Call) -> dict[str, Any]:
    if len(call.params["deploymentIds"]) > 25:
        raise Fault("BatchLimitExceededException", "At most 25 deployments can be asked for")
    known = call.backend().deployments
    found = [known[identity] for identity in call.params["deploymentIds"] if identity in known]
    return {"deploymentsInfo": [describe.deployment_info(item) for item in found]}


@instead("codedeploy:ListDeployments")
def list_deployments(call: Call) -> dict[str, Any]:
    params, backend = call.params, call.backend()
    application, name = params.get("applicationName"), params.get("deploymentGroupName")
    if application and not name:
        raise Fault("DeploymentGroupNameRequiredException", "The deployment group name was not specified.")
    if name and not application:
        raise Fault("ApplicationNameRequiredException", "The application name was not specified.")
    owner = group(call, name) if name else None
    statuses = params.get("includeOnlyStatuses") or []
    times = params.get("createTimeRange") or {}
    start, end = (_seconds(times.get(member)) for member in ("start", "end"))
    if start is not None and end is not None and start > end:
        raise Fault("InvalidTimeRangeException", "The start time must be earlier than the end time.")
    found = [
        item.deployment_id
        for item in backend.deployments.values()
        if (owner is None or item.deployment_group is owner)
        and (not statuses or item.status in statuses)
        and (start is None or _seconds(item.create_time) >= start)
        and (end is None or _seconds(item.create_time) <= end)
    ]
    return {"deployments": found[::-1]}


def _seconds(time: Any) -> float | None:
    if isinstance(time, datetime.datetime):
        return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()
    return time


@instead("codedeploy:ListDeploymentTargets")
def list_deployment_targets(call: Call) -> dict[str, Any]:
    found = _of_ecs(call)
    target = describe.target(call, found)["ecsTarget"]
    wanted = (call.params.get("targetFilters") or {}).get("TargetStatus")
    return {"targetIds": [target["targetId"]] if not wanted or target["status"] in wanted else []}


@instead("codedeploy:GetDeploymentTarget")
def get_deployment_target(call: Call) -> dict[str, Any]:
    found = _of_ecs(call)
    _check_target(found, call.params["targetId"])
    return {"deploymentTarget": describe.target(call, found)}


@instead("codedeploy:BatchGetDeploymentTargets")
def batch_get_deployment_targets(call: Call) -> dict[str, Any]:
    found = _of_ecs(call)
    for identity in call.params["targetIds"]:
        _check_target(found, identity)
    return {"deploymentTargets": [describe.target(call, found) for _ in call.params["targetIds"][:1]]}


def _check_target(found: Any, identity: str) -> None:
    if identity != describe.target_id(found):
        raise Fault("DeploymentTargetDoesNotExistException", f"The deployment target {identity} does not exist")


@instead("codedeploy:ContinueDeployment")
def continue_deployment(call: Call) -> None:
    found = _of_ecs(call)
    _active(found)
    rollout = found.wharf_rollout
    if call.params.get("deploymentWaitType", "READY_WAIT") == "READY_WAIT":
        if found.status != "Ready":
            message = f"The deployment {found.deployment_id} is not in the Ready state"
            raise Fault("DeploymentIsNotInReadyStateException", message)
        rollout.phase = "reroute"
    elif rollout.phase != "terminate":
        message = f"The deployment {found.deployment_id} does not wait for the termination of the original task set"
        raise Fault("InvalidDeploymentStatusException", message)
    rollout.due = clock.now()
    # the decision is taken; what follows goes as the pace says
    found.status = "InProgress"


@instead("codedeploy:StopDeployment")
def stop_deployment(call: Call) -> dict[str, Any]:
    found = _of_ecs(call)
    _active(found)
    rollback = call.params.get("autoRollbackEnabled")
    if rollback is None:
        rollback = wants_rollback(found, "DEPLOYMENT_STOP_ON_REQUEST")
    found.wharf_rollout.due = clock.now()
    Machine(call, found).stop("The deployment was stopped on request", rollback)
    return {"status": "Succeeded", "statusMessage": "No more work: the deployment is stopped"}


def _active(found: Any) -> None:
    if found.status in FINISHED:
        message = f"The deployment {found.deployment_id} is already completed"
        raise Fault("DeploymentAlreadyCompletedException", message)
