"""ECS: clusters, Fargate's task definitions, services that become steady, what CODE_DEPLOY forbids."""

from __future__ import annotations

import pytest

CODE_DEPLOY = {"deploymentController": {"type": "CODE_DEPLOY"}}


def test_cluster(stack, refused):
    ecs = stack.ecs
    settings = {"clusterName": "c", "settings": [{"name": "containerInsights", "value": "enabled"}]}
    first = ecs.create_cluster(**settings)["cluster"]["clusterArn"]
    assert ecs.create_cluster(**settings)["cluster"]["clusterArn"] == first
    refused("InvalidParameterException", ecs.create_cluster, clusterName="c")
    changed = [{"name": "containerInsights", "value": "disabled"}]
    assert ecs.update_cluster_settings(cluster="c", settings=changed)["cluster"]["settings"] == changed
    refused("ClusterNotFoundException", ecs.update_cluster_settings, cluster="d", settings=changed)
    providers = {"cluster": "c", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    ecs.put_cluster_capacity_providers(**providers, defaultCapacityProviderStrategy=strategy)
    shown = ecs.describe_clusters(clusters=["c"], include=["SETTINGS"])["clusters"][0]
    assert shown["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert shown["settings"] == changed
    wrong = {"cluster": "c", "capacityProviders": ["nothing"], "defaultCapacityProviderStrategy": []}
    refused("InvalidParameterException", ecs.put_cluster_capacity_providers, **wrong)
    ecs.delete_cluster(cluster="c")
    assert ecs.list_clusters()["clusterArns"] == []
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "INACTIVE"
    refused("ClusterNotFoundException", ecs.delete_cluster, cluster="c")
    refused("ClusterNotFoundException", ecs.tag_resource, resourceArn=first, tags=[{"key": "a", "value": "b"}])
    ecs.create_cluster(clusterName="c")


def test_cluster_with_services_stays(stack, refused):
    assert stack.service()
    refused("ClusterContainsServicesException", stack.ecs.delete_cluster, cluster="main")


@pytest.mark.parametrize(
    "change",
    [
        {"cpu": "256", "memory": "4096"},
        {"networkMode": "bridge"},
        {"executionRoleArn": "arn:aws:iam::123456789012:role/nobody"},
        {"cpu": ""},
    ],
)
def test_task_definitions_are_checked(stack, refused, change):
    parameters = {
        "family": "app",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "web", "image": "nginx"}],
    }
    stack.ecs.register_task_definition(**parameters)
    refused("ClientException", stack.ecs.register_task_definition, **{**parameters, **change})


