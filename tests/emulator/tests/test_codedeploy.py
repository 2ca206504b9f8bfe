"""CodeDeploy: applications and ECS deployment groups."""

from __future__ import annotations

import pytest

LISTENER = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/app/0123456789abcdef/0123456789abcdef"


@pytest.fixture
def group(stack):
    stack.client("codedeploy").create_application(applicationName="app", computePlatform="ECS")
    return {
        "applicationName": "app",
        "deploymentGroupName": "group",
        "serviceRoleArn": stack.role("deploy", "codedeploy.amazonaws.com"),
        "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        "ecsServices": [{"clusterName": "main", "serviceName": "web"}],
        "blueGreenDeploymentConfiguration": {
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": 5,
            },
            "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
        },
        "loadBalancerInfo": {
            "targetGroupPairInfoList": [
                {
                    "targetGroups": [{"name": "blue"}, {"name": "green"}],
                    "prodTrafficRoute": {"listenerArns": [LISTENER]},
                }
            ]
        },
        "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        "alarmConfiguration": {"enabled": True, "alarms": [{"name": "alarm"}]},
        "tags": [{"Key": "stack", "Value": "s"}],
    }


def shown(deploys, name="group"):
    return deploys.get_deployment_group(applicationName="app", deploymentGroupName=name)["deploymentGroupInfo"]


def test_group_is_kept(client, group, refused):
    deploys = client("codedeploy")
    deploys.create_deployment_group(**group)
    found = shown(deploys)
    for member in set(group) - {"tags"}:
        assert found[member] == group[member]
    assert found["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    names = ["group", "none"]
    batch = deploys.batch_get_deployment_groups(applicationName="app", deploymentGroupNames=names)
    assert batch["deploymentGroupsInfo"] == [found]
    assert "none" in batch["errorMessage"]
    refused("DeploymentGroupAlreadyExistsException", deploys.create_deployment_group, **group)
    second = {**group, "deploymentGroupName": "second"}
    refused("ECSServiceMappingLimitExceededException", deploys.create_deployment_group, **second)


def test_group_is_checked(client, stack, group, refused):
    create = client("codedeploy").create_deployment_group
    stranger = stack.role("stranger", "ec2.amazonaws.com")
    pair = group["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    one_group = {"targetGroupPairInfoList": [{**pair, "targetGroups": [{"name": "blue"}]}]}
    moves = group["blueGreenDeploymentConfiguration"]
    waits = {**moves, "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 5}}
    keeps = {**moves, "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"}}
    for code, wrong in (
        ("InvalidRoleException", {"serviceRoleArn": stranger}),
        ("InvalidDeploymentStyleException", {"deploymentStyle": {"deploymentType": "IN_PLACE"}}),
        ("InvalidECSServiceException", {"ecsServices": []}),
        ("InvalidBlueGreenDeploymentConfigurationException", {"blueGreenDeploymentConfiguration": {}}),
        ("InvalidBlueGreenDeploymentConfigurationException", {"blueGreenDeploymentConfiguration": waits}),
        ("InvalidBlueGreenDeploymentConfigurationException", {"blueGreenDeploymentConfiguration": keeps}),
        ("InvalidLoadBalancerInfoException", {"loadBalancerInfo": {}}),
        ("InvalidTargetGroupPairException", {"loadBalancerInfo": one_group}),
        ("DeploymentConfigDoesNotExistException", {"deploymentConfigName": "mine"}),
        ("InvalidDeploymentConfigNameException", {"deploymentConfigName": "CodeDeployDefault.OneAtATime"}),
        ("ApplicationDoesNotExistException", {"applicationName": "other"}),
    ):
        refused(code, create, **{**group, **wrong})


def test_update_group(client, group, refused):
    deploys = client("codedeploy")
    deploys.create_deployment_group(**group)
    current = {"applicationName": "app", "currentDeploymentGroupName": "group"}
    deploys.update_deployment_group(
        **current,
        newDeploymentGroupName="renamed",
        deploymentConfigName="CodeDeployDefault.ECSCanary10Percent5Minutes",
        alarmConfiguration={"enabled": False, "alarms": []},
    )
    found = shown(deploys, "renamed")
    assert found["deploymentConfigName"] == "CodeDeployDefault.ECSCanary10Percent5Minutes"
    assert found["alarmConfiguration"] == {"enabled": False, "alarms": []}
    arn = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:app/renamed"
    assert deploys.list_tags_for_resource(ResourceArn=arn)["Tags"] == group["tags"]
    refused("DeploymentGroupDoesNotExistException", deploys.update_deployment_group, **current)
    deploys.delete_deployment_group(applicationName="app", deploymentGroupName="renamed")
    deploys.delete_deployment_group(applicationName="app", deploymentGroupName="renamed")
    refused("DeploymentGroupDoesNotExistException", deploys.list_tags_for_resource, ResourceArn=arn)


def test_application(client, refused):
    deploys = client("codedeploy")
    tags = [{"Key": "stack", "Value": "s"}]
    deploys.create_application(applicationName="app", computePlatform="ECS", tags=tags)
    deploys.create_application(applicationName="server")
    assert deploys.get_application(applicationName="server")["application"]["computePlatform"] == "Server"
    refused("ApplicationAlreadyExistsException", deploys.create_application, applicationName="app")
    rename = {"applicationName": "app", "newApplicationName": "server"}
    refused("ApplicationAlreadyExistsException", deploys.update_application, **rename)
    deploys.update_application(applicationName="app", newApplicationName="renamed")
    arn = "arn:aws:codedeploy:eu-central-1:123456789012:application:renamed"
    assert deploys.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    deploys.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    deploys.untag_resource(ResourceArn=arn, TagKeys=["stack"])
    assert deploys.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ApplicationDoesNotExistException", deploys.list_deployment_groups, applicationName="app")
    deploys.delete_application(applicationName="renamed")
    refused("ApplicationDoesNotExistException", deploys.get_application, applicationName="renamed")
    deploys.delete_application(applicationName="renamed")


def test_configurations(client, refused):
    deploys = client("codedeploy")

    def routing(name):
        found = deploys.get_deployment_config(deploymentConfigName=f"CodeDeployDefault.{name}")
        return found["deploymentConfigInfo"]["trafficRoutingConfig"]

    assert routing("ECSAllAtOnce") == {"type": "AllAtOnce"}
    assert routing("ECSLinear10PercentEvery3Minutes")["timeBasedLinear"]["linearInterval"] == 3
    assert routing("ECSCanary10Percent5Minutes")["timeBasedCanary"]["canaryPercentage"] == 10
    get = deploys.get_deployment_config
    refused("DeploymentConfigDoesNotExistException", get, deploymentConfigName="mine")
    assert "CodeDeployDefault.OneAtATime" in deploys.list_deployment_configs()["deploymentConfigsList"]
