"""What a request needs: actions on resources. Each service's module registers how to tell that from a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..call import Call


@dataclass
class Need:
    """One action on one resource, and what conditions may look at."""

    action: str
    resource: str = "*"
    context: dict[str, str] = field(default_factory=dict)


Teller = Callable[[Call], Iterable[Need]]
TELLERS: dict[str, Teller] = {}


def service(*names: str) -> Callable[[Teller], Teller]:
    """Registers what the requests of services need."""

    def register(teller: Teller) -> Teller:
        for name in names:
            TELLERS[name] = teller
        return teller

    return register


def needs(call: Call) -> list[Need]:
    """Everything a request needs; an operation that nobody knows of needs what nobody has."""
    return list(TELLERS[call.service](call))


def unknown(call: Call) -> NotImplementedError:
    """For an operation of which it is not known what it needs."""
    return NotImplementedError(f"what {call.name} needs")


def pass_role(role: str | None, to: str) -> Iterator[Need]:
    """``iam:PassRole``, where a role is given to a service."""
    if role:
        yield Need("iam:PassRole", role, {"iam:PassedToService": to})


def linked_role(call: Call, service_name: str, role: str) -> Iterator[Need]:
    """The role that AWS makes for itself, in the caller's name, when a service is used for the first time."""
    backend = call.backend("iam")
    made: set[str] = backend.__dict__.setdefault("wharf_linked_roles", set())
    if service_name not in made:
        call.scratch.setdefault("linked_roles", []).append((made, service_name))
        arn = f"arn:aws:iam::{call.account}:role/aws-service-role/{service_name}/{role}"
        yield Need("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": service_name})


def keep_linked_roles(call: Call) -> None:
    """Remembers the roles that an allowed request has made."""
    for made, service_name in call.scratch.get("linked_roles", ()):
        made.add(service_name)


def tag(action: str, call: Call, resource: str, *members: str, **context: str) -> Iterator[Need]:
    """The tagging action that a request with tags needs besides."""
    if any(call.params.get(member) for member in members):
        yield Need(action, resource, context)


def arns(value: Any) -> list[str]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]