def test_task_definition_is_filled_in(stack):
    shown = stack.ecs.describe_task_definition(taskDefinition=stack.definition)["taskDefinition"]
    container = shown["containerDefinitions"][0]
    assert container["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert shown["registeredAt"]


def test_service_becomes_steady(stack):
    kept = {
        "healthCheckGracePeriodSeconds": 30,
        "enableECSManagedTags": True,
        "enableExecuteCommand": True,
        "propagateTags": "SERVICE",
        "tags": [{"key": "stack", "value": "s"}],
    }
    made = stack.service(**kept, deploymentConfiguration={"maximumPercent": 150})
    assert (made["status"], made["runningCount"], made["pendingCount"]) == ("ACTIVE", 0, 2)
    first = stack.described_service()
    assert (first["runningCount"], first["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS")
    second = stack.described_service()
    assert (second["runningCount"], second["pendingCount"]) == (2, 0)
    assert [(item["status"], item["rolloutState"]) for item in second["deployments"]] == [("PRIMARY", "COMPLETED")]
    assert second["createdAt"]
    for member, value in kept.items():
        assert second[member] == value
    deployment = second["deploymentConfiguration"]
    assert (deployment["maximumPercent"], deployment["minimumHealthyPercent"]) == (150, 100)
    health = stack.elb.describe_target_health(TargetGroupArn=stack.blue)["TargetHealthDescriptions"]
    assert [item["TargetHealth"]["State"] for item in health] == ["healthy", "healthy"]


def test_code_deploy_service_has_a_primary_task_set(stack):
    stack.service(**CODE_DEPLOY)
    stack.described_service()
    service = stack.described_service()
    assert service["deployments"] == []
    assert service["runningCount"] == 2
    [task_set] = service["taskSets"]
    assert (task_set["status"], task_set["runningCount"], task_set["computedDesiredCount"]) == ("PRIMARY", 2, 2)
    assert task_set["stabilityStatus"] == "STEADY_STATE"
    health = stack.elb.describe_target_health(TargetGroupArn=stack.blue)["TargetHealthDescriptions"]
    assert [item["TargetHealth"]["State"] for item in health] == ["healthy", "healthy"]


def test_code_deploy_forbids(stack, refused):
    stack.service(**CODE_DEPLOY)
    update = stack.ecs.update_service
    same = stack.service_parameters()
    service = {"cluster": "main", "service": "web"}
    for member in ("taskDefinition", "networkConfiguration", "loadBalancers"):
        refused("InvalidParameterException", update, **service, **{member: same[member]})
    refused("InvalidParameterException", update, **service, platformVersion="1.4.0")
    update(**service, desiredCount=3, healthCheckGracePeriodSeconds=10)
    stack.described_service()
    shown = stack.described_service()
    assert (shown["desiredCount"], shown["runningCount"], shown["taskSets"][0]["runningCount"]) == (3, 3, 3)
    assert shown["healthCheckGracePeriodSeconds"] == 10


def test_ecs_controller_takes_a_new_task_definition(stack):
    stack.service()
    stack.described_service()
    stack.described_service()
    definition = stack.ecs.register_task_definition(
        family="app",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        containerDefinitions=[{"name": "web", "image": "nginx:2", "portMappings": [{"containerPort": 80}]}],
    )["taskDefinition"]["taskDefinitionArn"]
    stack.ecs.update_service(cluster="main", service="web", taskDefinition="app:2")
    assert stack.described_service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    shown = stack.described_service()
    assert shown["taskDefinition"] == definition
    assert shown["deployments"][0]["rolloutState"] == "COMPLETED"


def test_service_creation_is_checked(stack, refused):
    good, create = stack.service_parameters(), stack.ecs.create_service
    target = good["loadBalancers"][0]
    for wrong in (
        {"loadBalancers": [{**target, "containerName": "other"}]},
        {"loadBalancers": [{**target, "containerPort": 81}]},
        {"loadBalancers": [{**target, "targetGroupArn": stack.green}]},
        {"loadBalancers": [{**target, "targetGroupArn": stack.green + "0"}]},
        {"loadBalancers": [], "healthCheckGracePeriodSeconds": 10},
    ):
        refused("InvalidParameterException", create, **{**good, **wrong})
    without_network = {key: value for key, value in good.items() if key != "networkConfiguration"}
    refused("InvalidParameterException", create, **without_network)
    refused("ClientException", create, **{**good, "taskDefinition": "app:9"})
    refused("ClusterNotFoundException", create, **{**good, "cluster": "nothing"})
    create(**good)
    refused("InvalidParameterException", create, **good)


def test_capacity_provider_strategy_in_place_of_launch_type(stack):
    parameters = stack.service_parameters(capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])
    del parameters["launchType"]
    stack.ecs.create_service(**parameters)
    shown = stack.described_service()
    assert "launchType" not in shown
    assert shown["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]


def test_service_drains(stack, refused):
    ecs = stack.ecs
    stack.service(**CODE_DEPLOY)
    stack.described_service()
    stack.described_service()
    service = {"cluster": "main", "service": "web"}
    refused("InvalidParameterException", ecs.delete_service, **service)
    assert ecs.delete_service(**service, force=True)["service"]["status"] == "DRAINING"
    assert stack.described_service()["status"] == "DRAINING"
    refused("InvalidParameterException", ecs.create_service, **stack.service_parameters())
    refused("ClusterContainsServicesException", ecs.delete_cluster, cluster="main")
    assert stack.described_service()["status"] == "INACTIVE"
    assert ecs.list_services(cluster="main")["serviceArns"] == []
    assert stack.elb.describe_target_health(TargetGroupArn=stack.blue)["TargetHealthDescriptions"] == []
    refused("ServiceNotActiveException", ecs.update_service, **service, desiredCount=1)
    refused("ServiceNotActiveException", ecs.delete_service, **service)
    assert stack.service()["status"] == "ACTIVE"


def test_at_most_ten_services_are_described(stack, refused):
    assert stack.cluster
    names = [f"s{number}" for number in range(11)]
    refused("InvalidParameterException", stack.ecs.describe_services, cluster="main", services=names)
