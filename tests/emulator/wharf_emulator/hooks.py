"""Where corrections and missing operations register themselves.

Three kinds of hooks, each by operation name (``ec2:DeleteSubnet``; several names may be given):

* ``before``: ``f(call)`` runs first and may refuse with a ``Fault`` or change ``call.params`` (see ``rewrite``).
  Returning a dict answers the call without asking moto.
* ``instead``: ``f(call) -> dict`` is the whole operation.
* ``after``: ``f(call, result)`` sees moto's parsed answer and may change it in place.

All of them run under the emulator's global lock, after the request has passed the check against the official model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Hook = Callable[..., Any]

BEFORE: dict[str, list[Hook]] = defaultdict(list)
INSTEAD: dict[str, Hook] = {}
AFTER: dict[str, list[Hook]] = defaultdict(list)
RESET: list[Callable[[], None]] = []
TIME: list[Callable[[], None]] = []


def before(*names: str) -> Callable[[Hook], Hook]:
    """Registers a check that runs before an operation."""

    def register(hook: Hook) -> Hook:
        for name in names:
            BEFORE[name].append(hook)
        return hook

    return register


def after(*names: str) -> Callable[[Hook], Hook]:
    """Registers a change of an operation's result."""

    def register(hook: Hook) -> Hook:
        for name in names:
            AFTER[name].append(hook)
        return hook

    return register


def instead(*names: str) -> Callable[[Hook], Hook]:
    """Registers the implementation of an operation."""

    def register(hook: Hook) -> Hook:
        for name in names:
            if name in INSTEAD:
                raise ValueError(f"two implementations of {name}")
            INSTEAD[name] = hook
        return hook

    return register


def on_reset(hook: Callable[[], None]) -> Callable[[], None]:
    """Registers the clearing of state kept outside moto's backends."""
    RESET.append(hook)
    return hook


def on_time(hook: Callable[[], None]) -> Callable[[], None]:
    """Registers what happens by itself as time goes by: it catches up before every request, under the global lock."""
    TIME.append(hook)
    return hook
