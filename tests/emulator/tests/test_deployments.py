"""CodeDeploy's blue/green deployments: their life and their traffic."""

from __future__ import annotations

import hashlib
import itertools
import time

import pytest
from blue_green import EVENTS


def test_full_life(world):
    world.group()
    definition = world.definition()
    identity = world.deploy(world.appspec(definition))
    assert identity.startswith("d-")
    assert len(identity) == 11

    assert world.status(identity) == "Ready"
    assert world.weights(world.test) == [("green", 100), ("blue", 0)]
    assert world.weights(world.production) == [("blue", 1)]
    assert world.health(world.stack.blue) == world.health(world.stack.green) == ["healthy", "healthy"]
    blue, green = world.service()["taskSets"]
    assert (blue["status"], green["status"], green["startedBy"]) == ("PRIMARY", "ACTIVE", "CODE_DEPLOY")
    assert (green["taskDefinition"], green["externalId"], green["runningCount"]) == (definition, identity, 2)
    target = world.target(identity)
    assert (target["targetId"], target["status"]) == ("main:web", "Ready")
    assert [item["lifecycleEventName"] for item in target["lifecycleEvents"]] == EVENTS
    infos = target["taskSetsInfo"]
    assert list(world.events(identity).values()) == ["Succeeded"] * 5 + ["Pending"] * 3
    sets = [(item["taskSetLabel"], item["trafficWeight"], item["targetGroup"]["name"]) for item in infos]
    assert sets == [("Blue", 100.0, "blue"), ("Green", 0.0, "green")]

    world.go_on(identity)
    found = world.info(identity)
    assert (found["status"], found["instanceTerminationWaitTimeStarted"]) == ("InProgress", True)
    assert world.weights(world.production) == [("green", 100), ("blue", 0)]
    service = world.service()
    assert service["taskDefinition"] == definition
    assert service["loadBalancers"][0]["targetGroupArn"] == world.stack.green
    statuses = {item["id"]: item["status"] for item in service["taskSets"]}
    assert statuses == {blue["id"]: "ACTIVE", green["id"]: "PRIMARY"}

    world.later(4)
    assert world.status(identity) == "InProgress"
    world.later(2)
    found = world.info(identity)
    assert found["status"] == "Succeeded"
    assert found["deploymentOverview"]["Succeeded"] == 1
    assert found["completeTime"] > found["startTime"]
    assert [item["id"] for item in world.service()["taskSets"]] == [green["id"]]
    assert (world.health(world.stack.blue), world.health(world.stack.green)) == ([], ["healthy", "healthy"])
    assert set(world.events(identity).values()) == {"Succeeded"}
    assert [item["trafficWeight"] for item in world.target(identity)["taskSetsInfo"]] == [0.0, 100.0]


def test_second_deployment_goes_back(world):
    world.group()
    first, second = world.deployed(), world.deployed()
    assert world.weights(world.production) == world.weights(world.test) == [("blue", 100), ("green", 0)]
    assert world.service()["loadBalancers"][0]["targetGroupArn"] == world.stack.blue
    assert (world.health(world.stack.blue), world.health(world.stack.green)) == (["healthy"] * 2, [])
    listed = world.deploys.list_deployments(applicationName="app", deploymentGroupName="group")["deployments"]
    assert listed == [second, first]
    assert world.deploys.list_deployments(includeOnlyStatuses=["Failed"])["deployments"] == []
    batch = world.deploys.batch_get_deployments(deploymentIds=[first, second, "d-UNKNOWN00"])["deploymentsInfo"]
    assert [item["status"] for item in batch] == ["Succeeded", "Succeeded"]
    assert batch[1]["previousRevision"] == batch[0]["revision"]


def test_group_tells_its_last_deployments(world):
    world.group()
    name = {"applicationName": "app", "deploymentGroupName": "group"}
    assert "lastAttemptedDeployment" not in world.deploys.get_deployment_group(**name)["deploymentGroupInfo"]
    first = world.deployed()
    second = world.deploy()
    found = world.deploys.get_deployment_group(**name)["deploymentGroupInfo"]
    attempted, successful = found["lastAttemptedDeployment"], found["lastSuccessfulDeployment"]
    assert (attempted["deploymentId"], attempted["status"]) == (second, "Ready")
    assert (successful["deploymentId"], successful["status"]) == (first, "Succeeded")
    names = {"applicationName": "app", "deploymentGroupNames": ["group"]}
    assert world.deploys.batch_get_deployment_groups(**names)["deploymentGroupsInfo"] == [found]


