"""The tasks of revisions: starting them in their target groups, and ending them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ..call import Call
from ..corrections import ecs_services
from ..deployments.rollout import instant
from ..deployments.task_sets import FAILED_CHECKS
from ..tasks import known, stopped
from ..tasks.task import Group
from .rollout import Failure, Revision, State


def groups_of(call: Call, revision: Revision) -> list[tuple[Any, int]]:
    """The target groups that a revision's tasks register in, with the containers' ports."""
    known, found = call.backend("elbv2").target_groups, []
    for balancer, arn in zip(revision.parameters["loadBalancers"], revision.groups, strict=True):
        if arn in known:
            found.append((known[arn], balancer["containerPort"]))
    return found


def start(call: Call, service: Any, revision: Revision, fault: dict[str, str] | None) -> None:
    """Lets a revision's tasks run and registers them; the fault says how they are not healthy, if they are not."""
    if len(groups_of(call, revision)) < len(revision.groups):
        raise Failure("A target group of the service does not exist")
    revision.addresses = [
        ecs_services.address(service, number, revision.generation) for number in range(revision.requested)
    ]
    for group, port in groups_of(call, revision):
        group.register([{"Id": address, "Port": port} for address in revision.addresses])
        unhealthy = group.__dict__.setdefault("wharf_unhealthy", {})
        for address in revision.addresses:
            unhealthy.pop(address, None)
            if fault is not None:
                reason, description = fault.get("health_reason", FAILED_CHECKS), fault.get("description")
                unhealthy[address] = {"Reason": reason, "Description": description or "Health checks failed"}
    revision.running, revision.pending = revision.requested, 0


def _as_task_set(service: Any, revision: Revision) -> Any:
    """What stopped tasks want to know of whose they were."""
    return SimpleNamespace(
        id=_started_by(service, revision),
        computed_desired_count=revision.requested,
        task_definition=revision.parameters["taskDefinition"],
        network_configuration=revision.parameters["networkConfiguration"],
        wharf_generation=revision.generation,
    )


def _started_by(service: Any, revision: Revision) -> str:
    """The deployment that brought a revision."""
    state: State = service.wharf_blue_green
    numbers = [item.number for item in state.deployments if item.target == revision.arn]
    return numbers[0] if numbers else service.deployments[0]["id"]


def not_started(call: Call, service: Any, revision: Revision, time: float, reason: str) -> None:
    """A revision's tasks have stopped before they ran."""
    stopped.not_started(call, service, _as_task_set(service, revision), time, reason)


def exited(call: Call, service: Any, revision: Revision, time: float, fault: dict[str, str]) -> None:
    """A revision's tasks have run and stopped."""
    code, log = int(fault.get("exit_code", "1")), fault.get("log", "")
    stopped.exited(call, service, _as_task_set(service, revision), time, code, log)


def groups(_: Call, service: Any) -> list[Group] | None:
    """The tasks of each revision that has some."""
    state: State | None = getattr(service, "wharf_blue_green", None)
    if state is None or service.status != "ACTIVE":
        return None
    synchronise(service)
    return [
        Group(
            _started_by(service, revision),
            revision.parameters["taskDefinition"],
            revision.parameters["networkConfiguration"] or {},
            revision.created,
            revision.running,
            revision.pending,
            revision.addresses,
        )
        for revision in state.revisions.values()
        if revision.requested
    ]


known.TELLERS.append(groups)


def synchronise(service: Any) -> None:
    """Lets the serving revision have the tasks that the service has, where no deployment is at work."""
    state = service.wharf_blue_green
    serving = state.revisions.get(state.serving)
    if serving is not None and state.active() is None:
        serving.addresses = list(getattr(service, "wharf_addresses", []))
        serving.requested, serving.running = service.desired_count, service.running_count
        serving.pending = max(service.pending_count, 0)


def end(call: Call, service: Any, revision: Revision) -> None:
    """Takes a revision's tasks out of their target groups and stops them."""
    stopped.scaled_in(call, service, _as_task_set(service, revision))
    for group, _ in groups_of(call, revision):
        for address in revision.addresses:
            if address in group.targets:
                group.deregister([{"Id": address}])
            getattr(group, "wharf_unhealthy", {}).pop(address, None)
    revision.addresses = []
    revision.requested = revision.running = revision.pending = 0


def serve(service: Any, revision: Revision) -> None:
    """Makes a revision's tasks the service's own."""
    service.wharf_generation = revision.generation
    service.wharf_addresses = list(revision.addresses)
    declared = [balancer["targetGroupArn"] for balancer in revision.parameters["loadBalancers"]]
    service.wharf_groups = dict(zip(declared, revision.groups, strict=True))
    service.running_count, service.pending_count = revision.running, revision.pending


def tell(service: Any, revision: Revision, time: float, message: str) -> None:
    """Adds an event to a service, once."""
    text = f"(service {service.name}, revision {revision.arn.rpartition('/')[2]}) {message}"
    if not any(event["message"] == text for event in service.events):
        number = f"{revision.arn.rpartition('/')[2]}-{len(service.events)}"
        service.events.insert(0, {"id": number, "createdAt": instant(time), "message": text})
