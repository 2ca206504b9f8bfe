"""CodeCommit's contents: commits, files and branches."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from ..call import Call, Fault
from ..hooks import instead
from .codecommit import repository

ON_REFERENCE: list[Any] = []
"""Called with (call, repository name, branch, commit id, the one before) when a branch was made or moved."""


def _moved(call: Call, branch: str, commit_id: str, before: str | None) -> None:
    for notify in ON_REFERENCE:
        notify(call, call.params["repositoryName"], branch, commit_id, before)


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _tree(files: dict[str, bytes]) -> str:
    return hashlib.sha1(repr([(path, _blob(data)) for path, data in sorted(files.items())]).encode()).hexdigest()


def _tip(found: Any, branch: str) -> str:
    if branch not in found.branches:
        raise Fault("BranchDoesNotExistException", f"{branch} does not exist")
    return found.branches[branch]


def _commit(call: Call, changes: dict[str, bytes | None], author: str | None) -> tuple[str, dict[str, bytes]]:
    """Adds a commit to a branch; None deletes a file. Returns its id and the files before it."""
    found, branch = repository(call), call.params["branchName"]
    tip, parent = found.branches.get(branch), call.params.get("parentCommitId")
    if tip is None and found.branches:
        raise Fault("BranchDoesNotExistException", f"{branch} does not exist")
    if tip is not None and parent is None:
        raise Fault("ParentCommitIdRequiredException", "A parent commit id is required.")
    if parent is not None and parent not in found.commits:
        raise Fault("ParentCommitDoesNotExistException", f"{parent} does not exist")
    if parent != tip:
        raise Fault("ParentCommitIdOutdatedException", "The parent commit is not the tip of the branch.")
    before = dict(found.commits[tip]["files"]) if tip else {}
    files = dict(before)
    for path, content in changes.items():
        if content is not None:
            files[path] = content
        elif files.pop(path, None) is None:
            raise Fault("FileDoesNotExistException", f"{path} does not exist")
    if tip is not None and files == before:
        raise Fault("NoChangeException", "The commit would change nothing.")
    person = {"name": author or "", "email": call.params.get("email", ""), "date": f"{int(time.time())} +0000"}
    commit = {
        "treeId": _tree(files),
        "parents": [tip] if tip else [],
        "message": call.params.get("commitMessage", ""),
        "author": person,
        "committer": person,
        "additionalData": "",
        "files": files,
    }
    commit["commitId"] = hashlib.sha1(f"{commit}{time.time_ns()}".encode()).hexdigest()
    found.commits[commit["commitId"]] = commit
    found.branches[branch] = commit["commitId"]
    found.repository_metadata.setdefault("defaultBranch", branch)
    found.repository_metadata["lastModifiedDate"] = time.time()
    _moved(call, branch, commit["commitId"], tip)
    return commit["commitId"], before


def _entry(path: str, content: bytes) -> dict[str, Any]:
    return {"absolutePath": path, "blobId": _blob(content), "fileMode": "NORMAL"}


@instead("codecommit:CreateCommit")
def create_commit(call: Call) -> dict[str, Any]:
    puts, deletes = call.params.get("putFiles", []), call.params.get("deleteFiles", [])
    if not puts and not deletes and not call.params.get("setFileModes"):
        raise Fault("FileEntryRequiredException", "A commit needs at least one file.")
    paths = [item["filePath"] for item in [*puts, *deletes]]
    if len(set(paths)) < len(paths):
        raise Fault("SamePathRequestException", "A path is named twice.")
    changes: dict[str, bytes | None] = {item["filePath"]: item.get("fileContent", b"") for item in puts}
    changes.update({item["filePath"]: None for item in deletes})
    commit_id, before = _commit(call, changes, call.params.get("authorName"))
    files = repository(call).commits[commit_id]["files"]
    written = [item["filePath"] for item in puts]
    return {
        "commitId": commit_id,
        "treeId": _tree(files),
        "filesAdded": [_entry(path, files[path]) for path in written if path not in before],
        "filesUpdated": [_entry(path, files[path]) for path in written if path in before],
        "filesDeleted": [_entry(item["filePath"], before[item["filePath"]]) for item in deletes],
    }


@instead("codecommit:PutFile")
def put_file(call: Call) -> dict[str, Any]:
    content = call.params["fileContent"]
    commit_id, _ = _commit(call, {call.params["filePath"]: content}, call.params.get("name"))
    return {
        "commitId": commit_id,
        "blobId": _blob(content),
        "treeId": repository(call).commits[commit_id]["treeId"],
    }


@instead("codecommit:DeleteFile")
def delete_file(call: Call) -> dict[str, Any]:
    path = call.params["filePath"]
    commit_id, before = _commit(call, {path: None}, call.params.get("name"))
    tree = repository(call).commits[commit_id]["treeId"]
    return {"commitId": commit_id, "blobId": _blob(before[path]), "treeId": tree, "filePath": path}


@instead("codecommit:GetCommit")
def get_commit(call: Call) -> dict[str, Any]:
    commit = repository(call).commits.get(call.params["commitId"])
    if commit is None:
        raise Fault("CommitIdDoesNotExistException", f"{call.params['commitId']} does not exist")
    return {"commit": {key: value for key, value in commit.items() if key != "files"}}


def _files(call: Call, member: str = "commitSpecifier") -> tuple[str, dict[str, bytes]]:
    """The commit named by a specifier (branch or commit id; by default the default branch) and its files."""
    found = repository(call)
    specifier = call.params.get(member) or found.repository_metadata.get("defaultBranch")
    commit_id = found.branches.get((specifier or "").removeprefix("refs/heads/"), specifier)
    if commit_id not in found.commits:
        raise Fault("CommitDoesNotExistException", f"{specifier} does not exist")
    return commit_id, found.commits[commit_id]["files"]


@instead("codecommit:GetFile")
def get_file(call: Call) -> dict[str, Any]:
    commit_id, files = _files(call)
    path = call.params["filePath"].strip("/")
    if path not in files:
        raise Fault("FileDoesNotExistException", f"{path} does not exist")
    content = files[path]
    return {
        "commitId": commit_id,
        "blobId": _blob(content),
        "filePath": path,
        "fileMode": "NORMAL",
        "fileSize": len(content),
        "fileContent": content,
    }


@instead("codecommit:GetFolder")
def get_folder(call: Call) -> dict[str, Any]:
    commit_id, files = _files(call)
    folder = call.params["folderPath"].strip("/")
    prefix = f"{folder}/" if folder else ""
    inside = {path: data for path, data in files.items() if path.startswith(prefix)}
    if folder and not inside:
        raise Fault("FolderDoesNotExistException", f"{folder} does not exist")
    here = {path: data for path, data in inside.items() if "/" not in path[len(prefix) :]}
    below = sorted({prefix + path[len(prefix) :].split("/")[0] for path in inside if path not in here})
    return {
        "commitId": commit_id,
        "folderPath": folder,
        "treeId": _tree(inside),
        "files": [{**_entry(path, data), "relativePath": path[len(prefix) :]} for path, data in sorted(here.items())],
        "subFolders": [
            {"absolutePath": path, "relativePath": path[len(prefix) :], "treeId": _tree({})} for path in below
        ],
        "symbolicLinks": [],
        "subModules": [],
    }


@instead("codecommit:GetBlob")
def get_blob(call: Call) -> dict[str, Any]:
    wanted = call.params["blobId"]
    for commit in repository(call).commits.values():
        for content in commit["files"].values():
            if _blob(content) == wanted:
                return {"content": content}
    raise Fault("BlobIdDoesNotExistException", f"{wanted} does not exist")


@instead("codecommit:GetDifferences")
def get_differences(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetDifferences.html"""
    _, after = _files(call, "afterCommitSpecifier")
    before = _files(call, "beforeCommitSpecifier")[1] if call.params.get("beforeCommitSpecifier") else {}
    before, after = _below(before, call.params.get("beforePath")), _below(after, call.params.get("afterPath"))
    differences = []
    for path in sorted({*before, *after}):
        shown: dict[str, Any] = {"changeType": "A"}
        if path in before:
            shown["beforeBlob"] = {"blobId": _blob(before[path]), "path": path, "mode": "100644"}
            shown["changeType"] = "M" if path in after else "D"
        if path in after:
            shown["afterBlob"] = {"blobId": _blob(after[path]), "path": path, "mode": "100644"}
        if before.get(path) != after.get(path):
            differences.append(shown)
    return {"differences": differences}


