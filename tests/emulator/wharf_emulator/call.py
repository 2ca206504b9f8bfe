"""The values that travel through the emulator: a request, a recognised call, a reply, a fault."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"
"""The only account there is, whatever credentials a caller presents."""


@dataclass
class Request:
    """An HTTP request, its body read completely and freed of transfer codings."""

    method: str
    target: str
    """The request target as it arrived: path and query, still percent-encoded."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    original_names: dict[str, str] = field(default_factory=dict)
    """Header names as the client spelled them, by their lower case form."""

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent: Callable[[], None] | None = None
    """What is to happen when all of it has been written."""


@dataclass
class Call:
    """A request recognised as one operation of one AWS service."""

    service: str
    """botocore's service name, e.g. ``elbv2``."""
    operation: str
    """botocore's operation name, e.g. ``DescribeLoadBalancers``."""
    protocol: str
    """``ec2``, ``query``, ``json``, ``cbor`` or ``rest-xml``."""
    region: str
    request: Request
    model: Any = None
    """botocore's operation model; None when the official model has no such operation."""
    params: dict[str, Any] = field(default_factory=dict)
    """The input as botocore's model shapes it."""
    uri_params: dict[str, str] = field(default_factory=dict)
    scratch: dict[str, Any] = field(default_factory=dict)
    """What a check before the operation wants to tell the one after it."""
    rewritten: bool = False
    """Whether a correction has changed ``params`` and moto is to see them instead of the request's body."""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def account(self) -> str:
        return ACCOUNT

    def backend(self, service: str | None = None) -> Any:
        """moto's state of a service (this call's by default) in this call's account and region."""
        return backend_of(service or self.service, self.region)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


_GLOBAL = {"iam": "aws", "s3": "aws", "sts": "aws"}


def backend_of(service: str, region: str) -> Any:
    """moto's backend object of a service in a region."""
    module = importlib.import_module(f"moto.{service}.models")
    backends = getattr(module, f"{service}_backends")
    return backends[ACCOUNT][region_of(service, region)]


def region_of(service: str, region: str) -> str:
    """Under which name moto keeps a service's state in a region."""
    return _GLOBAL.get(service, region)


class Fault(Exception):
    """An AWS error answer, e.g. ``Fault("NoSuchEntity", "…", 404)``."""

    def __init__(self, code: str, message: str = "", status: int = 400, **fields: Any):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message or code
        self.status = status
        self.fields = fields


class Drop(Exception):
    """The connection is to be reset without an answer."""
