"""CodeCommit repositories: everything but getting and deleting one."""

from __future__ import annotations

import time
from typing import Any

from ..call import Call, Fault
from ..hooks import instead

TRIGGER_EVENTS = ("all", "updateReference", "createReference", "deleteReference")


def repository(call: Call, name: str | None = None) -> Any:
    """moto's repository, with room for what moto does not keep."""
    name = name or call.params["repositoryName"]
    found = call.backend("codecommit").repositories.get(name)
    if found is None:
        raise Fault("RepositoryDoesNotExistException", f"{name} does not exist")
    if not hasattr(found, "commits"):
        found.commits, found.branches, found.tags = {}, {}, {}
        found.triggers, found.trigger_configuration = [], None
    return found


def _touch(found: Any) -> None:
    found.repository_metadata["lastModifiedDate"] = time.time()


@instead("codecommit:CreateRepository")
def create_repository(call: Call) -> dict[str, Any]:
    backend, name = call.backend(), call.params["repositoryName"]
    if name.endswith(".git"):
        raise Fault("InvalidRepositoryNameException", "The repository name must not end in .git.")
    backend.create_repository(name, call.params.get("repositoryDescription"))
    found = repository(call, name)
    found.tags = dict(call.params.get("tags", {}))
    metadata = found.repository_metadata
    metadata["creationDate"] = metadata["lastModifiedDate"] = time.time()
    metadata["kmsKeyId"] = call.params.get("kmsKeyId") or call.arn("kms", "alias/aws/codecommit")
    return {"repositoryMetadata": metadata}


@instead("codecommit:ListRepositories")
def list_repositories(call: Call) -> dict[str, Any]:
    found = sorted(call.backend().repositories.items())
    if call.params.get("sortBy") == "lastModifiedDate":
        found.sort(key=lambda item: item[1].repository_metadata["lastModifiedDate"])
    if call.params.get("order") == "descending":
        found.reverse()
    return {
        "repositories": [
            {"repositoryName": name, "repositoryId": item.repository_metadata["repositoryId"]} for name, item in found
        ]
    }


@instead("codecommit:BatchGetRepositories")
def batch_get_repositories(call: Call) -> dict[str, Any]:
    known, names = call.backend().repositories, call.params["repositoryNames"]
    missing = [name for name in names if name not in known]
    return {
        "repositories": [known[name].repository_metadata for name in names if name in known],
        "repositoriesNotFound": missing,
        "errors": [
            {
                "repositoryName": name,
                "errorCode": "RepositoryDoesNotExistException",
                "errorMessage": f"{name} does not exist",
            }
            for name in missing
        ],
    }


@instead("codecommit:UpdateRepositoryDescription")
def update_repository_description(call: Call) -> None:
    found = repository(call)
    found.repository_metadata["repositoryDescription"] = call.params.get("repositoryDescription")
    _touch(found)


@instead("codecommit:UpdateRepositoryName")
def update_repository_name(call: Call) -> None:
    old, new = call.params["oldName"], call.params["newName"]
    found, known = repository(call, old), call.backend().repositories
    if new == old:
        return
    if new in known:
        raise Fault("RepositoryNameExistsException", f"Repository named {new} already exists")
    known[new] = known.pop(old)
    metadata = found.repository_metadata
    for member in ("repositoryName", "cloneUrlSsh", "cloneUrlHttp", "Arn"):
        metadata[member] = metadata[member].removesuffix(old) + new
    _touch(found)


@instead("codecommit:UpdateDefaultBranch")
def update_default_branch(call: Call) -> None:
    found, branch = repository(call), call.params["defaultBranchName"]
    if branch not in found.branches:
        raise Fault("BranchDoesNotExistException", f"{branch} does not exist")
    found.repository_metadata["defaultBranch"] = branch
    _touch(found)


@instead("codecommit:UpdateRepositoryEncryptionKey")
def update_encryption_key(call: Call) -> dict[str, Any]:
    found = repository(call)
    old, new = found.repository_metadata["kmsKeyId"], call.params["kmsKeyId"]
    found.repository_metadata["kmsKeyId"] = new
    _touch(found)
    return {
        "repositoryId": found.repository_metadata["repositoryId"],
        "kmsKeyId": new,
        "originalKmsKeyId": old,
    }


# Tags


def _by_arn(call: Call) -> Any:
    return repository(call, call.params["resourceArn"].split(":")[-1])


@instead("codecommit:ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    return {"tags": _by_arn(call).tags}


@instead("codecommit:TagResource")
def tag(call: Call) -> None:
    _by_arn(call).tags.update(call.params["tags"])


@instead("codecommit:UntagResource")
def untag(call: Call) -> None:
    tags = _by_arn(call).tags
    for key in call.params["tagKeys"]:
        tags.pop(key, None)


# Triggers


def _check_triggers(triggers: list[dict[str, Any]]) -> None:
    names = [trigger["name"] for trigger in triggers]
    if len(names) > 10:
        raise Fault("MaximumRepositoryTriggersExceededException", "A repository has at most 10 triggers.")
    if len(set(names)) < len(names):
        raise Fault("InvalidRepositoryTriggerNameException", "Trigger names are unique in a repository.")
    for trigger in triggers:
        if not trigger["destinationArn"].startswith(("arn:aws:sns:", "arn:aws:lambda:")):
            message = "The destination of a trigger is an SNS topic or a Lambda function."
            raise Fault("InvalidRepositoryTriggerDestinationArnException", message)


@instead("codecommit:PutRepositoryTriggers")
def put_triggers(call: Call) -> dict[str, Any]:
    import uuid

    found = repository(call)
    _check_triggers(call.params["triggers"])
    found.triggers = [{"branches": [], "customData": "", **trigger} for trigger in call.params["triggers"]]
    found.trigger_configuration = str(uuid.uuid4())
    return {"configurationId": found.trigger_configuration}


@instead("codecommit:GetRepositoryTriggers")
def get_triggers(call: Call) -> dict[str, Any]:
    found = repository(call)
    return {"configurationId": found.trigger_configuration, "triggers": found.triggers}


@instead("codecommit:TestRepositoryTriggers")
def test_triggers(call: Call) -> dict[str, Any]:
    repository(call)
    _check_triggers(call.params["triggers"])
    return {"successfulExecutions": [trigger["name"] for trigger in call.params["triggers"]], "failedExecutions": []}
