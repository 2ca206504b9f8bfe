"""The tasks of services, why they stopped, what their containers wrote; and the faults of deployments."""

from __future__ import annotations

import urllib.error

import pytest


def listed(world, **more):
    return world.ecs.list_tasks(cluster="main", **{"serviceName": "web", **more})["taskArns"]


def described(world, arns):
    return world.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]


def addresses(task):
    details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
    return details.get("privateIPv4Address")


def targets(world, group):
    found = world.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return {item["Target"]["Id"]: item["TargetHealth"] for item in found}


def test_tasks_of_a_service(world, refused):
    [primary] = world.service()["taskSets"]
    tasks = described(world, listed(world))
    assert len(tasks) == 2
    for task in tasks:
        assert task["startedBy"] == primary["id"]
        assert task["startedBy"].startswith("ecs-svc/")
        assert task["group"] == "service:web"
        assert task["taskDefinitionArn"] == world.stack.definition
        assert (task["lastStatus"], task["desiredStatus"], task["healthStatus"]) == ("RUNNING", "RUNNING", "UNKNOWN")
        [container] = task["containers"]
        assert (container["name"], container["image"], container["lastStatus"]) == ("web", "nginx", "RUNNING")
        assert container["networkInterfaces"][0]["privateIpv4Address"] == addresses(task)
        assert "stoppedReason" not in task
    assert {addresses(task) for task in tasks} == set(targets(world, world.stack.blue))
    assert listed(world, desiredStatus="STOPPED") == []
    assert listed(world, startedBy="ecs-svc/0") == []
    assert len(listed(world, family="app")) == 2
    refused("ServiceNotFoundException", world.ecs.list_tasks, cluster="main", serviceName="other")
    refused("ClusterNotFoundException", world.ecs.list_tasks, cluster="other")
    answer = world.ecs.describe_tasks(cluster="main", tasks=[*listed(world), "0" * 32])
    assert len(answer["tasks"]) == 2
    assert [item["reason"] for item in answer["failures"]] == ["MISSING"]


def test_tasks_of_a_rolling_service(emulator, stack):
    stack.service(desiredCount=1)
    stack.described_service()
    [deployment] = stack.described_service()["deployments"]
    arns = stack.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    [task] = stack.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
    assert (task["startedBy"], task["taskDefinitionArn"]) == (deployment["id"], stack.definition)
    health = stack.elb.describe_target_health(TargetGroupArn=stack.blue)["TargetHealthDescriptions"]
    assert [item["Target"]["Id"] for item in health] == [addresses(task)]
    stack.ecs.update_service(cluster="main", service="web", desiredCount=0)
    stack.described_service()
    stack.described_service()
    assert stack.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"] == []


def test_tasks_of_a_deployment(world):
    world.group()
    identity = world.deploy()
    world.status(identity)
    blue, green = world.service()["taskSets"]
    new = listed(world, startedBy=green["id"], serviceName="web")
    assert len(new) == 2
    assert {addresses(task) for task in described(world, new)} == set(targets(world, world.stack.green))
    assert len(listed(world)) == 4
    world.go_on(identity)
    world.go_on(identity, "TERMINATION_WAIT")
    assert world.status(identity) == "Succeeded"
    assert sorted(listed(world)) == sorted(new)
    old = described(world, listed(world, desiredStatus="STOPPED"))
    assert {task["startedBy"] for task in old} == {blue["id"]}
    assert {task["stopCode"] for task in old} == {"ServiceSchedulerInitiated"}
    world.later(61)
    assert listed(world, desiredStatus="STOPPED") == []


def test_tasks_that_do_not_start(world):
    world.group()
    world.faults({"kind": "tasks_do_not_start", "service": "web", "reason": "CannotPullContainerError: gone"})
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    assert world.status(identity) == "InProgress"
    [_, green] = world.service()["taskSets"]
    assert (green["runningCount"], green["pendingCount"]) == (0, 2)
    stopped = described(world, listed(world, desiredStatus="STOPPED"))
    assert len(stopped) == 2
    for task in stopped:
        assert (task["startedBy"], task["lastStatus"]) == (green["id"], "STOPPED")
        assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", "CannotPullContainerError: gone")
        assert task["containers"][0]["reason"] == "CannotPullContainerError: gone"
        assert "exitCode" not in task["containers"][0]
    pending = described(world, listed(world, startedBy=green["id"]))
    assert {task["lastStatus"] for task in pending} == {"PENDING"}
    world.faults()
    assert world.status(identity) == "Ready"