def _below(files: dict[str, bytes], path: str | None) -> dict[str, bytes]:
    prefix = f"{path.strip('/')}/" if path else ""
    return {name: data for name, data in files.items() if name.startswith(prefix) or name == path}


@instead("codecommit:ListBranches")
def list_branches(call: Call) -> dict[str, Any]:
    return {"branches": sorted(repository(call).branches)}


@instead("codecommit:GetBranch")
def get_branch(call: Call) -> dict[str, Any]:
    branch = call.params.get("branchName")
    if not branch:
        raise Fault("BranchNameRequiredException", "A branch name is required.")
    return {"branch": {"branchName": branch, "commitId": _tip(repository(call), branch)}}


@instead("codecommit:CreateBranch")
def create_branch(call: Call) -> None:
    found, branch, commit_id = repository(call), call.params["branchName"], call.params["commitId"]
    if branch in found.branches:
        raise Fault("BranchNameExistsException", f"{branch} exists already")
    if commit_id not in found.commits:
        raise Fault("CommitDoesNotExistException", f"{commit_id} does not exist")
    found.branches[branch] = commit_id
    _moved(call, branch, commit_id, None)


@instead("codecommit:DeleteBranch")
def delete_branch(call: Call) -> dict[str, Any]:
    found, branch = repository(call), call.params["branchName"]
    if branch == found.repository_metadata.get("defaultBranch"):
        raise Fault("DefaultBranchCannotBeDeletedException", f"{branch} is the default branch")
    commit_id = found.branches.pop(branch, None)
    return {"deletedBranch": {"branchName": branch, "commitId": commit_id}} if commit_id else {}
