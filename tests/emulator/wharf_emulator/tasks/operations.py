"""ListTasks and DescribeTasks: the tasks of services beside those that moto runs itself.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
"""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from . import describe, known

MAXIMUM = 100
"""How many tasks can be described at once."""


def _cluster(call: Call) -> str:
    name = call.params.get("cluster", "default").split("/")[-1]
    cluster = call.backend().clusters.get(name)
    if cluster is None or cluster.status != "ACTIVE":
        raise Fault("ClusterNotFoundException", "Cluster not found.")
    return name


@before("ecs:ListTasks")
def check_list(call: Call) -> None:
    _cluster(call)
    name = call.params.get("serviceName")
    if name is not None:
        service = call.backend().services.get(f"{_cluster(call)}:{name.split('/')[-1]}")
        if service is None or service.status == "INACTIVE":
            raise Fault("ServiceNotFoundException", "Service not found.")


@after("ecs:ListTasks")
def list_tasks(call: Call, result: dict[str, Any]) -> None:
    params = call.params
    wanted = params.get("desiredStatus", "RUNNING")
    name = params["serviceName"].split("/")[-1] if "serviceName" in params else None
    found = [
        describe.arn(call, service, task)
        for service, task in known.everywhere(call, _cluster(call))
        if task.desired_status == wanted
        and name in (None, service.name)
        and params.get("startedBy") in (None, task.started_by)
        and params.get("family") in (None, task.definition.rpartition("/")[2].partition(":")[0])
        and params.get("launchType") in (None, service.launch_type)
        and "containerInstance" not in params
    ]
    # moto's own tasks belong to no service
    result["taskArns"] = found if name is not None else [*result["taskArns"], *found]


@before("ecs:DescribeTasks")
def check_describe(call: Call) -> None:
    _cluster(call)
    if len(call.params["tasks"]) > MAXIMUM:
        raise Fault("InvalidParameterException", f"Tasks can have at most {MAXIMUM} items.")


@after("ecs:DescribeTasks")
def describe_tasks(call: Call, result: dict[str, Any]) -> None:
    asked = call.params["tasks"]
    shown = {item["taskArn"]: item for item in result["tasks"]}
    wanted = {reference.rpartition("/")[2] for reference in asked}
    for service, task in known.everywhere(call, _cluster(call)):
        if task.id in wanted:
            described = describe.task(call, service, task)
            shown[described["taskArn"]] = described
    result["tasks"] = list(shown.values())
    there = {name.rpartition("/")[2] for name in shown}
    missing = [reference for reference in asked if reference.rpartition("/")[2] not in there]
    result["failures"] = [{"arn": _arn(call, item), "reason": "MISSING"} for item in missing]


def _arn(call: Call, reference: str) -> str:
    if reference.startswith("arn:"):
        return reference
    return call.arn("ecs", f"task/{_cluster(call)}/{reference.rpartition('/')[2]}")
