"""What Elastic Load Balancing's operations need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..call import Call
from .need import Need, linked_role, service, tag, unknown

_PREFIX = "elasticloadbalancing"
_KINDS = {"application": "app", "network": "net", "gateway": "gwy"}
_ARN_MEMBERS = ("LoadBalancerArn", "TargetGroupArn", "RuleArn", "ListenerArn", "ResourceArns")


@service("elbv2")
def elbv2(call: Call) -> Iterator[Need]:
    action, params = f"{_PREFIX}:{call.operation}", call.params
    if call.operation.startswith("Describe"):
        yield Need(action)
        return
    if call.operation == "SetRulePriorities":
        for rule in params["RulePriorities"]:
            yield Need(action, rule["RuleArn"])
        return
    made = _made(call, params)
    if call.operation in ("CreateLoadBalancer", "CreateTargetGroup"):
        yield Need(action, made)
    else:
        given = next((params[member] for member in _ARN_MEMBERS if params.get(member)), None)
        if given is None:
            raise unknown(call)
        for resource in given if isinstance(given, list) else [given]:
            yield Need(action, resource)
    if made:
        yield from tag(f"{_PREFIX}:AddTags", call, made, "Tags", **{f"{_PREFIX}:CreateAction": call.operation})
    if call.operation == "CreateLoadBalancer":
        yield from linked_role(call, f"{_PREFIX}.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing")


def _made(call: Call, params: dict[str, Any]) -> str | None:
    """The ARN of what a create makes, which has no id yet."""
    if call.operation == "CreateLoadBalancer":
        kind = _KINDS[params.get("Type", "application")]
        return call.arn(_PREFIX, f"loadbalancer/{kind}/{params['Name']}/*")
    if call.operation == "CreateTargetGroup":
        return call.arn(_PREFIX, f"targetgroup/{params['Name']}/*")
    if call.operation == "CreateListener":
        return params["LoadBalancerArn"].replace(":loadbalancer/", ":listener/") + "/*"
    if call.operation == "CreateRule":
        return params["ListenerArn"].replace(":listener/", ":listener-rule/") + "/*"
    return None
