"""Faults on demand: which requests are slowed, refused, cut off or held."""

from __future__ import annotations

import fnmatch
import random
import threading
from typing import Any

KINDS = (
    "latency",
    "throttle",
    "error_before",
    "error_after",
    "drop_before",
    "drop_after",
    "hold_before",
    "hold_after",
)
FIELDS = {"match", "kind", "ms", "jitter_ms", "code", "status", "message", "p", "times", "after"}
SEED = 0


class BadRule(ValueError):
    """A rule that cannot be understood."""


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
        if self.kind == "error_before" and "code" not in source:
            raise BadRule("error_before needs a code")
        self.source = source
        self.match = source.get("match", "*")
        self.probability = source.get("p", 1)
        self.skip = source.get("after", 0)
        self.left = source.get("times")
        self.hits = 0

    def __getitem__(self, name: str) -> Any:
        return self.source.get(name)

    def applies(self, operation: str, chance: random.Random) -> bool:
        """Whether the rule hits this request; if so, one of its times is used up."""
        if not fnmatch.fnmatchcase(operation, self.match) or self.left == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if chance.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        return {**self.source, "hits": self.hits, "remaining": self.left}


class Rules:
    """The rules in force and the requests they hold."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._chance = random.Random(SEED)
        self._gate = threading.Event()

    def replace(self, sources: Any) -> None:
        """Puts new rules in force, in place of all earlier ones; raises ``BadRule``."""
        if not isinstance(sources, list):
            raise BadRule("a list of rules is wanted")
        rules = [Rule(source) for source in sources]
        with self._lock:
            self._rules = rules
            self._chance = random.Random(SEED)

    def hits(self, operation: str) -> list[Rule]:
        """The rules that hit this request, in their order."""
        with self._lock:
            return [rule for rule in self._rules if rule.applies(operation, self._chance)]

    def jitter(self, milliseconds: float) -> float:
        with self._lock:
            return self._chance.random() * milliseconds

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
