"""The way of executions through the stages of their pipelines, as far as the emulator's clock has come.

https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

import copy
import importlib
import sys
import traceback
from typing import Any

from .. import clock
from ..call import ACCOUNT, Call, Fault
from ..deployments import machine as deployments
from ..deployments import settings
from ..hooks import on_time
from ..roles import require_assumable
from . import action
from .execution import ACTIVE, ActionFailed, Attempt, Execution

PRINCIPAL = "codepipeline.amazonaws.com"


def start(call: Call, pipeline: Any, kind: str, detail: str = "", **more: Any) -> Execution:
    """Starts an execution of moto's pipeline; ``more`` are the members ``variables`` and ``given``."""
    declared = copy.deepcopy(pipeline.pipeline)
    trigger = {"triggerType": kind, "triggerDetail": detail}
    now = clock.now()
    made = Execution(declared["name"], declared["version"], declared, trigger, now, updated=now, **more)
    for name, branch in _tips(call, declared).items():
        # an execution is of the commit that was the newest when it started, however long it waits
        made.given.setdefault(name, branch)
    pipeline.executions[made.id] = made
    return made


def _tips(call: Call, declared: dict[str, Any]) -> dict[str, str]:
    tips = {}
    for found in declared["stages"][0]["actions"]:
        if found["actionTypeId"]["provider"] == "CodeCommit":
            configuration = found["configuration"]
            repository = call.backend("codecommit").repositories.get(configuration["RepositoryName"])
            tip = getattr(repository, "branches", {}).get(configuration["BranchName"])
            if tip:
                tips[found["name"]] = tip
    return tips


@on_time
def advance() -> None:
    """Brings all executions up to the emulator's clock, and the deployments that they start."""
    calls = [(Call("codepipeline", "advance", "json", region, None), backend) for region, backend in _all()]
    while sum(_advance(call, backend) for call, backend in calls) > 0:
        deployments.advance()


def _all() -> list[tuple[str, Any]]:
    backends = importlib.import_module("moto.codepipeline.models").codepipeline_backends
    return list(dict.items(backends[ACCOUNT])) if dict.__contains__(backends, ACCOUNT) else []


def _advance(call: Call, backend: Any) -> bool:
    changed = False
    for pipeline in list(backend.pipelines.values()):
        for execution in list(pipeline.executions.values()):
            while execution.status in ACTIVE and Machine(call, pipeline, execution).step():
                changed = True
    return changed


class Machine:
    """Takes one execution a step further."""

    def __init__(self, call: Call, pipeline: Any, execution: Execution):
        self.call = call
        self.pipeline = pipeline
        self.execution = execution
        self.now = clock.now()

    def step(self) -> bool:
        """Whether anything has happened."""
        execution = self.execution
        if not execution.inside:
            return self._stop() if execution.status == "Stopping" else self._enter()
        attempts = [execution.attempt(identity) for identity in execution.visit.values()]
        running = [item for item in attempts if item.status == "InProgress"]
        changed = sum(self._look(item) for item in running) > 0
        if any(item.status == "InProgress" for item in running):
            return changed
        if any(item.status != "Succeeded" for item in attempts):
            execution.status, execution.inside = "Failed", False
        elif execution.status == "Stopping":
            self._stop()
        else:
            self._go_on()
        return True

    def _stop(self) -> bool:
        self.execution.status, self.execution.inside = "Stopped", False
        return True

    def _others(self) -> list[Execution]:
        """The other executions that are in the same stage or wait for it."""
        ours = self.execution
        found = self.pipeline.executions.values()
        return [item for item in found if item is not ours and item.status in ACTIVE and item.stage == ours.stage]

    def _enter(self) -> bool:
        ours, others = self.execution, self._others()
        if ours.mode != "PARALLEL" and any(item.inside for item in others):
            older = [item for item in others if item.waits and item.started < ours.started]
            if ours.mode == "SUPERSEDED":
                for item in older:
                    item.status, item.updated = "Superseded", ours.updated
            return ours.mode == "SUPERSEDED" and bool(older)
        ours.updated = max(ours.updated, self._free_since())
        ours.inside = True
        self._go_on()
        return True

    def _free_since(self) -> float:
        """When an execution before this one was done with the stage."""
        ours = self.execution
        ends = [
            attempt.changed
            for other in self.pipeline.executions.values()
            if other is not ours and ours.mode != "PARALLEL"
            for attempt in other.attempts
            if attempt.stage == ours.stage
        ]
        return max(ends, default=0.0)

    def _go_on(self) -> None:
        """Starts the next actions of the stage, or leaves it."""
        execution = self.execution
        left = [item for item in execution.stages[execution.position]["actions"] if item["name"] not in execution.visit]
        if left:
            order = min(item.get("runOrder", 1) for item in left)
            begun = execution.updated
            for declared in left:
                if declared.get("runOrder", 1) == order:
                    self._begin(declared, begun)
            return
        execution.inside = False
        execution.visit = {}
        if execution.position + 1 == len(execution.stages):
            execution.status = "Succeeded"
        else:
            execution.position += 1

    def _begin(self, declared: dict[str, Any], time: float) -> None:
        attempt = Attempt(self.execution.stage, declared["name"], time, time + settings.step())
        self.execution.attempts.append(attempt)
        self.execution.visit[attempt.action] = attempt.id
        found = action.of(self.call, self.execution, attempt, declared)
        self._guarded(attempt, found.prepare)
        if attempt.status == "InProgress":
            self._guarded(attempt, lambda: self._check_role(declared))
        if attempt.status == "InProgress":
            self._guarded(attempt, found.begin)

    def _check_role(self, declared: dict[str, Any]) -> None:
        role = declared.get("roleArn") or self.execution.declared["roleArn"]
        message = f"CodePipeline is not authorized to perform AssumeRole on role {role}"
        try:
            require_assumable(self.call, role, PRINCIPAL, Fault("AccessDenied", message))
        except Fault as fault:
            raise ActionFailed(fault.message, "PermissionError") from fault

    def _look(self, attempt: Attempt) -> bool:
        declared = next(
            item for item in self.execution.stages[self.execution.position]["actions"] if item["name"] == attempt.action
        )
        found = action.of(self.call, self.execution, attempt, declared)
        over = self._guarded(attempt, lambda: found.look(self.now))
        if over:
            attempt.status = "Succeeded"
            self.execution.updated = max(self.execution.updated, attempt.changed)
        return attempt.status != "InProgress"

    def _guarded(self, attempt: Attempt, work: Any) -> Any:
        try:
            return work()
        except ActionFailed as failure:
            self._failed(attempt, failure)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._failed(attempt, ActionFailed(f"{type(error).__name__}: {error}", "SystemUnavailable"))
        return False

    def _failed(self, attempt: Attempt, failure: ActionFailed) -> None:
        attempt.status = "Failed"
        attempt.ended = attempt.ended or min(self.now, attempt.due)
        attempt.error = {"code": failure.code, "message": failure.message}
        attempt.summary = failure.summary or failure.message
        self.execution.updated = max(self.execution.updated, attempt.changed)
