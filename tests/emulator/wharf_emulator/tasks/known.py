"""Which tasks there are, told from the counts of services and task sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import clock
from ..call import Call
from ..corrections import ecs_services
from .task import Group, Task

KEPT_SECONDS = 60 * 60
"""How long stopped tasks are shown: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""

TELLERS: list[Callable[[Call, Any], list[Group] | None]] = []
"""Who may know better which groups of tasks a service has: the first answer that is not None counts."""


def groups(call: Call, service: Any) -> list[Group]:
    """The task sets or deployments of a service, with their tasks."""
    for tell in TELLERS:
        told = tell(call, service)
        if told is not None:
            return told
    if service.status == "INACTIVE":
        return []
    if service.task_sets:
        return [_of_task_set(service, item) for item in service.task_sets]
    if not service.deployments:
        return []
    newest = service.deployments[0]
    started_by = newest["id"] if isinstance(newest, dict) else newest.id
    network = service.network_configuration or {}
    running, pending = service.running_count, max(service.pending_count, 0)
    definition = service.task_definition
    return [Group(started_by, definition, network, _created(service), running, pending, _addresses(service, running))]


def _of_task_set(service: Any, found: Any) -> Group:
    primary = found.status == "PRIMARY"
    generation = getattr(service if primary else found, "wharf_generation", 0)
    made = Group(
        found.id,
        found.task_definition,
        found.network_configuration or {},
        _seconds(getattr(found, "createdAt", None)) or _created(service),
        found.running_count,
        max(found.pending_count, 0),
        draining=found.status == "DRAINING",
    )
    kept = getattr(service if primary else found, "wharf_addresses", [])
    made.addresses = kept or [ecs_services.address(service, number, generation) for number in range(made.running)]
    return made


def _addresses(service: Any, count: int) -> list[str]:
    kept = getattr(service, "wharf_addresses", [])
    return kept or [ecs_services.address(service, number) for number in range(count)]


def _created(service: Any) -> float:
    return _seconds(getattr(service, "wharf_created_at", None)) or clock.now()


def _seconds(time: Any) -> float | None:
    return time.timestamp() if hasattr(time, "timestamp") else None


def of_service(call: Call, service: Any, all_stopped: bool = False) -> list[Task]:
    """The tasks of a service: those that run, and those that have stopped not long ago (or ever)."""
    now = clock.now()
    old = [item for item in getattr(service, "wharf_stopped", []) if all_stopped or now - item.stopped < KEPT_SECONDS]
    return [task for group in groups(call, service) for task in group.tasks()] + old


def everywhere(call: Call, cluster: str | None = None, all_stopped: bool = False) -> Iterator[tuple[Any, Task]]:
    """The tasks of all services, or of those in a cluster, with their services."""
    for service in call.backend("ecs").services.values():
        if cluster is None or service.cluster_name == cluster:
            for task in of_service(call, service, all_stopped):
                yield service, task


def at(call: Call, address: str) -> tuple[Any, Task] | None:
    """The running task that has an address, with its service."""
    for service, task in everywhere(call):
        if task.address == address and task.stopped is None:
            return service, task
    return None
