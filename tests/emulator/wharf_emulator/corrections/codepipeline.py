"""CodePipeline made strict: AWS's checks of a pipeline's structure, its error codes and versions."""

from __future__ import annotations

import copy
from typing import Any

from ..call import Call, Fault
from ..hooks import instead
from ..missing.codepipeline import ON_CREATE, pipeline
from ..roles import require_assumable

PRINCIPAL = "codepipeline.amazonaws.com"

PROVIDERS = {
    "Approval": {"Manual"},
    "Build": {"CodeBuild", "ECRBuildAndPublish"},
    "Compute": {"Commands"},
    "Deploy": {
        "AppConfig",
        "CloudFormation",
        "CloudFormationStackInstances",
        "CloudFormationStackSet",
        "CodeDeploy",
        "CodeDeployToECS",
        "EC2",
        "ECS",
        "EKS",
        "ElasticBeanstalk",
        "Lambda",
        "S3",
        "ServiceCatalog",
    },
    "Invoke": {"CodePipeline", "InspectorScan", "Lambda", "StepFunctions"},
    "Source": {"CodeCommit", "CodeStarSourceConnection", "ECR", "S3"},
    "Test": {"CodeBuild", "DeviceFarm"},
}
"""AWS's own providers by category."""

REQUIRED = {
    "CodeCommit": ("RepositoryName", "BranchName"),
    "CodeBuild": ("ProjectName",),
    "CodeDeployToECS": ("ApplicationName", "DeploymentGroupName"),
    "CodeDeploy": ("ApplicationName", "DeploymentGroupName"),
}
"""Configuration keys without which an action is refused; S3 has other ones as source and as target."""


def _structure(message: str) -> Fault:
    return Fault("InvalidStructureException", message)


def _action(message: str) -> Fault:
    return Fault("InvalidActionDeclarationException", message)


def _check(call: Call, declared: dict[str, Any]) -> None:
    stages = declared["stages"]
    message = f"CodePipeline is not authorized to perform AssumeRole on role {declared['roleArn']}"
    require_assumable(call, declared["roleArn"], PRINCIPAL, _structure(message))
    if len(stages) < 2:
        raise _structure(
            f"Pipeline has only {len(stages)} stage(s). There should be a minimum of 2 stages in a pipeline"
        )
    if ("artifactStore" in declared) == ("artifactStores" in declared):
        raise _structure("Pipeline must have either artifactStore or artifactStores, and not both")
    names = [stage["name"] for stage in stages]
    if len(set(names)) < len(names):
        raise _structure("Stage names must be unique within a pipeline")
    if declared.get("pipelineType", "V1") != "V2":
        for member in ("variables", "triggers"):
            if declared.get(member):
                raise _structure(f"Pipelines of type V1 cannot have {member}")
        if declared.get("executionMode", "SUPERSEDED") != "SUPERSEDED":
            raise _structure("Pipelines of type V1 only have the execution mode SUPERSEDED")
    produced: set[str] = set()
    for number, stage in enumerate(stages):
        _check_stage(stage, number, produced)


def _check_stage(stage: dict[str, Any], number: int, produced: set[str]) -> None:
    """Checks one stage; the artifacts it makes are added to those produced so far."""
    actions = stage["actions"]
    if not actions:
        raise _structure(f"Stage {stage['name']} has no actions")
    names = [action["name"] for action in actions]
    if len(set(names)) < len(names):
        raise _structure(f"Action names must be unique within stage {stage['name']}")
    for action in sorted(actions, key=lambda item: item.get("runOrder", 1)):
        kind = action["actionTypeId"]
        if (kind["category"] == "Source") != (number == 0):
            place = "the first stage has only source actions, and no other stage has any"
            raise _structure(f"Action {action['name']} in stage {stage['name']}: {place}")
        _check_action(action, kind)
        for artifact in action.get("inputArtifacts", []):
            if artifact["name"] not in produced:
                raise _structure(
                    f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not declared as output "
                    "artifact in any of the preceding actions"
                )
        for artifact in action.get("outputArtifacts", []):
            if artifact["name"] in produced:
                raise _structure(f"Output Artifact Bundle name must be unique within the pipeline: {artifact['name']}")
            produced.add(artifact["name"])


