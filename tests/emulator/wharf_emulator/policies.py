"""What a policy document must look like before a service takes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .call import Call, Fault
from .roles import is_visible

_ENTITY = re.compile(r"^arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)$")
_STATEMENT = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
}


class Malformed(ValueError):
    """A document that is no policy."""


def check(call: Call, text: str, fault: str, *, principal: bool, resource: bool) -> list[dict[str, Any]]:
    """The statements of a policy; a malformed one raises the fault given by its code.

    ``principal`` and ``resource`` say which of the two each statement must have (and not have, for a principal).
    Principals that are roles or users of this account must exist, as in AWS.
    """
    try:
        statements = list(_statements(text))
        for statement in statements:
            _check_statement(statement, principal, resource)
    except Malformed as error:
        raise Fault(fault, str(error)) from error
    for entity in _entities(statements):
        if not _exists(call, entity):
            raise Fault(fault, f"Invalid principal in policy: {entity}")
    return statements


def _statements(text: str) -> Iterator[dict[str, Any]]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Malformed(f"This policy contains invalid Json: {error}") from error
    if not isinstance(document, dict):
        raise Malformed("Syntax errors in policy: an object is wanted.")
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown:
        raise Malformed(f"Syntax errors in policy: unknown field {sorted(unknown)[0]}.")
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise Malformed("Syntax errors in policy: unknown version.")
    statements = as_list(document.get("Statement", []))
    if not statements:
        raise Malformed("Syntax errors in policy: no statements.")
    for statement in statements:
        if not isinstance(statement, dict):
            raise Malformed("Syntax errors in policy: a statement is an object.")
        yield statement


def _check_statement(statement: dict[str, Any], principal: bool, resource: bool) -> None:
    unknown = set(statement) - _STATEMENT
    if unknown:
        raise Malformed(f"Syntax errors in policy: unknown field {sorted(unknown)[0]} in a statement.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Malformed("Syntax errors in policy: Effect is Allow or Deny.")
    if ("Action" in statement) == ("NotAction" in statement):
        raise Malformed("Policy statement must contain actions.")
    for action in as_list(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or (action != "*" and ":" not in action):
            message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            raise Malformed(message)
    has_principal = "Principal" in statement or "NotPrincipal" in statement
    if principal and not has_principal:
        raise Malformed("Missing required field Principal")
    if not principal and has_principal:
        raise Malformed("Policy document should not specify a principal.")
    if resource and "Resource" not in statement and "NotResource" not in statement:
        raise Malformed("Policy statement must contain resources.")


def _entities(statements: list[dict[str, Any]]) -> Iterator[str]:
    for statement in statements:
        principal = statement.get("Principal", statement.get("NotPrincipal"))
        if isinstance(principal, dict):
            yield from (item for item in as_list(principal.get("AWS", [])) if isinstance(item, str))


def _exists(call: Call, principal: str) -> bool:
    match = _ENTITY.match(principal)
    if match is None or match[1] != call.account:
        return True
    backend = call.backend("iam")
    if match[2] == "user":
        return match[3] in backend.users
    return any(role.arn == principal and is_visible(call, role) for role in backend.roles.values())


def as_list(value: Any) -> list[Any]:
    """A policy's single value or list as a list."""
    return value if isinstance(value, list) else [value]
