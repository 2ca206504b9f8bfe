"""Refuses requests that break the official API model which botocore ships.

The input is read as the model shapes it (see ``forms`` and ``rest``), which also gives the corrections their
parameters; then members, types, enums, lengths, ranges and patterns are checked.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
import warnings
from functools import cache
from typing import Any

from . import forms, rest, wire
from .call import Call


class Violation(Exception):
    """A request that the official model does not allow."""

    def __init__(self, path: str, problem: str):
        super().__init__(f"{path}: {problem}")


def check(call: Call) -> dict[str, Any]:
    """The call's parameters; raises ``Violation``."""
    if call.model is None:
        raise Violation(call.name, "the official model has no such operation")
    shape = call.model.input_shape
    try:
        params = _read(call, shape)
    except forms.Unreadable as error:
        raise Violation(f"{call.operation}{error.path}", error.problem) from error
    if shape is None:
        if params:
            raise Violation(call.operation, f"takes no input, yet has {sorted(params)[0]}")
        return {}
    return _structure(params, shape, call.operation)


def _read(call: Call, shape: Any) -> dict[str, Any]:
    if call.protocol == "json":
        try:
            value = json.loads(call.request.body or b"{}")
        except ValueError as error:
            raise Violation(call.operation, f"the body is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise Violation(call.operation, "the body is not an object")
        return value
    if call.protocol == "cbor":
        return wire.from_cbor(call.request.body) if call.request.body else {}
    if call.protocol in ("ec2", "query"):
        return forms.read(call.request.body.decode(), shape, ec2=call.protocol == "ec2")
    return rest.read(call, shape)


def _value(value: Any, shape: Any, path: str) -> Any:
    return _CHECKS[shape.type_name](value, shape, path)


def _structure(value: Any, shape: Any, path: str) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return value
    if not isinstance(value, dict):
        raise Violation(path, f"an object is wanted, not {_kind(value)}")
    checked = {}
    for name, item in value.items():
        if name not in shape.members:
            known = ", ".join(shape.members)
            raise Violation(f"{path}.{name}", f"no such member; there are {known}")
        if item is not None:
            checked[name] = _value(item, shape.members[name], f"{path}.{name}")
    for name in shape.required_members:
        if name not in checked:
            raise Violation(f"{path}.{name}", "required, but missing")
    if getattr(shape, "is_tagged_union", False) and len(checked) != 1:
        raise Violation(path, f"exactly one of {', '.join(shape.members)} is wanted")
    return checked


def _list(value: Any, shape: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise Violation(path, f"a list is wanted, not {_kind(value)}")
    _range(len(value), shape, path, "entries")
    return [_value(item, shape.member, f"{path}[{index}]") for index, item in enumerate(value)]


def _map(value: Any, shape: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Violation(path, f"a map is wanted, not {_kind(value)}")
    _range(len(value), shape, path, "entries")
    return {
        _value(key, shape.key, f"{path} (key {key})"): _value(item, shape.value, f"{path}.{key}")
        for key, item in value.items()
        if item is not None
    }


def _string(value: Any, shape: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Violation(path, f"a string is wanted, not {_kind(value)}")
    _range(len(value), shape, path, "characters")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        raise Violation(path, f"{value!r} is none of {', '.join(allowed)}")
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        raise Violation(path, f"{value!r} does not match {pattern}")
    return value


def _integer(value: Any, shape: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Violation(path, f"an integer is wanted, not {_kind(value)}")
    _range(value, shape, path, "")
    return value


def _float(value: Any, shape: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Violation(path, f"a number is wanted, not {_kind(value)}")
    _range(value, shape, path, "")
    return value


def _boolean(value: Any, shape: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Violation(path, f"true or false is wanted, not {_kind(value)}")
    return value


def _timestamp(value: Any, shape: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, datetime.datetime)):
        raise Violation(path, f"a time is wanted, not {_kind(value)}")
    return value


def _blob(value: Any, shape: Any, path: str) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        data = bytes(value)
    elif isinstance(value, str):
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Violation(path, "not base64") from error
    else:
        raise Violation(path, f"bytes are wanted, not {_kind(value)}")
    _range(len(data), shape, path, "bytes")
    return data


_CHECKS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}


def _range(number: float, shape: Any, path: str, unit: str) -> None:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and number < least:
        raise Violation(path, f"{number} {unit}".strip() + f", at least {least} wanted")
    if most is not None and number > most:
        raise Violation(path, f"{number} {unit}".strip() + f", at most {most} allowed")


def _matches(pattern: str, value: str) -> bool:
    """Services match whole values, except where the model anchors the pattern itself."""
    compiled = _compile(pattern)
    if compiled is None:
        return True
    anchored = pattern.startswith("^") or pattern.endswith("$")
    return (compiled.search(value) if anchored else compiled.fullmatch(value)) is not None


@cache
def _compile(pattern: str) -> re.Pattern[str] | None:
    """The pattern, None if it is written in a syntax that Python reads otherwise or not at all."""
    if "[[:" in pattern or "&&" in pattern:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(pattern)
        except (re.error, Warning):
            return None


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        int: "an integer",
        float: "a number",
    }
    return names.get(type(value), type(value).__name__)