def _check_action(action: dict[str, Any], kind: dict[str, Any]) -> None:
    category, provider = kind["category"], kind["provider"]
    if kind["owner"] == "AWS" and provider not in PROVIDERS.get(category, set()):
        raise _action(
            f"ActionType (Category: '{category}', Provider: '{provider}', Owner: 'AWS', Version: '{kind['version']}') "
            f"in action '{action['name']}' is not available"
        )
    required = REQUIRED.get(provider, ())
    if provider == "S3":
        required = ("S3Bucket", "S3ObjectKey") if category == "Source" else ("BucketName", "Extract")
    for key in required:
        if not action.get("configuration", {}).get(key):
            raise _action(
                f"Action configuration for action '{action['name']}' is missing required configuration '{key}'"
            )
    if category == "Source" and (action.get("inputArtifacts") or len(action.get("outputArtifacts", [])) != 1):
        raise _action(f"Source action '{action['name']}' has exactly one output artifact and no input")


def _defaults(declared: dict[str, Any]) -> dict[str, Any]:
    filled = copy.deepcopy(declared)
    filled.setdefault("pipelineType", "V1")
    filled.setdefault("executionMode", "SUPERSEDED")
    return filled


@instead("codepipeline:CreatePipeline")
def create_pipeline(call: Call) -> dict[str, Any]:
    from moto.codepipeline.models import CodePipeline

    declared, backend = call.params["pipeline"], call.backend()
    if declared["name"] in backend.pipelines:
        message = f"A pipeline with the name '{declared['name']}' already exists in account '{call.account}'"
        raise Fault("PipelineNameInUseException", message)
    _check(call, declared)
    made = CodePipeline(call.account, call.region, _defaults(declared))
    tags = call.params.get("tags", [])
    made.validate_tags(tags)
    made.tags.update({tag["key"]: tag["value"] for tag in tags})
    made.wharf_versions = {1: copy.deepcopy(made.pipeline)}
    backend.pipelines[declared["name"]] = made
    for notify in ON_CREATE:
        notify(call, made)
    return {"pipeline": made.pipeline, "tags": tags}


@instead("codepipeline:UpdatePipeline")
def update_pipeline(call: Call) -> dict[str, Any]:
    from moto.core.utils import utcnow

    declared = call.params["pipeline"]
    found = pipeline(call, declared["name"])
    _check(call, declared)
    changed = _defaults(declared)
    changed["version"] = found.pipeline["version"] + 1
    found.pipeline = found.add_default_values(changed)
    found._updated = utcnow()
    found.wharf_versions[changed["version"]] = copy.deepcopy(found.pipeline)
    return {"pipeline": found.pipeline}


@instead("codepipeline:GetPipeline")
def get_pipeline(call: Call) -> dict[str, Any]:
    found = pipeline(call, call.params["name"])
    version = call.params.get("version", found.pipeline["version"])
    if version not in found.wharf_versions:
        message = f"The pipeline '{call.params['name']}' has no version {version}"
        raise Fault("PipelineVersionNotFoundException", message)
    metadata = {"pipelineArn": found._arn, "created": found._created, "updated": found._updated}
    return {"pipeline": found.wharf_versions[version], "metadata": metadata}


@instead("codepipeline:ListPipelines")
def list_pipelines(call: Call) -> dict[str, Any]:
    return {
        "pipelines": [
            {
                "name": name,
                "version": found.pipeline["version"],
                "pipelineType": found.pipeline["pipelineType"],
                "executionMode": found.pipeline["executionMode"],
                "created": found._created,
                "updated": found._updated,
            }
            for name, found in sorted(call.backend().pipelines.items())
        ]
    }
