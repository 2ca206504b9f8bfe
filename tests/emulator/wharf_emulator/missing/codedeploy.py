"""CodeDeploy applications, deployment groups and configurations: changing, deleting and reading them in batches."""

from __future__ import annotations

import uuid
from typing import Any

from ..call import Call, Fault
from ..hooks import instead

CONFIGURATIONS = {
    **{f"CodeDeployDefault.{name}": "Server" for name in ("AllAtOnce", "HalfAtATime", "OneAtATime")},
    "CodeDeployDefault.ECSAllAtOnce": "ECS",
    **{f"CodeDeployDefault.ECSLinear10PercentEvery{minutes}Minutes": "ECS" for minutes in (1, 3)},
    **{f"CodeDeployDefault.ECSCanary10Percent{minutes}Minutes": "ECS" for minutes in (5, 15)},
    "CodeDeployDefault.LambdaAllAtOnce": "Lambda",
    **{f"CodeDeployDefault.LambdaLinear10PercentEvery{minutes}Minutes": "Lambda" for minutes in (1, 2, 3, 10)},
    **{f"CodeDeployDefault.LambdaCanary10Percent{minutes}Minutes": "Lambda" for minutes in (5, 10, 15, 30)},
}
"""The configurations every account has, and the compute platform of each."""

ATTRIBUTES = {
    "deploymentConfigName": "deployment_config_name",
    "serviceRoleArn": "service_role_arn",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "deploymentStyle": "deployment_style",
    "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
    "loadBalancerInfo": "load_balancer_info",
    "ecsServices": "ecs_services",
    "alarmConfiguration": "alarm_configuration",
    "triggerConfigurations": "trigger_configurations",
    "outdatedInstancesStrategy": "outdated_instances_strategy",
    "terminationHookEnabled": "termination_hook_enabled",
    "ec2TagFilters": "ec2_tag_filters",
    "ec2TagSet": "ec2_tag_set",
    "onPremisesInstanceTagFilters": "on_premises_instance_tag_filters",
    "onPremisesTagSet": "on_premises_tag_set",
    "autoScalingGroups": "auto_scaling_groups",
}
"""moto's attribute of each member of a deployment group."""


def configuration_exists(name: str | None) -> None:
    """Refuses unknown deployment configurations."""
    if name is not None and name not in CONFIGURATIONS:
        message = f"No Deployment Configuration found for name: {name}"
        raise Fault("DeploymentConfigDoesNotExistException", message)


def group(call: Call, name: str) -> Any:
    """A deployment group of the call's application; raises what AWS answers for missing ones."""
    backend = call.backend()
    backend.get_application(call.params["applicationName"])
    groups = backend.deployment_groups.get(call.params["applicationName"], {})
    if name not in groups:
        message = f"No Deployment Group found for name: {name}"
        raise Fault("DeploymentGroupDoesNotExistException", message)
    return groups[name]


def _move_tags(call: Call, old: str, new: str) -> None:
    tagger = call.backend().tagger
    tags = tagger.get_tag_dict_for_resource(old)
    tagger.delete_all_tags_for_resource(old)
    if tags:
        tagger.tag_resource(new, [{"Key": key, "Value": value} for key, value in tags.items()])


@instead("codedeploy:UpdateApplication")
def update_application(call: Call) -> None:
    backend, old, new = call.backend(), call.params.get("applicationName"), call.params.get("newApplicationName")
    application = backend.get_application(old)
    if not new or new == old:
        return
    if new in backend.applications:
        raise Fault("ApplicationAlreadyExistsException", f"Application already exists: {new}")
    application.application_name = new
    backend.applications[new] = backend.applications.pop(old)
    backend.deployment_groups[new] = backend.deployment_groups.pop(old, {})
    _move_tags(call, backend._application_arn(old), backend._application_arn(new))
    for name in backend.deployment_groups[new]:
        _move_tags(call, backend._deployment_group_arn(old, name), backend._deployment_group_arn(new, name))


