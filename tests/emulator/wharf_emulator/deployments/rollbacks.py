"""CodeDeploy's own rollbacks: a deployment of its own that takes back another one.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from __future__ import annotations

import copy
from typing import Any

from ..call import Call
from . import records
from .rollout import Rollout

CREATOR = "codeDeployRollback"
SKIPPED = ("BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic")
"""The lifecycle events that a rollback has no use for: its tasks still run."""


def begin(call: Call, undone: Any) -> str | None:
    """Makes the deployment that takes another one back; None if nothing has ever succeeded that it could redeploy."""
    owner, rollout = undone.deployment_group, undone.wharf_rollout
    backend = call.backend()
    known = backend.deployment_groups.get(owner.application.application_name, {}).values()
    last = backend.deployments.get(getattr(owner, "wharf_successful", ""))
    if last is None or owner not in known:
        return None
    taken_over = Rollout(
        last.wharf_rollout.appspec,
        rollout.due,
        phase="take_back",
        blue=rollout.blue,
        green=rollout.green,
        groups=dict(rollout.groups),
        weight=rollout.weight,
        primary=rollout.primary,
        test_actions=copy.deepcopy(rollout.test_actions),
        shown=copy.deepcopy(rollout.shown),
        rollback={"rollbackTriggeringDeploymentId": undone.deployment_id},
    )
    return records.add(call, owner, owner.deployment_config_name, taken_over, last.revision, {}, CREATOR)


def is_rollback(deployment: Any) -> bool:
    """Whether a deployment is CodeDeploy's own."""
    return deployment.creator == CREATOR
