"""Lifecycle hooks: Lambda functions, which succeed unless a fault says otherwise, and pauses.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-lifecycle-hooks.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
"""

from __future__ import annotations

from typing import Any

from ..deployments import settings
from .rollout import Deployment, Failure, Hook

PAUSE_MINUTES = 1440
"""How long a pause without a timeout of its own lasts."""


def run(service: Any, deployment: Deployment, now: float) -> bool:
    """Calls the hooks of the present stage; False as long as one of them keeps the deployment waiting."""
    over = True
    for place, declared in enumerate(deployment.configuration.get("lifecycleHooks") or []):
        if deployment.stage not in declared.get("lifecycleStages", []):
            continue
        hook = deployment.hooks.get(str(place)) or _begin(deployment, place, declared)
        answered = _pause(hook, deployment, now) if hook.kind == "PAUSE" else _function(service, hook)
        over = over and answered
    return over


def _begin(deployment: Deployment, place: int, declared: dict[str, Any]) -> Hook:
    from moto.moto_api._internal import mock_random

    kind = declared.get("targetType", "AWS_LAMBDA")
    prefix = "ecs-pause" if kind == "PAUSE" else "ecs-lambda"
    identity = f"{prefix}-{mock_random.get_random_hex(24)}"
    hook = Hook(identity, kind, declared.get("hookTargetArn", ""), deployment.stage)
    if kind == "PAUSE":
        timeout = declared.get("timeoutConfiguration") or {}
        hook.status = "AWAITING_ACTION"
        hook.expires = deployment.due + 60 * timeout.get("timeoutInMinutes", PAUSE_MINUTES)
        hook.action = timeout.get("action", "ROLLBACK")
    deployment.hooks[str(place)] = hook
    return hook


def _pause(hook: Hook, deployment: Deployment, now: float) -> bool:
    if hook.status == "AWAITING_ACTION" and now >= hook.expires:
        hook.status = "TIMED_OUT"
        deployment.due, deployment.held = hook.expires, False
        if hook.action == "ROLLBACK":
            raise Failure(f"The pause hook {hook.identity} at {hook.stage} timed out")
    return hook.status != "AWAITING_ACTION"


def _function(service: Any, hook: Hook) -> bool:
    failing = settings.fault_of(service.name, "failing_hook", hook=hook.stage)
    if failing is not None:
        hook.status = "FAILED"
        reason = failing.get("reason", "it answered with the hookStatus FAILED")
        raise Failure(f"The lifecycle hook {hook.target} failed at {hook.stage}: {reason}")
    waiting = settings.fault_of(service.name, "waiting_hook", hook=hook.stage)
    hook.status = "IN_PROGRESS" if waiting is not None else "SUCCEEDED"
    return waiting is None
