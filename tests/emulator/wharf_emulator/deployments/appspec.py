"""The AppSpec of an ECS deployment.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html#reference-appspec-file-structure-resources-ecs
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import yaml

from ..call import Call, Fault

HOOKS = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
"""The lifecycle events a Lambda function can be hooked to."""


@dataclass
class AppSpec:
    """What an AppSpec asks for."""

    task_definition: str
    container: str
    port: int
    platform_version: str | None = None
    network: dict[str, Any] | None = None
    """In ECS's spelling: ``{"awsvpcConfiguration": …}``."""
    hooks: dict[str, str] = field(default_factory=dict)
    """The Lambda function of each lifecycle event that has one."""


def read(call: Call, revision: dict[str, Any] | None) -> tuple[AppSpec, dict[str, Any]]:
    """The AppSpec of a revision, and the revision as the API shows it; refuses what CreateDeployment refuses."""
    if not revision:
        raise Fault("RevisionRequiredException", "The revision ID was not specified.")
    kind = revision.get("revisionType")
    if kind == "S3":
        return _parse(_object(call, revision.get("s3Location") or {})), revision
    member = {"AppSpecContent": "appSpecContent", "String": "string"}.get(kind or "")
    content = revision.get(member or "", {}).get("content")
    if member is None or not content:
        raise _invalid("AppSpecContent, String or S3 with a content is wanted for an ECS deployment")
    actual = hashlib.sha256(content.encode()).hexdigest()
    if revision[member].get("sha256", actual) != actual:
        raise _invalid("The sha256 does not belong to the content")
    # "The content property of the appSpecContent object in the returned revision is always null":
    # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html
    shown = {"sha256": actual} if member == "appSpecContent" else {"content": content, "sha256": actual}
    return _parse(content), {"revisionType": kind, member: shown}


def _invalid(message: str) -> Fault:
    return Fault("InvalidRevisionException", message)


def _object(call: Call, location: dict[str, Any]) -> str:
    bucket = call.backend("s3").buckets.get(location.get("bucket"))
    found = bucket.keys.get(location.get("key")) if bucket is not None else None
    if found is None or not hasattr(found, "value"):
        where = f"s3://{location.get('bucket')}/{location.get('key')}"
        raise Fault("RevisionDoesNotExistException", f"No revision is found at {where}")
    if location.get("bundleType") not in (None, "YAML", "JSON"):
        raise _invalid("The bundle type of an ECS deployment is YAML or JSON")
    try:
        return found.value.decode()
    except UnicodeDecodeError as error:
        raise _invalid("The AppSpec is not text") from error


def _parse(content: str) -> AppSpec:
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise _invalid(f"The AppSpec is neither YAML nor JSON: {str(error).splitlines()[0]}") from error
    resources = _member(document, "Resources")
    if not isinstance(resources, list) or len(resources) != 1:
        raise _invalid("The AppSpec has exactly one resource")
    service = next(iter(resources[0].values()), None) if isinstance(resources[0], dict) else None
    if _member(service, "Type") != "AWS::ECS::Service":
        raise _invalid("The type of the AppSpec's resource is AWS::ECS::Service")
    properties = _member(service, "Properties")
    balancer = _member(properties, "LoadBalancerInfo")
    definition, container = _member(properties, "TaskDefinition"), _member(balancer, "ContainerName")
    port = _member(balancer, "ContainerPort")
    if not isinstance(definition, str) or not isinstance(container, str) or not str(port).isdigit():
        raise _invalid("The AppSpec names a TaskDefinition and, in LoadBalancerInfo, ContainerName and ContainerPort")
    return AppSpec(
        definition,
        container,
        int(port),
        _member(properties, "PlatformVersion"),
        _network(_member(properties, "NetworkConfiguration")),
        _hooks(_member(document, "Hooks")),
    )


def _member(mapping: Any, name: str) -> Any:
    """A member whose first letter may be small, as in the examples of AWS."""
    if not isinstance(mapping, dict):
        return None
    return mapping.get(name, mapping.get(name[0].lower() + name[1:]))


def _network(given: Any) -> dict[str, Any] | None:
    inner = _member(given, "AwsvpcConfiguration")
    if not isinstance(inner, dict):
        return None
    return {
        "awsvpcConfiguration": {
            "subnets": list(_member(inner, "Subnets") or []),
            "securityGroups": list(_member(inner, "SecurityGroups") or []),
            "assignPublicIp": _member(inner, "AssignPublicIp") or "DISABLED",
        }
    }


def _hooks(given: Any) -> dict[str, str]:
    hooks: dict[str, str] = {}
    for item in given if isinstance(given, list) else []:
        if not isinstance(item, dict):
            raise _invalid("Each of the AppSpec's hooks is a lifecycle event with a function")
        hooks.update({str(name): str(function) for name, function in item.items()})
    unknown = sorted(set(hooks) - set(HOOKS))
    if unknown:
        raise _invalid(f"The AppSpec has hooks for unknown lifecycle events: {', '.join(unknown)}")
    return hooks
