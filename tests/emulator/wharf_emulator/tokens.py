"""Client tokens: a request repeated with its token is answered as the first time and takes effect only once."""

from __future__ import annotations

import json
from typing import Any

from .call import Call, Fault, Reply

MEMBERS = ("ClientToken", "clientToken", "clientRequestToken", "idempotencyToken", "CallerReference")
MISMATCH = {
    "ec2": "IdempotentParameterMismatch",
    "ecs": "InvalidParameterException",
    "codebuild": "InvalidInputException",
}


class Tokens:
    """The answers given to requests that carried a token."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str, str], tuple[str, Reply]] = {}

    def reset(self) -> None:
        self._seen.clear()

    def replay(self, call: Call) -> Reply | None:
        """The stored answer to the same request with the same token; other parameters are refused."""
        key = self._key(call)
        if key is None or key not in self._seen:
            return None
        parameters, reply = self._seen[key]
        if parameters != _canonical(call.params):
            code = MISMATCH.get(call.service)
            if code is None:
                return None
            raise Fault(code, "The client token was used before with other parameters.")
        return reply

    def remember(self, call: Call, reply: Reply) -> None:
        key = self._key(call)
        if key is not None and reply.status < 300:
            self._seen[key] = (_canonical(call.params), reply)

    @staticmethod
    def _key(call: Call) -> tuple[str, str, str] | None:
        for member in MEMBERS:
            if call.params.get(member):
                return call.name, call.region, call.params[member]
        return None


def _canonical(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True, default=str)
