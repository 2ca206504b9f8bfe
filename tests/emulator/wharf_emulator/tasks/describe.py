"""Tasks as the API shows them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from .. import clock
from ..call import Call
from .task import Task

KILLED = 137
"""The exit code of a container that was killed; here always for its memory."""


def arn(call: Call, service: Any, task: Task) -> str:
    return call.arn("ecs", f"task/{service.cluster_name}/{task.id}")


def definition_of(call: Call, task: Task) -> Any:
    """moto's task definition of a task, also an inactive one; None if it was deleted."""
    family, _, revision = task.definition.rpartition("/")[2].partition(":")
    return call.backend("ecs").task_definitions.get(family, {}).get(int(revision))


def task(call: Call, service: Any, found: Task) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html"""
    definition = definition_of(call, found)
    containers = definition.container_definitions if definition is not None else []
    attachment = _attachment(found)
    shown = {
        "taskArn": arn(call, service, found),
        "clusterArn": call.arn("ecs", f"cluster/{service.cluster_name}"),
        "taskDefinitionArn": found.definition,
        "group": f"service:{service.name}",
        "startedBy": found.started_by,
        "launchType": service.launch_type or "FARGATE",
        "platformVersion": "1.4.0" if service.platform_version in (None, "LATEST") else service.platform_version,
        "platformFamily": "Linux",
        "availabilityZone": f"{call.region}a",
        "cpu": getattr(definition, "cpu", None),
        "memory": getattr(definition, "memory", None),
        "lastStatus": found.last_status,
        "desiredStatus": found.desired_status,
        "healthStatus": _health(found, any(item.get("healthCheck") for item in containers)),
        "connectivity": "CONNECTED" if found.last_status == "RUNNING" else None,
        "enableExecuteCommand": service.__dict__.get("wharf_kept", {}).get("enableExecuteCommand", False),
        "attachments": [attachment],
        "containers": [_container(call, service, found, item, attachment) for item in containers],
        "overrides": {"containerOverrides": [{"name": item["name"]} for item in containers]},
        "createdAt": clock.instant(found.created),
        "startedAt": clock.instant(found.created) if found.ran else None,
        "tags": [],
        "version": 1,
    }
    if found.stopped is not None:
        stopped = clock.instant(found.stopped)
        shown.update(stoppedAt=stopped, stoppingAt=stopped, stopCode=found.stop_code, stoppedReason=found.reason)
    return {name: value for name, value in shown.items() if value is not None}


def _health(found: Task, checked: bool) -> str:
    return "HEALTHY" if checked and found.last_status == "RUNNING" else "UNKNOWN"


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)))


def _attachment(found: Task) -> dict[str, Any]:
    network = found.network.get("awsvpcConfiguration", {})
    digest = hashlib.sha1(found.id.encode()).hexdigest()
    details = {
        "subnetId": next(iter(network.get("subnets", [])), None),
        "networkInterfaceId": f"eni-{digest[:17]}",
        "macAddress": ":".join(["0a", *(digest[start : start + 2] for start in range(0, 10, 2))]),
        "privateIPv4Address": found.address,
    }
    status = {"PENDING": "ATTACHING", "STOPPED": "DELETED"}.get(found.last_status, "ATTACHED")
    return {
        "id": _uuid(found.id, "attachment"),
        "type": "ElasticNetworkInterface",
        "status": status,
        "details": [{"name": name, "value": value} for name, value in details.items() if value],
    }


def _container(
    call: Call, service: Any, found: Task, declared: dict[str, Any], attachment: dict[str, Any]
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "containerArn": call.arn(
            "ecs", f"container/{service.cluster_name}/{found.id}/{_uuid(found.id, declared['name'])}"
        ),
        "taskArn": arn(call, service, found),
        "name": declared["name"],
        "image": declared["image"],
        "imageDigest": _digest(call, declared["image"]) if found.ran else None,
        "lastStatus": "RUNNING" if found.last_status == "DEACTIVATING" else found.last_status,
        "healthStatus": _health(found, bool(declared.get("healthCheck"))),
        "cpu": str(declared.get("cpu", 0)),
        "networkInterfaces": [],
    }
    if found.ran:
        shown["runtimeId"] = f"{found.id}-{hashlib.sha1(declared['name'].encode()).hexdigest()[:10]}"
    if found.address is not None:
        interface = {"attachmentId": attachment["id"], "privateIpv4Address": found.address}
        shown["networkInterfaces"] = [interface]
    if found.stop_code == "TaskFailedToStart":
        shown["reason"] = found.reason
    elif found.stopped is not None:
        failed = found.exit_code is not None and declared is essential(call, found)
        shown["exitCode"] = found.exit_code if failed else 0
        if failed and found.exit_code == KILLED:
            shown["reason"] = "OutOfMemoryError: Container killed due to memory usage"
    return {name: value for name, value in shown.items() if value is not None}


def essential(call: Call, found: Task) -> dict[str, Any] | None:
    """The first container that a task cannot do without."""
    definition = definition_of(call, found)
    containers = definition.container_definitions if definition is not None else []
    return next((item for item in containers if item.get("essential", True)), None)


def _digest(call: Call, image: str) -> str | None:
    """The digest of an image in the emulated registry."""
    host, _, rest = image.partition("/")
    name, _, tag = rest.partition(":")
    repository = call.backend("ecr").repositories.get(name) if ".dkr.ecr." in host else None
    images = repository.images if repository is not None else []
    return next((item.image_digest for item in images if tag in item.image_tags), None)
