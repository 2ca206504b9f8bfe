"""Deployments that CodeDeploy makes itself to take back another one."""

from __future__ import annotations

import pytest


def newest(world):
    """The newest deployment, as the API shows it."""
    listed = world.deploys.list_deployments(applicationName="app", deploymentGroupName="group")["deployments"]
    return world.info(listed[0])


def taken_back(world, undone, good):
    """The deployment that has taken back another one: green serves, as it did, from what ``good`` brought."""
    made = newest(world)
    assert made["creator"] == "codeDeployRollback"
    assert made["rollbackInfo"]["rollbackTriggeringDeploymentId"] == undone
    assert world.info(undone)["rollbackInfo"]["rollbackDeploymentId"] == made["deploymentId"]
    assert made["revision"] == world.info(good)["revision"]
    assert made["status"] == "Succeeded"
    serves_as_before(world)
    return made["deploymentId"]


def serves_as_before(world):
    """Green serves alone, with its targets healthy, and the test traffic is its, too."""
    service = world.service()
    assert [item["status"] for item in service["taskSets"]] == ["PRIMARY"]
    assert service["loadBalancers"][0]["targetGroupArn"] == world.stack.green
    assert (world.health(world.stack.green), world.health(world.stack.blue)) == (["healthy"] * 2, [])
    for listener in (world.production, world.test):
        assert dict(world.weights(listener)) == {"green": 100, "blue": 0}
    everybody_was_served(world)


def everybody_was_served(world):
    """Production traffic never went to where no target was healthy."""
    for write in world.emulator.control("traffic"):
        if write["port"] == 80 and write["by"] != "elbv2:CreateListener":
            assert all(item["healthy"] for item in write["forwards"] if item["weight"]), write


def stopped_after_reroute(world):
    """A deployment stopped with a rollback once production is its own; from then on a step takes a minute."""
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    world.go_on(undone)
    world.service()
    world.faults(step_seconds=60)
    world.stop(undone, autoRollbackEnabled=True)
    return undone


@pytest.mark.parametrize("moved", [False, True])
def test_stop_makes_a_deployment_that_goes_back(world, refused, moved):
    good = world.group().deployed()
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    if moved:
        world.go_on(undone)
        assert dict(world.weights(world.production)) == {"green": 0, "blue": 100}
    world.faults(step_seconds=60)
    world.stop(undone, autoRollbackEnabled=True)
    made = newest(world)
    found = world.info(undone)
    assert (found["status"], made["status"]) == ("Stopped", "Created")
    assert found["errorInformation"]["code"] == "MANUAL_STOP"
    group = world.deploys.get_deployment_group(applicationName="app", deploymentGroupName="group")
    assert group["deploymentGroupInfo"]["lastAttemptedDeployment"]["deploymentId"] == made["deploymentId"]
    # the traffic goes back with the deployment that is made for that
    assert dict(world.weights(world.production)) == ({"green": 0, "blue": 100} if moved else {"green": 100, "blue": 0})
    refused("DeploymentLimitExceededException", world.deploys.create_deployment, **world.parameters())
    early = {"deploymentId": made["deploymentId"], "deploymentWaitType": "READY_WAIT"}
    refused("DeploymentIsNotInReadyStateException", world.deploys.continue_deployment, **early)
    world.later(1)
    assert newest(world)["status"] == "InProgress"
    assert world.events(made["deploymentId"])["AllowTraffic"] == "InProgress"
    serves_as_before(world)
    refused("DeploymentLimitExceededException", world.deploys.create_deployment, **world.parameters())
    world.later(1)
    taken_back(world, undone, good)
    group = world.deploys.get_deployment_group(applicationName="app", deploymentGroupName="group")
    assert group["deploymentGroupInfo"]["lastSuccessfulDeployment"]["deploymentId"] == made["deploymentId"]
    world.faults()
    world.deployed()


