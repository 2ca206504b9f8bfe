"""What the rules that hit a request do to it, before and after it takes effect."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from . import process, roles, wire
from .call import Call, Drop, Fault, Reply
from .rules import Rule, Rules

HOLD_POLL_SECONDS = 0.05


class Faults:
    """The faults of one request."""

    def __init__(self, rules: Rules, call: Call, connection: Any):
        self._rules = rules
        self._call = call
        self._connection = connection
        self._hits = rules.hits(call.name)

    def before(self) -> Fault | None:
        """Does what comes before the effect; returns the error to answer instead, if any."""
        for rule in self._hits:
            if (fault := self._before(rule)) is not None:
                return fault
        return None

    def after(self, reply: Reply) -> Reply:
        """Does what comes after the effect; returns what to answer."""
        for rule in self._hits:
            if rule.kind == "drop_after":
                raise Drop
            if rule.kind == "hold_after":
                self._hold()
            elif rule.kind == "kill_after":
                process.kill(rule["pid"])
                raise Drop
            elif rule.kind == "kill_answered":
                pid = rule["pid"]
                reply = dataclasses.replace(reply, sent=lambda pid=pid: process.kill(pid))
            elif rule.kind == "error_after":
                code, status = rule["code"] or "InternalFailure", rule["status"] or 500
                message = rule["message"] or "injected after the effect"
                return wire.error(self._call.protocol, Fault(code, message, status))
        return reply

    def age(self) -> float:
        """How many seconds old what a read sees may be."""
        return max((rule["ms"] / 1000 for rule in self._hits if rule.kind == "stale"), default=0)

    def _before(self, rule: Rule) -> Fault | None:
        if rule.kind == "latency":
            time.sleep(((rule["ms"] or 0) + self._rules.jitter(rule["jitter_ms"] or 0)) / 1000)
        elif rule.kind == "throttle":
            code, status = wire.throttling(self._call)
            return Fault(rule["code"] or code, rule["message"] or "Rate exceeded", rule["status"] or status)
        elif rule.kind == "deny":
            code, status = wire.denial(self._call)
            message = f"User is not authorized to perform: {self._call.name}"
            return Fault(rule["code"] or code, rule["message"] or message, rule["status"] or status)
        elif rule.kind == "error_before":
            return Fault(rule["code"], rule["message"] or "injected before the effect", rule["status"] or 400)
        elif rule.kind == "role_lag":
            roles.lag(self._call, rule["ms"] / 1000)
        elif rule.kind == "drop_before":
            raise Drop
        elif rule.kind == "kill_before":
            process.kill(rule["pid"])
            raise Drop
        elif rule.kind == "hold_before":
            self._hold()
        return None

    def _hold(self) -> None:
        """Waits for a release; a client that goes away ends the request."""
        gate = self._rules.gate()
        while not gate.wait(HOLD_POLL_SECONDS):
            if self._connection.gone():
                raise Drop
