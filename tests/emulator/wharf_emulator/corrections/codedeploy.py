"""CodeDeploy made strict: what an ECS deployment group must have, and fields that moto drops."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from ..missing.codedeploy import ATTRIBUTES, CONFIGURATIONS, configuration_exists, group
from ..roles import require_assumable

PRINCIPAL = "codedeploy.amazonaws.com"


def information(call: Call, stored: Any) -> dict[str, Any]:
    """A deployment group as the API shows it."""
    from moto.codedeploy.responses import _deployment_group_info

    return _complete(call, _deployment_group_info(stored), stored)


def _last_deployments(call: Call, stored: Any) -> dict[str, Any]:
    from ..deployments.describe import last_deployment

    known, shown = call.backend().deployments, {}
    attempted = known.get(getattr(stored, "wharf_attempted", ""))
    successful = known.get(getattr(stored, "wharf_successful", ""))
    if attempted is not None:
        shown["lastAttemptedDeployment"] = last_deployment(attempted)
        shown["targetRevision"] = attempted.revision
    if successful is not None:
        shown["lastSuccessfulDeployment"] = last_deployment(successful)
    return shown


def _complete(call: Call, shown: dict[str, Any], stored: Any) -> dict[str, Any]:
    alarms = stored.alarm_configuration
    shown["alarmConfiguration"] = alarms if isinstance(alarms, dict) else {}
    for member in ("targetRevision", "lastSuccessfulDeployment", "lastAttemptedDeployment"):
        shown.pop(member, None)
    shown.update(_last_deployments(call, stored))
    for member, attribute in ATTRIBUTES.items():
        if getattr(stored, attribute, None) in ({}, None):
            shown.pop(member, None)
    return shown


@before("codedeploy:CreateApplication")
def create_application(call: Call) -> None:
    if "computePlatform" not in call.params:
        call.params["computePlatform"] = "Server"
        call.rewritten = True


@before("codedeploy:CreateDeploymentGroup")
def create_deployment_group(call: Call) -> None:
    application = call.backend().get_application(call.params["applicationName"])
    if call.params["deploymentGroupName"] in call.backend().deployment_groups.get(application.application_name, {}):
        name = call.params["deploymentGroupName"]
        raise Fault("DeploymentGroupAlreadyExistsException", f"Deployment group already exists: {name}")
    if "deploymentConfigName" not in call.params:
        defaults = {"ECS": "ECSAllAtOnce", "Lambda": "LambdaAllAtOnce"}
        name = defaults.get(application.compute_platform, "OneAtATime")
        call.params["deploymentConfigName"] = f"CodeDeployDefault.{name}"
        call.rewritten = True
    check_group(call, None)


def check_group(call: Call, current: Any) -> None:
    """Checks a group that is to be created or changed."""
    params = call.params
    application = call.backend().get_application(params["applicationName"])
    configuration = params.get("deploymentConfigName")
    configuration_exists(configuration)
    platform = application.compute_platform
    if configuration and CONFIGURATIONS[configuration] != platform:
        message = f"The deployment configuration {configuration} is not for the compute platform {platform}"
        raise Fault("InvalidDeploymentConfigNameException", message)
    if "serviceRoleArn" in params:
        role = params["serviceRoleArn"]
        message = f"AWS CodeDeploy does not have the permissions required to assume the role {role}."
        require_assumable(call, role, PRINCIPAL, Fault("InvalidRoleException", message))
    if platform == "ECS":
        _check_ecs(call, current)


def _value(call: Call, current: Any, member: str) -> Any:
    stored = getattr(current, ATTRIBUTES[member], None) if current is not None else None
    return call.params.get(member, stored)


def _check_ecs(call: Call, current: Any) -> None:
    style = _value(call, current, "deploymentStyle") or {}
    if style != {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}:
        message = "For ECS deployment group, deployment type can only be BLUE_GREEN with WITH_TRAFFIC_CONTROL"
        raise Fault("InvalidDeploymentStyleException", message)
    services = _value(call, current, "ecsServices") or []
    if len(services) != 1 or not services[0].get("serviceName") or not services[0].get("clusterName"):
        raise Fault("InvalidECSServiceException", "Exactly one ECS service is wanted")
    blue_green = _value(call, current, "blueGreenDeploymentConfiguration") or {}
    if not blue_green.get("terminateBlueInstancesOnDeploymentSuccess") or not blue_green.get("deploymentReadyOption"):
        message = "terminateBlueInstancesOnDeploymentSuccess and deploymentReadyOption are required for ECS"
        raise Fault("InvalidBlueGreenDeploymentConfigurationException", message)
    # https://github.com/hashicorp/terraform-provider-aws/issues/9653
    ready = blue_green["deploymentReadyOption"]
    if ready.get("actionOnTimeout") == "CONTINUE_DEPLOYMENT" and ready.get("waitTimeInMinutes"):
        message = "Deployment ready action cannot be set to 'CONTINUE_DEPLOYMENT' when timeout is specified"
        raise Fault("InvalidBlueGreenDeploymentConfigurationException", message)
    # https://github.com/hashicorp/terraform-provider-aws/issues/23995
    if blue_green["terminateBlueInstancesOnDeploymentSuccess"].get("action") == "KEEP_ALIVE":
        message = "For ECS deployment group, the original task set is always terminated"
        raise Fault("InvalidBlueGreenDeploymentConfigurationException", message)
    pairs = (_value(call, current, "loadBalancerInfo") or {}).get("targetGroupPairInfoList") or []
    if len(pairs) != 1:
        raise Fault("InvalidLoadBalancerInfoException", "Exactly one target group pair is wanted")
    if len(pairs[0].get("targetGroups", [])) != 2 or not pairs[0].get("prodTrafficRoute", {}).get("listenerArns"):
        message = "A target group pair has two target groups and a production traffic route"
        raise Fault("InvalidTargetGroupPairException", message)
    # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_TrafficRoute.html
    for route in ("prodTrafficRoute", "testTrafficRoute"):
        if len(pairs[0].get(route, {}).get("listenerArns", [])) > 1:
            raise Fault("InvalidTargetGroupPairException", "A traffic route has one listener")
    for groups in call.backend().deployment_groups.values():
        for other in groups.values():
            if other is not current and other.ecs_services and other.ecs_services[0] == services[0]:
                message = f"The ECS service {services[0]['serviceName']} is associated with another deployment group"
                raise Fault("ECSServiceMappingLimitExceededException", message)


@after("codedeploy:CreateDeploymentGroup")
def new_deployment_group(call: Call, _: dict[str, Any]) -> None:
    stored = group(call, call.params["deploymentGroupName"])
    if "alarmConfiguration" in call.params:
        stored.alarm_configuration = call.params["alarmConfiguration"]


@after("codedeploy:GetDeploymentGroup")
def shown_deployment_group(call: Call, result: dict[str, Any]) -> None:
    stored = group(call, call.params["deploymentGroupName"])
    result["deploymentGroupInfo"] = _complete(call, result["deploymentGroupInfo"], stored)


@before("codedeploy:ListDeploymentGroups")
def list_deployment_groups(call: Call) -> None:
    call.backend().get_application(call.params["applicationName"])


@before("codedeploy:ListTagsForResource", "codedeploy:TagResource", "codedeploy:UntagResource")
def tagged_objects_exist(call: Call) -> None:
    backend, arn = call.backend(), call.params["ResourceArn"]
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind == "application" and name not in backend.applications:
        raise Fault("ApplicationDoesNotExistException", f"No application found for name: {name}")
    if kind == "deploymentgroup":
        application, _, group_name = name.partition("/")
        if group_name not in backend.deployment_groups.get(application, {}):
            message = f"No Deployment Group found for name: {group_name}"
            raise Fault("DeploymentGroupDoesNotExistException", message)
