"""Lets a correction ask moto for another operation, as if a client had: not counted, checked or corrected."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import botocore.serialize

from . import wire
from .call import Call, Fault, Request
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


def _moto() -> Any:
    if not _HOLDER:
        raise RuntimeError("no moto yet")
    return _HOLDER[0]


_HOLDER: list[Any] = []


def use(moto: Any) -> None:
    """Says which moto to ask."""
    _HOLDER[:] = [moto]