def test_rules_that_forward_to_the_pair_follow(world):
    world.group()
    rules = {}
    for priority, action in enumerate(
        (
            {"Type": "forward", "TargetGroupArn": world.stack.blue},
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},
        ),
        start=1,
    ):
        made = world.elb.create_rule(
            ListenerArn=world.production,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            Actions=[action],
        )
        rules[priority] = made["Rules"][0]["RuleArn"]
    world.deployed()
    followed, other = world.elb.describe_rules(RuleArns=[rules[1], rules[2]])["Rules"]
    assert world.named(followed["Actions"][0]) == [("green", 100), ("blue", 0)]
    assert other["Actions"][0]["Type"] == "fixed-response"


def test_traffic_is_recorded(world):
    world.group()
    identity = world.deployed()
    record = world.emulator.control("traffic")
    assert [item["sequence"] for item in record] == list(range(1, len(record) + 1))
    assert [item["by"] for item in record] == ["elbv2:CreateListener"] * 2 + ["codedeploy"] * 2
    test, production = record[2:]
    assert (test["port"], production["port"], production["deployment"]) == (8080, 80, identity)
    shown = [(item["target_group"], item["weight"], item["healthy"]) for item in production["forwards"]]
    assert shown == [("green", 100, 2), ("blue", 0, 2)]
    assert production["time"] >= test["time"] > time.time() - 3600
    forward = [{"Type": "forward", "TargetGroupArn": world.stack.blue}]
    world.elb.modify_listener(ListenerArn=world.production, DefaultActions=forward)
    last = world.emulator.control("traffic")[-1]
    assert last["by"] == "elbv2:ModifyListener"
    assert [(item["target_group"], item["healthy"]) for item in last["forwards"]] == [("blue", 0)]
    world.elb.delete_listener(ListenerArn=world.test)
    assert world.emulator.control("traffic")[-1]["by"] == "elbv2:DeleteListener"


def test_continue_deployment_does_not_wait(world):
    world.group("CONTINUE_DEPLOYMENT", 0)
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    assert world.weights(world.production) == [("green", 100), ("blue", 0)]
    world.later(6)
    assert world.status(identity) == "Succeeded"


def test_active_deployment_refuses_another(world, refused):
    world.group()
    identity = world.deploy()
    create = world.deploys.create_deployment
    refused("DeploymentLimitExceededException", create, **world.parameters())
    with pytest.raises(world.deploys.exceptions.DeploymentLimitExceededException, match=identity):
        create(**world.parameters())
    world.go_on(identity)
    refused("DeploymentLimitExceededException", create, **world.parameters())
    world.later(6)
    assert world.deploy() != identity


def test_revision_from_s3_and_its_content_hidden(world):
    world.group()
    content = world.appspec()
    inline = world.info(world.deploy(content))
    digest = hashlib.sha256(content.encode()).hexdigest()
    assert inline["revision"]["appSpecContent"] == {"sha256": digest}
    world.stop(inline["deploymentId"])
    s3 = world.emulator.client("s3")
    s3.create_bucket(Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="revisions", Key="appspec.json", Body=content.encode())
    location = {"bucket": "revisions", "key": "appspec.json", "bundleType": "JSON"}
    identity = world.deploy(revision={"revisionType": "S3", "s3Location": location})
    assert world.status(identity) == "Ready"


@pytest.mark.parametrize(
    ("configuration", "steps"),
    [("ECSCanary10Percent5Minutes", [10, 100]), ("ECSLinear10PercentEvery1Minutes", list(range(10, 101, 10)))],
)
def test_traffic_in_steps(world, configuration, steps):
    world.group("CONTINUE_DEPLOYMENT", 0, configuration=configuration)
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    assert world.weights(world.production) == [("green", 10), ("blue", 90)]
    assert [item["trafficWeight"] for item in world.target(identity)["taskSetsInfo"]] == [90.0, 10.0]
    assert world.service()["loadBalancers"][0]["targetGroupArn"] == world.stack.blue
    world.later(30)
    assert world.status(identity) == "Succeeded"
    record = [item for item in world.emulator.control("traffic") if item["by"] == "codedeploy" and item["port"] == 80]
    assert [item["forwards"][0]["weight"] for item in record] == steps
    apart = 300 if len(steps) == 2 else 60
    times = [item["time"] for item in record]
    assert [round(late - early) for early, late in itertools.pairwise(times)] == [apart] * (len(steps) - 1)


