"""Service deployments and revisions as the API shows them."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..deployments.rollout import instant
from .machine import threshold
from .rollout import ACTIVE, Deployment, Revision, State

ROLLOUT = {
    "SUCCESSFUL": "COMPLETED",
    "STOPPED": "FAILED",
    "ROLLBACK_SUCCESSFUL": "FAILED",
    "ROLLBACK_FAILED": "FAILED",
}
"""What DescribeServices calls the end of a deployment. After a rollback it shows the one before."""


def _filled(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if value not in (None, "", [], {})}


def _time(seconds: float) -> Any:
    return instant(seconds) if seconds else None


def _summary(revision: Revision, test: float, production: float) -> dict[str, Any]:
    return {
        **_counts(revision),
        "requestedTestTrafficWeight": test,
        "requestedProductionTrafficWeight": production,
    }


def _counts(revision: Revision) -> dict[str, Any]:
    return {
        "arn": revision.arn,
        "requestedTaskCount": revision.requested,
        "runningTaskCount": revision.running,
        "pendingTaskCount": revision.pending,
    }


def deployment(service: Any, found: Deployment) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html"""
    state = service.wharf_blue_green
    source = state.revisions.get(found.source)
    has_test = any(item.get("advancedConfiguration", {}).get("testListenerRule") for item in service.load_balancers)
    test = 100.0 - found.test if has_test else 0.0
    stage = "PRODUCTION_TRAFFIC_SHIFT" if found.begun == "PRE_PRODUCTION_TRAFFIC_SHIFT" else found.begun
    alarms = found.configuration.get("alarms") or {}
    rollback = dict(found.rollback)
    if rollback:
        rollback["startedAt"] = instant(rollback["startedAt"])
    return _filled(
        {
            **brief(service, found),
            "updatedAt": _time(found.updated),
            "stoppedAt": _time(found.stopped),
            "sourceServiceRevisions": [] if source is None else [_summary(source, test, 100.0 - found.production)],
            "targetServiceRevision": _summary(state.revisions[found.target], found.test, found.production),
            "lifecycleStage": stage if found.status in ACTIVE else None,
            "lifecycleHookDetails": [_hook(hook) for hook in found.hooks.values()] if found.status in ACTIVE else [],
            "deploymentConfiguration": found.configuration,
            "rollback": _filled(rollback),
            "deploymentCircuitBreaker": {
                "status": found.breaker,
                "failureCount": found.failures,
                "threshold": threshold(service.desired_count),
            },
            "alarms": _filled(
                {
                    "status": found.alarms,
                    "alarmNames": alarms.get("alarmNames"),
                    "triggeredAlarmNames": found.triggered,
                }
            ),
        }
    )


def _hook(hook: Any) -> dict[str, Any]:
    pause = {"expiresAt": instant(hook.expires), "timeoutAction": hook.action} if hook.kind == "PAUSE" else {}
    shown = {"hookId": hook.identity, "targetType": hook.kind, "targetArn": hook.target, "status": hook.status}
    return _filled({**shown, **pause})


def brief(service: Any, found: Deployment) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html, and more."""
    return _filled(
        {
            "serviceDeploymentArn": found.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "createdAt": _time(found.created),
            "startedAt": _time(found.started),
            "finishedAt": _time(found.finished),
            "targetServiceRevisionArn": found.target,
            "status": found.status,
            "statusReason": found.reason,
        }
    )


def revision(call: Call, service: Any, found: Revision) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html"""
    resolved = []
    for balancer, group in zip(found.parameters["loadBalancers"], found.groups, strict=True):
        advanced = balancer.get("advancedConfiguration") or {}
        rule = advanced.get("productionListenerRule")
        resolved.append(_filled({"targetGroupArn": group, "productionListenerRule": rule}))
    family, _, number = found.parameters["taskDefinition"].rpartition("/")[2].partition(":")
    definition = call.backend("ecs").task_definitions.get(family, {}).get(int(number))
    containers = definition.container_definitions if definition is not None else []
    images = [{"containerName": item["name"], "image": item["image"]} for item in containers]
    return _filled(
        {
            "serviceRevisionArn": found.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            **found.parameters,
            "containerImages": images,
            "createdAt": instant(found.created),
            "resolvedConfiguration": _filled({"loadBalancers": resolved}),
        }
    )


def service(found: Any, described: dict[str, Any]) -> None:
    """Adds what DescribeServices tells of blue/green."""
    state: State = found.wharf_blue_green
    last = state.deployments[-1]
    current, earlier = [last], _that_brought(state, last.source)
    if last.status in ACTIVE:
        current += earlier
    elif last.status.startswith("ROLLBACK") and earlier:
        current = earlier
    described["deployments"] = [
        _deployment(found, state, item, "PRIMARY" if place == 0 else "ACTIVE") for place, item in enumerate(current)
    ]
    alive = [item for item in state.revisions.values() if item.requested or item.arn == state.serving]
    described["currentServiceDeployment"] = last.arn
    described["currentServiceRevisions"] = [_counts(item) for item in alive]
    if last.status in ACTIVE:
        described["runningCount"] = sum(item.running for item in alive)
        described["pendingCount"] = sum(item.pending for item in alive)


def _that_brought(state: State, arn: str) -> list[Deployment]:
    """None for what a service ran before its strategy became blue/green."""
    return [item for item in state.deployments if item.target == arn]


def _deployment(found: Any, state: State, item: Deployment, status: str) -> dict[str, Any]:
    target = state.revisions[item.target]
    rollout = ROLLOUT.get(item.status, "IN_PROGRESS")
    words = {"COMPLETED": "completed", "IN_PROGRESS": "in progress", "FAILED": "failed"}[rollout]
    reason = f": {item.reason}" if rollout == "FAILED" and item.reason else "."
    return _filled(
        {
            "id": item.number,
            "status": status,
            "taskDefinition": target.parameters["taskDefinition"],
            "launchType": found.launch_type,
            "platformVersion": target.parameters.get("platformVersion"),
            "networkConfiguration": target.parameters.get("networkConfiguration"),
            "createdAt": instant(item.created),
            "updatedAt": instant(item.updated or item.created),
            "rolloutState": rollout,
            "rolloutStateReason": f"ECS deployment {item.number} {words}{reason}",
        }
    ) | {
        "desiredCount": target.requested,
        "runningCount": target.running,
        "pendingCount": target.pending,
        "failedTasks": item.failures,
    }
