"""What the emulator knows of a service under ECS's own blue/green: plain values and identities only.

It hangs at moto's ``Service`` as ``wharf_blue_green``, is copied with ECS's state and goes at a reset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STRATEGIES = ("BLUE_GREEN", "LINEAR", "CANARY")
"""The deployment strategies that have two revisions and shift traffic."""

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html"""

ACTIVE = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
"""The states of a deployment that has not ended."""


class Failure(Exception):
    """A deployment cannot go on."""

    def __init__(self, message: str, rollback: bool = True):
        super().__init__(message)
        self.message = message
        self.rollback = rollback
        """Whether the last good revision comes back."""


@dataclass
class Revision:
    """A service revision: a snapshot of what its tasks are made of."""

    arn: str
    parameters: dict[str, Any]
    """The members of a service that the API's ServiceRevision has, in its spelling."""
    groups: list[str]
    """The target group that it uses of each load balancer's pair."""
    created: float
    generation: int = 0
    """Tells its tasks' addresses from those of other revisions."""
    requested: int = 0
    running: int = 0
    pending: int = 0
    addresses: list[str] = field(default_factory=list)


@dataclass
class Hook:
    """A lifecycle hook at work."""

    identity: str
    kind: str
    target: str
    stage: str
    status: str = "IN_PROGRESS"
    expires: float = 0.0
    action: str = "ROLLBACK"


@dataclass
class Deployment:
    """The progress of one service deployment."""

    arn: str
    number: str
    """What DescribeServices calls it: ``ecs-svc/…``."""
    target: str
    """The ARN of the revision that it brings."""
    source: str
    """The ARN of the one that serves, empty for a new service."""
    configuration: dict[str, Any]
    created: float
    due: float
    """When the next stage begins, in seconds since the epoch by the emulator's clock."""
    stage: str = "PRE_SCALE_UP"
    """The one that is under way, or begins when it is due."""
    begun: str = ""
    """The one that began last."""
    status: str = "PENDING"
    reason: str = ""
    acted: bool = False
    """Whether the present stage's own work is done, and its hooks are next."""
    held: bool = False
    """Whether something made the present stage wait for longer than a step."""
    started: float = 0.0
    finished: float = 0.0
    stopped: float = 0.0
    updated: float = 0.0
    scaling: float = 0.0
    """Since when tasks are started."""
    test: float = 0.0
    production: float = 0.0
    """The percentages of the traffic that go to the target revision."""
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the test rules did before, by their ARNs."""
    hooks: dict[str, Hook] = field(default_factory=dict)
    """Those of the present stage, by the places they are declared in."""
    rollback: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    breaker: str = "DISABLED"
    alarms: str = "DISABLED"
    triggered: list[str] = field(default_factory=list)


@dataclass
class State:
    """All revisions and deployments of a service, the oldest first."""

    revisions: dict[str, Revision] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    serving: str = ""
    """The ARN of the revision that has the production traffic."""

    def active(self) -> Deployment | None:
        """The deployment that has not ended."""
        last = self.deployments[-1] if self.deployments else None
        return last if last is not None and last.status in ACTIVE else None
