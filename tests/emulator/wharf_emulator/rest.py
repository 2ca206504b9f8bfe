"""Reads the input of an S3 request (rest-xml): labels, query, headers and body."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any
from urllib.parse import parse_qsl

from .call import Call
from .forms import Unreadable, _scalar


def read(call: Call, shape: Any) -> dict[str, Any]:
    """The input as nested values; raises ``Unreadable``."""
    params: dict[str, Any] = {}
    if shape is None:
        return params
    query = dict(parse_qsl(call.request.query, keep_blank_values=True))
    headers = call.request.headers
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "uri":
            if wire_name in call.uri_params:
                params[name] = call.uri_params[wire_name]
        elif location == "querystring" and wire_name in query:
            params[name] = _text(query[wire_name], member, f".{name}")
        elif location == "header" and wire_name.lower() in headers:
            params[name] = _text(headers[wire_name.lower()], member, f".{name}")
        elif location == "headers":
            prefix = wire_name.lower()
            found = {key[len(prefix) :]: value for key, value in headers.items() if key.startswith(prefix)}
            if found:
                params[name] = found
    payload = shape.serialization.get("payload")
    if payload:
        _payload(call, shape.members[payload], payload, params)
    return params


def _payload(call: Call, shape: Any, name: str, params: dict[str, Any]) -> None:
    body = call.request.body
    if shape.type_name == "blob":
        params[name] = body
    elif shape.type_name == "string":
        params[name] = body.decode()
    elif body:
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError as error:
            raise Unreadable(f".{name}", f"the body is no XML: {error}") from error
        expected = shape.serialization.get("name", name)
        if _local(root.tag) != expected:
            raise Unreadable(f".{name}", f"the body's element is {_local(root.tag)}, not {expected}")
        params[name] = _element(root, shape, f".{name}")


def _element(element: ElementTree.Element, shape: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(element, shape, path)
    if kind == "list":
        wanted = shape.member.serialization.get("name", "member")
        items = list(element)
        for item in items:
            if _local(item.tag) != wanted:
                raise Unreadable(path, f"unexpected element {_local(item.tag)}; entries are called {wanted}")
        return [_element(item, shape.member, f"{path}[{index}]") for index, item in enumerate(items)]
    if len(element):
        raise Unreadable(path, "a value is wanted, not elements")
    return _text(element.text or "", shape, path)


def _structure(element: ElementTree.Element, shape: Any, path: str) -> dict[str, Any]:
    names = {}
    for name, member in shape.members.items():
        flattened = member.type_name == "list" and member.serialization.get("flattened")
        own = member.serialization.get("name", name)
        names[(member.member.serialization.get("name", own) if flattened else own)] = (name, member, flattened)
        if flattened:
            names.setdefault(own, (name, member, flattened))
    value: dict[str, Any] = {}
    for attribute, text in element.attrib.items():
        for name, member in shape.members.items():
            if member.serialization.get("xmlAttribute") and _local(attribute) == member.serialization["name"][-4:]:
                value[name] = text
    for child in element:
        tag = _local(child.tag)
        if tag not in names:
            raise Unreadable(f"{path}.{tag}", f"no such element; there are {', '.join(names)}")
        name, member, flattened = names[tag]
        if flattened:
            entries = value.setdefault(name, [])
            entries.append(_element(child, member.member, f"{path}.{name}[{len(entries)}]"))
        elif name in value:
            raise Unreadable(f"{path}.{name}", "given twice")
        else:
            value[name] = _element(child, member, f"{path}.{name}")
    return value


def _text(text: str, shape: Any, path: str) -> Any:
    if shape.type_name == "list":
        return [part.strip() for part in text.split(",")]
    if shape.type_name == "blob":
        return text.encode()
    return _scalar(text, shape.type_name, path)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
