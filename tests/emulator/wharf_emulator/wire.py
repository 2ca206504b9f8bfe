"""The AWS protocols: how answers and errors are written, how moto's answers are read."""

from __future__ import annotations

import datetime
import json
import uuid
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.parsers
import botocore.serialize

from .call import Call, Fault, Reply, Request
from .naming import service_model

JSON_TYPE = "application/x-amz-json-1.1"
CBOR_HEADERS = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}

THROTTLING = {
    "ec2": ("RequestLimitExceeded", 503),
    "query": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
    "cbor": ("ThrottlingException", 400),
    "rest-xml": ("SlowDown", 503),
}
DENIAL = {
    "ec2": ("UnauthorizedOperation", 403),
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "cbor": ("AccessDeniedException", 400),
    "rest-xml": ("AccessDenied", 403),
}


def throttling(call: Call) -> tuple[str, int]:
    """The error code and status with which a service throttles."""
    return THROTTLING[call.protocol]


def denial(call: Call) -> tuple[str, int]:
    """The error code and status with which a service says that the caller may not."""
    return DENIAL[call.protocol]


def error(protocol: str, fault: Fault) -> Reply:
    """An error answer in a protocol."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id}
    if protocol in ("json", "cbor"):
        document = {"__type": fault.code, "message": fault.message, **fault.fields}
        headers["x-amzn-errortype"] = fault.code
        if protocol == "cbor":
            return Reply(fault.status, {**headers, **CBOR_HEADERS}, to_cbor(document))
        return Reply(fault.status, {**headers, "content-type": JSON_TYPE}, json.dumps(document).encode())
    code, message = escape(fault.code), escape(fault.message)
    if protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif protocol == "query":
        kind = "Sender" if fault.status < 500 else "Receiver"
        text = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    else:
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Reply(fault.status, {**headers, "content-type": "text/xml"}, body)


def result(call: Call, value: dict[str, Any] | None) -> Reply:
    """A successful answer of an operation, written as the official model shapes it."""
    from moto.core.serialize import get_serializer_class
    from moto.core.utils import get_service_model

    if call.protocol == "cbor":
        return Reply(200, dict(CBOR_HEADERS), to_cbor(value or {}))
    model = get_service_model(call.service).operation_model(call.operation)
    serializer = get_serializer_class(call.service, call.protocol)(operation_model=model, pretty_print=False)
    answer = serializer.serialize(_without_none(value or {}))
    body = answer["body"]
    headers = {name.lower(): str(text) for name, text in answer["headers"].items()}
    headers.setdefault("x-amzn-requestid", str(uuid.uuid4()))
    return Reply(answer["status_code"], headers, body.encode() if isinstance(body, str) else body)


def read(call: Call, reply: Reply) -> dict[str, Any]:
    """The result in an answer, as botocore's model shapes it."""
    shape = call.model.output_shape
    protocol = "json" if call.protocol == "cbor" else call.protocol
    # The empty ETag and the like are part of botocore's input: it wants its own header type only for S3.
    response = {"status_code": reply.status, "headers": _Headers(reply.headers), "body": reply.body}
    parsed = _parser(protocol).parse(response, shape)
    parsed.pop("ResponseMetadata", None)
    return parsed


class _Headers(dict):
    """Header names regardless of their case."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


@cache
def _parser(protocol: str) -> Any:
    return botocore.parsers.create_parser(protocol)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_none(item) for item in value]
    return value


# Smithy RPC v2 CBOR: moto does not speak it, so such calls are turned into the JSON protocol and back.


def as_json(call: Call) -> Request:
    """A call of a service with the JSON protocol, its body written anew from its parameters."""
    headers = {
        name: value
        for name, value in call.request.headers.items()
        if name not in ("smithy-protocol", "content-length", "accept")
    }
    prefix = service_model(call.service).metadata["targetPrefix"]
    headers["content-type"] = JSON_TYPE
    headers["x-amz-target"] = f"{prefix}.{call.operation}"
    return Request("POST", "/", headers, json.dumps(call.params, default=_json_default).encode())


def json_to_cbor(call: Call, reply: Reply) -> Reply:
    """moto's JSON answer in CBOR."""
    if reply.status >= 300:
        document = json.loads(reply.body or b"{}")
        headers = {"x-amzn-errortype": str(document.get("__type", "UnknownError")).split("#")[-1]}
        return Reply(reply.status, {**headers, **CBOR_HEADERS}, to_cbor(document))
    return Reply(reply.status, dict(CBOR_HEADERS), to_cbor(read(call, reply)))


def from_cbor(body: bytes) -> dict[str, Any]:
    """Decodes a CBOR document."""
    parser = botocore.parsers.RpcV2CBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def to_cbor(value: Any) -> bytes:
    """Encodes JSON-like values, bytes and times."""
    out = bytearray()
    _encode(out, value)
    return bytes(out)


def _encode(out: bytearray, value: Any) -> None:
    if value is None:
        out.append(0xF6)
    elif isinstance(value, bool):
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _head(out, 0 if value >= 0 else 1, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        import struct

        out += b"\xfb" + struct.pack(">d", value)
    elif isinstance(value, str):
        data = value.encode()
        _head(out, 3, len(data))
        out += data
    elif isinstance(value, (bytes, bytearray)):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, datetime.datetime):
        _head(out, 6, 1)
        _encode(out, value.timestamp())
    elif isinstance(value, dict):
        present = {key: item for key, item in value.items() if item is not None}
        _head(out, 5, len(present))
        for key, item in present.items():
            _encode(out, str(key))
            _encode(out, item)
    elif isinstance(value, (list, tuple)):
        _head(out, 4, len(value))
        for item in value:
            _encode(out, item)
    else:
        raise TypeError(f"no CBOR form for {type(value).__name__}")


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * width):
            out.append(major << 5 | code)
            out += number.to_bytes(width, "big")
            return
    raise OverflowError(number)


def _json_default(value: Any) -> Any:
    import base64

    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
