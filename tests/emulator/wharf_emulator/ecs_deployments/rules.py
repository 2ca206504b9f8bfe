"""The rules that ECS moves, and rewriting their weights.

For an application load balancer a rule's ARN is wanted, a listener's default rule included; for a network load balancer
the listener's. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..deployments import listeners, traffic
from .rollout import Deployment, Failure, Revision

PRODUCTION, TEST = "productionListenerRule", "testListenerRule"


def find(call: Call, arn: str) -> tuple[Any, Any] | None:
    """The listener and rule of an ARN; for a network load balancer's listener, its default rule."""
    for balancer in call.backend("elbv2").load_balancers.values():
        for listener in balancer.listeners.values():
            if listener.arn == arn:
                return (listener, listener._default_rule[0]) if ":listener/net/" in arn else None
            for rule in listener.rules.values():
                if rule.arn == arn:
                    return listener, rule
    return None


def reached(rule: Any) -> set[str]:
    """The target groups that a rule forwards to, whatever their weights."""
    return {arn for action in rule.actions for arn, _ in traffic.forwards(action.data)}


def pairs(revision: Revision, member: str) -> list[tuple[str, str, str]]:
    """(rule, the revision's target group, the other one) of each load balancer that has such a rule."""
    found = []
    for balancer, group in zip(revision.parameters["loadBalancers"], revision.groups, strict=True):
        advanced = balancer.get("advancedConfiguration") or {}
        if advanced.get(member):
            both = (balancer["targetGroupArn"], advanced["alternateTargetGroupArn"])
            found.append((advanced[member], group, both[1] if group == both[0] else both[0]))
    return found


def shift(call: Call, deployment: Deployment, revision: Revision, member: str, percent: float) -> None:
    """Gives a revision a percentage of the traffic, and what uses the other target group the rest."""
    for arn, own, other in pairs(revision, member):
        found = find(call, arn)
        if found is None:
            raise Failure(f"The listener rule {arn} does not exist")
        listener, rule = found
        if not reached(rule) & {own, other}:
            raise Failure(f"The listener rule {arn} forwards to no target group of the service")
        weights = ((own, round(percent)), (other, 100 - round(percent)))
        actions = [listeners.weighted(action.data, weights) for action in rule.actions]
        _write(call, deployment, listener, rule, actions)


def remember_test(call: Call, deployment: Deployment, revision: Revision) -> None:
    """Keeps what the test rules do, for a rollback."""
    for arn, _, _ in pairs(revision, TEST):
        found = find(call, arn)
        if found is not None:
            deployment.before[arn] = [dict(action.data) for action in found[1].actions]


def restore_test(call: Call, deployment: Deployment) -> None:
    """Lets the test rules do what they did before; those that are gone stay so."""
    for arn, actions in deployment.before.items():
        found = find(call, arn)
        if found is not None:
            _write(call, deployment, *found, actions)
    deployment.before = {}


def _write(call: Call, deployment: Deployment, listener: Any, rule: Any, actions: list[dict[str, Any]]) -> None:
    listeners.write(call, "ecs", listener, rule, actions, deployment.due, deployment.arn)
