"""CodeBuild: a pipeline's project, created, changed and read."""

from __future__ import annotations

import pytest

KEY = "arn:aws:kms:eu-central-1:123456789012:key/0d3ad7f5-1f0a-4b8e-9b8e-000000000000"


@pytest.fixture
def project(stack):
    return {
        "name": "app",
        "source": {"type": "CODEPIPELINE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "A", "value": "b"}],
            "privilegedMode": True,
        },
        "serviceRole": stack.role("build", "codebuild.amazonaws.com"),
        "encryptionKey": KEY,
        "concurrentBuildLimit": 1,
        "tags": [{"key": "stack", "value": "s"}],
        "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "builds"}},
    }


def test_project_of_a_pipeline(client, project, refused):
    builds = client("codebuild")
    builds.create_project(**project)
    refused("ResourceAlreadyExistsException", builds.create_project, **project)
    found = builds.batch_get_projects(names=["app", "none"])
    assert found["projectsNotFound"] == ["none"]
    [shown] = found["projects"]
    for member in ("encryptionKey", "concurrentBuildLimit", "tags", "serviceRole"):
        assert shown[member] == project[member]
    assert (shown["timeoutInMinutes"], shown["queuedTimeoutInMinutes"]) == (60, 480)
    assert shown["environment"]["environmentVariables"] == [{"name": "A", "value": "b", "type": "PLAINTEXT"}]
    assert shown["artifacts"]["name"] == "app"
    assert shown["logsConfig"]["cloudWatchLogs"] == {"status": "ENABLED", "groupName": "builds"}
    [by_arn] = builds.batch_get_projects(names=[shown["arn"]])["projects"]
    assert by_arn == shown


def test_update_project(client, project, refused):
    builds = client("codebuild")
    refused("ResourceNotFoundException", builds.update_project, name="app", description="d")
    builds.create_project(**project)
    builds.update_project(name="app", description="d", concurrentBuildLimit=-1, tags=[], timeoutInMinutes=10)
    [shown] = builds.batch_get_projects(names=["app"])["projects"]
    assert (shown["description"], shown["timeoutInMinutes"], shown["tags"]) == ("d", 10, [])
    assert "concurrentBuildLimit" not in shown
    refused("InvalidInputException", builds.update_project, name="app", source={"type": "S3", "location": "b/k"})
    [unchanged] = builds.batch_get_projects(names=["app"])["projects"]
    assert unchanged == shown
    builds.delete_project(name="app")
    assert builds.list_projects()["projects"] == []


def test_creation_is_checked(client, stack, project, refused):
    create = client("codebuild").create_project
    stranger = stack.role("stranger", "ec2.amazonaws.com")
    for wrong in (
        {"serviceRole": stranger},
        {"serviceRole": stranger + "x"},
        {"source": {"type": "S3"}},
        {"artifacts": {"type": "NO_ARTIFACTS"}},
        {"source": {"type": "NO_SOURCE"}, "artifacts": {"type": "NO_ARTIFACTS"}},
        {"vpcConfig": {"vpcId": "vpc-0123456789abcdef0"}},
    ):
        refused("InvalidInputException", create, **{**project, **wrong})


def test_builds(client, project):
    builds = client("codebuild")
    builds.create_project(**project)
    build = builds.start_build(projectName="app")["build"]["id"]
    found = builds.batch_get_builds(ids=[build, "app:none"])
    assert [item["buildStatus"] for item in found["builds"]] == ["SUCCEEDED"]
    assert found["buildsNotFound"] == ["app:none"]
