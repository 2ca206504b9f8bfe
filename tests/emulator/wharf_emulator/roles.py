"""Roles that services are to assume: they must exist and trust the service, and may become known late."""

from __future__ import annotations

import json
from typing import Any

from . import clock
from .call import Call, Fault
from .hooks import after

_LAG = "role_lag"


@after("iam:CreateRole")
def created(call: Call, _: dict[str, Any]) -> None:
    for role in call.backend("iam").roles.values():
        if role.name == call.params["RoleName"]:
            role.wharf_created = clock.steady()


def lag(call: Call, seconds: float) -> None:
    """Makes other services blind, in this call, to roles that are younger than so many seconds."""
    call.scratch[_LAG] = max(seconds, call.scratch.get(_LAG, 0))


def is_visible(call: Call, role: Any) -> bool:
    """Whether the service that is called knows the role already."""
    lag = call.scratch.get(_LAG, 0)
    return not lag or clock.steady() - getattr(role, "wharf_created", 0) >= lag


def require_assumable(call: Call, role_arn: str, principal: str, fault: Fault) -> None:
    """Raises the fault unless the role exists and lets the service principal assume it."""
    for role in call.backend("iam").roles.values():
        if role.arn == role_arn:
            if is_visible(call, role) and trusts(role.assume_role_policy_document, principal):
                return
            break
    raise fault


def trusts(document: Any, principal: str) -> bool:
    """Whether a trust policy allows a service principal to assume the role."""
    policy = json.loads(document) if isinstance(document, str) else document
    for statement in _list(policy.get("Statement", [])):
        actions = [action.lower() for action in _list(statement.get("Action", []))]
        principals = statement.get("Principal", {})
        services = _list(principals.get("Service", [])) if isinstance(principals, dict) else ["*"]
        if (
            statement.get("Effect") == "Allow"
            and {"sts:assumerole", "sts:*", "*"} & set(actions)
            and (principal in services or "*" in services)
        ):
            return True
    return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
