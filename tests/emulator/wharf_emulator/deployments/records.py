"""New deployments: what moto keeps of them, and what their group remembers."""

from __future__ import annotations

from typing import Any

from ..call import Call
from . import settings
from .rollout import Rollout, instant


def add(
    call: Call,
    owner: Any,
    configuration: str,
    rollout: Rollout,
    revision: dict[str, Any],
    params: dict[str, Any],
    creator: str = "user",
) -> str:
    """Adds a deployment to a group as its last attempted one, due a step later; its identity."""
    from moto.codedeploy.models import DeploymentInfo
    from moto.moto_api._internal import mock_random

    backend = call.backend()
    made = DeploymentInfo(
        owner.application,
        owner,
        revision,
        configuration,
        params.get("description"),
        params.get("ignoreApplicationStopFailures", False),
        params.get("targetInstances"),
        params.get("autoRollbackConfiguration"),
        params.get("updateOutdatedInstancesOnly", False),
        params.get("fileExistsBehavior"),
        params.get("overrideAlarmConfiguration"),
        creator,
    )
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    made.deployment_id = "d-" + "".join(mock_random.choice(letters) for _ in range(9))
    made.create_time = instant(rollout.due)
    last = backend.deployments.get(getattr(owner, "wharf_successful", ""))
    rollout.previous = last.revision if last is not None else {}
    rollout.due += settings.step()
    made.wharf_rollout = rollout
    backend.deployments[made.deployment_id] = made
    owner.wharf_attempted = made.deployment_id
    return made.deployment_id