@pytest.mark.parametrize("hook", ["BeforeInstall", "AfterAllowTestTraffic", "AfterAllowTraffic"])
def test_failure_makes_one_if_the_group_says_so(world, hook):
    world.group("CONTINUE_DEPLOYMENT", 0, rollback=["DEPLOYMENT_FAILURE"])
    good = world.deploy()
    world.go_on(good, "TERMINATION_WAIT")
    world.faults({"kind": "failing_hook", "hook": hook})
    undone = world.deploy(world.appspec(hooks=[hook]))
    assert world.info(undone)["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    taken_back(world, undone, good)


def test_what_takes_too_long_is_taken_back_in_the_same_instant(world):
    good = world.group(rollback=["DEPLOYMENT_FAILURE"]).deployed()
    world.faults({"kind": "failing_health_checks"})
    undone = world.deploy()
    assert world.status(undone) == "InProgress"
    world.later(61)
    assert world.info(undone)["errorInformation"]["code"] == "TIMEOUT"
    made = world.info(taken_back(world, undone, good))
    assert made["createTime"] == world.info(undone)["completeTime"]


def test_an_alarm_that_still_sounds_does_not_stop_it(world):
    world.group(rollback=["DEPLOYMENT_STOP_ON_ALARM"], alarms=["errors"])
    good = world.deployed()
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    world.go_on(undone)
    world.service()
    world.faults({"kind": "alarm", "alarm": "errors"}, step_seconds=60)
    assert world.info(undone)["errorInformation"]["code"] == "ALARM_ACTIVE"
    world.later(2)
    taken_back(world, undone, good)


def test_without_a_wish_nothing_is_taken_back(world):
    world.group().deployed()
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    world.go_on(undone)
    world.stop(undone, autoRollbackEnabled=False)
    assert newest(world)["deploymentId"] == undone
    assert dict(world.weights(world.production)) == {"green": 0, "blue": 100}
    assert "rollbackInfo" not in world.info(undone)


def test_stop_while_the_original_drains(world):
    good = world.group("CONTINUE_DEPLOYMENT", 0).deploy()
    world.go_on(good, "TERMINATION_WAIT")
    undone = world.deploy()
    assert world.status(undone) == "InProgress"
    world.faults(step_seconds=60)
    world.go_on(undone, "TERMINATION_WAIT")
    assert "DRAINING" in [item["status"] for item in world.service()["taskSets"]]
    world.stop(undone, autoRollbackEnabled=True)
    world.later(2)
    taken_back(world, undone, good)


def test_stop_between_steps(world):
    world.group("CONTINUE_DEPLOYMENT", 0, configuration="ECSCanary10Percent5Minutes")
    good = world.deploy()
    world.service()
    world.later(6)
    world.go_on(good, "TERMINATION_WAIT")
    undone = world.deploy()
    assert dict(world.weights(world.production)) == {"green": 90, "blue": 10}
    world.stop(undone, autoRollbackEnabled=True)
    taken_back(world, undone, good)


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_rollback_that_is_stopped_with_rollback_is_followed_by_another(world, minutes):
    good = world.group().deployed()
    undone = stopped_after_reroute(world)
    first = newest(world)["deploymentId"]
    world.later(minutes)
    world.stop(first, autoRollbackEnabled=True)
    assert world.status(first) == "Stopped"
    assert world.info(first)["rollbackInfo"]["rollbackTriggeringDeploymentId"] == undone
    world.later(2)
    taken_back(world, first, good)


def test_a_rollback_that_is_stopped_stays_where_it_is(world):
    world.group().deployed()
    stopped_after_reroute(world)
    world.stop(newest(world)["deploymentId"], autoRollbackEnabled=False)
    world.later(5)
    assert newest(world)["status"] == "Stopped"
    assert dict(world.weights(world.production)) == {"green": 0, "blue": 100}
    assert sorted(item["status"] for item in world.service()["taskSets"]) == ["ACTIVE", "PRIMARY"]
    world.faults()
    # before the traffic has moved, nothing is left of it
    before = world.deploy()
    assert world.status(before) == "Ready"
    world.faults(step_seconds=60)
    world.stop(before, autoRollbackEnabled=True)
    world.stop(newest(world)["deploymentId"], autoRollbackEnabled=False)
    assert [item["status"] for item in world.service()["taskSets"]] == ["PRIMARY"]
    everybody_was_served(world)


def test_a_rollback_that_fails_is_not_rolled_back(world):
    world.group(rollback=["DEPLOYMENT_FAILURE"]).deployed()
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    world.ecs.delete_service(cluster="main", service="web", force=True)
    world.go_on(undone)
    world.service()
    world.service()
    world.later(6)
    assert (world.status(undone), newest(world)["status"]) == ("Failed", "Failed")
    assert newest(world)["rollbackInfo"] == {"rollbackTriggeringDeploymentId": undone}


def test_a_group_that_is_gone_gets_none(world):
    world.group(rollback=["DEPLOYMENT_FAILURE"]).deployed()
    undone = world.deploy()
    assert world.status(undone) == "Ready"
    world.deploys.delete_deployment_group(applicationName="app", deploymentGroupName="group")
    world.later(61)
    assert world.info(undone)["errorInformation"]["code"] == "DEPLOYMENT_GROUP_MISSING"
    assert len(world.deploys.list_deployments()["deployments"]) == 2