@instead("codedeploy:DeleteApplication")
def delete_application(call: Call) -> None:
    backend, name = call.backend(), call.params["applicationName"]
    for group_name in backend.deployment_groups.pop(name, {}):
        backend.tagger.delete_all_tags_for_resource(backend._deployment_group_arn(name, group_name))
    backend.applications.pop(name, None)
    backend.tagger.delete_all_tags_for_resource(backend._application_arn(name))


@instead("codedeploy:UpdateDeploymentGroup")
def update_deployment_group(call: Call) -> dict[str, Any]:
    from ..corrections.codedeploy import check_group

    params, backend = call.params, call.backend()
    application, old = params["applicationName"], params["currentDeploymentGroupName"]
    found, new = group(call, old), params.get("newDeploymentGroupName") or old
    check_group(call, found)
    groups = backend.deployment_groups[application]
    if new != old:
        if new in groups:
            raise Fault("DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {new}")
        groups[new] = groups.pop(old)
        found.deployment_group_name = new
        arn = backend._deployment_group_arn
        _move_tags(call, arn(application, old), arn(application, new))
    for member, attribute in ATTRIBUTES.items():
        if member in params:
            setattr(found, attribute, params[member])
    return {"hooksNotCleanedUp": []}


@instead("codedeploy:DeleteDeploymentGroup")
def delete_deployment_group(call: Call) -> dict[str, Any]:
    backend, application = call.backend(), call.params["applicationName"]
    backend.get_application(application)
    name = call.params["deploymentGroupName"]
    backend.deployment_groups.get(application, {}).pop(name, None)
    backend.tagger.delete_all_tags_for_resource(backend._deployment_group_arn(application, name))
    return {"hooksNotCleanedUp": []}


@instead("codedeploy:BatchGetDeploymentGroups")
def batch_get_deployment_groups(call: Call) -> dict[str, Any]:
    from ..corrections.codedeploy import information

    backend, names = call.backend(), call.params["deploymentGroupNames"]
    backend.get_application(call.params["applicationName"])
    groups = backend.deployment_groups.get(call.params["applicationName"], {})
    missing = [name for name in names if name not in groups]
    return {
        "deploymentGroupsInfo": [information(call, groups[name]) for name in names if name in groups],
        "errorMessage": f"No Deployment Group found for name: {', '.join(missing)}" if missing else "",
    }


@instead("codedeploy:GetDeploymentConfig")
def get_deployment_config(call: Call) -> dict[str, Any]:
    name = call.params["deploymentConfigName"]
    configuration_exists(name)
    platform = CONFIGURATIONS[name]
    information: dict[str, Any] = {
        "deploymentConfigId": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "deploymentConfigName": name,
        "computePlatform": platform,
    }
    if platform == "Server":
        kind, value = {"AllAtOnce": ("HOST_COUNT", 0), "HalfAtATime": ("FLEET_PERCENT", 50)}.get(
            name.split(".")[1], ("HOST_COUNT", 1)
        )
        information["minimumHealthyHosts"] = {"type": kind, "value": value}
    else:
        information["trafficRoutingConfig"] = routing(name)
    return {"deploymentConfigInfo": information}


def routing(name: str) -> dict[str, Any]:
    """How a configuration routes traffic, as GetDeploymentConfig shows it."""
    import re

    if match := re.search(r"Canary(\d+)Percent(\d+)Minutes", name):
        canary = {"canaryPercentage": int(match[1]), "canaryInterval": int(match[2])}
        return {"type": "TimeBasedCanary", "timeBasedCanary": canary}
    if match := re.search(r"Linear(\d+)PercentEvery(\d+)Minutes", name):
        linear = {"linearPercentage": int(match[1]), "linearInterval": int(match[2])}
        return {"type": "TimeBasedLinear", "timeBasedLinear": linear}
    return {"type": "AllAtOnce"}


@instead("codedeploy:ListDeploymentConfigs")
def list_deployment_configs(_: Call) -> dict[str, Any]:
    return {"deploymentConfigsList": sorted(CONFIGURATIONS)}
