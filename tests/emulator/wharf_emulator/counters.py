"""What the emulator has been asked: counts by operation and status, concurrency, an ordered log."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import Any

LOG_LENGTH = 20_000
VIOLATIONS_LENGTH = 1_000


class Counters:
    """Counts since the last reset. Safe to use from all connections at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self._clear()

    def _clear(self) -> None:
        self._operations: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._peak = self._in_flight
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self._sequence = 0
        self._violations: deque[dict[str, Any]] = deque(maxlen=VIOLATIONS_LENGTH)

    def reset(self) -> None:
        with self._lock:
            self._clear()

    def begin(self, operation: str) -> dict[str, Any]:
        """Counts a request in; the entry returned goes to ``end``."""
        with self._lock:
            self._operations[operation] += 1
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            self._sequence += 1
            entry = {"sequence": self._sequence, "operation": operation, "status": None}
            self._log.append(entry)
            return entry

    def end(self, entry: dict[str, Any], status: int | str) -> None:
        """Counts a request out, with its HTTP status or what became of it instead."""
        with self._lock:
            self._in_flight -= 1
            entry["status"] = status
            self._statuses[str(status)] += 1

    def violation(self, operation: str, message: str) -> None:
        with self._lock:
            self._violations.append({"operation": operation, "message": message})

    def snapshot(self) -> dict[str, Any]:
        with self._lock:
            return {
                "total": sum(self._operations.values()),
                "operations": dict(self._operations),
                "statuses": dict(self._statuses),
                "in_flight": self._in_flight,
                "peak_in_flight": self._peak,
            }

    def log(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(entry) for entry in self._log]

    def violations(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._violations)
