"""Deployments that are stopped, refused or fail, and what is left of them."""

from __future__ import annotations

import urllib.error

import pytest


def test_stop_before_reroute(world, refused):
    world.group()
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    assert world.stop(identity)["status"] == "Succeeded"
    found = world.info(identity)
    assert (found["status"], found["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert world.untouched()
    assert world.weights(world.test) == [("blue", 1)]
    already = "DeploymentAlreadyCompletedException"
    refused(already, world.deploys.stop_deployment, deploymentId=identity)
    refused(already, world.deploys.continue_deployment, deploymentId=identity)
    world.deployed()


def test_stop_after_reroute_rolls_back(world):
    world.group()
    identity = world.deploy()
    world.status(identity)
    world.go_on(identity)
    assert world.weights(world.production) == [("green", 100), ("blue", 0)]
    world.stop(identity, autoRollbackEnabled=True)
    found = world.info(identity)
    assert found["status"] == "Stopped"
    assert found["rollbackInfo"]["rollbackMessage"]
    assert world.untouched()
    assert world.weights(world.production) == [("green", 0), ("blue", 100)]


def test_stop_after_reroute_without_rollback(world):
    world.group()
    identity = world.deploy()
    world.status(identity)
    world.go_on(identity)
    world.stop(identity, autoRollbackEnabled=False)
    assert world.status(identity) == "Stopped"
    assert world.weights(world.production) == [("green", 100), ("blue", 0)]
    assert sorted(item["status"] for item in world.service()["taskSets"]) == ["ACTIVE", "PRIMARY"]
    world.deployed()
    assert world.service()["loadBalancers"][0]["targetGroupArn"] == world.stack.blue
    assert len(world.service()["taskSets"]) == 1


def test_ready_ends_with_stop(world):
    world.group("STOP_DEPLOYMENT", 30)
    identity = world.deploy()
    world.later(29)
    assert world.status(identity) == "Ready"
    world.later(2)
    found = world.info(identity)
    assert found["status"] == "Stopped"
    assert 30 * 60 <= (found["completeTime"] - found["startTime"]).total_seconds() < 31 * 60
    assert world.untouched()


def test_creation_is_checked(world, refused):
    world.group()
    create, good = world.deploys.create_deployment, world.parameters()
    text = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "Resources: []"}}
    away = {"revisionType": "S3", "s3Location": {"bucket": "none", "key": "appspec.yaml", "bundleType": "YAML"}}
    for code, wrong in (
        ("ApplicationDoesNotExistException", {"applicationName": "other"}),
        ("DeploymentGroupDoesNotExistException", {"deploymentGroupName": "other"}),
        ("DeploymentConfigDoesNotExistException", {"deploymentConfigName": "mine"}),
        ("InvalidDeploymentConfigNameException", {"deploymentConfigName": "CodeDeployDefault.OneAtATime"}),
        ("InvalidRevisionException", {"revision": text}),
        ("InvalidRevisionException", {"revision": world.parameters(world.appspec(hooks=["Nothing"]))["revision"]}),
        ("RevisionDoesNotExistException", {"revision": away}),
    ):
        refused(code, create, **{**good, **wrong})
    refused("RevisionRequiredException", create, applicationName="app", deploymentGroupName="group")
    missing = "DeploymentDoesNotExistException"
    refused(missing, world.deploys.get_deployment, deploymentId="d-UNKNOWN00")
    identity = world.deploy()
    refused(
        "DeploymentTargetDoesNotExistException",
        world.deploys.get_deployment_target,
        deploymentId=identity,
        targetId="main:other",
    )
    early = {"deploymentId": identity, "deploymentWaitType": "TERMINATION_WAIT"}
    refused("InvalidDeploymentStatusException", world.deploys.continue_deployment, **early)
    world.go_on(identity)
    refused("DeploymentIsNotInReadyStateException", world.deploys.continue_deployment, deploymentId=identity)


@pytest.mark.parametrize("kind", ["tasks_do_not_start", "failing_health_checks"])
def test_installation_that_does_not_become_healthy_fails(world, kind):
    world.group(rollback=["DEPLOYMENT_FAILURE"])
    world.faults({"kind": kind, "reason": "ResourceInitializationError: no secret"})
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    assert world.events(identity)["Install"] == "InProgress"
    [message] = [event["message"] for event in world.service()["events"] if "taskSet" in event["message"]]
    if kind == "tasks_do_not_start":
        assert "ResourceInitializationError: no secret" in message
        assert world.health(world.stack.green) == []
        assert world.service()["taskSets"][1]["pendingCount"] == 2
    else:
        assert world.health(world.stack.green) == ["unhealthy", "unhealthy"]
    world.later(61)
    found = world.info(identity)
    assert (found["status"], found["errorInformation"]["code"]) == ("Failed", "TIMEOUT")
    assert world.events(identity)["Install"] == "Failed"
    assert found["rollbackInfo"]["rollbackMessage"]
    assert world.untouched()
    world.faults()
    world.deployed()


