"""What happens to every request: named, counted, perhaps made to fail, checked, corrected, answered by moto."""

from __future__ import annotations

import sys
import threading
import traceback
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from . import clock, hooks, inner, model_check, pages, wire
from .access.gate import Gate, access_key
from .call import Call, Fault, Reply, Request
from .control import Control
from .counters import Counters
from .faults import Faults
from .moto_app import Moto
from .naming import SERVICES, Unrecognised, reads, recognise
from .past import Past
from .rules import Rules
from .tokens import Tokens


class Filter:
    """The application the server runs."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.rules = Rules()
        self.tokens = Tokens()
        self.past = Past()
        self.gate = Gate()
        self.moto = Moto()
        inner.use(self.moto)
        self.lock = threading.RLock()
        """moto has no locks of its own: one operation takes effect at a time."""
        self.control = Control(self)

    def __call__(self, request: Request, connection: Any) -> Reply:
        if request.path.startswith("/_wharf/"):
            return self.control(request)
        if pages.host_of(request):
            with self.lock:
                self.catch_up()
                return pages.answer(request)
        key = access_key(request)
        try:
            call = recognise(request)
            call.scratch["access_key"] = key
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
        faults = Faults(self.rules, call, connection)
        fault = faults.before()
        if fault is not None:
            return wire.error(call.protocol, fault)
        with self.lock:
            self.catch_up()
            with self._time(call, faults.age()):
                reply = self._take_effect(call)
        return faults.after(reply)

    def catch_up(self) -> None:
        """Lets everything happen that the clock has come to; wants the lock."""
        for hook in hooks.TIME:
            hook()

    def _time(self, call: Call, age: float) -> AbstractContextManager[None]:
        """The present or the past that a call sees; what it may change is remembered if somebody may ask for that."""
        if age > 0:
            return self.past.seen_by(call, age)
        memory = 0 if reads(call.name) else self.rules.memory(call.service)
        if memory > 0:
            self.past.remember(call, memory)
        return nullcontext()

    def _take_effect(self, call: Call) -> Reply:
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
        self.gate.check(call, call.scratch.get("access_key", ""))
        if call.params.get("DryRun") is True and call.service == "ec2":
            raise Fault("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        replayed = self.tokens.replay(call)
        if replayed is not None:
            return replayed
        reply = inner.take_effect(call)
        self.tokens.remember(call, reply)
        return reply

    def reset(self) -> None:
        """An empty account, no rules, no counts, the right time."""
        with self.lock:
            self.moto.reset()
            for hook in hooks.RESET:
                hook()
            self.tokens.reset()
            self.past.reset()
            self.gate.reset()
        clock.reset()
        self.rules.replace([])
        self.rules.release()
        self.counters.reset()
