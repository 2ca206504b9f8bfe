"""The life of a service deployment, stage by stage, each when the emulator's clock has come to it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import Any

from .. import clock
from ..call import ACCOUNT, Call
from ..deployments import settings
from ..hooks import on_time
from . import lifecycle, rules, tasks
from .rollout import ACTIVE, STAGES, Failure, Revision

FAILURE_SECONDS = 30
"""How long a task that does not become healthy takes to be counted as a failure."""


@on_time
def advance() -> None:
    """Brings all service deployments up to the emulator's clock."""
    backends = importlib.import_module("moto.ecs.models").ecs_backends
    if not dict.__contains__(backends, ACCOUNT):
        return
    for region, backend in list(dict.items(backends[ACCOUNT])):
        for service in list(backend.services.values()):
            state = getattr(service, "wharf_blue_green", None)
            if state is not None and state.active() is not None:
                Machine(Call("ecs", "advance", "json", region, None), service).run()


def threshold(desired: int) -> int:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html"""
    return min(max(3, -(-desired // 2)), 200)


class Machine:
    """Takes a service's last deployment through its stages."""

    def __init__(self, call: Call, service: Any):
        self.call = call
        self.service = service
        self.state = service.wharf_blue_green
        self.deployment = self.state.deployments[-1]
        self.now = clock.now()

    @property
    def target(self) -> Revision:
        return self.state.revisions[self.deployment.target]

    @property
    def source(self) -> Revision | None:
        return self.state.revisions.get(self.deployment.source)

    def run(self) -> None:
        """Goes through all stages that are due."""
        found = self.deployment
        if found.status == "IN_PROGRESS" and found.due > self.now:
            try:
                self._watch()
            except Failure as failure:
                found.due = self.now
                self.fail(failure)
        while found.status in ACTIVE and found.due <= self.now:
            before = (found.status, found.stage, found.due, found.acted, found.production)
            try:
                self._step()
            except Failure as failure:
                self.fail(failure)
            except Exception as error:
                traceback.print_exc(file=sys.stderr)
                self.fail(Failure(f"{type(error).__name__}: {error}"))
            if (found.status, found.stage, found.due, found.acted, found.production) == before:
                return

    def _step(self) -> None:
        found = self.deployment
        if found.status.startswith("ROLLBACK"):
            self._roll_back()
            return
        if found.status == "PENDING":
            found.status, found.started = "IN_PROGRESS", found.due
            found.alarms = "MONITORING" if self._alarms().get("enable") else "DISABLED"
            found.breaker = "MONITORING" if self._breaker().get("enable") else "DISABLED"
        self._watch()
        found.begun = found.stage
        if found.stage == "CLEAN_UP" and found.acted:
            self._complete()
            return
        if not found.acted and not getattr(self, f"_{found.stage.lower()}")():
            return
        found.acted = True
        if not lifecycle.run(self.service, found, self.now):
            found.held = True
            return
        if found.held:
            # how long it lasted is known only now
            found.due, found.held = max(found.due, self.now), False
        self._next()

    def _next(self) -> None:
        found = self.deployment
        wait = settings.step()
        if found.stage == "CLEAN_UP":
            found.due += wait
            return
        if found.stage == "PRODUCTION_TRAFFIC_SHIFT" and found.production < 100:
            stage, wait = "PRE_PRODUCTION_TRAFFIC_SHIFT", 60 * self._shift()[1]
        else:
            stage = STAGES[STAGES.index(found.stage) + 1]
        if stage == "CLEAN_UP" and self.source is not None:
            wait = 60 * found.configuration.get("bakeTimeInMinutes", 0)
        found.stage, found.acted, found.hooks = stage, False, {}
        found.updated = found.due
        found.due += wait

    def _alarms(self) -> dict[str, Any]:
        return self.deployment.configuration.get("alarms") or {}

    def _breaker(self) -> dict[str, Any]:
        return self.deployment.configuration.get("deploymentCircuitBreaker") or {}

    def _watch(self) -> None:
        alarms = self._alarms()
        fault = settings.fault_of(self.service.name, "alarm") if alarms.get("enable") else None
        if fault is not None and fault.get("alarm") in alarms.get("alarmNames", []):
            self.deployment.alarms, self.deployment.triggered = "TRIGGERED", [fault["alarm"]]
            raise Failure(f"The CloudWatch alarm {fault['alarm']} went off", alarms.get("rollback", False))

    def _reconcile_service(self) -> bool:
        """Ends revisions that a superseded deployment left."""
        keep = (self.deployment.source, self.deployment.target)
        for revision in self.state.revisions.values():
            if revision.arn not in keep and revision.requested:
                tasks.end(self.call, self.service, revision)
        return True

    def _pre_scale_up(self) -> bool:
        return True

    def _scale_up(self) -> bool:
        """Waits for healthy tasks. Looked at whenever time goes by, as it may have to wait for a fault to end."""
        found, target, name = self.deployment, self.target, self.service.name
        if not found.scaling:
            found.scaling = found.due
            target.requested = target.pending = self.service.desired_count
        stopped = settings.fault_of(name, "tasks_do_not_start")
        exits = settings.fault_of(name, "container_exits")
        unhealthy = settings.fault_of(name, "failing_health_checks")
        if stopped is not None:
            reason = stopped.get("reason", "CannotPullContainerError: the image is not found")
            message = f"was unable to start a task: {reason}"
            tasks.not_started(self.call, self.service, target, found.due, reason)
        elif exits is not None:
            message = "is unable to consistently start tasks successfully"
            tasks.exited(self.call, self.service, target, found.due, exits)
        else:
            tasks.start(self.call, self.service, target, unhealthy)
            if unhealthy is None:
                if found.breaker == "MONITORING":
                    found.breaker = "MONITORING_COMPLETE"
                return True
            reason = unhealthy.get("reason") or unhealthy.get("health_reason", tasks.FAILED_CHECKS)
            message = f"has tasks that fail their health checks: {reason}"
        tasks.tell(self.service, target, found.scaling, message)
        found.held = True
        limit = threshold(self.service.desired_count)
        found.failures = min(limit, int((self.now - found.scaling) / FAILURE_SECONDS))
        if found.breaker == "MONITORING" and found.failures >= limit:
            found.breaker = "TRIGGERED"
            found.due, found.held = found.scaling + FAILURE_SECONDS * limit, False
            raise Failure(f"tasks failed to start: {message}", self._breaker().get("rollback", False))
        return False

    def _post_scale_up(self) -> bool:
        return True

    def _test_traffic_shift(self) -> bool:
        rules.remember_test(self.call, self.deployment, self.target)
        rules.shift(self.call, self.deployment, self.target, rules.TEST, 100)
        self.deployment.test = 100.0
        return True

    def _post_test_traffic_shift(self) -> bool:
        return True

    def _pre_production_traffic_shift(self) -> bool:
        return True

    def _shift(self) -> tuple[float, int]:
        """The next percentage of the production traffic, and the minutes between this step and the one after it."""
        found, configuration = self.deployment, self.deployment.configuration
        if self.source is None:
            return 100, 0
        if configuration["strategy"] == "CANARY":
            canary = configuration.get("canaryConfiguration") or {}
            percent = canary.get("canaryPercent", 5.0) if found.production == 0 else 100
            return percent, canary.get("canaryBakeTimeInMinutes", 10)
        if configuration["strategy"] == "LINEAR":
            linear = configuration.get("linearConfiguration") or {}
            return min(100, found.production + linear.get("stepPercent", 10.0)), linear.get("stepBakeTimeInMinutes", 6)
        return 100, 0

    def _production_traffic_shift(self) -> bool:
        percent, _ = self._shift()
        rules.shift(self.call, self.deployment, self.target, rules.PRODUCTION, percent)
        self.deployment.production = float(percent)
        if percent >= 100:
            self.state.serving = self.deployment.target
        return True

    def _post_production_traffic_shift(self) -> bool:
        return True

    def _bake_time(self) -> bool:
        return True

    def _clean_up(self) -> bool:
        """Ends the old revision; the new one is the service's."""
        if self.source is not None:
            tasks.end(self.call, self.service, self.source)
        tasks.serve(self.service, self.target)
        return True

    def _complete(self) -> None:
        if self.deployment.alarms == "MONITORING":
            self.deployment.alarms = "MONITORING_COMPLETE"
        self._finish("SUCCESSFUL", "")

    def fail(self, failure: Failure) -> None:
        """Ends the deployment, or begins to roll it back."""
        found = self.deployment
        if found.held:
            found.due, found.held = max(found.due, self.now), False
        found.reason = failure.message
        if found.status.startswith("ROLLBACK"):
            self._finish("ROLLBACK_FAILED", failure.message)
        elif failure.rollback:
            found.status = "ROLLBACK_REQUESTED"
            found.rollback = {"reason": failure.message, "startedAt": found.due, "serviceRevisionArn": found.source}
            found.due += settings.step()
        else:
            self.stop(failure.message)

    def _roll_back(self) -> None:
        """Gives the traffic back, then ends what was deployed."""
        found = self.deployment
        if found.status == "ROLLBACK_REQUESTED":
            found.status = "ROLLBACK_IN_PROGRESS"
            if self.source is not None and found.production:
                rules.shift(self.call, found, self.target, rules.PRODUCTION, 0)
                self.state.serving, found.production = found.source, 0.0
            rules.restore_test(self.call, found)
            found.test = 0.0
            found.due += settings.step()
            return
        tasks.end(self.call, self.service, self.target)
        if self.source is None:
            self.state.serving = ""
            message = "There is no service revision to roll back to"
            self._finish("ROLLBACK_FAILED", message)
            return
        parameters = self.source.parameters
        self.service.task_definition = parameters["taskDefinition"]
        self.service.network_configuration = parameters["networkConfiguration"]
        self.service.load_balancers = parameters["loadBalancers"]
        self.service.platform_version = parameters["platformVersion"]
        self._finish("ROLLBACK_SUCCESSFUL", found.reason)

    def stop(self, reason: str) -> None:
        """Ends the deployment where it is: what has no production traffic goes, what has it stays."""
        found = self.deployment
        if found.production < 100:
            rules.restore_test(self.call, found)
            if self.source is not None and found.production:
                rules.shift(self.call, found, self.target, rules.PRODUCTION, 0)
            found.production = found.test = 0.0
            tasks.end(self.call, self.service, self.target)
        else:
            tasks.serve(self.service, self.target)
        found.stopped = found.due
        self._finish("STOPPED", reason)

    def _finish(self, status: str, reason: str) -> None:
        found = self.deployment
        found.status, found.reason = status, reason
        found.finished = found.updated = found.due
