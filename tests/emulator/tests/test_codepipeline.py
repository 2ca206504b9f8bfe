"""CodePipeline: the checks of a pipeline's structure, versions, tags, state."""

from __future__ import annotations

import copy
import datetime

import pytest


def action(name, category, provider, configuration, inputs=(), outputs=(), order=1):
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "runOrder": order,
        "configuration": configuration,
        "inputArtifacts": [{"name": item} for item in inputs],
        "outputArtifacts": [{"name": item} for item in outputs],
    }


@pytest.fixture
def declared(stack):
    source = {"RepositoryName": "app", "BranchName": "main"}
    return {
        "name": "app",
        "roleArn": stack.role("pipeline", "codepipeline.amazonaws.com", "codebuild.amazonaws.com"),
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [
            {"name": "Source", "actions": [action("Source", "Source", "CodeCommit", source, outputs=["code"])]},
            {
                "name": "Build",
                "actions": [action("Build", "Build", "CodeBuild", {"ProjectName": "app"}, ["code"], ["image"])],
            },
        ],
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "variables": [{"name": "image", "defaultValue": "latest"}],
        "triggers": [
            {
                "providerType": "CodeStarSourceConnection",
                "gitConfiguration": {"sourceActionName": "Source", "push": [{"branches": {"includes": ["main"]}}]},
            }
        ],
    }


def test_pipeline_is_kept(client, declared, refused):
    pipelines = client("codepipeline")
    pipelines.create_pipeline(pipeline=declared, tags=[{"key": "stack", "value": "s"}])
    found = pipelines.get_pipeline(name="app")
    assert found["pipeline"] == {**declared, "version": 1}
    assert isinstance(found["metadata"]["created"], datetime.datetime)
    refused("PipelineNameInUseException", pipelines.create_pipeline, pipeline=declared)
    refused("PipelineNotFoundException", pipelines.get_pipeline, name="other")
    arn = found["metadata"]["pipelineArn"]
    pipelines.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    pipelines.untag_resource(resourceArn=arn, tagKeys=["stack"])
    assert pipelines.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    state = pipelines.get_pipeline_state(name="app")
    assert [stage["stageName"] for stage in state["stageStates"]] == ["Source", "Build"]
    refused("PipelineNotFoundException", pipelines.get_pipeline_state, name="other")


def test_versions(client, declared, refused):
    pipelines = client("codepipeline")
    refused("PipelineNotFoundException", pipelines.update_pipeline, pipeline=declared)
    pipelines.create_pipeline(pipeline=declared)
    changed = {**declared, "executionMode": "PARALLEL"}
    assert pipelines.update_pipeline(pipeline=changed)["pipeline"]["version"] == 2
    assert pipelines.get_pipeline(name="app", version=1)["pipeline"]["executionMode"] == "QUEUED"
    assert pipelines.get_pipeline(name="app")["pipeline"]["executionMode"] == "PARALLEL"
    refused("PipelineVersionNotFoundException", pipelines.get_pipeline, name="app", version=9)
    refused(
        "InvalidStructureException", pipelines.update_pipeline, pipeline={**changed, "stages": changed["stages"][:1]}
    )
    assert pipelines.list_pipelines()["pipelines"][0]["version"] == 2
    pipelines.delete_pipeline(name="app")
    pipelines.delete_pipeline(name="app")


def test_defaults_of_a_small_pipeline(client, declared):
    for member in ("pipelineType", "executionMode", "variables", "triggers"):
        del declared[member]
    client("codepipeline").create_pipeline(pipeline=declared)
    shown = client("codepipeline").get_pipeline(name="app")["pipeline"]
    assert (shown["pipelineType"], shown["executionMode"]) == ("V1", "SUPERSEDED")


GONE = object()
BUILD = ("stages", 1, "actions", 0)
SOURCE = ("stages", 0, "actions", 0)


def change(declared, path, value):
    """A copy of a pipeline with one value replaced, or taken away."""
    spoiled = copy.deepcopy(declared)
    parent = spoiled
    for key in path[:-1]:
        parent = parent[key]
    if value is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return spoiled


@pytest.mark.parametrize(
    ("code", "path", "value"),
    [
        ("InvalidStructureException", ("stages", 1), GONE),
        ("InvalidStructureException", ("stages", 1, "name"), "Source"),
        ("InvalidStructureException", (*BUILD, "inputArtifacts"), [{"name": "unknown"}]),
        ("InvalidStructureException", (*BUILD, "outputArtifacts"), [{"name": "code"}]),
        ("InvalidStructureException", (*SOURCE, "actionTypeId", "category"), "Build"),
        ("InvalidStructureException", ("pipelineType",), "V1"),
        ("InvalidStructureException", ("artifactStore",), GONE),
        ("InvalidStructureException", ("roleArn",), "arn:aws:iam::123456789012:role/nobody"),
        ("InvalidActionDeclarationException", (*BUILD, "actionTypeId", "provider"), "Nothing"),
        ("InvalidActionDeclarationException", (*BUILD, "configuration", "ProjectName"), GONE),
        ("InvalidActionDeclarationException", (*SOURCE, "configuration", "BranchName"), GONE),
        ("InvalidActionDeclarationException", (*SOURCE, "outputArtifacts"), []),
    ],
)
def test_structure_is_checked(client, declared, refused, code, path, value):
    refused(code, client("codepipeline").create_pipeline, pipeline=change(declared, path, value))


def test_action_names_are_unique(client, declared, refused):
    declared["stages"][1]["actions"] *= 2
    refused("InvalidStructureException", client("codepipeline").create_pipeline, pipeline=declared)


def test_role_must_trust_codepipeline(client, stack, declared, refused):
    role = stack.role("stranger", "codebuild.amazonaws.com")
    refused("InvalidStructureException", client("codepipeline").create_pipeline, pipeline={**declared, "roleArn": role})
