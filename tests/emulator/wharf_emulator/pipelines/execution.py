"""What is remembered of a pipeline execution: plain values and identities only.

Executions are in ``executions`` of moto's pipeline, are copied with CodePipeline's state and go at a reset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.moto_api._internal import mock_random

ACTIVE = ("InProgress", "Stopping")
"""The statuses of executions that go on."""


class ActionFailed(Exception):
    """An action cannot succeed; the code is one of CodePipeline's ErrorDetails."""

    def __init__(self, message: str, code: str = "JobFailed", summary: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.summary = summary


def identity() -> str:
    """A new id, as executions and their actions have it."""
    return str(mock_random.uuid4())


@dataclass
class Attempt:
    """One run of an action."""

    stage: str
    action: str
    started: float
    due: float
    """When it is over, if that depends on the pace only; seconds since the epoch by the emulator's clock."""
    id: str = field(default_factory=identity)
    status: str = "InProgress"
    ended: float | None = None
    external: str = ""
    """What the action started elsewhere: a build, a deployment; the revision of a source."""
    url: str = ""
    summary: str = ""
    error: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, str] = field(default_factory=dict)
    """With its variables resolved."""
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    log_stream: str = ""
    token: str = ""
    """What an approval is to be answered with, while it waits."""
    decision: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> float:
        """When its status changed last."""
        return self.started if self.ended is None else self.ended


@dataclass
class Execution:
    """A change on its way through the stages."""

    pipeline: str
    version: int
    declared: dict[str, Any]
    """The pipeline as it was when the execution started."""
    trigger: dict[str, str]
    started: float
    variables: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    """The revisions that the source actions are to take, by their names; the newest if they are not here."""
    id: str = field(default_factory=identity)
    status: str = "InProgress"
    updated: float = 0.0
    position: int = 0
    """The number of the stage that it is in or waits for."""
    inside: bool = False
    """Whether it is in that stage, and nobody else can be."""
    visit: dict[str, str] = field(default_factory=dict)
    """The attempt of each action that has begun since it came into the stage."""
    attempts: list[Attempt] = field(default_factory=list)
    artifacts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Bucket and key of each artifact."""
    revisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the source actions found, by their names."""
    origins: dict[str, str] = field(default_factory=dict)
    """The revision that each artifact was made from."""
    stop_reason: str | None = None

    @property
    def stages(self) -> list[dict[str, Any]]:
        return self.declared["stages"]

    @property
    def stage(self) -> str:
        """The name of the stage it is in or waits for."""
        return self.stages[self.position]["name"]

    @property
    def mode(self) -> str:
        return self.declared.get("executionMode", "SUPERSEDED")

    @property
    def waits(self) -> bool:
        """Whether it stands before a stage that another execution is in."""
        return self.status in ACTIVE and not self.inside

    def attempt(self, identity: str) -> Attempt:
        return next(item for item in self.attempts if item.id == identity)

    def latest(self, stage: str, action: str) -> Attempt | None:
        """The last run of an action in this execution."""
        found = [item for item in self.attempts if (item.stage, item.action) == (stage, action)]
        return found[-1] if found else None

    def stage_status(self, stage: str) -> str | None:
        """How far it is in a stage; None if it has not been there."""
        if not any(item.stage == stage for item in self.attempts):
            return None
        if self.stage != stage or (self.status == "Succeeded"):
            return "Succeeded"
        if self.inside or self.status in ("Failed", "Stopped", "Stopping"):
            return self.status
        return "InProgress" if self.visit else "Succeeded"
