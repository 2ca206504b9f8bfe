"""The tasks that are over, and why: kept with their service.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from typing import Any

from .. import clock
from ..call import Call
from ..corrections import ecs_services
from .task import Task, identity


def not_started(call: Call, service: Any, task_set: Any, time: float, reason: str) -> None:
    """The tasks of a task set have not come up."""
    for number in range(task_set.computed_desired_count):
        made = _task(service, task_set, time, "not started", reason, number)
        made.stop_code, made.reason = "TaskFailedToStart", reason
        _keep(service, made)


def exited(call: Call, service: Any, task_set: Any, time: float, exit_code: int, log: str) -> None:
    """A container that the tasks of a task set cannot do without has exited."""
    for number in range(task_set.computed_desired_count):
        made = _task(service, task_set, time, "exited", exit_code, log, number)
        made.address = ecs_services.address(service, number, task_set.wharf_generation)
        made.stop_code, made.reason = "EssentialContainerExited", "Essential container in task exited"
        made.exit_code, made.log = exit_code, log.splitlines()
        _keep(service, made)


def scaled_in(call: Call, service: Any, task_set: Any) -> None:
    """A task set is gone, and its tasks with it."""
    from .known import groups

    for group in groups(call, service):
        if group.started_by == task_set.id:
            for made in group.tasks():
                if made.last_status != "PENDING":
                    made.last_status = made.desired_status = "STOPPED"
                    made.stopped = clock.now()
                    made.stop_code = "ServiceSchedulerInitiated"
                    made.reason = f"Scaling activity initiated by (deployment {task_set.id})"
                    _keep(service, made)


def _task(service: Any, task_set: Any, time: float, *why: Any) -> Task:
    network = task_set.network_configuration or service.network_configuration or {}
    made = Task(identity(task_set.id, *why), task_set.id, task_set.task_definition, network, time)
    made.last_status = made.desired_status = "STOPPED"
    made.stopped = time
    return made


def _keep(service: Any, made: Task) -> None:
    kept = service.__dict__.setdefault("wharf_stopped", [])
    if all(item.id != made.id for item in kept):
        kept.append(made)
