"""CodeBuild projects: UpdateProject, which moto lacks, and a CreateProject that takes a pipeline's project."""

from __future__ import annotations

import copy
import time
from typing import Any

from ..call import Call, Fault
from ..hooks import instead
from ..roles import require_assumable

PRINCIPAL = "codebuild.amazonaws.com"
NOT_AUTHORIZED = (
    "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: "
    "1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, "
    "3) The role has the necessary trust policy configured"
)
WITHOUT_LOCATION = ("CODEPIPELINE", "NO_SOURCE")
DEFAULTS: dict[str, Any] = {
    "badge": {"badgeEnabled": False},
    "cache": {"type": "NO_CACHE"},
    "logsConfig": {
        "cloudWatchLogs": {"status": "ENABLED"},
        "s3Logs": {"status": "DISABLED", "encryptionDisabled": False},
    },
    "projectVisibility": "PRIVATE",
    "queuedTimeoutInMinutes": 480,
    "secondaryArtifacts": [],
    "secondarySourceVersions": [],
    "secondarySources": [],
    "tags": [],
    "timeoutInMinutes": 60,
}


def _invalid(message: str) -> Fault:
    return Fault("InvalidInputException", message)


def _check(call: Call, project: dict[str, Any]) -> None:
    source, artifacts = project["source"], project["artifacts"]
    if source["type"] not in WITHOUT_LOCATION and not source.get("location"):
        raise _invalid("Project source location is required")
    if source["type"] == "NO_SOURCE" and not source.get("buildspec"):
        raise _invalid("Buildspec must be provided for NO_SOURCE projects")
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        raise _invalid("Invalid artifacts: type CODEPIPELINE goes with source type CODEPIPELINE, and only with it")
    if artifacts["type"] == "S3" and not artifacts.get("location"):
        raise _invalid("Invalid artifacts: location must be specified for S3")
    if artifacts["type"] == "NO_ARTIFACTS" and artifacts.get("location"):
        raise _invalid("Invalid artifacts: artifact type NO_ARTIFACTS should have null location")
    vpc = project.get("vpcConfig") or {}
    if vpc and not (vpc.get("vpcId") and vpc.get("subnets") and vpc.get("securityGroupIds")):
        raise _invalid("Invalid vpc config: VPC id, subnets and security groups are all required")
    require_assumable(call, project["serviceRole"], PRINCIPAL, _invalid(NOT_AUTHORIZED))


def _merge(project: dict[str, Any], params: dict[str, Any]) -> None:
    """Puts a request's members into a project, with the defaults AWS fills in."""
    for member, value in copy.deepcopy(params).items():
        if member == "badgeEnabled":
            project["badge"] = {"badgeEnabled": value}
        elif member == "concurrentBuildLimit" and value == -1:
            project.pop(member, None)
        elif member in ("cache", "logsConfig") and not value:
            project[member] = copy.deepcopy(DEFAULTS[member])
        else:
            project[member] = value
    environment = project["environment"]
    environment.setdefault("environmentVariables", [])
    environment.setdefault("privilegedMode", False)
    environment.setdefault("imagePullCredentialsType", "CODEBUILD")
    for variable in environment["environmentVariables"]:
        variable.setdefault("type", "PLAINTEXT")
    project["source"].setdefault("insecureSsl", False)
    if project["artifacts"]["type"] != "NO_ARTIFACTS":
        project["artifacts"].setdefault("name", project["name"])
        project["artifacts"].setdefault("packaging", "NONE")
        project["artifacts"].setdefault("encryptionDisabled", False)
    if (project.get("vpcConfig") or {}) == {}:
        project.pop("vpcConfig", None)
    logs = project["logsConfig"]
    for kind, default in DEFAULTS["logsConfig"].items():
        logs[kind] = {**default, **logs.get(kind, {})}


@instead("codebuild:CreateProject")
def create_project(call: Call) -> dict[str, Any]:
    from moto.codebuild.models import CodeBuild

    params, backend = call.params, call.backend()
    name = params["name"]
    if name in backend.codebuild_projects:
        arn = call.arn("codebuild", f"project/{name}")
        raise Fault("ResourceAlreadyExistsException", f"Project already exists: {arn}")
    _check(call, params)
    stored = CodeBuild(
        call.account,
        call.region,
        project_name=name,
        description=None,
        project_source={},
        artifacts={},
        environment={},
        serviceRole=params["serviceRole"],
    )
    project = stored.project_metadata
    project.update(copy.deepcopy(DEFAULTS))
    project["created"] = project["lastModified"] = time.time()
    _merge(project, params)
    stored.tags = project["tags"]
    backend.codebuild_projects[name] = stored
    backend.build_history[name] = []
    return {"project": project}


@instead("codebuild:UpdateProject")
def update_project(call: Call) -> dict[str, Any]:
    stored = call.backend().codebuild_projects.get(call.params["name"])
    if stored is None:
        arn = call.arn("codebuild", f"project/{call.params['name']}")
        raise Fault("ResourceNotFoundException", f"Project cannot be found: {arn}")
    project = copy.deepcopy(stored.project_metadata)
    _merge(project, call.params)
    _check(call, project)
    project["lastModified"] = time.time()
    stored.project_metadata, stored.tags = project, project["tags"]
    stored.service_role = project["serviceRole"]
    return {"project": project}


@instead("codebuild:BatchGetProjects")
def batch_get_projects(call: Call) -> dict[str, Any]:
    known = call.backend().codebuild_projects
    names = {reference: reference.split(":project/")[-1] for reference in call.params["names"]}
    return {
        "projects": [known[name].project_metadata for name in names.values() if name in known],
        "projectsNotFound": [reference for reference, name in names.items() if name not in known],
    }


@instead("codebuild:BatchGetBuilds")
def batch_get_builds(call: Call) -> dict[str, Any]:
    ids = call.params["ids"]
    of_pipelines = call.backend().__dict__.get("wharf_builds", {})
    found = [of_pipelines[build] for build in ids if build in of_pipelines]
    found += call.backend().batch_get_builds([build for build in ids if build not in of_pipelines])
    known = {build["id"] for build in found}
    return {"builds": found, "buildsNotFound": [build for build in call.params["ids"] if build not in known]}
