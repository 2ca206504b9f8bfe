"""Judges requests by the policies of whoever signed them, while that is switched on."""

from __future__ import annotations

import base64
import json
import re
import zlib
from functools import lru_cache
from typing import Any

from .. import inventory, wire
from ..bad_rule import BadRule
from ..call import ACCOUNT, Call, Fault, Request
from ..hooks import instead
from . import containers, delivery, ec2, elbv2, iam, s3, secrets  # noqa: F401 (they register themselves)
from .need import Need, keep_linked_roles, needs
from .policy import ALLOWED, EXPLICIT, judge

ADMINISTRATOR = "AKIAIOSFODNN7EXAMPLE"
"""The access key of the account itself, which may do everything: that of tests and of the independent reader."""

_KEY = re.compile(r"Credential=([^/,\s]+)/")


class Gate:
    """Off at first: then everybody may do everything."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.enforced = False
        self._asked: dict[str, int] = {}
        self._denied: list[dict[str, str]] = []

    def switch(self, source: Any) -> dict[str, Any]:
        """Takes ``{"enforce": true}``; counts and denials start anew. Raises ``BadRule``."""
        if not isinstance(source, dict) or not isinstance(source.get("enforce"), bool):
            raise BadRule('{"enforce": true} is wanted')
        self.reset()
        self.enforced = source["enforce"]
        return self.state()

    def state(self) -> dict[str, Any]:
        """Whether it judges, how often each action was asked for and allowed, and what was denied."""
        return {"enforce": self.enforced, "allowed": dict(sorted(self._asked.items())), "denied": self._denied}

    def check(self, call: Call, key: str) -> None:
        """Raises the service's own fault unless the caller may make this request."""
        if not self.enforced or key in ("", ADMINISTRATOR):
            return
        principal, statements = self._caller(call, key)
        wanted = needs(call)
        for need in wanted:
            verdict = judge(statements, need.action, need.resource, lambda name, need=need: _context(call, need, name))
            if verdict != ALLOWED:
                self._denied.append({"action": need.action, "resource": need.resource, "principal": principal})
                raise _fault(call, principal, need, verdict)
        for need in wanted:
            self._asked[need.action] = self._asked.get(need.action, 0) + 1
        keep_linked_roles(call)

    def _caller(self, call: Call, key: str) -> tuple[str, list[dict[str, Any]]]:
        from moto.iam.access_control import CreateAccessKeyFailure, IAMPolicy, create_access_key

        token = call.request.headers.get("x-amz-security-token")
        headers = {"X-Amz-Security-Token": token} if token else {}
        try:
            access_key = create_access_key(ACCOUNT, "aws", key, headers)
        except CreateAccessKeyFailure as failure:
            message = "The security token included in the request is invalid."
            raise Fault("InvalidClientTokenId", message, 403) from failure
        documents = [json.dumps(IAMPolicy(policy)._policy_json) for policy in access_key.collect_policies()]
        return access_key.arn, [statement for document in documents for statement in _statements(document)]


@lru_cache(maxsize=100)
def _statements(document: str) -> list[dict[str, Any]]:
    statements = json.loads(document)["Statement"]
    return statements if isinstance(statements, list) else [statements]


def access_key(request: Request) -> str:
    """The access key that a request is signed with; empty if it is not signed."""
    match = _KEY.search(request.headers.get("authorization", ""))
    return match[1] if match else ""


def _context(call: Call, need: Need, name: str) -> str | None:
    if name.startswith("aws:ResourceTag/"):
        tags = call.scratch.setdefault("tags", {})
        if need.resource not in tags:
            tags[need.resource] = _tags(need.resource)
        return tags[need.resource].get(name.removeprefix("aws:ResourceTag/"))
    return need.context.get(name)


def _tags(arn: str) -> dict[str, str]:
    last = arn.rpartition("/")[2]
    for item in inventory.objects():
        if arn in (item["arn"], item["id"]) or (item["id"] == last and ":ec2:" in arn):
            return item["tags"]
    return {}


def _fault(call: Call, principal: str, need: Need, verdict: str) -> Fault:
    code, status = wire.denial(call)
    resource = f'"{need.resource}"' if call.service == "s3" else need.resource
    denied = f"User: {principal} is not authorized to perform: {need.action} on resource: {resource}"
    if verdict == EXPLICIT:
        message = f"{denied} with an explicit deny in an identity-based policy"
    else:
        message = f"{denied} because no identity-based policy allows the {need.action} action"
    if call.service == "ec2":
        encoded = _encode(principal, need, verdict)
        message = (
            f"You are not authorized to perform this operation. {message}. "
            f"Encoded authorization failure message: {encoded}"
        )
    return Fault(code, message, status)


def _encode(principal: str, need: Need, verdict: str) -> str:
    values = [{"key": key, "values": {"items": [{"value": text}]}} for key, text in need.context.items()]
    document = {
        "allowed": False,
        "explicitDeny": verdict == EXPLICIT,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": "AIDAEXAMPLE", "name": principal.rpartition("/")[2], "arn": principal},
            "action": need.action,
            "resource": need.resource,
            "conditions": {"items": values},
        },
    }
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(document).encode())).decode().rstrip("=")


@instead("sts:DecodeAuthorizationMessage")
def decode(call: Call) -> dict[str, Any]:
    """The context of a denial, for whoever may read it."""
    text = call.params["EncodedMessage"]
    try:
        document = zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()
    except (ValueError, zlib.error) as error:
        raise Fault("InvalidAuthorizationMessageException", "The message is not valid.") from error
    return {"DecodedMessage": document}
