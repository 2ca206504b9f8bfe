"""Deployments and their targets as the API shows them."""

from __future__ import annotations

from typing import Any

from ..call import Call
from .rollout import EVENTS, FINISHED, instant

OVERVIEW = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")


def target_id(deployment: Any) -> str:
    """The identity of the only target: cluster and service."""
    named = deployment.deployment_group.ecs_services[0]
    return f"{named['clusterName'].split('/')[-1]}:{named['serviceName']}"


def _target_status(deployment: Any) -> str:
    status = deployment.status
    return {"Created": "Pending", "Stopped": "Failed"}.get(status, status)


def deployment_info(deployment: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html"""
    from moto.codedeploy.responses import _deployment_info

    shown = _deployment_info(deployment)
    rollout = getattr(deployment, "wharf_rollout", None)
    if rollout is not None:
        shown["errorInformation"] = rollout.error
        shown["rollbackInfo"] = rollout.rollback
        shown["previousRevision"] = rollout.previous
        counts = dict.fromkeys(OVERVIEW, 0)
        counts[_target_status(deployment)] += 1
        shown["deploymentOverview"] = counts
        alarms = deployment.override_alarm_configuration
        shown["overrideAlarmConfiguration"] = alarms if isinstance(alarms, dict) else None
        group = deployment.deployment_group.auto_rollback_configuration
        shown["autoRollbackConfiguration"] = deployment.auto_rollback_configuration or group
    empty = (None, {}, [], "")
    return {name: value for name, value in shown.items() if value not in empty}


def last_deployment(deployment: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LastDeploymentInfo.html"""
    shown = {
        "deploymentId": deployment.deployment_id,
        "status": deployment.status,
        "createTime": deployment.create_time,
    }
    return {**shown, "endTime": deployment.complete_time} if deployment.complete_time else shown


def task_set(call: Call, found: Any, label: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTaskSet.html"""
    groups = call.backend("elbv2").target_groups
    names = [groups[item["targetGroupArn"]].name for item in found.load_balancers if item["targetGroupArn"] in groups]
    shown = {
        # AWS's own spelling
        "identifer": found.id,
        "desiredCount": found.computed_desired_count,
        "pendingCount": found.pending_count,
        "runningCount": found.running_count,
        "status": found.status,
        "taskSetLabel": label,
    }
    return {**shown, "targetGroup": {"name": names[0]}} if names else shown


def target(call: Call, deployment: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ECSTarget.html"""
    rollout = deployment.wharf_rollout
    over = deployment.status in FINISHED
    idle = {"status": "Skipped" if over else "Pending"}
    weights = {"Blue": 100.0 - rollout.weight, "Green": float(rollout.weight)}
    return {
        "deploymentTargetType": "ECSTarget",
        "ecsTarget": {
            "deploymentId": deployment.deployment_id,
            "targetId": target_id(deployment),
            "targetArn": call.arn("ecs", f"service/{target_id(deployment).replace(':', '/')}"),
            "lastUpdatedAt": instant(rollout.updated),
            "lifecycleEvents": [{"lifecycleEventName": name, **rollout.events.get(name, idle)} for name in EVENTS],
            "status": _target_status(deployment),
            "taskSetsInfo": [
                {**shown, "trafficWeight": weights[label]} for label, shown in sorted(rollout.shown.items())
            ],
        },
    }
