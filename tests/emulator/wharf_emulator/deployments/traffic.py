"""The record of every write to a listener or rule, with the healthy targets behind it at that moment."""

from __future__ import annotations

from typing import Any

from .. import clock
from ..call import Call
from ..hooks import after, before, on_reset

LIMIT = 20_000
_RECORD: list[dict[str, Any]] = []
_WRITTEN = {"count": 0}


def record() -> list[dict[str, Any]]:
    """The last 20,000 writes, the oldest first."""
    return list(_RECORD)


@on_reset
def reset() -> None:
    """Forgets all writes."""
    _RECORD.clear()
    _WRITTEN["count"] = 0


def healthy(group: Any) -> int:
    """How many registered targets of a target group pass their health checks."""
    unhealthy = getattr(group, "wharf_unhealthy", {})
    return sum(target not in unhealthy for target in group.targets)


def forwards(action: dict[str, Any]) -> list[tuple[str, int]]:
    """The target groups and weights of an action."""
    if action.get("Type") != "forward":
        return []
    weighted = action.get("ForwardConfig", {}).get("TargetGroups")
    if weighted:
        return [(item["TargetGroupArn"], int(item.get("Weight", 1))) for item in weighted]
    return [(action["TargetGroupArn"], 1)]


def write(call: Call, by: str, listener: Any, rule: Any, time: float | None = None, deployment: str = "") -> None:
    """Remembers that a rule (its listener's default one, perhaps) has been written, by an operation or a controller."""
    groups = call.backend("elbv2").target_groups
    shown = []
    for action in rule.actions:
        for arn, weight in forwards(action.data):
            group = groups.get(arn)
            name, alive = (group.name, healthy(group)) if group is not None else ("", 0)
            shown.append({"target_group": name, "arn": arn, "weight": weight, "healthy": alive})
    _WRITTEN["count"] += 1
    entry = {
        "sequence": _WRITTEN["count"],
        "time": clock.now() if time is None else time,
        "by": by,
        "listener": listener.arn,
        "port": int(listener.port),
        "rule": "default" if rule.is_default else rule.arn,
        "forwards": shown,
    }
    if deployment:
        entry["deployment"] = deployment
    _RECORD.append(entry)
    del _RECORD[:-LIMIT]


def _removed(call: Call, listener: Any, rule: str) -> None:
    _WRITTEN["count"] += 1
    entry = {"by": call.name, "listener": listener.arn, "port": int(listener.port), "rule": rule, "forwards": []}
    _RECORD.append({"sequence": _WRITTEN["count"], "time": clock.now(), **entry})
    del _RECORD[:-LIMIT]


def _listeners(call: Call) -> dict[str, Any]:
    balancers = call.backend("elbv2").load_balancers.values()
    return {arn: listener for balancer in balancers for arn, listener in balancer.listeners.items()}


@after("elbv2:CreateListener", "elbv2:ModifyListener")
def listener_written(call: Call, result: dict[str, Any]) -> None:
    for described in result["Listeners"]:
        listener = _listeners(call)[described["ListenerArn"]]
        write(call, call.name, listener, listener._default_rule[0])


@after("elbv2:CreateRule", "elbv2:ModifyRule")
def rule_written(call: Call, result: dict[str, Any]) -> None:
    for described in result["Rules"]:
        for listener in _listeners(call).values():
            for rule in listener.rules.values():
                if rule.arn == described["RuleArn"]:
                    write(call, call.name, listener, rule)


@before("elbv2:DeleteListener")
def listener_found(call: Call) -> None:
    call.scratch["listener"] = _listeners(call).get(call.params["ListenerArn"])


@after("elbv2:DeleteListener")
def listener_removed(call: Call, _: dict[str, Any]) -> None:
    if call.scratch["listener"] is not None:
        _removed(call, call.scratch["listener"], "default")


@before("elbv2:DeleteRule")
def rule_found(call: Call) -> None:
    arn = call.params["RuleArn"]
    found = [item for item in _listeners(call).values() if any(rule.arn == arn for rule in item.rules.values())]
    call.scratch["listener"] = found[0] if found else None


@after("elbv2:DeleteRule")
def rule_removed(call: Call, _: dict[str, Any]) -> None:
    if call.scratch["listener"] is not None:
        _removed(call, call.scratch["listener"], call.params["RuleArn"])


@after("elbv2:DescribeTargetHealth")
def target_health(call: Call, result: dict[str, Any]) -> None:
    """Shows the targets that fail their health checks."""
    group = call.backend().target_groups[call.params["TargetGroupArn"]]
    for described in result["TargetHealthDescriptions"]:
        why = getattr(group, "wharf_unhealthy", {}).get(described["Target"]["Id"])
        if why is not None:
            state = "initial" if why["Reason"].startswith("Elb.") else "unhealthy"
            described["TargetHealth"] = {"State": state, **why}
