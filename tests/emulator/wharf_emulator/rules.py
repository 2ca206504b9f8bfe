"""Faults on demand: which requests are slowed, refused, cut off, held, answered with the past, or deadly."""

from __future__ import annotations

import fnmatch
import random
import threading
from typing import Any

from . import clock
from .bad_rule import BadRule
from .naming import SERVICES, reads, service_model

KINDS = (
    "latency",
    "throttle",
    "deny",
    "role_lag",
    "stale",
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "hold_before",
    "hold_after",
    "kill_before",
    "kill_after",
    "kill_answered",
)
NEEDED = {
    "error_before": "code",
    "role_lag": "ms",
    "stale": "ms",
    "kill_before": "pid",
    "kill_after": "pid",
    "kill_answered": "pid",
}
"""The field without which a rule of a kind says nothing."""
FIELDS = {"match", "mutating", "kind", "ms", "jitter_ms", "code", "status", "message", "pid", "p", "times", "after"}
NUMBERS = ("ms", "jitter_ms", "status", "p", "times", "after")
SEED = 0


class Rule:
    """One rule and what is left of it."""

    def __init__(self, source: dict[str, Any]):
        if not isinstance(source, dict):
            raise BadRule(f"a rule is an object, not {source!r}")
        unknown = set(source) - FIELDS
        if unknown:
            raise BadRule(f"unknown field {sorted(unknown)[0]!r}; there are {', '.join(sorted(FIELDS))}")
        self.kind = source.get("kind")
        if self.kind not in KINDS:
            raise BadRule(f"unknown kind {self.kind!r}; there are {', '.join(KINDS)}")
        needed = NEEDED.get(self.kind)
        if needed is not None and needed not in source:
            raise BadRule(f"{self.kind} needs {'an' if needed == 'ms' else 'a'} {needed}")
        for name in NUMBERS:
            if not _is_number(source.get(name, 0)):
                raise BadRule(f"{name} is a number, not {source[name]!r}")
        pid = source.get("pid", 2)
        if not isinstance(pid, int) or pid <= 1:
            raise BadRule(f"pid is a process id, not {pid!r}")
        self.source = source
        self.match = source.get("match", "*")
        self.mutating = source.get("mutating")
        self.probability = source.get("p", 1)
        self.skip = source.get("after", 0)
        self.left = source.get("times", 1 if self.kind.startswith("kill_") else None)
        self.hits = 0
        self.last: str | None = None
        self._set_at = clock.steady()

    def __getitem__(self, name: str) -> Any:
        return self.source.get(name)

    def names(self, operation: str) -> bool:
        """Whether the rule speaks of this operation."""
        if self.mutating is not None and self.mutating == reads(operation):
            return False
        return fnmatch.fnmatchcase(operation, self.match)

    def applies(self, operation: str, chance: random.Random) -> bool:
        """Whether the rule hits this request; if so, one of its times is used up."""
        if not self.names(operation) or self.left == 0 or self._is_over():
            return False
        if self.kind == "stale" and not reads(operation):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if chance.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        self.last = operation
        return True

    def _is_over(self) -> bool:
        return self.kind == "deny" and "ms" in self.source and clock.steady() - self._set_at >= self["ms"] / 1000

    def to_json(self) -> dict[str, Any]:
        return {**self.source, "hits": self.hits, "remaining": self.left, "last": self.last}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Rules:
    """The rules in force and the requests they hold."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._chance = random.Random(SEED)
        self._gate = threading.Event()
        self._stale: dict[str, float] = {}

    def replace(self, sources: Any) -> None:
        """Puts new rules in force, in place of all earlier ones; raises ``BadRule``."""
        if not isinstance(sources, list):
            raise BadRule("a list of rules is wanted")
        rules = [Rule(source) for source in sources]
        stale = _stale(rules)
        with self._lock:
            self._rules = rules
            self._stale = stale
            self._chance = random.Random(SEED)

    def hits(self, operation: str) -> list[Rule]:
        """The rules that hit this request, in their order."""
        with self._lock:
            return [rule for rule in self._rules if rule.applies(operation, self._chance)]

    def jitter(self, milliseconds: float) -> float:
        with self._lock:
            return self._chance.random() * milliseconds

    def memory(self, service: str) -> float:
        """For how many seconds a service's past may be asked for; 0 if it may not."""
        with self._lock:
            return max(self._stale.get(service, 0), self._stale.get("resourcegroupstaggingapi", 0))

    def gate(self) -> threading.Event:
        """What a request held from now on waits for."""
        with self._lock:
            return self._gate

    def release(self) -> None:
        """Lets all held requests go on; later ones are held anew."""
        with self._lock:
            self._gate.set()
            self._gate = threading.Event()

    def to_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.to_json() for rule in self._rules]


def _stale(rules: list[Rule]) -> dict[str, float]:
    """The services that rules ask the past of, and for how many seconds."""
    found: dict[str, float] = {}
    for rule in rules:
        if rule.kind != "stale":
            continue
        for service in SERVICES:
            names = (f"{service}:{operation}" for operation in service_model(service).operation_names)
            if any(reads(name) and rule.names(name) for name in names):
                found[service] = max(found.get(service, 0), rule["ms"] / 1000)
    return found
