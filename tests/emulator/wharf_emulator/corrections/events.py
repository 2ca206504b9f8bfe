"""EventBridge made strict: patterns, targets of rules that exist, roles of pipelines."""

from __future__ import annotations

import json
from typing import Any

from ..call import Call, Fault
from ..hooks import before, instead
from ..roles import require_assumable

PRINCIPAL = "events.amazonaws.com"
TARGETS = 5
"""How many targets a rule can have."""


def _rule(call: Call, name: str) -> Any:
    bus = call.params.get("EventBusName", "default").split("/")[-1]
    stored = call.backend().event_buses.get(bus)
    if stored is None:
        raise Fault("ResourceNotFoundException", f"Event bus {bus} does not exist.")
    return stored.rules.get(name)


def _existing(call: Call, name: str) -> Any:
    rule = _rule(call, name)
    if rule is None:
        raise Fault("ResourceNotFoundException", f"Rule {name} does not exist on EventBus default.")
    return rule


@before("events:PutRule")
def put_rule(call: Call) -> None:
    if "EventPattern" not in call.params and "ScheduleExpression" not in call.params:
        message = "Parameter(s) EventPattern or ScheduleExpression must be specified."
        raise Fault("ValidationException", message)
    if "EventPattern" in call.params:
        _check_pattern(call.params["EventPattern"])
    if call.params.get("Tags") and _rule(call, call.params["Name"]) is not None:
        # tags count only when a rule is created
        del call.params["Tags"]
        call.rewritten = True


def _check_pattern(text: str) -> None:
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise Fault("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from error
    if not isinstance(pattern, dict) or not pattern:
        raise Fault("InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is not an object")
    _check_filter(pattern)


def _check_filter(pattern: dict[str, Any]) -> None:
    for key, value in pattern.items():
        if isinstance(value, dict):
            _check_filter(value)
        elif not isinstance(value, list):
            message = f'Event pattern is not valid. Reason: "{key}" must be an object or an array'
            raise Fault("InvalidEventPatternException", message)


@before("events:PutTargets")
def put_targets(call: Call) -> None:
    rule = _existing(call, call.params["Rule"])
    for target in call.params["Targets"]:
        if ":codepipeline:" in target["Arn"] and not target.get("RoleArn"):
            raise Fault("ValidationException", f"RoleArn is required for target {target['Arn']}.")
        if target.get("RoleArn"):
            message = f"Provided role '{target['RoleArn']}' cannot be assumed by principal '{PRINCIPAL}'."
            require_assumable(call, target["RoleArn"], PRINCIPAL, Fault("ValidationException", message))
        given = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
        if len(given) > 1:
            raise Fault("ValidationException", f"Only one of {', '.join(given)} can be given.")
    ids = {target["Id"] for target in [*rule.targets, *call.params["Targets"]]}
    if len(ids) > TARGETS:
        raise Fault("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


@before("events:RemoveTargets")
def remove_targets(call: Call) -> None:
    _existing(call, call.params["Rule"])


@instead("events:ListTargetsByRule")
def list_targets(call: Call) -> dict[str, Any]:
    """moto's pages lose targets that have the same ARN."""
    return {"Targets": _existing(call, call.params["Rule"]).targets}
