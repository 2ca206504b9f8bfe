"""Listener actions and rule conditions in the full form in which AWS answers, however short they were given."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..hooks import after

REDIRECT = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
CONDITIONS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}
"""The conditions that have an old form (Values) beside the new one."""


@after("elbv2:CreateListener", "elbv2:DescribeListeners", "elbv2:ModifyListener")
def listeners(_: Call, result: dict[str, Any]) -> None:
    for listener in result["Listeners"]:
        for action in listener.get("DefaultActions", []):
            complete_action(action)


@after("elbv2:CreateRule", "elbv2:DescribeRules", "elbv2:ModifyRule", "elbv2:SetRulePriorities")
def rules(_: Call, result: dict[str, Any]) -> None:
    for rule in result["Rules"]:
        for action in rule.get("Actions", []):
            complete_action(action)
        for condition in rule.get("Conditions", []):
            _complete_condition(condition)


def complete_action(action: dict[str, Any]) -> None:
    """Adds to a forward what the other of its two forms says, to a redirect its defaults."""
    if action["Type"] == "redirect":
        action["RedirectConfig"] = {**REDIRECT, **action.get("RedirectConfig", {})}
    if action["Type"] != "forward":
        return
    forward = action.setdefault("ForwardConfig", {})
    if "TargetGroupArn" in action and not forward.get("TargetGroups"):
        forward["TargetGroups"] = [{"TargetGroupArn": action["TargetGroupArn"]}]
    for target in forward.get("TargetGroups", []):
        target.setdefault("Weight", 1)
    forward.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
    if len(forward.get("TargetGroups", [])) == 1:
        action["TargetGroupArn"] = forward["TargetGroups"][0]["TargetGroupArn"]


def _complete_condition(condition: dict[str, Any]) -> None:
    config = CONDITIONS.get(condition.get("Field", ""))
    if config is None:
        return
    values = condition.get("Values") or condition.get(config, {}).get("Values", [])
    condition["Values"] = values
    condition[config] = {"Values": values}
