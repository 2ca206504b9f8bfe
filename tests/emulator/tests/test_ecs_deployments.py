"""ECS's own blue/green deployments: their life, their traffic, and how they end otherwise."""

from __future__ import annotations

import urllib.error

import pytest

TWO = ["healthy", "healthy"]


def test_first_deployment(native):
    made = native.create()
    assert made["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert made["loadBalancers"] == native.balancers()
    service = native.service()
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert native.health() == {"blue": TWO, "green": []}
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.serving() == "blue"
    [listed] = native.listed()
    assert listed["status"] == "SUCCESSFUL"
    assert listed["serviceDeploymentArn"] == service["currentServiceDeployment"]
    found = native.info(listed["serviceDeploymentArn"])
    assert "sourceServiceRevisions" not in found
    assert found["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100.0


def test_full_life(native):
    native.create()
    arn = native.deploy()
    assert native.at(arn) == ("IN_PROGRESS", "BAKE_TIME")
    assert native.health() == {"blue": TWO, "green": TWO}
    assert native.weights(native.production) == native.weights(native.test) == [("green", 100), ("blue", 0)]
    service = native.service()
    states = [(item["status"], item["rolloutState"]) for item in service["deployments"]]
    assert states == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert service["deployments"][0]["taskDefinition"] == service["taskDefinition"]
    assert service["runningCount"] == 4
    assert service["currentServiceDeployment"] == arn
    assert len(service["currentServiceRevisions"]) == 2
    native.later(4)
    assert native.info(arn)["status"] == "IN_PROGRESS"
    native.later(2)
    found = native.info(arn)
    assert found["status"] == "SUCCESSFUL"
    assert (found["finishedAt"] - found["startedAt"]).total_seconds() == pytest.approx(300, abs=30)
    assert native.health() == {"blue": [], "green": TWO}
    service = native.service()
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    assert service["loadBalancers"] == native.balancers()
    assert native.serving() == "green"
    assert native.service()["runningCount"] == 2


def test_target_groups_alternate(native):
    native.create()
    native.deployed()
    native.deployed()
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.health() == {"blue": TWO, "green": []}
    assert native.serving() == "blue"
    native.update(desiredCount=3)
    assert native.service()["pendingCount"] == 1
    assert native.service()["runningCount"] == 3
    assert native.health() == {"blue": ["healthy"] * 3, "green": []}
    assert len(native.listed()) == 3
    native.deployed()
    assert native.health() == {"blue": [], "green": ["healthy"] * 3}
    native.update(desiredCount=1)
    native.service()
    native.service()
    assert native.health() == {"blue": [], "green": ["healthy"]}


def test_traffic_is_recorded_and_never_empty(native):
    native.create()
    native.service()
    native.deployed()
    native.deployed()
    record = [item for item in native.emulator.control("traffic") if item["by"] == "ecs"]
    assert len(record) == 6
    assert {item["deployment"] for item in record} == {item["serviceDeploymentArn"] for item in native.listed()}
    for item in record:
        assert sum(group["weight"] for group in item["forwards"] if group["healthy"]) == 100


def test_stages_go_at_their_pace(native):
    native.create()
    native.service()
    native.faults(step_seconds=60)
    arn = native.deploy()
    seen = []
    for _ in range(20):
        status, stage = native.at(arn)
        seen.append(stage or status)
        native.later(1)
    seen = [stage for place, stage in enumerate(seen) if stage not in seen[:place]]
    assert seen == [
        "PENDING",
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
        "SUCCESSFUL",
    ]


def test_what_changes_no_revision_starts_no_deployment(native):
    native.create()
    before = native.service()
    native.update(taskDefinition=before["taskDefinition"], healthCheckGracePeriodSeconds=7)
    native.update(deploymentConfiguration={"bakeTimeInMinutes": 0})
    assert len(native.listed()) == 1
    native.update(forceNewDeployment=True)
    assert [item["status"] for item in native.listed()] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert native.serving() == "green"


def test_canary_and_linear(native):
    native.create(strategy="CANARY", canaryConfiguration={"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3})
    native.service()
    arn = native.deploy()
    assert native.weights(native.production) == [("blue", 90), ("green", 10)]
    assert native.info(arn)["targetServiceRevision"]["requestedProductionTrafficWeight"] == 10.0
    native.later(3)
    assert native.weights(native.production) == [("green", 100), ("blue", 0)]
    native.later(5)
    assert native.info(arn)["status"] == "SUCCESSFUL"
    linear = {"stepPercent": 40.0, "stepBakeTimeInMinutes": 2}
    native.update(deploymentConfiguration=native.configuration("LINEAR", linearConfiguration=linear))
    native.deploy()
    shares = []
    for _ in range(3):
        shares.append(dict(native.weights(native.production))["blue"])
        native.later(2)
    assert shares == [40, 80, 100]


def test_hooks(native):
    native.create(lifecycleHooks=[native.hook("POST_TEST_TRAFFIC_SHIFT", hookDetails={"suite": "smoke"})])
    native.service()
    native.faults({"kind": "waiting_hook", "hook": "POST_TEST_TRAFFIC_SHIFT"})
    arn = native.deploy()
    assert native.at(arn) == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    [hook] = native.info(arn)["lifecycleHookDetails"]
    assert (hook["targetType"], hook["status"]) == ("AWS_LAMBDA", "IN_PROGRESS")
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.weights(native.test) == [("green", 100), ("blue", 0)]
    native.later(60)
    assert native.at(arn) == ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT")
    native.faults()
    assert native.weights(native.production) == [("green", 100), ("blue", 0)]
    native.later(4)
    assert native.info(arn)["status"] == "IN_PROGRESS"


def test_failing_hook_rolls_back(native):
    native.create(lifecycleHooks=[native.hook("POST_PRODUCTION_TRAFFIC_SHIFT")])
    first = native.service()["taskDefinition"]
    native.faults({"kind": "failing_hook", "hook": "POST_PRODUCTION_TRAFFIC_SHIFT", "reason": "no cart"})
    arn = native.deploy()
    found = native.info(arn)
    assert found["status"] == "ROLLBACK_SUCCESSFUL"
    assert "no cart" in found["statusReason"]
    assert found["rollback"]["reason"] == found["statusReason"]
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.health() == {"blue": TWO, "green": []}
    service = native.service()
    assert service["taskDefinition"] == first
    assert [item["rolloutState"] for item in service["deployments"]] == ["COMPLETED"]
    native.faults()
    native.deployed()
    assert native.serving() == "green"


def test_pause_waits_for_an_answer(native, refused):
    pause = native.hook("POST_TEST_TRAFFIC_SHIFT", pause=True, timeoutConfiguration={"timeoutInMinutes": 30})
    native.create(lifecycleHooks=[pause])
    native.service()
    go_on = native.ecs.continue_service_deployment

    def paused(arn):
        [hook] = native.info(arn)["lifecycleHookDetails"]
        assert (hook["status"], hook["timeoutAction"]) == ("AWAITING_ACTION", "ROLLBACK")
        return {"serviceDeploymentArn": arn, "hookId": hook["hookId"]}

    first = native.listed()[0]["serviceDeploymentArn"]
    go_on(**paused(first))
    assert native.info(first)["status"] == "SUCCESSFUL"
    arn = native.deploy()
    hook = paused(arn)
    native.later(10)
    assert go_on(**hook)["serviceDeploymentArn"] == arn
    assert native.weights(native.production) == [("green", 100), ("blue", 0)]
    refused("InvalidParameterException", go_on, **hook)
    native.later(5)
    assert native.info(arn)["status"] == "SUCCESSFUL"
    arn = native.deploy()
    go_on(**paused(arn), action="ROLLBACK")
    assert native.info(arn)["status"] == "ROLLBACK_SUCCESSFUL"
    arn = native.deploy()
    paused(arn)
    native.later(31)
    found = native.info(arn)
    assert found["status"] == "ROLLBACK_SUCCESSFUL"
    assert "timed out" in found["statusReason"]


def test_circuit_breaker(native):
    native.create(deploymentCircuitBreaker={"enable": True, "rollback": True})
    native.service()
    native.faults({"kind": "tasks_do_not_start", "reason": "CannotPullContainerError: no such image"})
    arn = native.deploy()
    assert native.at(arn) == ("IN_PROGRESS", "SCALE_UP")
    assert "no such image" in native.service()["events"][0]["message"]
    assert native.info(arn)["deploymentCircuitBreaker"]["status"] == "MONITORING"
    native.later(2)
    found = native.info(arn)
    assert found["status"] == "ROLLBACK_SUCCESSFUL"
    assert found["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert native.health() == {"blue": TWO, "green": []}
    native.update(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
    native.faults({"kind": "failing_health_checks"})
    arn = native.deploy()
    assert native.health() == {"blue": TWO, "green": ["unhealthy", "unhealthy"]}
    native.later(2)
    assert native.info(arn)["status"] == "STOPPED"
    assert [item["rolloutState"] for item in native.service()["deployments"]] == ["FAILED"]
    assert native.health() == {"blue": TWO, "green": []}


def test_tasks_are_those_of_both_revisions(native):
    native.create()
    native.service()
    native.deploy()
    native.service()
    arns = native.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]
    running = native.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
    deployments = native.service()["deployments"]
    assert {item["startedBy"] for item in running} == {item["id"] for item in deployments}
    of = {item["id"]: item["taskDefinition"] for item in deployments}
    assert all(item["taskDefinitionArn"] == of[item["startedBy"]] for item in running)
    native.later(6)
    assert len(native.ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]) == 2
    native.faults({"kind": "container_exits", "exit_code": "3", "log": "no database"})
    native.deploy()
    native.service()
    arns = native.ecs.list_tasks(cluster="main", serviceName="web", desiredStatus="STOPPED")["taskArns"]
    over = native.ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]
    assert 3 in [item["containers"][0].get("exitCode") for item in over]


def test_without_breaker_it_waits(native):
    native.create()
    native.service()
    native.faults({"kind": "failing_health_checks"})
    arn = native.deploy()
    native.later(120)
    assert native.at(arn) == ("IN_PROGRESS", "SCALE_UP")
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    native.faults()
    assert native.weights(native.production) == [("green", 100), ("blue", 0)]


def test_alarm_while_baking(native):
    native.create(alarms={"alarmNames": ["errors"], "enable": True, "rollback": True})
    native.service()
    arn = native.deploy()
    native.faults({"kind": "alarm", "alarm": "other"})
    assert native.info(arn)["alarms"]["status"] == "MONITORING"
    native.faults({"kind": "alarm", "alarm": "errors"})
    found = native.info(arn)
    assert (found["status"], found["alarms"]["triggeredAlarmNames"]) == ("ROLLBACK_SUCCESSFUL", ["errors"])
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.health() == {"blue": TWO, "green": []}


def test_stop(native, refused):
    native.create()
    native.service()
    stop = native.ecs.stop_service_deployment
    arn = native.deploy()
    assert stop(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    assert native.info(arn)["status"] == "ROLLBACK_SUCCESSFUL"
    assert native.weights(native.production) == [("blue", 100), ("green", 0)]
    assert native.weights(native.test) == [("blue", 100), ("green", 0)]
    refused("ConflictException", stop, serviceDeploymentArn=arn)
    refused("ServiceDeploymentNotFoundException", stop, serviceDeploymentArn=arn + "x")
    arn = native.deploy()
    native.service()
    stop(serviceDeploymentArn=arn, stopType="ABORT")
    found = native.info(arn)
    assert found["status"] == "STOPPED"
    assert found["stoppedAt"]
    # production traffic had moved, and stays
    assert native.weights(native.production) == [("green", 100), ("blue", 0)]
    assert len(native.service()["currentServiceRevisions"]) == 2
    native.deployed()
    assert native.health() == {"blue": TWO, "green": []}


def test_what_is_being_stopped_is_not_stopped_again(native, refused):
    native.create()
    native.service()
    native.emulator.control("deployments", {"step_seconds": 60})
    stop, arn = native.ecs.stop_service_deployment, native.deploy()
    stop(serviceDeploymentArn=arn)
    refused("ConflictException", stop, serviceDeploymentArn=arn)
    assert native.info(arn)["status"].startswith("ROLLBACK_")
    native.later(10)
    assert native.info(arn)["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_new_deployment_supersedes(native):
    native.create()
    native.service()
    native.faults({"kind": "tasks_do_not_start"})
    first = native.deploy()
    second = native.deploy()
    assert native.info(first)["status"] == "STOPPED"
    native.faults()
    native.service()
    native.later(6)
    assert native.info(second)["status"] == "SUCCESSFUL"
    assert native.health() == {"blue": [], "green": TWO}
    third = native.deploy()
    assert native.info(third)["status"] == "IN_PROGRESS"
    fourth = native.deploy()
    native.later(6)
    assert [native.info(arn)["status"] for arn in (third, fourth)] == ["STOPPED", "SUCCESSFUL"]
    assert native.health() == {"blue": [], "green": TWO}


def test_first_deployment_has_nothing_to_roll_back_to(native):
    native.faults({"kind": "tasks_do_not_start"})
    native.create(deploymentCircuitBreaker={"enable": True, "rollback": True})
    native.later(5)
    [found] = native.listed()
    assert found["status"] == "ROLLBACK_FAILED"
    assert native.service()["deployments"][0]["rolloutState"] == "FAILED"
    native.faults()
    native.deployed()
    assert native.serving() == "blue"


def test_rolling_service_becomes_blue_green(native):
    native.stack.service()
    native.service()
    native.service()
    native.update(deploymentConfiguration=native.configuration(), loadBalancers=native.balancers())
    [arn] = [item["serviceDeploymentArn"] for item in native.listed()]
    native.later(6)
    assert native.info(arn)["status"] == "SUCCESSFUL"
    assert native.serving() == "green"
    assert native.health() == {"blue": [], "green": TWO}


def test_blue_green_service_becomes_rolling(native):
    native.create()
    native.deployed()
    plain = [{name: value for name, value in native.balancers()[0].items() if name != "advancedConfiguration"}]
    native.update(deploymentConfiguration={"strategy": "ROLLING"}, loadBalancers=plain)
    native.service()
    service = native.service()
    assert (service["runningCount"], service.get("currentServiceRevisions")) == (2, None)
    assert native.health() == {"blue": TWO, "green": []}


def test_service_is_deleted_while_deployed(native, refused):
    native.create()
    native.service()
    native.deploy()
    native.service()
    native.update(desiredCount=0)
    refused("InvalidParameterException", native.ecs.delete_service, cluster="main", service="web")
    native.ecs.delete_service(cluster="main", service="web", force=True)
    assert native.service()["status"] in ("DRAINING", "INACTIVE")
    assert native.service()["status"] == "INACTIVE"
    assert native.health() == {"blue": [], "green": []}


def test_creation_is_checked(native, refused):
    stack = native.stack
    wrong = "InvalidParameterException"
    attached = native.elb.describe_rules(RuleArns=[native.test])["Rules"][0]["RuleArn"]
    other = native.rule(3, "/other", stack.target_group("other"))
    for changed in (
        {"alternateTargetGroupArn": None},
        {"alternateTargetGroupArn": stack.blue},
        {"alternateTargetGroupArn": stack.green + "x"},
        {"alternateTargetGroupArn": stack.target_group("unattached")},
        {"productionListenerRule": None},
        {"productionListenerRule": stack.listener},
        {"productionListenerRule": attached + "x"},
        {"productionListenerRule": other},
        {"roleArn": None},
        {"roleArn": stack.role("stranger", "ec2.amazonaws.com")},
    ):
        balancers, configuration = native.balancers(**changed), native.configuration()
        parameters = stack.service_parameters(loadBalancers=balancers, deploymentConfiguration=configuration)
        refused(wrong, native.ecs.create_service, **parameters)
    fitting = {"loadBalancers": native.balancers(), "deploymentConfiguration": native.configuration()}
    code_deploy = {"deploymentController": {"type": "CODE_DEPLOY"}}
    refused(wrong, native.ecs.create_service, **stack.service_parameters(**fitting, **code_deploy))
    for hook in (
        {"lifecycleStages": ["PRE_SCALE_UP"]},
        native.hook(),
        native.hook("PRODUCTION_TRAFFIC_SHIFT", pause=True),
    ):
        configuration = native.configuration(lifecycleHooks=[hook])
        parameters = stack.service_parameters(**{**fitting, "deploymentConfiguration": configuration})
        refused(wrong, native.ecs.create_service, **parameters)
    refused(wrong, native.ecs.create_service, **stack.service_parameters(loadBalancers=native.balancers()))
    stack.service(**fitting)


def test_default_rule_will_do(native):
    rules = native.elb.describe_rules(ListenerArn=native.stack.listener)["Rules"]
    default = next(item["RuleArn"] for item in rules if item["IsDefault"])
    balancers = native.balancers(productionListenerRule=default, testListenerRule=native.test)
    native.stack.service(loadBalancers=balancers, deploymentConfiguration=native.configuration())
    native.service()
    listener = native.elb.describe_listeners(ListenerArns=[native.stack.listener])["Listeners"][0]
    weighted = listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
    assert [(native.name(item["TargetGroupArn"]), item["Weight"]) for item in weighted] == [("blue", 100), ("green", 0)]


def test_lists_and_descriptions(native, refused):
    native.create()
    native.service()
    second = native.deployed()
    assert [item["serviceDeploymentArn"] for item in native.listed(maxResults=1)] == [second]
    assert native.listed(status=["IN_PROGRESS"]) == []
    assert len(native.listed(status=["SUCCESSFUL"])) == 2
    unknown = native.ecs.describe_service_deployments(serviceDeploymentArns=[second, second + "x"])
    assert len(unknown["serviceDeployments"]) == 1
    assert unknown["failures"] == [{"arn": second + "x", "reason": "MISSING"}]
    target = native.info(second)["targetServiceRevision"]["arn"]
    answer = native.ecs.describe_service_revisions(serviceRevisionArns=[target])
    [found] = answer["serviceRevisions"]
    assert found["taskDefinition"] == native.service()["taskDefinition"]
    assert found["containerImages"] == [{"containerName": "web", "image": "nginx:2"}]
    assert found["resolvedConfiguration"]["loadBalancers"][0]["productionListenerRule"] == native.production
    list_them = native.ecs.list_service_deployments
    refused("ServiceNotFoundException", list_them, cluster="main", service="none")
    too_many = [second] * 21
    describe = native.ecs.describe_service_deployments
    refused("InvalidParameterException", describe, serviceDeploymentArns=too_many)


def test_what_is_old_is_not_listed(native):
    native.create()
    native.later(90 * 24 * 60 + 1)
    assert native.listed() == []
    assert native.serving() == "blue"
    arn = native.deploy()
    [listed] = native.listed()
    assert listed["serviceDeploymentArn"] == arn
    assert native.info(arn)["sourceServiceRevisions"]


def test_faults_are_checked(native):
    for fault in (
        {"kind": "waiting_hook"},
        {"kind": "waiting_hook", "hook": "BeforeInstall"},
        {"kind": "failing_hook", "hook": "SCALE_UP"},
        {"kind": "tasks_do_not_start", "hook": "PRE_SCALE_UP"},
    ):
        with pytest.raises(urllib.error.HTTPError):
            native.faults(fault)
