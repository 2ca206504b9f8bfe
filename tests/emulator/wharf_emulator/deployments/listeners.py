"""The load balancer's side of a deployment: which rules forward to the pair, and rewriting their weights.

Since late 2022 CodeDeploy leaves both target groups of the pair in a rule, the unused one with the weight 0:
https://github.com/hashicorp/terraform-provider-aws/issues/28129
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ..call import Call
from . import traffic
from .rollout import Failure

PRODUCTION, TEST = "prodTrafficRoute", "testTrafficRoute"
INVALID = "ELASTIC_LOAD_BALANCING_INVALID"


def _pair(deployment: Any) -> dict[str, Any]:
    return deployment.deployment_group.load_balancer_info["targetGroupPairInfoList"][0]


def has_test_route(deployment: Any) -> bool:
    """Whether the deployment group has a test listener."""
    return bool(_pair(deployment).get(TEST, {}).get("listenerArns"))


def target_groups(call: Call, deployment: Any) -> dict[str, Any]:
    """moto's target groups of the pair, by their ARNs."""
    by_name = {group.name: group for group in call.backend("elbv2").target_groups.values()}
    found = {}
    for item in _pair(deployment)["targetGroups"]:
        if item["name"] not in by_name:
            raise Failure(INVALID, f"The target group {item['name']} does not exist")
        found[by_name[item["name"]].arn] = by_name[item["name"]]
    return found


def _of_route(call: Call, deployment: Any, route: str) -> list[Any]:
    balancers = call.backend("elbv2").load_balancers.values()
    known = {arn: listener for balancer in balancers for arn, listener in balancer.listeners.items()}
    arns = _pair(deployment).get(route, {}).get("listenerArns", [])
    for arn in arns:
        if arn not in known:
            raise Failure(INVALID, f"The listener {arn} does not exist")
    return [known[arn] for arn in arns]


def _rules(call: Call, deployment: Any, route: str) -> Iterator[tuple[Any, Any]]:
    """The rules of a route, default ones included, that forward to the pair, with their listeners."""
    ours = set(target_groups(call, deployment))
    for listener in _of_route(call, deployment, route):
        for rule in listener.rules.values():
            if any(arn in ours for action in rule.actions for arn, _ in traffic.forwards(action.data)):
                yield listener, rule


def check_production(call: Call, deployment: Any, blue: str) -> None:
    """The service's target group must get the production traffic."""
    rules = list(_rules(call, deployment, PRODUCTION))
    reached = {arn for _, rule in rules for action in rule.actions for arn, _ in traffic.forwards(action.data)}
    if blue not in reached:
        listeners = ", ".join(listener.arn for listener in _of_route(call, deployment, PRODUCTION))
        raise Failure(INVALID, f"Primary taskset target group must be behind listener {listeners}")


def shift(call: Call, deployment: Any, route: str, weight: int) -> None:
    """Gives green a percentage of a route's traffic and blue the rest."""
    rollout = deployment.wharf_rollout
    weights = ((rollout.groups["Green"], weight), (rollout.groups["Blue"], 100 - weight))
    for listener, rule in list(_rules(call, deployment, route)):
        actions = [weighted(action.data, weights) for action in rule.actions]
        _write(call, deployment, listener, rule, actions)


def weighted(action: dict[str, Any], weights: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    """An action with these weights, if it forwards to one of the target groups."""
    if not {arn for arn, _ in traffic.forwards(action)} & {arn for arn, _ in weights}:
        return action
    kept = {name: value for name, value in action.items() if name not in ("TargetGroupArn", "ForwardConfig")}
    stickiness = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {"Enabled": False})
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights]
    return {**kept, "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}}


def remember_test(call: Call, deployment: Any) -> None:
    """Keeps what the test listeners do, for a rollback."""
    deployment.wharf_rollout.test_actions = {
        rule.arn: [copy.deepcopy(action.data) for action in rule.actions] for _, rule in _rules(call, deployment, TEST)
    }


def restore_test(call: Call, deployment: Any) -> None:
    """Lets the test listeners do what they did before; those that are gone stay so."""
    before = deployment.wharf_rollout.test_actions
    try:
        rules = list(_rules(call, deployment, TEST))
    except Failure:
        return
    for listener, rule in rules:
        if rule.arn in before:
            _write(call, deployment, listener, rule, before[rule.arn])


def restore_production(call: Call, deployment: Any) -> None:
    """Gives blue all production traffic again."""
    try:
        shift(call, deployment, PRODUCTION, 0)
    except Failure:
        return


def _write(call: Call, deployment: Any, listener: Any, rule: Any, actions: list[dict[str, Any]]) -> None:
    write(call, "codedeploy", listener, rule, actions, deployment.wharf_rollout.due, deployment.deployment_id)


def write(
    call: Call, by: str, listener: Any, rule: Any, actions: list[dict[str, Any]], time: float, deployment: str
) -> None:
    """Gives a rule other actions, on a controller's behalf."""
    from moto.elbv2.models import FakeAction

    rule.actions = [FakeAction(copy.deepcopy(action)) for action in actions]
    if rule.is_default:
        # moto keeps the default rule's actions twice
        listener.default_actions = rule.actions
    traffic.write(call, by, listener, rule, time, deployment)
