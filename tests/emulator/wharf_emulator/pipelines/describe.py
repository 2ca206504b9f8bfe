"""Executions, their actions and a pipeline's state as the API shows them."""

from __future__ import annotations

from typing import Any

from ..deployments.rollout import instant
from .execution import Attempt, Execution

EMPTY = (None, {}, [], "")


def _present(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if value not in EMPTY}


def summary(execution: Execution) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineExecutionSummary.html"""
    return _present(
        {
            "pipelineExecutionId": execution.id,
            "status": execution.status,
            "startTime": instant(execution.started),
            "lastUpdateTime": instant(execution.updated),
            "sourceRevisions": [
                {"actionName": action, **_without(revision, "name", "created")}
                for action, revision in sorted(execution.revisions.items())
            ],
            "trigger": execution.trigger,
            "stopTrigger": None if execution.stop_reason is None else {"reason": execution.stop_reason},
            "executionMode": execution.mode,
            "executionType": "STANDARD",
        }
    )


def _without(shown: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in names}


def execution(found: Execution) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineExecution.html"""
    return {
        "pipelineName": found.pipeline,
        "pipelineVersion": found.version,
        "pipelineExecutionId": found.id,
        "status": found.status,
        "artifactRevisions": [found.revisions[action] for action in sorted(found.revisions)],
        "variables": [{"name": name, "resolvedValue": value} for name, value in sorted(found.variables.items())],
        "trigger": found.trigger,
        "executionMode": found.mode,
        "executionType": "STANDARD",
    }


def action_execution(found: Execution, attempt: Attempt, region: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html"""
    declared = _declared(found, attempt)
    result = {
        "externalExecutionId": attempt.external,
        "externalExecutionSummary": attempt.summary,
        "externalExecutionUrl": attempt.url,
        "errorDetails": attempt.error,
        "logStreamARN": attempt.log_stream,
    }
    output = {
        "outputArtifacts": attempt.outputs,
        "executionResult": _present(result),
        "outputVariables": attempt.variables,
    }
    given = {
        "actionTypeId": declared["actionTypeId"],
        "configuration": declared.get("configuration", {}),
        "resolvedConfiguration": attempt.configuration,
        "roleArn": declared.get("roleArn"),
        "region": declared.get("region") or region,
        "inputArtifacts": attempt.inputs,
        "namespace": declared.get("namespace"),
    }
    return {
        "pipelineExecutionId": found.id,
        "actionExecutionId": attempt.id,
        "pipelineVersion": found.version,
        "stageName": attempt.stage,
        "actionName": attempt.action,
        "startTime": instant(attempt.started),
        "lastUpdateTime": instant(attempt.changed),
        "status": attempt.status,
        "input": _present(given),
        "output": _present(output),
    }


def _declared(found: Execution, attempt: Attempt) -> dict[str, Any]:
    stage = next(item for item in found.stages if item["name"] == attempt.stage)
    return next(item for item in stage["actions"] if item["name"] == attempt.action)


def state(pipeline: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html"""
    executions = list(pipeline.executions.values())
    return {
        "pipelineName": pipeline.pipeline["name"],
        "pipelineVersion": pipeline.pipeline["version"],
        "stageStates": [_stage(executions, stage) for stage in pipeline.pipeline["stages"]],
        "created": pipeline._created,
        "updated": pipeline._updated,
    }


def _stage(executions: list[Execution], stage: dict[str, Any]) -> dict[str, Any]:
    name = stage["name"]
    # in its first stage an execution is only about to be
    inbound = [item for item in executions if item.waits and item.stage == name and item.position > 0]
    waiting = [_named(item, "InProgress") for item in inbound]
    shown: dict[str, Any] = {
        "stageName": name,
        "inboundTransitionState": {"enabled": True},
        "actionStates": [_action(executions, name, action) for action in stage["actions"]],
    }
    if waiting:
        shown["inboundExecution"] = waiting[0]
        shown["inboundExecutions"] = waiting
    been = [item for item in executions if item.stage_status(name) is not None]
    if been:
        latest = max(been, key=lambda item: max(attempt.started for attempt in item.attempts if attempt.stage == name))
        shown["latestExecution"] = _named(latest, latest.stage_status(name))
    return shown


def _named(execution: Execution, status: str | None) -> dict[str, Any]:
    return {"pipelineExecutionId": execution.id, "status": status, "type": "STANDARD"}


def _action(executions: list[Execution], stage: str, declared: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"actionName": declared["name"]}
    found = [(item, item.latest(stage, declared["name"])) for item in executions]
    ran = [(item, attempt) for item, attempt in found if attempt is not None]
    if not ran:
        return shown
    execution, attempt = max(ran, key=lambda pair: pair[1].started)
    revision = execution.revisions.get(declared["name"])
    if revision is not None:
        shown["currentRevision"] = {"revisionId": revision["revisionId"], "created": revision["created"]}
        if "revisionUrl" in revision:
            shown["revisionUrl"] = revision["revisionUrl"]
    latest = {
        "actionExecutionId": attempt.id,
        "status": attempt.status,
        "summary": attempt.summary,
        "lastStatusChange": instant(attempt.changed),
        "token": attempt.token,
        "externalExecutionId": attempt.external,
        "externalExecutionUrl": attempt.url,
        "errorDetails": attempt.error,
        "logStreamARN": attempt.log_stream,
    }
    shown["latestExecution"] = _present(latest)
    shown["entityUrl"] = attempt.url
    return _present(shown)
