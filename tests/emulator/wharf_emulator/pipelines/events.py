"""What starts pipelines by itself: their creation, commits that EventBridge tells of, and polling.

https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-about-starting.html
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from moto.moto_api._internal import mock_random

from .. import clock
from ..call import Call, Fault
from ..corrections.events import PRINCIPAL
from ..missing.codecommit_commits import ON_REFERENCE
from ..missing.codepipeline import ON_CREATE
from ..roles import require_assumable
from .machine import start


def caller(call: Call) -> str:
    """Who started an execution by hand; the emulator does not look further than the account."""
    return f"arn:aws:iam::{call.account}:root"


def created(call: Call, pipeline: Any) -> None:
    """A new pipeline starts at once."""
    start(call, pipeline, "CreatePipeline", caller(call))


def reference_changed(call: Call, repository: str, branch: str, commit: str, before: str | None) -> None:
    """A branch was made or moved."""
    event = _event(call, repository, branch, commit, before)
    for rule, target in _targets(call, event):
        pipeline = call.backend("codepipeline").pipelines.get(target["Arn"].rpartition(":")[2])
        if pipeline is not None and _may(call, target):
            start(call, pipeline, "CloudWatchEvent", rule.arn)
    for pipeline in call.backend("codepipeline").pipelines.values():
        if any(_polls(action, repository, branch) for action in pipeline.pipeline["stages"][0]["actions"]):
            start(call, pipeline, "PollForSourceChanges")


def _event(call: Call, repository: str, branch: str, commit: str, before: str | None) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html"""
    metadata = call.backend("codecommit").repositories[repository].repository_metadata
    detail = {
        "callerUserArn": caller(call),
        "commitId": commit,
        "event": "referenceUpdated" if before else "referenceCreated",
        "referenceFullName": f"refs/heads/{branch}",
        "referenceName": branch,
        "referenceType": "branch",
        "repositoryId": metadata["repositoryId"],
        "repositoryName": repository,
    }
    if before:
        detail["oldCommitId"] = before
    time = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    return {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": "CodeCommit Repository State Change",
        "source": "aws.codecommit",
        "account": call.account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": call.region,
        "resources": [metadata["Arn"]],
        "detail": detail,
    }


def _targets(call: Call, event: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The pipelines among the targets of the enabled rules that match an event."""
    for rule in call.backend("events").event_buses["default"].rules.values():
        pattern = rule.event_pattern
        if rule.state == "ENABLED" and pattern.get_pattern() and pattern.matches_event(event):
            for target in rule.targets:
                if f":codepipeline:{call.region}:" in target["Arn"]:
                    yield rule, target


def _may(call: Call, target: dict[str, Any]) -> bool:
    """Whether EventBridge can be the target's role; if not, the event is lost without a word."""
    try:
        require_assumable(call, target.get("RoleArn", ""), PRINCIPAL, Fault("AccessDenied"))
    except Fault:
        return False
    return True


def _polls(action: dict[str, Any], repository: str, branch: str) -> bool:
    configuration = action["configuration"]
    return (
        action["actionTypeId"]["provider"] == "CodeCommit"
        and (configuration["RepositoryName"], configuration["BranchName"]) == (repository, branch)
        and configuration.get("PollForSourceChanges", "true").lower() != "false"
    )


ON_CREATE.append(created)
ON_REFERENCE.append(reference_changed)
