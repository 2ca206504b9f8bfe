"""CodePipeline's operations on executions.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from typing import Any

from .. import clock
from ..call import Call, Fault
from ..hooks import instead
from ..missing.codepipeline import pipeline
from . import describe
from .events import caller
from .execution import ACTIVE, Execution
from .machine import start

REVISIONS = {"CodeCommit": ("COMMIT_ID",), "S3": ("S3_OBJECT_VERSION_ID",)}
"""Which revisions an execution can be started with, by the provider of the source."""


def _execution(call: Call, name: str) -> Execution:
    identity = call.params["pipelineExecutionId"]
    found = pipeline(call, name).executions.get(identity)
    if found is None:
        message = f"Account '{call.account}' does not have an execution with id '{identity}' for pipeline '{name}'"
        raise Fault("PipelineExecutionNotFoundException", message)
    return found


@instead("codepipeline:StartPipelineExecution")
def start_pipeline_execution(call: Call) -> dict[str, Any]:
    found = pipeline(call, call.params["name"])
    declared = {item["name"]: item.get("defaultValue", "") for item in found.pipeline.get("variables", [])}
    for item in call.params.get("variables", []):
        if item["name"] not in declared:
            raise Fault("ValidationException", f"The pipeline has no variable {item['name']}")
        declared[item["name"]] = item["value"]
    sources = {item["name"]: item for item in found.pipeline["stages"][0]["actions"]}
    given = {}
    for item in call.params.get("sourceRevisions", []):
        action = sources.get(item["actionName"])
        if action is None:
            raise Fault("ValidationException", f"The pipeline has no source action {item['actionName']}")
        if item["revisionType"] not in REVISIONS.get(action["actionTypeId"]["provider"], ()):
            message = f"The source action {item['actionName']} takes no revision of type {item['revisionType']}"
            raise Fault("ValidationException", message)
        given[item["actionName"]] = item["revisionValue"]
    started = start(call, found, "StartPipelineExecution", caller(call), variables=declared, given=given)
    return {"pipelineExecutionId": started.id}


@instead("codepipeline:GetPipelineExecution")
def get_pipeline_execution(call: Call) -> dict[str, Any]:
    return {"pipelineExecution": describe.execution(_execution(call, call.params["pipelineName"]))}


@instead("codepipeline:ListPipelineExecutions")
def list_pipeline_executions(call: Call) -> dict[str, Any]:
    found = list(pipeline(call, call.params["pipelineName"]).executions.values())[::-1]
    stage = ((call.params.get("filter") or {}).get("succeededInStage") or {}).get("stageName")
    shown = [item for item in found if stage is None or item.stage_status(stage) == "Succeeded"]
    return {"pipelineExecutionSummaries": [describe.summary(item) for item in shown]}


@instead("codepipeline:GetPipelineState")
def get_pipeline_state(call: Call) -> dict[str, Any]:
    return describe.state(pipeline(call, call.params["name"]))


@instead("codepipeline:ListActionExecutions")
def list_action_executions(call: Call) -> dict[str, Any]:
    found = pipeline(call, call.params["pipelineName"])
    chosen = call.params.get("filter") or {}
    latest = chosen.get("latestInPipelineExecution") or {}
    wanted = chosen.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
    if wanted is not None and wanted not in found.executions:
        message = f"Account '{call.account}' does not have an execution with id '{wanted}'"
        raise Fault("PipelineExecutionNotFoundException", message)
    executions = [found.executions[wanted]] if wanted else list(found.executions.values())
    attempts = [
        (execution, attempt)
        for execution in executions
        for attempt in execution.attempts
        if not latest or execution.latest(attempt.stage, attempt.action) is attempt
    ]
    # the newest first; those that started at the same time in the order of their stages, backwards
    attempts.reverse()
    attempts.sort(key=lambda pair: pair[1].started, reverse=True)
    shown = [describe.action_execution(execution, attempt, call.region) for execution, attempt in attempts]
    return {"actionExecutionDetails": shown}


@instead("codepipeline:StopPipelineExecution")
def stop_pipeline_execution(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-stop.html"""
    found = _execution(call, call.params["pipelineName"])
    abandon = call.params.get("abandon", False)
    if found.status == "Stopping" and not abandon:
        raise Fault("DuplicatedStopRequestException", f"The execution {found.id} is already being stopped")
    if found.status not in ACTIVE:
        message = f"The execution {found.id} is in a {found.status} state and cannot be stopped"
        raise Fault("PipelineExecutionNotStoppableException", message)
    found.stop_reason = call.params.get("reason", "")
    found.updated = clock.now()
    found.status = "Stopping"
    if abandon:
        for attempt in found.attempts:
            if attempt.status == "InProgress":
                attempt.status, attempt.ended = "Abandoned", found.updated
        found.status, found.inside = "Stopped", False
    return {"pipelineExecutionId": found.id}


@instead("codepipeline:RetryStageExecution")
def retry_stage_execution(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html"""
    name, stage = call.params["pipelineName"], call.params["stageName"]
    found, owner = _execution(call, name), pipeline(call, name)
    if stage not in [item["name"] for item in owner.pipeline["stages"]]:
        raise Fault("StageNotFoundException", f"The pipeline {name} has no stage {stage}")
    if found.status not in ("Failed", "Stopped") or found.stage != stage or not found.visit:
        message = f"The stage {stage} of the execution {found.id} has not failed and cannot be retried"
        raise Fault("StageNotRetryableException", message)
    if found.version != owner.pipeline["version"]:
        message = "The pipeline has been changed since the execution: its stage cannot be retried"
        raise Fault("StageNotRetryableException", message)
    began = max(item.started for item in found.attempts if item.stage == stage)
    others = [item for item in owner.executions.values() if item is not found and found.mode != "PARALLEL"]
    if any(attempt.stage == stage and attempt.started > began for item in others for attempt in item.attempts):
        message = f"The execution {found.id} is not the latest one in the stage {stage}"
        raise Fault("NotLatestPipelineExecutionException", message)
    kept = {}
    if call.params["retryMode"] == "FAILED_ACTIONS":
        kept = {name: item for name, item in found.visit.items() if found.attempt(item).status == "Succeeded"}
    found.visit, found.status, found.stop_reason = kept, "InProgress", None
    found.updated = clock.now()
    return {"pipelineExecutionId": found.id}
