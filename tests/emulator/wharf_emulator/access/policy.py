"""Whether statements allow an action on a resource, in a context."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

ALLOWED, IMPLICIT, EXPLICIT = "allowed", "implicitDeny", "explicitDeny"

Lookup = Callable[[str], str | None]
"""The value of a condition key in a request, None if it has none."""


def judge(statements: Iterable[dict[str, Any]], action: str, resource: str, value_of: Lookup) -> str:
    """``ALLOWED``, ``IMPLICIT`` or ``EXPLICIT``: the policies of one caller taken together."""
    verdict = IMPLICIT
    for statement in statements:
        if not _speaks_of(statement, action, resource) or not _holds(statement.get("Condition", {}), value_of):
            continue
        if statement["Effect"] == "Deny":
            return EXPLICIT
        verdict = ALLOWED
    return verdict


def _speaks_of(statement: dict[str, Any], action: str, resource: str) -> bool:
    if "Action" in statement:
        named = any(matches(pattern.lower(), action.lower()) for pattern in _list(statement["Action"]))
    else:
        named = not any(matches(pattern.lower(), action.lower()) for pattern in _list(statement["NotAction"]))
    if "Resource" in statement:
        return named and any(matches(pattern, resource) for pattern in _list(statement["Resource"]))
    return named and not any(matches(pattern, resource) for pattern in _list(statement["NotResource"]))


def _holds(conditions: dict[str, Any], value_of: Lookup) -> bool:
    for operator, keys in conditions.items():
        compare = _OPERATORS.get(operator)
        if compare is None:
            raise NotImplementedError(f"the condition operator {operator}")
        for key, wanted in keys.items():
            value = value_of(key)
            if value is None or not any(compare(str(item), value) for item in _list(wanted)):
                return False
    return True


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` matches a whole text."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char, re.escape(char)) for char in pattern), re.DOTALL)


def _equal(wanted: str, value: str) -> bool:
    return wanted == value


_OPERATORS = {
    "StringEquals": _equal,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
