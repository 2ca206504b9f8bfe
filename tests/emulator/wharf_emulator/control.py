"""The control endpoints under ``/_wharf/``: JSON in, JSON out, never counted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from . import clock, inventory
from .bad_rule import BadRule
from .call import Reply, Request
from .deployments import settings, traffic


class Control:
    """Answers control requests about a filter."""

    def __init__(self, owner: Any):
        self._filter = owner
        self._routes = {
            ("GET", "counters"): self._counters,
            ("POST", "counters/reset"): self._reset_counters,
            ("GET", "rules"): self._get_rules,
            ("POST", "rules"): self._set_rules,
            ("POST", "release"): self._release,
            ("GET", "clock"): self._get_clock,
            ("POST", "clock"): self._set_clock,
            ("POST", "reset"): self._reset,
            ("GET", "violations"): self._violations,
            ("GET", "log"): self._log,
            ("GET", "tagged"): self._tagged,
            ("GET", "objects"): self._objects,
            ("GET", "deployments"): self._get_deployments,
            ("POST", "deployments"): self._set_deployments,
            ("GET", "traffic"): self._traffic,
            ("GET", "access"): self._get_access,
            ("POST", "access"): self._set_access,
        }

    def __call__(self, request: Request) -> Reply:
        path = request.path.removeprefix("/_wharf/")
        route = self._routes.get((request.method, path))
        if route is None:
            known = ", ".join(f"{method} /_wharf/{name}" for method, name in self._routes)
            return _json(404, {"error": f"no {request.method} {request.path}; there are {known}"})
        try:
            return _json(200, route(request))
        except (BadRule, json.JSONDecodeError) as error:
            return _json(400, {"error": str(error)})
        except Exception as error:
            return _json(500, {"error": f"{type(error).__name__}: {error}"})

    def _counters(self, _: Request) -> Any:
        return {**self._filter.counters.snapshot(), "rules": self._filter.rules.to_json()}

    def _reset_counters(self, _: Request) -> Any:
        self._filter.counters.reset()
        return {"ok": True}

    def _get_rules(self, _: Request) -> Any:
        return self._filter.rules.to_json()

    def _set_rules(self, request: Request) -> Any:
        self._filter.rules.replace(json.loads(request.body or b"[]"))
        return self._filter.rules.to_json()

    def _release(self, _: Request) -> Any:
        self._filter.rules.release()
        return {"ok": True}

    def _get_clock(self, _: Request) -> Any:
        return clock.state()

    def _set_clock(self, request: Request) -> Any:
        return clock.shift(json.loads(request.body or b"{}"))

    def _reset(self, _: Request) -> Any:
        self._filter.reset()
        return {"ok": True}

    def _violations(self, _: Request) -> Any:
        return self._filter.counters.violations()

    def _log(self, _: Request) -> Any:
        return self._filter.counters.log()

    def _tagged(self, request: Request) -> Any:
        query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        if "key" not in query:
            raise BadRule("?key=K is wanted, and &value=V perhaps")
        with self._filter.lock:
            return inventory.tagged(query["key"], query.get("value"))

    def _objects(self, _: Request) -> Any:
        with self._filter.lock:
            self._filter.catch_up()
            return inventory.objects()

    def _get_deployments(self, _: Request) -> Any:
        return settings.state()

    def _set_deployments(self, request: Request) -> Any:
        with self._filter.lock:
            self._filter.catch_up()
            return settings.replace(json.loads(request.body or b"{}"))

    def _traffic(self, _: Request) -> Any:
        with self._filter.lock:
            self._filter.catch_up()
            return traffic.record()

    def _get_access(self, _: Request) -> Any:
        return self._filter.gate.state()

    def _set_access(self, request: Request) -> Any:
        return self._filter.gate.switch(json.loads(request.body or b"{}"))


def _json(status: int, value: Any) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())
