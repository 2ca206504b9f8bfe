"""Cuts lists into pages by botocore's paginator models where moto ignores the limit and the token."""

from __future__ import annotations

import base64
from typing import Any

from .call import Call, Fault
from .naming import paginators

SERVICES = ("ec2", "elbv2", "ecs", "ecr", "codebuild", "codecommit", "codedeploy", "codepipeline", "events", "kms")
"""The services it is done for; moto pages the others itself."""

DEFAULT_LIMITS = {
    "ecs:ListServices": 10,
    "ecs:ListServiceDeployments": 20,
    "ecs:ListClusters": 100,
    "ecs:ListTaskDefinitions": 100,
    "codebuild:ListProjects": 100,
    "codecommit:ListRepositories": 100,
    "elbv2:DescribeTargetGroups": 400,
    "elbv2:DescribeListeners": 400,
    "events:ListTargetsByRule": 100,
    "ecr:DescribeRepositories": 100,
}
"""The page length of an operation that is asked without a limit."""

EXTRA = {
    "events:ListTargetsByRule": ("Limit", "NextToken", "NextToken", "Targets"),
    "codedeploy:ListDeployments": (None, "nextToken", "nextToken", "deployments"),
    "ecs:ListServiceDeployments": ("maxResults", "nextToken", "nextToken", "serviceDeployments"),
}
BY_MOTO = ("elbv2:DescribeLoadBalancers", "elbv2:DescribeRules", "events:ListRules")
"""Operations of these services that moto does page."""

BAD_TOKEN = {
    "ec2": "InvalidParameterValue",
    "elbv2": "ValidationError",
    "ecs": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "codebuild": "InvalidInputException",
    "codecommit": "InvalidContinuationTokenException",
    "codedeploy": "InvalidNextTokenException",
    "codepipeline": "InvalidNextTokenException",
    "events": "ValidationException",
    "kms": "InvalidMarkerException",
}


def _members(call: Call) -> tuple[str | None, str, str, str] | None:
    """(limit, input token, output token, list) members of an operation that has pages."""
    if call.service not in SERVICES or call.name in BY_MOTO:
        return None
    if call.name in EXTRA:
        return EXTRA[call.name]
    model = paginators(call.service).get(call.operation)
    if model is None or not isinstance(model["input_token"], str):
        return None
    keys = model["result_key"]
    key = keys[0] if isinstance(keys, list) else keys
    return model.get("limit_key"), model["input_token"], model["output_token"], key


def wanted(call: Call) -> bool:
    """Whether an answer of moto's has to be cut."""
    members = _members(call)
    if members is None:
        return False
    limit, token, _, _ = members
    return (limit in call.params) or token in call.params or call.name in DEFAULT_LIMITS


def cut(call: Call, result: dict[str, Any]) -> None:
    """Leaves the page asked for and the token of the next one."""
    members = _members(call)
    if members is None:
        return
    limit, token, output, key = members
    items = result.get(key)
    if not isinstance(items, list) or result.get(output):
        return
    result.pop(output, None)
    start = _position(call, call.params.get(token))
    length = call.params.get(limit) or DEFAULT_LIMITS.get(call.name, 1000)
    end = start + int(length)
    result[key] = items[start:end]
    if end < len(items):
        result[output] = base64.b64encode(f"wharf:{end}".encode()).decode()
    if call.service == "kms":
        result["Truncated"] = end < len(items)


def _position(call: Call, token: str | None) -> int:
    if not token:
        return 0
    try:
        mark, _, number = base64.b64decode(token, validate=True).decode().partition(":")
        if mark == "wharf":
            return int(number)
    except ValueError:
        pass
    raise Fault(BAD_TOKEN[call.service], f"Invalid value '{token}' for the token.")
