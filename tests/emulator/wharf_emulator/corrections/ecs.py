"""ECS clusters and task definitions: idempotent creation, Fargate's sizes, fields that moto drops."""

from __future__ import annotations

import datetime
from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from ..inner import ask
from ..roles import require_assumable

FARGATE_SIZES = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4096 + 1, 1024)),
    1024: set(range(2048, 8192 + 1, 1024)),
    2048: set(range(4096, 16384 + 1, 1024)),
    4096: set(range(8192, 30720 + 1, 1024)),
    8192: set(range(16384, 61440 + 1, 4096)),
    16384: set(range(32768, 122880 + 1, 8192)),
}
"""The memory sizes (MiB) of each size of CPU (units) of Fargate."""


def active_services(call: Call, cluster: str) -> list[Any]:
    """The services of a cluster that are not gone yet."""
    services = call.backend("ecs").services.values()
    return [service for service in services if service.cluster_name == cluster and service.status != "INACTIVE"]


# Clusters


def _cluster_settings(call: Call) -> dict[str, Any]:
    return {key: value for key, value in call.params.items() if value}


@before("ecs:CreateCluster")
def create_cluster(call: Call) -> dict[str, Any] | None:
    name = call.params.get("clusterName", "default")
    for provider in call.params.get("capacityProviders", []):
        _known_provider(call, provider)
    cluster = call.backend().clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        return None
    if getattr(cluster, "wharf_settings", None) != _cluster_settings(call):
        raise Fault(
            "InvalidParameterException",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        )
    include = ["SETTINGS", "TAGS", "CONFIGURATIONS", "STATISTICS"]
    return {"cluster": ask(call, "DescribeClusters", clusters=[name], include=include)["clusters"][0]}


@after("ecs:CreateCluster")
def new_cluster(call: Call, _: dict[str, Any]) -> None:
    call.backend().clusters[call.params.get("clusterName", "default")].wharf_settings = _cluster_settings(call)


@before("ecs:PutClusterCapacityProviders")
def put_capacity_providers(call: Call) -> None:
    _active_cluster(call, call.params["cluster"])
    for provider in call.params["capacityProviders"]:
        _known_provider(call, provider)
    for item in call.params["defaultCapacityProviderStrategy"]:
        if item["capacityProvider"] not in call.params["capacityProviders"]:
            message = "The specified capacity provider strategy contains a capacity provider that is not associated"
            raise Fault("InvalidParameterException", f"{message} with the cluster.")


def _known_provider(call: Call, name: str) -> None:
    if name not in ("FARGATE", "FARGATE_SPOT") and call.backend()._get_provider(name) is None:
        raise Fault("InvalidParameterException", f"The specified capacity provider '{name}' was not found.")


def _active_cluster(call: Call, reference: str) -> Any:
    cluster = call.backend().clusters.get(reference.split("/")[-1])
    if cluster is None or cluster.status != "ACTIVE":
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    return cluster


@before("ecs:UpdateCluster")
def update_cluster(call: Call) -> None:
    _active_cluster(call, call.params["cluster"])


@before("ecs:DeleteCluster")
def delete_cluster(call: Call) -> None:
    cluster = _active_cluster(call, call.params["cluster"])
    if active_services(call, cluster.name):
        message = "The Cluster cannot be deleted while Services are active."
        raise Fault("ClusterContainsServicesException", message)


@after("ecs:DescribeClusters")
def described_clusters(call: Call, result: dict[str, Any]) -> None:
    for described in result.get("clusters", []):
        services = active_services(call, described["clusterName"])
        described["activeServicesCount"] = sum(service.status == "ACTIVE" for service in services)
        described["runningTasksCount"] = sum(service.running_count for service in services)
        described["pendingTasksCount"] = sum(max(service.pending_count, 0) for service in services)


@after("ecs:ListClusters")
def list_clusters(call: Call, result: dict[str, Any]) -> None:
    clusters = call.backend().clusters.values()
    result["clusterArns"] = [cluster.arn for cluster in clusters if cluster.status == "ACTIVE"]


@before("ecs:ListTagsForResource", "ecs:TagResource", "ecs:UntagResource")
def tags_of_living_objects(call: Call) -> None:
    arn = call.params["resourceArn"]
    if ":cluster/" in arn:
        _active_cluster(call, arn)
    for service in call.backend().services.values():
        if service.arn == arn and service.status == "INACTIVE":
            raise Fault("InvalidParameterException", "The specified resource is inactive and cannot be tagged.")


# Task definitions


@before("ecs:RegisterTaskDefinition")
def register_task_definition(call: Call) -> None:
    params = call.params
    if "FARGATE" in params.get("requiresCompatibilities", []):
        _check_fargate(params)
    names = [container.get("name") for container in params["containerDefinitions"]]
    if len(set(names)) < len(names):
        raise Fault("ClientException", "Duplicate container name.")
    for member in ("taskRoleArn", "executionRoleArn"):
        if params.get(member):
            require_assumable(
                call, params[member], "ecs-tasks.amazonaws.com", Fault("ClientException", "Role is not valid")
            )
    if params.get("networkMode") == "awsvpc":
        for container in params["containerDefinitions"]:
            for mapping in container.get("portMappings", []):
                if mapping.get("hostPort", mapping.get("containerPort")) != mapping.get("containerPort"):
                    message = "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
                    raise Fault("ClientException", message)


def _check_fargate(params: dict[str, Any]) -> None:
    if params.get("networkMode") != "awsvpc":
        raise Fault("ClientException", "Fargate only supports network mode 'awsvpc'.")
    cpu, memory = params.get("cpu"), params.get("memory")
    if not cpu or not memory:
        raise Fault("ClientException", "Fargate requires that 'cpu' and 'memory' be defined at the task level.")
    if not cpu.isdigit() or not memory.isdigit():
        return
    if int(memory) not in FARGATE_SIZES.get(int(cpu), ()):
        raise Fault("ClientException", "No Fargate configuration exists for given values.")


@after("ecs:RegisterTaskDefinition")
def registered_task_definition(call: Call, result: dict[str, Any]) -> None:
    described = result["taskDefinition"]
    stored = call.backend().task_definitions[described["family"]][described["revision"]]
    for container in stored.container_definitions:
        container.setdefault("systemControls", [])
        for mapping in container["portMappings"]:
            mapping.setdefault("protocol", "tcp")
            mapping.setdefault("hostPort", mapping["containerPort"] if stored.network_mode == "awsvpc" else 0)
    described["containerDefinitions"] = stored.container_definitions
    if "enableFaultInjection" in call.params:
        described["enableFaultInjection"] = stored.wharf_fault_injection = call.params["enableFaultInjection"]
    stored.wharf_registered_at = datetime.datetime.now(datetime.UTC)
    described["registeredAt"] = stored.wharf_registered_at
    described["registeredBy"] = f"arn:aws:iam::{call.account}:user/emulator"
    if "tags" in call.params:
        result["tags"] = call.params["tags"]


@after("ecs:DescribeTaskDefinition")
def described_task_definition(call: Call, result: dict[str, Any]) -> None:
    described = result["taskDefinition"]
    stored = call.backend().task_definitions[described["family"]][described["revision"]]
    described["registeredAt"] = getattr(stored, "wharf_registered_at", None)
    described["enableFaultInjection"] = getattr(stored, "wharf_fault_injection", None)
    described["registeredBy"] = f"arn:aws:iam::{call.account}:user/emulator"