def test_installation_goes_on_when_the_fault_ends(world):
    world.group()
    world.faults({"kind": "failing_health_checks", "service": "web"})
    identity = world.deploy()
    world.later(10)
    assert world.status(identity) == "InProgress"
    world.faults()
    assert world.status(identity) == "Ready"
    assert world.health(world.stack.green) == ["healthy", "healthy"]


@pytest.mark.parametrize("hook", ["BeforeInstall", "AfterAllowTestTraffic", "AfterAllowTraffic"])
def test_failing_hook_rolls_back(world, hook):
    world.group("CONTINUE_DEPLOYMENT", 0, rollback=["DEPLOYMENT_FAILURE"])
    world.faults({"kind": "failing_hook", "hook": hook, "reason": "500 from /health"})
    identity = world.deploy(world.appspec(hooks=[hook]))
    found = world.info(identity)
    assert (found["status"], found["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert "500 from /health" in found["errorInformation"]["message"]
    assert world.events(identity)[hook] == "Failed"
    assert world.untouched()
    assert world.weights(world.test) == [("blue", 1)]


def test_failure_after_reroute_without_rollback_stays(world):
    world.group("CONTINUE_DEPLOYMENT", 0)
    world.faults({"kind": "failing_hook", "hook": "AfterAllowTraffic"})
    identity = world.deploy(world.appspec(hooks=["AfterAllowTraffic"]))
    assert world.status(identity) == "Failed"
    assert world.weights(world.production) == [("green", 100), ("blue", 0)]


@pytest.mark.parametrize("wrong", [{"definition": "app:99"}, {"container": "other"}])
def test_wrong_appspec_fails_the_deployment(world, wrong):
    world.group()
    identity = world.deploy(world.appspec(**wrong))
    assert world.info(identity)["errorInformation"]["code"] == "ECS_UPDATE_ERROR"
    assert world.untouched()


def test_production_listener_must_forward_to_the_primary_task_set(world):
    world.group()
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    world.elb.modify_listener(ListenerArn=world.production, DefaultActions=[answer])
    found = world.info(world.deploy())
    assert found["errorInformation"]["code"] == "ELASTIC_LOAD_BALANCING_INVALID"
    assert world.production in found["errorInformation"]["message"]


def test_stop_between_steps_rolls_back(world):
    world.group("CONTINUE_DEPLOYMENT", 0, configuration="ECSCanary10Percent5Minutes")
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    world.stop(identity, autoRollbackEnabled=True)
    assert world.weights(world.production) == [("green", 0), ("blue", 100)]
    assert world.untouched()


def test_service_that_goes_away_fails_the_deployment(world):
    world.group()
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    world.ecs.delete_service(cluster="main", service="web", force=True)
    world.go_on(identity)
    world.service()
    world.service()
    world.later(6)
    assert world.info(identity)["status"] == "Failed"
    assert (world.health(world.stack.blue), world.health(world.stack.green)) == ([], [])


def test_settings_are_checked(emulator):
    for wrong in (
        [],
        {"faults": [{"kind": "other"}]},
        {"faults": [{"kind": "failing_hook"}]},
        {"faults": [{"kind": "failing_hook", "hook": "Install"}]},
        {"step_seconds": -1},
        {"pace": 1},
    ):
        with pytest.raises(urllib.error.HTTPError):
            emulator.control("deployments", wrong)
    assert emulator.control("deployments") == {"step_seconds": 0, "faults": []}


def test_stop_on_request_rolls_back_if_the_group_says_so(world):
    world.group(rollback=["DEPLOYMENT_STOP_ON_REQUEST"])
    identity = world.deploy()
    assert world.status(identity) == "Ready"
    world.go_on(identity)
    world.stop(identity)
    assert world.weights(world.production) == [("green", 0), ("blue", 100)]
    assert world.untouched()


def test_stop_while_blue_drains_brings_it_back(world):
    world.group("CONTINUE_DEPLOYMENT", 0)
    identity = world.deploy()
    assert world.status(identity) == "InProgress"
    world.faults(step_seconds=60)
    world.go_on(identity, "TERMINATION_WAIT")
    assert "DRAINING" in [item["status"] for item in world.service()["taskSets"]]
    assert world.health(world.stack.blue) == []
    world.stop(identity, autoRollbackEnabled=True)
    assert world.untouched()
    record = world.emulator.control("traffic")
    assert [item["healthy"] for item in record[-2]["forwards"]] == [2, 2]