def test_container_exits(delivery):
    delivery.pipeline()
    fault = {"kind": "container_exits", "service": "web", "exit_code": "137", "log": "starting\nout of memory"}
    delivery.faults(fault)
    delivery.commit()
    deployment = delivery.deployment()
    assert delivery.status(deployment) == "InProgress"
    assert delivery.health(delivery.stack.green) == []
    task = described(delivery, listed(delivery, desiredStatus="STOPPED"))[0]
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    [container] = task["containers"]
    assert (container["lastStatus"], container["exitCode"]) == ("STOPPED", 137)
    assert container["reason"].startswith("OutOfMemoryError")
    stream = f"httpd/web/{task['taskArn'].rpartition('/')[2]}"
    assert delivery.lines("/ecs/app", stream) == ["starting", "out of memory"]
    delivery.later(61)
    assert delivery.status(deployment) == "Failed"
    assert delivery.info(deployment)["errorInformation"]["code"] == "TIMEOUT"
    assert delivery.untouched()


def test_logs_of_running_containers(delivery):
    delivery.pipeline()
    commit = delivery.commit()
    delivery.status(delivery.deployment())
    green = delivery.service()["taskSets"][1]
    [first, second] = listed(delivery, startedBy=green["id"])
    streams = delivery.logs.describe_log_streams(logGroupName="/ecs/app")["logStreams"]
    names = {item["logStreamName"] for item in streams}
    assert names == {f"httpd/web/{arn.rpartition('/')[2]}" for arn in (first, second)}
    lines = delivery.lines("/ecs/app", f"httpd/web/{first.rpartition('/')[2]}")
    assert commit in lines[0]
    assert delivery.lines("/ecs/app", f"httpd/web/{first.rpartition('/')[2]}") == lines
    [task] = described(delivery, [first])
    [image] = delivery.ecr.describe_images(repositoryName="app")["imageDetails"]
    assert task["containers"][0]["imageDigest"] == image["imageDigest"]


def test_reason_of_failing_health_checks(world):
    world.group()
    reason = {"health_reason": "Target.ResponseCodeMismatch", "description": "Health checks failed with codes: [500]"}
    world.faults({"kind": "failing_health_checks", "service": "web", **reason})
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    for health in targets(world, world.stack.green).values():
        assert health == {
            "State": "unhealthy",
            "Reason": reason["health_reason"],
            "Description": reason["description"],
        }
    world.faults({"kind": "failing_health_checks"})
    assert {item["Reason"] for item in targets(world, world.stack.green).values()} == {"Target.FailedHealthChecks"}
    world.faults({"kind": "container_exits"})
    assert targets(world, world.stack.green) == {}
    world.faults()
    assert world.status(identity) == "Ready"


def test_alarm_of_a_new_group(world):
    world.group(alarms=["errors"])
    world.faults({"kind": "alarm", "alarm": "errors"})
    found = world.info(world.deploy())
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")


@pytest.mark.parametrize("rerouted", [False, True])
def test_alarm(world, rerouted):
    world.group(rollback=["DEPLOYMENT_STOP_ON_ALARM"])
    alarms = {"enabled": True, "alarms": [{"name": "errors"}]}
    world.deploys.update_deployment_group(
        applicationName="app", currentDeploymentGroupName="group", alarmConfiguration=alarms
    )
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    if rerouted:
        world.go_on(identity)
    world.faults({"kind": "alarm", "alarm": "another"})
    assert world.status(identity) in ("Ready", "InProgress")
    world.faults({"kind": "alarm", "alarm": "errors"})
    found = world.info(identity)
    assert found["status"] == "Stopped"
    assert found["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert "errors" in found["errorInformation"]["message"]
    assert world.untouched()


def test_alarm_that_is_not_watched(world):
    world.group()
    world.faults({"kind": "alarm", "alarm": "errors"})
    assert world.status(world.deploy()) == "Ready"


def test_failed_hook_has_a_log(world):
    world.group()
    world.faults({"kind": "failing_hook", "hook": "AfterInstall", "reason": "no answer", "log": "GET /\n502"})
    identity = world.deploy(world.appspec(hooks=["AfterInstall"]))
    assert world.status(identity) == "Failed"
    events = {item["lifecycleEventName"]: item for item in world.target(identity)["lifecycleEvents"]}
    diagnostics = events["AfterInstall"]["diagnostics"]
    assert diagnostics["errorCode"] == "ScriptFailed"
    assert diagnostics["message"].endswith("no answer")
    assert diagnostics["logTail"] == "GET /\n502"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "alarm"},
        {"kind": "container_exits", "exit_code": "one"},
        {"kind": "failing_build", "phase": "LUNCH"},
        {"kind": "failing_build", "service": "web"},
    ],
)
def test_faults_are_checked(emulator, fault):
    with pytest.raises(urllib.error.HTTPError) as caught:
        emulator.control("deployments", {"faults": [fault]})
    assert caught.value.code == 400
