"""The life of a deployment, phase by phase, each when the emulator's clock has come to it.

The phases are those of https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-ecs.html and
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

from .. import clock
from ..call import ACCOUNT, Call
from ..hooks import on_time
from ..missing.codedeploy import routing
from . import describe, listeners, rollbacks, settings, task_sets
from .rollout import FINISHED, Failure, instant

INSTALL_SECONDS = 60 * 60
"""How long CodeDeploy waits for the replacement task set to become healthy.

https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html
"""


@on_time
def advance() -> None:
    """Brings all deployments up to the emulator's clock."""
    backends = importlib.import_module("moto.codedeploy.models").codedeploy_backends
    if not dict.__contains__(backends, ACCOUNT):
        return
    for region, backend in list(dict.items(backends[ACCOUNT])):
        # the end of one may be the beginning of another, which takes it back
        seen: set[str] = set()
        while todo := [item for item in _active(backend) if item.deployment_id not in seen]:
            for deployment in todo:
                seen.add(deployment.deployment_id)
                Machine(Call("codedeploy", "advance", "json", region, None), deployment).run()


def _active(backend: Any) -> list[Any]:
    known = backend.deployments.values()
    return [item for item in known if hasattr(item, "wharf_rollout") and item.status not in FINISHED]


class Machine:
    """Takes one deployment through its phases."""

    def __init__(self, call: Call, deployment: Any):
        self.call = call
        self.deployment = deployment
        self.rollout = deployment.wharf_rollout
        self.now = clock.now()

    def run(self) -> None:
        """Goes through all phases that are due."""
        now = self.now
        if not rollbacks.is_rollback(self.deployment):
            self._listen()
        while self.deployment.status not in FINISHED and (self.rollout.due <= now or self.rollout.phase == "install"):
            phase = self.rollout.phase
            try:
                self._check_group()
                getattr(self, phase)()
            except Failure as failure:
                self.fail(failure)
            except Exception as error:
                traceback.print_exc(file=sys.stderr)
                self.fail(Failure("INTERNAL_ERROR", f"{type(error).__name__}: {error}"))
            self._look()
            if self.rollout.phase == phase == "install":
                return

    def _listen(self) -> None:
        """https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html"""
        group = self.deployment.deployment_group
        fault = settings.fault_of(group.ecs_services[0]["serviceName"], "alarm")
        configuration = group.alarm_configuration or {}
        watched = [item.get("name") for item in configuration.get("alarms", [])]
        if fault is None or not configuration.get("enabled") or fault["alarm"] not in watched:
            return
        message = (
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
            f"affected deployments have been stopped. Activated alarms: <{fault['alarm']}>"
        )
        self.rollout.due = self.now
        self.stop(message, wants_rollback(self.deployment, "DEPLOYMENT_STOP_ON_ALARM"), "ALARM_ACTIVE")

    def _check_group(self) -> None:
        group = self.deployment.deployment_group
        groups = self.call.backend().deployment_groups.get(group.application.application_name, {})
        if group not in groups.values():
            raise Failure("DEPLOYMENT_GROUP_MISSING", f"The deployment group {group.deployment_group_name} is gone")

    def _look(self) -> None:
        self.rollout.updated = self.rollout.due
        service = task_sets.service_of(self.call, self.deployment.deployment_group)
        for label, arn in (("Blue", self.rollout.blue), ("Green", self.rollout.green)):
            found = task_sets.by_arn(service, arn) if service is not None and arn else None
            if found is not None:
                self.rollout.shown[label] = describe.task_set(self.call, found, label)

    def _next(self, phase: str, wait: float | None = None) -> None:
        self.rollout.phase = phase
        self.rollout.due += settings.step() if wait is None else wait

    def _hook(self, event: str) -> None:
        self.rollout.begin(event)
        name = self.deployment.deployment_group.ecs_services[0]["serviceName"]
        fault = settings.fault_of(name, "failing_hook", hook=event)
        if fault is not None and event in self.rollout.appspec.hooks:
            reason = fault.get("reason", f"The function {self.rollout.appspec.hooks[event]} answered Failed")
            message = f"The lifecycle event {event} failed: {reason}"
            raise Failure("HOOK_EXECUTION_FAILURE", message, fault.get("log", ""))
        self.rollout.end(event)

    def _service(self) -> Any:
        return task_sets.required_service(self.call, self.deployment)

    def _green(self, service: Any) -> Any:
        found = task_sets.by_arn(service, self.rollout.green)
        if found is None:
            raise Failure("ECS_UPDATE_ERROR", "The replacement task set is gone")
        return found

    def start(self) -> None:
        """Looks at what there is and makes the replacement task set."""
        self.deployment.status = "InProgress"
        self.deployment.start_time = instant(self.rollout.due)
        service = self._service()
        groups = listeners.target_groups(self.call, self.deployment)
        for left in [item for item in service.task_sets if item.status != "PRIMARY"]:
            task_sets.delete(self.call, service, left)
        blue = task_sets.primary(service)
        reached = [item["targetGroupArn"] for item in blue.load_balancers if item["targetGroupArn"] in groups]
        if not reached:
            raise Failure(listeners.INVALID, "The primary task set has no target group of the deployment group's pair")
        self.rollout.blue = blue.task_set_arn
        self.rollout.groups = {"Blue": reached[0], "Green": next(arn for arn in groups if arn != reached[0])}
        listeners.check_production(self.call, self.deployment, reached[0])
        if service.pending_count or service.running_count != service.desired_count:
            task_sets.ecs_services.settle(self.call, service)
        self._hook("BeforeInstall")
        self.rollout.begin("Install")
        self.rollout.green = task_sets.create(self.call, self.deployment, service).task_set_arn
        self.rollout.install_until = self.rollout.due + INSTALL_SECONDS
        self._next("install")

    def install(self) -> None:
        """Waits for healthy tasks. Looked at whenever time goes by, as it may have to wait for a fault to end."""
        now = self.now
        if now < self.rollout.due:
            return
        service = self._service()
        green, name = self._green(service), service.name
        stopped = settings.fault_of(name, "tasks_do_not_start")
        exits = settings.fault_of(name, "container_exits")
        unhealthy = settings.fault_of(name, "failing_health_checks")
        if stopped is not None:
            reason = stopped.get("reason", "CannotPullContainerError: the image is not found")
            task_sets.tell(service, green, self.rollout.due, f"was unable to start a task: {reason}")
            task_sets.not_started(self.call, service, green, self.rollout.due, reason)
        elif exits is not None:
            task_sets.tell(service, green, self.rollout.due, "is unable to consistently start tasks successfully")
            task_sets.exited(self.call, service, green, self.rollout.due, exits)
        else:
            task_sets.start(self.call, service, green, unhealthy is None, unhealthy)
            if unhealthy is not None:
                why = unhealthy.get("reason") or unhealthy.get("health_reason", task_sets.FAILED_CHECKS)
                task_sets.tell(service, green, self.rollout.due, f"has tasks that fail their health checks: {why}")
        if stopped is None and exits is None and unhealthy is None:
            if self.rollout.held:
                # how long the fault lasted is known only now
                self.rollout.due = now
            self.rollout.end("Install")
            self._next("test_traffic")
            return
        self.rollout.held = True
        if now >= self.rollout.install_until:
            self.rollout.due = self.rollout.install_until
            message = "The deployment timed out while waiting for the replacement task set to become healthy. "
            raise Failure("TIMEOUT", message + "This time out period is 60 minutes.")

    def test_traffic(self) -> None:
        """Sends the test listener's traffic to green."""
        self._hook("AfterInstall")
        if listeners.has_test_route(self.deployment):
            self.rollout.begin("AllowTestTraffic")
            listeners.remember_test(self.call, self.deployment)
            listeners.shift(self.call, self.deployment, listeners.TEST, 100)
            self.rollout.end("AllowTestTraffic")
            self._hook("AfterAllowTestTraffic")
        else:
            self.rollout.end("AllowTestTraffic", "Skipped")
            self.rollout.end("AfterAllowTestTraffic", "Skipped")
        # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentReadyOption.html
        option = self.deployment.deployment_group.blue_green_deployment_configuration["deploymentReadyOption"]
        if option.get("actionOnTimeout") == "STOP_DEPLOYMENT":
            self.deployment.status = "Ready"
            self._next("ready_timeout", 60 * option.get("waitTimeInMinutes", 0))
        else:
            self._next("reroute")

    def ready_timeout(self) -> None:
        """Nobody continued the deployment."""
        message = "The deployment was stopped: traffic was not rerouted before the end of the wait period"
        self.stop(message, rollback=False)

    def reroute(self) -> None:
        """Begins to send the production traffic to green."""
        self.deployment.status = "InProgress"
        self._hook("BeforeAllowTraffic")
        self.rollout.begin("AllowTraffic")
        self.shift()

    def shift(self) -> None:
        """One step of the deployment configuration's traffic routing."""
        service = self._service()
        green = self._green(service)
        weight, minutes = _step(self.deployment.deployment_config_name, self.rollout.weight)
        listeners.shift(self.call, self.deployment, listeners.PRODUCTION, weight)
        self.rollout.weight = weight
        if weight < 100:
            self._next("shift", 60 * minutes)
            return
        task_sets.make_primary(self.call, service, green)
        self.rollout.primary = True
        self.rollout.end("AllowTraffic")
        self._hook("AfterAllowTraffic")
        terminate = self.deployment.deployment_group.blue_green_deployment_configuration
        minutes = terminate["terminateBlueInstancesOnDeploymentSuccess"].get("terminationWaitTimeInMinutes", 0)
        self.deployment.instance_termination_wait_time_started = True
        self._next("terminate", 60 * minutes)

    def terminate(self) -> None:
        """Drains blue."""
        blue = task_sets.by_arn(self._service(), self.rollout.blue)
        if blue is not None:
            task_sets.drain(self.call, blue)
        self._next("complete")

    def complete(self) -> None:
        """Removes blue."""
        service = self._service()
        blue = task_sets.by_arn(service, self.rollout.blue)
        if blue is not None:
            task_sets.delete(self.call, service, blue)
        self._succeed()

    def take_back(self) -> None:
        """Sends all traffic back to the task set that another deployment was to replace."""
        self.deployment.status = "InProgress"
        self.deployment.start_time = instant(self.rollout.due)
        service = self._service()
        if self.rollout.blue and task_sets.by_arn(service, self.rollout.blue) is None:
            raise Failure("ECS_UPDATE_ERROR", "The original task set is gone")
        for event in rollbacks.SKIPPED:
            self.rollout.end(event, "Skipped")
        self.rollout.begin("AllowTraffic")
        self._go_back()
        self._next("taken_back")

    def taken_back(self) -> None:
        """All is as it was."""
        self.rollout.end("AllowTraffic")
        self._succeed()

    def stop(self, message: str, rollback: bool, code: str = "MANUAL_STOP") -> None:
        """Ends the deployment on request, or because of an alarm."""
        self._undo(rollback, message)
        self.rollout.error = {"code": code, "message": message}
        event = self.rollout.current()
        if event:
            self.rollout.end(event, "Skipped", message)
        self._finish("Stopped")

    def fail(self, failure: Failure) -> None:
        """Ends the deployment with an error, and rolls it back if the group wants that; no rollback of a rollback."""
        self._look()
        event = self.rollout.current()
        if event:
            self.rollout.end(event, "Failed", failure.message, failure.log)
        wanted = wants_rollback(self.deployment, "DEPLOYMENT_FAILURE") and not rollbacks.is_rollback(self.deployment)
        self._undo(wanted, failure.message)
        self.rollout.error = {"code": failure.code, "message": failure.message}
        self._finish("Failed")

    def _undo(self, rollback: bool, why: str) -> None:
        """Takes back what was done; once production traffic has moved, only if a rollback is wanted."""
        made = rollbacks.begin(self.call, self.deployment) if rollback else None
        if made is not None:
            self.rollout.rollback = {**self.rollout.rollback, "rollbackDeploymentId": made}
            return
        if self.rollout.weight and not rollback:
            return
        self._go_back()
        if rollback:
            message = f"Traffic stays with the original task set: {why}"
            self.rollout.rollback = {**self.rollout.rollback, "rollbackMessage": message}

    def _go_back(self) -> None:
        service = task_sets.service_of(self.call, self.deployment.deployment_group)
        blue = task_sets.by_arn(service, self.rollout.blue) if service is not None else None
        if self.rollout.weight and blue is not None:
            if blue.status == "DRAINING":
                blue.status = "ACTIVE"
                task_sets.start(self.call, service, blue, True)
            listeners.restore_production(self.call, self.deployment)
            task_sets.make_primary(self.call, service, blue)
            self.rollout.primary, self.rollout.weight = False, 0
        listeners.restore_test(self.call, self.deployment)
        green = task_sets.by_arn(service, self.rollout.green) if service is not None else None
        if green is not None and green.status != "PRIMARY":
            task_sets.delete(self.call, service, green)
            self.rollout.shown.get("Green", {}).update(status="DRAINING", runningCount=0, pendingCount=0)

    def _succeed(self) -> None:
        self._finish("Succeeded")
        self.deployment.deployment_group.wharf_successful = self.deployment.deployment_id

    def _finish(self, status: str) -> None:
        self.deployment.status = status
        self.deployment.complete_time = instant(self.rollout.due)
        self.deployment.instance_termination_wait_time_started = False


def wants_rollback(deployment: Any, event: str) -> bool:
    """Whether a deployment is to be rolled back automatically when something happens."""
    group = deployment.deployment_group.auto_rollback_configuration
    configuration = deployment.auto_rollback_configuration or group or {}
    return bool(configuration.get("enabled")) and event in configuration.get("events", [])


def _step(configuration: str, weight: int) -> tuple[int, int]:
    """The next weight of green, and the minutes until the one after it."""
    shown = routing(configuration)
    if canary := shown.get("timeBasedCanary"):
        return (canary["canaryPercentage"], canary["canaryInterval"]) if weight == 0 else (100, 0)
    if linear := shown.get("timeBasedLinear"):
        return min(100, weight + linear["linearPercentage"]), linear["linearInterval"]
    return 100, 0
