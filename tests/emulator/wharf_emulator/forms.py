"""Reads the flat form parameters of the query and ec2 protocols back into the shape they were written from."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl

ENVELOPE = ("Action", "Version")


class Unreadable(Exception):
    """Parameters that no input of the shape is written as."""

    def __init__(self, path: str, problem: str):
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class _Node:
    """A parameter name's part: its own value, and the parts below."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.children: dict[str, _Node] = {}


def read(body: str, shape: Any, *, ec2: bool) -> dict[str, Any]:
    """The input as nested values; raises ``Unreadable``."""
    root = _Node()
    for name, text in parse_qsl(body, keep_blank_values=True):
        if name in ENVELOPE:
            continue
        node = root
        for part in name.split("."):
            node = node.children.setdefault(part, _Node())
        if node.text is not None:
            raise Unreadable(f".{name}", "given twice")
        node.text = text
    if shape is None:
        return {name: node.text for name, node in root.children.items()}
    return _Reader(ec2).structure(root, shape, "")


class _Reader:
    def __init__(self, ec2: bool):
        self._ec2 = ec2

    def structure(self, node: _Node, shape: Any, path: str) -> dict[str, Any]:
        names = {self._name(member, name): name for name, member in shape.members.items()}
        value = {}
        for part, child in node.children.items():
            if part not in names:
                raise Unreadable(f"{path}.{part}", f"no such parameter; there are {', '.join(names)}")
            name = names[part]
            value[name] = self._value(child, shape.members[name], f"{path}.{name}")
        return value

    def _name(self, member: Any, name: str) -> str:
        """How a structure's member is called in the form."""
        serialization = member.serialization
        if self._ec2:
            if "queryName" in serialization:
                return serialization["queryName"]
            given = serialization.get("name", name)
            return given[:1].upper() + given[1:]
        if member.type_name == "list" and serialization.get("flattened"):
            return member.member.serialization.get("name") or serialization.get("name", name)
        return serialization.get("name", name)

    def _value(self, node: _Node, shape: Any, path: str) -> Any:
        kind = shape.type_name
        if kind == "structure":
            if node.text:
                raise Unreadable(path, "a structure is wanted, not a value")
            return self.structure(node, shape, path)
        if kind == "list":
            return self._list(node, shape, path)
        if kind == "map":
            return self._map(node, shape, path)
        if node.children:
            raise Unreadable(path, "a value is wanted, not a structure or list")
        return _scalar(node.text or "", kind, path)

    def _list(self, node: _Node, shape: Any, path: str) -> list[Any]:
        if node.text:
            raise Unreadable(path, "a list is wanted, not a value")
        if not self._ec2 and not shape.serialization.get("flattened"):
            wrapper = shape.member.serialization.get("name", "member")
            if set(node.children) - {wrapper}:
                raise Unreadable(path, f"list entries are called {wrapper}.N")
            node = node.children.get(wrapper, _Node())
        return [
            self._value(child, shape.member, f"{path}[{index}]") for index, child in enumerate(_entries(node, path))
        ]

    def _map(self, node: _Node, shape: Any, path: str) -> dict[str, Any]:
        if not shape.serialization.get("flattened"):
            node = node.children.get("entry", _Node())
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        result = {}
        for child in _entries(node, path):
            key = child.children.get(key_name)
            if key is None or key.text is None:
                raise Unreadable(path, "an entry has no key")
            value = child.children.get(value_name, _Node())
            result[key.text] = self._value(value, shape.value, f"{path}.{key.text}")
        return result


def _entries(node: _Node, path: str) -> list[_Node]:
    """A list's entries in their order; they are numbered from 1."""
    try:
        numbers = sorted(((int(part), child) for part, child in node.children.items()), key=lambda pair: pair[0])
    except ValueError as error:
        raise Unreadable(path, "list entries are numbered") from error
    if numbers and numbers[0][0] < 1:
        raise Unreadable(path, "list entries are numbered from 1")
    return [child for _, child in numbers]


def _scalar(text: str, kind: str, path: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "blob":
            return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Unreadable(path, f"{text!r} is no {kind}") from error
    if kind == "boolean":
        if text not in ("true", "false"):
            raise Unreadable(path, f"{text!r} is neither true nor false")
        return text == "true"
    return text