def test_without_a_test_listener(world):
    world.group(test=False)
    identity = world.deployed()
    assert world.weights(world.test) == [("blue", 1)]
    assert world.events(identity)["AllowTestTraffic"] == "Skipped"


def test_steps_can_be_seen_one_after_the_other(world):
    world.group("CONTINUE_DEPLOYMENT", 0)
    world.faults(step_seconds=60)
    identity = world.deploy()
    seen = []
    for _ in range(12):
        events = world.events(identity)
        seen.append((world.status(identity), events["Install"], events["AllowTraffic"]))
        world.later(1)
    assert seen[0] == ("Created", "Pending", "Pending")
    assert seen[1] == ("InProgress", "InProgress", "Pending")
    assert seen[-1] == ("Succeeded", "Succeeded", "Succeeded")


def test_scaling_during_a_deployment(world):
    world.group()
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    world.ecs.update_service(cluster="main", service="web", desiredCount=3)
    world.service()
    assert [item["runningCount"] for item in world.service()["taskSets"]] == [3, 2]
    world.go_on(identity)
    service = world.service()
    assert [item["runningCount"] for item in service["taskSets"] if item["status"] == "PRIMARY"] == [3]
    assert world.health(world.stack.green) == ["healthy"] * 3


def test_reset_forgets_everything(world):
    world.group()
    world.faults({"kind": "tasks_do_not_start"}, step_seconds=5)
    world.deploy()
    world.emulator.reset()
    assert world.emulator.control("traffic") == []
    assert world.emulator.control("deployments") == {"step_seconds": 0, "faults": []}
    assert world.deploys.list_deployments()["deployments"] == []
    assert world.emulator.control("objects") == []


def test_destroy_after_deployments_leaves_nothing(world):
    world.group()
    world.deployed()
    stopped = world.deploy()
    assert world.status(stopped) == "Ready"
    world.deploys.delete_deployment_group(applicationName="app", deploymentGroupName="group")
    world.deploys.delete_application(applicationName="app")
    world.later(120)
    assert world.info(stopped)["errorInformation"]["code"] == "DEPLOYMENT_GROUP_MISSING"
    world.ecs.delete_service(cluster="main", service="web", force=True)
    world.service()
    assert world.service()["status"] == "INACTIVE"
    world.ecs.delete_cluster(cluster="main")
    for number in (1, 2, 3):
        world.ecs.deregister_task_definition(taskDefinition=f"app:{number}")
    for listener in (world.production, world.test):
        world.elb.delete_listener(ListenerArn=listener)
    world.elb.delete_load_balancer(LoadBalancerArn=world.stack.balancer)
    for group in (world.stack.blue, world.stack.green):
        world.elb.delete_target_group(TargetGroupArn=group)
    left = {item["type"] for item in world.emulator.control("objects")}
    assert not {kind for kind in left if kind.startswith(("aws_lb", "aws_ecs", "aws_codedeploy"))}
    for group in world.stack.subnets:
        world.stack.ec2.delete_subnet(SubnetId=group)


def test_stale_reads_leave_deployments_alone(world):
    world.group()
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    world.emulator.rules({"match": "codedeploy:Get*", "kind": "stale", "ms": 600_000})
    world.go_on(identity)
    assert world.status(identity) == "Ready"
    world.emulator.rules()
    assert world.status(identity) == "InProgress"
    assert len([item for item in world.emulator.control("traffic") if item["by"] == "codedeploy"]) == 2


def test_the_hash_of_an_appspec_leads_to_its_content(world, refused):
    world.group()
    content = world.appspec()
    revision = world.info(world.deploy(content))["revision"]
    assert "content" not in revision["appSpecContent"]
    found = world.deploys.get_application_revision(applicationName="app", revision=revision)
    assert found["revision"]["appSpecContent"] == {**revision["appSpecContent"], "content": content}
    assert found["revisionInfo"]["deploymentGroups"] == ["group"]
    other = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}}
    get = world.deploys.get_application_revision
    refused("RevisionDoesNotExistException", get, applicationName="app", revision=other)
