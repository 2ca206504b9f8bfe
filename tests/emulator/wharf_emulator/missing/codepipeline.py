"""CodePipeline operations that moto lacks."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import instead


def pipeline(call: Call, name: str) -> Any:
    """moto's pipeline of a name."""
    found = call.backend("codepipeline").pipelines.get(name)
    if found is None:
        message = f"Account '{call.account}' does not have a pipeline with name '{name}'"
        raise Fault("PipelineNotFoundException", message)
    return found


@instead("codepipeline:GetPipelineState")
def get_pipeline_state(call: Call) -> dict[str, Any]:
    found = pipeline(call, call.params["name"])
    stages = []
    for stage in found.pipeline["stages"]:
        actions = [{"actionName": action["name"]} for action in stage["actions"]]
        stages.append(
            {"stageName": stage["name"], "inboundTransitionState": {"enabled": True}, "actionStates": actions}
        )
    return {
        "pipelineName": call.params["name"],
        "pipelineVersion": found.pipeline["version"],
        "stageStates": stages,
        "created": found._created,
        "updated": found._updated,
    }
