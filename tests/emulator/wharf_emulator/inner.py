"""Lets the emulator ask for an operation itself, as if a client had, but not counted.

``ask`` is moto's own operation, for corrections; ``perform`` is the emulator's, checked and corrected, for what AWS's
services do to each other.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import botocore.serialize

from . import hooks, model_check, pagination, wire
from .call import Call, Fault, Reply, Request
from .naming import operation_model, service_model

_PROTOCOLS = {"ec2": "ec2", "elbv2": "query", "iam": "query", "sts": "query", "s3": "rest-xml"}


def ask(call: Call, operation: str, service: str | None = None, **params: Any) -> dict[str, Any]:
    """moto's answer to an operation in the region of a call; an error answer becomes a ``Fault``."""
    service = service or call.service
    model = operation_model(service, operation)
    protocol = _PROTOCOLS.get(service, "json")
    serialized = botocore.serialize.create_serializer(protocol, include_validation=False).serialize_to_request(
        params, model
    )
    headers = {name.lower(): value for name, value in serialized["headers"].items()}
    signing = service_model(service).signing_name
    scope = f"AKIAIOSFODNN7EXAMPLE/20260101/{call.region}/{signing}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers["host"] = call.request.headers.get("host", "127.0.0.1")
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    if isinstance(body, str):
        body = body.encode()
    query = urlencode(serialized["query_string"]) if serialized["query_string"] else ""
    target = serialized["url_path"] + (f"?{query}" if query else "")
    inner = Call(service, operation, protocol, call.region, Request(serialized["method"], target, headers, body or b""))
    inner.model = model
    reply = _moto().call(inner.request)
    value = wire.read(inner, reply)
    if reply.status >= 300:
        error = value.get("Error", {})
        raise Fault(error.get("Code", "InternalFailure"), error.get("Message", ""), reply.status)
    return value


def perform(region: str, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """The emulator's answer to an operation of a service with the JSON protocol; an error becomes a ``Fault``."""
    model = service_model(service)
    scope = f"AKIAIOSFODNN7EXAMPLE/20260101/{region}/{model.signing_name}/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "content-type": wire.JSON_TYPE,
        "host": "127.0.0.1",
        "x-amz-target": f"{model.metadata['targetPrefix']}.{operation}",
    }
    request = Request("POST", "/", headers, json.dumps(params).encode())
    call = Call(service, operation, "json", region, request, operation_model(service, operation))
    try:
        call.params = model_check.check(call)
    except model_check.Violation as violation:
        raise Fault("ValidationException", str(violation)) from violation
    reply = take_effect(call)
    value = wire.read(call, reply)
    if reply.status >= 300:
        error = value.get("Error", {})
        raise Fault(error.get("Code", "InternalFailure"), error.get("Message", ""), reply.status)
    return value


NORMALISED = ("codecommit", "codepipeline", "codebuild", "events")
"""Services whose answers moto writes by hand (times as text where the protocol wants numbers): read and rewritten."""


def take_effect(call: Call) -> Reply:
    """Lets the hooks of an operation and moto answer a call whose parameters have been checked."""
    for hook in hooks.BEFORE.get(call.name, ()):
        early = hook(call)
        if early is not None:
            return wire.result(call, early)
    if call.name in hooks.INSTEAD:
        value = hooks.INSTEAD[call.name](call) or {}
        pagination.cut(call, value)
        return wire.result(call, value)
    request = wire.as_json(call) if call.protocol == "cbor" or call.rewritten else call.request
    reply = _moto().call(request)
    if reply.status >= 300:
        return wire.json_to_cbor(call, reply) if call.protocol == "cbor" else reply
    corrections = hooks.AFTER.get(call.name, ())
    paged = pagination.wanted(call)
    if not corrections and not paged and call.service not in NORMALISED:
        return wire.json_to_cbor(call, reply) if call.protocol == "cbor" else reply
    value = wire.read(call, reply)
    for hook in corrections:
        hook(call, value)
    if paged:
        pagination.cut(call, value)
    rewritten = wire.result(call, value)
    return Reply(rewritten.status, {**reply.headers, **rewritten.headers}, rewritten.body)


def _moto() -> Any:
    if not _HOLDER:
        raise RuntimeError("no moto yet")
    return _HOLDER[0]


_HOLDER: list[Any] = []


def use(moto: Any) -> None:
    """Says which moto to ask."""
    _HOLDER[:] = [moto]
