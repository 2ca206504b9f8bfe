"""The recent past of services, for reads that lag behind writes as AWS's own may.

Before every change of a service that a ``stale`` rule asks the past of, its state is copied. A read that such a rule
hits sees the oldest copy that a change younger than the rule's ``ms`` replaced: neither what was made since nor values
written since. S3, which is consistent, and STS have no past.
"""

from __future__ import annotations

import copy
import copyreg
import importlib
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import clock
from .call import ACCOUNT, Call, region_of
from .naming import SERVICES

CONSISTENT = ("s3", "sts", "resourcegroupstaggingapi")
"""Services without a past of their own; the last one shows the tags of the others as they were."""
NEVER_CHANGING = {"ec2": ("amis", "snapshots", "instance_types", "offerings")}
"""Large tables that are shared by all copies."""

copyreg.pickle(type(threading.RLock()), lambda _: (threading.RLock, ()))
copyreg.pickle(type(threading.Lock()), lambda _: (threading.Lock, ()))


class Past:
    """Copies of services' states, with the times of the changes that replaced them. Used under the filter's lock."""

    def __init__(self) -> None:
        self._copies: dict[tuple[str, str], deque[tuple[float, Any]]] = {}

    def reset(self) -> None:
        self._copies.clear()

    def remember(self, call: Call, seconds: float) -> None:
        """Copies the state that a call is about to change, and forgets what is older than anybody may ask for."""
        if call.service in CONSISTENT:
            return
        region = region_of(call.service, call.region)
        copies = self._copies.setdefault((call.service, region), deque())
        now = clock.steady()
        while copies and now - copies[0][0] > seconds:
            copies.popleft()
        copies.append((now, _copy(call.service, call.backend())))

    @contextmanager
    def seen_by(self, call: Call, seconds: float) -> Iterator[None]:
        """Lets a read see the state of so many seconds ago."""
        services = SERVICES if call.service == "resourcegroupstaggingapi" else (call.service,)
        presents = []
        for service in services:
            region = region_of(service, call.region)
            old = self._before(service, region, seconds)
            if old is not None:
                regions = _backends(service)[ACCOUNT]
                presents.append((regions, region, regions[region]))
                regions[region] = old
        try:
            yield
        finally:
            for regions, region, present in presents:
                regions[region] = present

    def _before(self, service: str, region: str, seconds: float) -> Any:
        now = clock.steady()
        for changed, old in self._copies.get((service, region), ()):
            if now - changed < seconds:
                return old
        return None


def _backends(service: str) -> Any:
    return getattr(importlib.import_module(f"moto.{service}.models"), f"{service}_backends")


def _copy(service: str, backend: Any) -> Any:
    """A copy that shares nothing that changes with the original; other services' states are referred to, not copied."""
    from moto.core.base_backend import BackendDict

    memo: dict[int, Any] = {}
    for backends in BackendDict._instances:  # noqa: SLF001 (there is no other way to list them)
        for account in backends.values():
            memo.update((id(other), other) for other in account.values() if other is not backend)
    for name in NEVER_CHANGING.get(service, ()):
        table = getattr(backend, name, None)
        if table is not None:
            memo[id(table)] = table
            if isinstance(table, dict):
                memo.update((id(item), item) for item in table.values())
    return copy.deepcopy(backend, memo)
