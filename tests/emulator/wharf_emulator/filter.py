"""What happens to every request: named, counted, perhaps made to fail, checked, corrected, answered by moto."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import Any

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from . import hooks, inner, model_check, pagination, wire
from .call import Call, Drop, Fault, Reply, Request
from .control import Control
from .counters import Counters
from .moto_app import Moto
from .naming import SERVICES, Unrecognised, recognise
from .rules import Rule, Rules
from .tokens import Tokens

HOLD_POLL_SECONDS = 0.05
NORMALISED = ("codecommit", "codepipeline", "codebuild", "events")
"""Services whose answers moto writes by hand (times as text where the protocol wants numbers): read and rewritten."""


class Filter:
    """The application the server runs."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.rules = Rules()
        self.tokens = Tokens()
        self.moto = Moto()
        inner.use(self.moto)
        self.lock = threading.RLock()
        """moto has no locks of its own: one operation takes effect at a time."""
        self.control = Control(self)

    def __call__(self, request: Request, connection: Any) -> Reply:
        if request.path.startswith("/_wharf/"):
            return self.control(request)
        try:
            call = recognise(request)
        except Unrecognised as error:
            entry = self.counters.begin("unrecognised")
            self.counters.end(entry, 400)
            message = f"the emulator knows {', '.join(SERVICES)}; not {error}"
            protocol = "json" if "x-amz-target" in request.headers else "rest-xml"
            return wire.error(protocol, Fault("NotImplementedByEmulator", message))
        entry = self.counters.begin(call.name)
        status: int | str = "dropped"
        try:
            reply = self._answer(call, connection)
            status = reply.status
            return reply
        finally:
            self.counters.end(entry, status)

    def _answer(self, call: Call, connection: Any) -> Reply:
        hits = self.rules.hits(call.name)
        for rule in hits:
            if (fault := self._before(call, rule, connection)) is not None:
                return wire.error(call.protocol, fault)
        reply = self._take_effect(call)
        for rule in hits:
            if rule.kind == "drop_after":
                raise Drop
            if rule.kind == "hold_after":
                self._hold(connection)
            if rule.kind == "error_after":
                code, status = rule["code"] or "InternalFailure", rule["status"] or 500
                return wire.error(call.protocol, Fault(code, rule["message"] or "injected after the effect", status))
        return reply

    def _before(self, call: Call, rule: Rule, connection: Any) -> Fault | None:
        """Applies a rule that acts before the effect; returns the error to answer instead, if any."""
        if rule.kind == "latency":
            time.sleep(((rule["ms"] or 0) + self.rules.jitter(rule["jitter_ms"] or 0)) / 1000)
        elif rule.kind == "throttle":
            code, status = wire.throttling(call)
            return Fault(rule["code"] or code, rule["message"] or "Rate exceeded", rule["status"] or status)
        elif rule.kind == "error_before":
            return Fault(rule["code"], rule["message"] or "injected before the effect", rule["status"] or 400)
        elif rule.kind == "drop_before":
            raise Drop
        elif rule.kind == "hold_before":
            self._hold(connection)
        return None

    def _hold(self, connection: Any) -> None:
        """Waits for a release; a client that goes away ends the request."""
        gate = self.rules.gate()
        while not gate.wait(HOLD_POLL_SECONDS):
            if connection.gone():
                raise Drop

    def _take_effect(self, call: Call) -> Reply:
        with self.lock:
            try:
                return self._operate(call)
            except Fault as fault:
                return wire.error(call.protocol, fault)
            except ServiceException as error:
                return wire.error(call.protocol, Fault(error.code, error.message))
            except HTTPException as error:
                code = getattr(error, "error_type", "InternalFailure")
                return wire.error(call.protocol, Fault(code, getattr(error, "message", str(error)), error.code or 500))
            except NotImplementedError as error:
                return wire.error(call.protocol, Fault("NotImplementedByEmulator", f"{call.name}: {error}"))
            except Exception as error:
                traceback.print_exc(file=sys.stderr)
                message = f"{call.name}: {type(error).__name__}: {error}"
                return wire.error(call.protocol, Fault("InternalFailure", message, 500))

    def _operate(self, call: Call) -> Reply:
        try:
            call.params = model_check.check(call)
        except model_check.Violation as violation:
            self.counters.violation(call.name, str(violation))
            raise Fault("ModelViolation", str(violation)) from violation
        if call.params.get("DryRun") is True and call.service == "ec2":
            raise Fault("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        replayed = self.tokens.replay(call)
        if replayed is not None:
            return replayed
        reply = self._perform(call)
        self.tokens.remember(call, reply)
        return reply

    def _perform(self, call: Call) -> Reply:
        for hook in hooks.BEFORE.get(call.name, ()):
            early = hook(call)
            if early is not None:
                return wire.result(call, early)
        if call.name in hooks.INSTEAD:
            value = hooks.INSTEAD[call.name](call) or {}
            pagination.cut(call, value)
            return wire.result(call, value)
        request = wire.as_json(call) if call.protocol == "cbor" or call.rewritten else call.request
        reply = self.moto.call(request)
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

    def reset(self) -> None:
        """An empty account, no rules, no counts."""
        with self.lock:
            self.moto.reset()
            for hook in hooks.RESET:
                hook()
            self.tokens.reset()
        self.rules.replace([])
        self.rules.release()
        self.counters.reset()
