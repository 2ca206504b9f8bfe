"""What containers have written, with the awslogs driver and a prefix; made when somebody wants to read it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
"""

from __future__ import annotations

from typing import Any

from .. import log_events
from ..call import Call
from ..hooks import before
from . import describe, known
from .task import Task


@before("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents")
def write_all(call: Call) -> None:
    """Writes what the containers of all tasks have said, once."""
    for _, task in list(known.everywhere(call, all_stopped=True)):
        definition = describe.definition_of(call, task)
        if task.ran and definition is not None:
            for container in definition.container_definitions:
                _write(call, task, container)


def _write(call: Call, task: Task, container: dict[str, Any]) -> None:
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options", {})
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if configuration.get("logDriver") != "awslogs" or not prefix or group not in call.backend("logs").groups:
        return
    stream = f"{prefix}/{container['name']}/{task.id}"
    if not log_events.exists(call, group, stream):
        log_events.write(call, group, stream, _lines(call, task, container), task.created)


def _lines(call: Call, task: Task, container: dict[str, Any]) -> list[str]:
    if task.log is not None and container is describe.essential(call, task):
        return task.log
    revision = task.definition.rpartition("/")[2]
    ports = ", ".join(str(item["containerPort"]) for item in container.get("portMappings", []))
    lines = [f"{container['name']} of {revision} runs {container['image']}"]
    return [*lines, f"listening on {ports}"] if ports else lines
