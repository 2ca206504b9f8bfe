"""Faults of builds and deployments on demand, and their pace: what ``/_wharf/deployments`` sets."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ..bad_rule import BadRule
from ..hooks import on_reset
from .appspec import HOOKS

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
"""Where ECS's own deployments have hooks."""
KINDS = {
    "tasks_do_not_start": {"service", "reason"},
    "failing_health_checks": {"service", "reason", "health_reason", "description"},
    "failing_hook": {"service", "hook", "reason", "log"},
    "waiting_hook": {"service", "hook"},
    "container_exits": {"service", "exit_code", "log"},
    "alarm": {"service", "alarm"},
    "failing_build": {"project", "phase", "reason", "log"},
}
"""The kinds of faults, and what each may have."""
REQUIRED = {"failing_hook": "hook", "waiting_hook": "hook", "alarm": "alarm"}
"""What a fault of a kind must have."""
PHASES = ("DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS")
"""The phases of a build that can fail."""
_DEFAULTS: dict[str, Any] = {"step_seconds": 0, "faults": []}
_settings: dict[str, Any] = dict(_DEFAULTS)


def state() -> dict[str, Any]:
    """The settings in force."""
    return dict(_settings)


def replace(given: Any) -> dict[str, Any]:
    """Replaces all settings, those not given by their defaults; raises ``BadRule``."""
    if not isinstance(given, dict) or set(given) - set(_DEFAULTS):
        raise BadRule('{"step_seconds": N, "faults": [{"kind": …}]} is wanted')
    seconds = given.get("step_seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 86_400:
        raise BadRule("step_seconds is a number of seconds, less than a day")
    faults = given.get("faults", [])
    for fault in faults if isinstance(faults, list) else [faults]:
        _check(fault)
    _settings.update(step_seconds=seconds, faults=faults)
    return state()


def _check(fault: Any) -> None:
    kind = fault.get("kind") if isinstance(fault, dict) else None
    if kind not in KINDS:
        raise BadRule(f"the kind of a fault is one of {', '.join(KINDS)}")
    if set(fault) - {"kind"} - KINDS[kind] or not all(isinstance(value, str) for value in fault.values()):
        raise BadRule(f"the fault {kind} has the texts {', '.join(sorted(KINDS[kind]))}")
    hooks = STAGES if kind == "waiting_hook" else (*HOOKS, *STAGES)
    if REQUIRED.get(kind, "kind") not in fault or fault.get("hook", hooks[0]) not in hooks:
        raise BadRule(f"the hook of a {kind} is one of {', '.join(hooks)}; an alarm has the name of an alarm")
    if not fault.get("exit_code", "1").isdigit() or fault.get("phase", PHASES[0]) not in PHASES:
        raise BadRule(f"an exit_code is a number; a phase is one of {', '.join(PHASES)}")


def build_fault(project: str) -> dict[str, str] | None:
    """The fault in force for the builds of a project, by its name."""
    for fault in _settings["faults"]:
        if fault["kind"] == "failing_build" and fnmatchcase(project, fault.get("project", "*")):
            return fault
    return None


def fault_of(service: str, *kinds: str, hook: str | None = None) -> dict[str, str] | None:
    """The fault in force for a service, by its name."""
    for fault in _settings["faults"]:
        if fault["kind"] in kinds and fault.get("hook") == hook and fnmatchcase(service, fault.get("service", "*")):
            return fault
    return None


def step() -> float:
    """How long a step lasts that waits for nothing, in seconds."""
    return _settings["step_seconds"]


@on_reset
def reset() -> None:
    """No faults, no delay."""
    _settings.update(step_seconds=0, faults=[])
