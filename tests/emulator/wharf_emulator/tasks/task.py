"""One task: plain values. Running ones are derived whenever somebody asks, stopped ones are kept with their service."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Task:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""

    id: str
    started_by: str
    """The task set or deployment it belongs to."""
    definition: str
    network: dict[str, Any]
    created: float
    address: str | None = None
    last_status: str = "RUNNING"
    desired_status: str = "RUNNING"
    stopped: float | None = None
    stop_code: str = ""
    reason: str = ""
    exit_code: int | None = None
    """Of the first essential container, if it has exited by itself."""
    log: list[str] | None = None
    """The lines of that container; None for what a container writes that is well."""

    @property
    def ran(self) -> bool:
        """Whether its containers have ever run."""
        return self.last_status not in ("PENDING", "PROVISIONING") and self.stop_code != "TaskFailedToStart"


@dataclass
class Group:
    """The tasks that one task set, or one deployment of a service, has."""

    started_by: str
    definition: str
    network: dict[str, Any]
    created: float
    running: int
    pending: int
    addresses: list[str] = field(default_factory=list)
    """Of those that run."""
    draining: bool = False

    def tasks(self) -> list[Task]:
        """The tasks that run and those that are about to."""
        found = []
        for number in range(self.running + self.pending):
            made = Task(identity(self.started_by, number), self.started_by, self.definition, self.network, self.created)
            if number >= self.running:
                made.last_status = "PENDING"
            elif number < len(self.addresses):
                made.address = self.addresses[number]
            if self.draining:
                made.last_status, made.desired_status = "DEACTIVATING", "STOPPED"
            found.append(made)
        return found


def identity(*parts: Any) -> str:
    """A task's id, the same for the same parts."""
    return hashlib.sha1("/".join(str(part) for part in parts).encode()).hexdigest()[:32]
