"""The operations on service deployments and revisions.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from .. import clock
from ..call import Call, Fault
from ..hooks import instead
from . import describe, tasks
from .machine import Machine
from .rollout import ACTIVE, Failure
from .services import find

LIMIT = 20
"""The most that one request describes."""
KNOWN_SECONDS = 90 * 24 * 3600
"""How old a deployment may be that is listed.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment.html
"""


def _services(call: Call) -> Iterator[Any]:
    for service in call.backend().services.values():
        if hasattr(service, "wharf_blue_green"):
            tasks.synchronise(service)
            yield service


def _all(call: Call) -> dict[str, tuple[Any, Any]]:
    return {item.arn: (service, item) for service in _services(call) for item in service.wharf_blue_green.deployments}


def _asked(call: Call, member: str) -> list[str]:
    if len(call.params[member]) > LIMIT:
        raise Fault("InvalidParameterException", f"{member} can have at most {LIMIT} items.")
    return call.params[member]


@instead("ecs:ListServiceDeployments")
def list_service_deployments(call: Call) -> dict[str, Any]:
    params = call.params
    service = find(call, params["service"])
    if service is None:
        raise Fault("ServiceNotFoundException", "Service not found.")
    state = getattr(service, "wharf_blue_green", None)
    statuses, times = params.get("status") or [], params.get("createdAt") or {}
    first, last = _seconds(times.get("after"), 0), _seconds(times.get("before"), float("inf"))
    first = max(first, clock.now() - KNOWN_SECONDS)
    found = [
        describe.brief(service, item)
        for item in reversed(state.deployments if state is not None else [])
        if (not statuses or item.status in statuses) and first <= item.created <= last
    ]
    return {"serviceDeployments": found}


def _seconds(time: Any, otherwise: float) -> float:
    if isinstance(time, datetime.datetime):
        return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).timestamp()
    return otherwise if time is None else time


@instead("ecs:DescribeServiceDeployments")
def describe_service_deployments(call: Call) -> dict[str, Any]:
    known, asked = _all(call), _asked(call, "serviceDeploymentArns")
    return {
        "serviceDeployments": [describe.deployment(*known[arn]) for arn in asked if arn in known],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known],
    }


@instead("ecs:DescribeServiceRevisions")
def describe_service_revisions(call: Call) -> dict[str, Any]:
    known = {
        arn: (service, item) for service in _services(call) for arn, item in service.wharf_blue_green.revisions.items()
    }
    asked = _asked(call, "serviceRevisionArns")
    return {
        "serviceRevisions": [describe.revision(call, *known[arn]) for arn in asked if arn in known],
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known],
    }


def _one(call: Call) -> tuple[Any, Any]:
    arn = call.params["serviceDeploymentArn"]
    found = _all(call).get(arn)
    if found is None:
        raise Fault("ServiceDeploymentNotFoundException", f"The service deployment {arn} cannot be found.")
    return found


@instead("ecs:StopServiceDeployment")
def stop_service_deployment(call: Call) -> dict[str, Any]:
    service, deployment = _one(call)
    if deployment.status not in ACTIVE:
        message = f"The service deployment {deployment.arn} has ended: {deployment.status}."
        raise Fault("ConflictException", message)
    if deployment.status.startswith("ROLLBACK"):
        raise Fault("ConflictException", f"The service deployment {deployment.arn} is being stopped already.")
    deployment.due, deployment.held = clock.now(), False
    reason = "Service deployment was stopped on request."
    machine = Machine(call, service)
    if call.params.get("stopType", "ROLLBACK") == "ABORT":
        machine.stop(reason)
    else:
        machine.fail(Failure(reason))
    return {"serviceDeploymentArn": deployment.arn}


@instead("ecs:ContinueServiceDeployment")
def continue_service_deployment(call: Call) -> dict[str, Any]:
    service, deployment = _one(call)
    identity = call.params["hookId"]
    hook = next((item for item in deployment.hooks.values() if item.identity == identity), None)
    if deployment.status != "IN_PROGRESS" or hook is None or hook.status != "AWAITING_ACTION":
        raise Fault("InvalidParameterException", f"The hook {identity} does not await an action.")
    deployment.due, deployment.held = clock.now(), False
    if call.params.get("action", "CONTINUE") == "CONTINUE":
        hook.status = "SUCCEEDED"
    else:
        hook.status = "FAILED"
        Machine(call, service).fail(Failure(f"The pause hook {identity} at {hook.stage} was answered with ROLLBACK"))
    return {"serviceDeploymentArn": deployment.arn}
