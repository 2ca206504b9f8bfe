"""What the emulator knows of a deployment beyond moto's own object; plain values and identities only.

It hangs at moto's ``DeploymentInfo`` as ``wharf_rollout``, is copied with CodeDeploy's state and goes at a reset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock import instant
from .appspec import AppSpec

EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
"""https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#reference-appspec-file-structure-hooks-list-ecs"""
FINISHED = ("Succeeded", "Failed", "Stopped")


class Failure(Exception):
    """A deployment cannot go on; the code is one of CodeDeploy's ErrorInformation."""

    def __init__(self, code: str, message: str, log: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.log = log
        """The last lines of what the lifecycle event in progress has written."""


@dataclass
class Rollout:
    """The progress of one ECS deployment."""

    appspec: AppSpec
    due: float
    """When the next phase begins, in seconds since the epoch by the emulator's clock."""
    phase: str = "start"
    """The method of ``machine.Machine`` that comes next."""
    blue: str = ""
    """The ARN of the task set that was there, and of the one that replaces it."""
    green: str = ""
    groups: dict[str, str] = field(default_factory=dict)
    """The ARNs of the target groups, by ``Blue`` and ``Green``."""
    weight: int = 0
    """The percentage of the production traffic that goes to green."""
    primary: bool = False
    """Whether green is the service's primary task set."""
    install_until: float = 0.0
    held: bool = False
    """Whether the installation has been held up by a fault."""
    test_actions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the rules of the test listeners did before, by their ARNs."""
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The task sets as they were last seen, by ``Blue`` and ``Green``."""
    error: dict[str, str] = field(default_factory=dict)
    rollback: dict[str, str] = field(default_factory=dict)
    previous: dict[str, Any] = field(default_factory=dict)
    """The revision that was deployed before."""
    updated: float = 0.0

    def begin(self, event: str) -> None:
        """A lifecycle event is in progress."""
        self.events.setdefault(event, {"status": "InProgress", "startTime": instant(self.due)})

    def end(self, event: str, status: str = "Succeeded", message: str = "", log: str = "") -> None:
        """A lifecycle event is over."""
        self.begin(event)
        self.events[event].update(status=status, endTime=instant(self.due))
        if message:
            code = "ScriptFailed" if event not in ("Install", "AllowTestTraffic", "AllowTraffic") else "UnknownError"
            diagnostics = {"errorCode": code, "message": message}
            self.events[event]["diagnostics"] = {**diagnostics, "logTail": log} if log else diagnostics

    def current(self) -> str | None:
        """The lifecycle event in progress."""
        return next((name for name, event in self.events.items() if event["status"] == "InProgress"), None)
