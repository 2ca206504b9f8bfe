"""CodeCommit's contents: commits, files and branches."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from ..call import Call, Fault
from ..hooks import instead
from .codecommit import repository
from .git_objects import MODES, blob, tree

MEGABYTE = 1024 * 1024
ENTRIES = 100
"""How many files one commit may change: https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html"""

ON_REFERENCE: list[Any] = []
"""Called with (call, repository name, branch, commit id, the one before) when a branch was made or moved."""


def _moved(call: Call, branch: str, commit_id: str, before: str | None) -> None:
    for notify in ON_REFERENCE:
        notify(call, call.params["repositoryName"], branch, commit_id, before)


def _check_size(puts: list[dict[str, Any]]) -> None:
    """Refuses a request with more than 7 MB; that a file has 6 MB at most is in the model.

    https://docs.aws.amazon.com/codecommit/latest/APIReference/API_CreateCommit.html
    """
    if sum(len(item.get("fileContent", b"")) for item in puts) > 7 * MEGABYTE:
        message = (
            "The file cannot be added because it is too large. The maximum file size is 6 MB, and the combined file "
            "content change size is 7 MB."
        )
        raise Fault("FileContentSizeLimitExceededException", message)


def _tip(found: Any, branch: str) -> str:
    if branch not in found.branches:
        raise Fault("BranchDoesNotExistException", f"{branch} does not exist")
    return found.branches[branch]


def _conflicts(files: dict[str, bytes]) -> None:
    """A name is that of a file, or of a folder."""
    for path in files:
        parts = path.split("/")
        for length in range(1, len(parts)):
            if "/".join(parts[:length]) in files:
                message = f"{path} is in a folder that has the name of a file"
                raise Fault("DirectoryNameConflictsWithFileNameException", message)


def _commit(
    call: Call, changes: dict[str, bytes | None], author: str | None, modes: dict[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """Adds a commit to a branch; None deletes a file. Returns its id and the commit before it, an empty one if none."""
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
    before = found.commits[tip] if tip else {"files": {}, "modes": {}}
    files = dict(before["files"])
    for path, content in changes.items():
        if content is not None:
            files[path] = content
        elif files.pop(path, None) is None:
            raise Fault("FileDoesNotExistException", f"{path} does not exist")
    _conflicts(files)
    for path in modes or {}:
        if path not in files:
            raise Fault("FileDoesNotExistException", f"{path} does not exist")
    kept = {path: mode for path, mode in {**before["modes"], **(modes or {})}.items() if path in files}
    kept = {path: mode for path, mode in kept.items() if mode != "NORMAL"}
    if tip is not None and (files, kept) == (before["files"], before["modes"]):
        raise Fault("NoChangeException", "The commit would change nothing.")
    person = {"name": author or "", "email": call.params.get("email", ""), "date": f"{int(time.time())} +0000"}
    commit = {
        "treeId": tree(files, kept),
        "parents": [tip] if tip else [],
        "message": call.params.get("commitMessage", ""),
        "author": person,
        "committer": person,
        "additionalData": "",
        "files": files,
        "modes": kept,
    }
    commit["commitId"] = hashlib.sha1(f"{commit}{time.time_ns()}".encode()).hexdigest()
    found.commits[commit["commitId"]] = commit
    found.branches[branch] = commit["commitId"]
    found.repository_metadata.setdefault("defaultBranch", branch)
    found.repository_metadata["lastModifiedDate"] = time.time()
    _moved(call, branch, commit["commitId"], tip)
    return commit["commitId"], before


def _entry(commit: dict[str, Any], path: str) -> dict[str, Any]:
    mode = commit["modes"].get(path, "NORMAL")
    return {"absolutePath": path, "blobId": blob(commit["files"][path]), "fileMode": mode}


@instead("codecommit:CreateCommit")
def create_commit(call: Call) -> dict[str, Any]:
    puts, deletes = call.params.get("putFiles", []), call.params.get("deleteFiles", [])
    set_modes = call.params.get("setFileModes", [])
    entries = [*puts, *deletes, *set_modes]
    if not entries:
        raise Fault("FileEntryRequiredException", "A commit needs at least one file.")
    if len(entries) > ENTRIES:
        message = f"A commit changes at most {ENTRIES} files. Consider using a Git client for these changes."
        raise Fault("MaximumFileEntriesExceededException", message)
    paths = [item["filePath"] for item in entries]
    if len(set(paths)) < len(paths):
        raise Fault("SamePathRequestException", "A path is named twice.")
    _check_size(puts)
    changes: dict[str, bytes | None] = {item["filePath"]: item.get("fileContent", b"") for item in puts}
    changes.update({item["filePath"]: None for item in deletes})
    modes = {item["filePath"]: item["fileMode"] for item in [*puts, *set_modes] if "fileMode" in item}
    commit_id, before = _commit(call, changes, call.params.get("authorName"), modes)
    commit = repository(call).commits[commit_id]
    written = [item["filePath"] for item in [*puts, *set_modes]]
    return {
        "commitId": commit_id,
        "treeId": commit["treeId"],
        "filesAdded": [_entry(commit, path) for path in written if path not in before["files"]],
        "filesUpdated": [_entry(commit, path) for path in written if path in before["files"]],
        "filesDeleted": [_entry(before, item["filePath"]) for item in deletes],
    }


@instead("codecommit:PutFile")
def put_file(call: Call) -> dict[str, Any]:
    content, path = call.params["fileContent"], call.params["filePath"]
    modes = {path: call.params["fileMode"]} if "fileMode" in call.params else {}
    commit_id, _ = _commit(call, {path: content}, call.params.get("name"), modes)
    return {
        "commitId": commit_id,
        "blobId": blob(content),
        "treeId": repository(call).commits[commit_id]["treeId"],
    }


@instead("codecommit:DeleteFile")
def delete_file(call: Call) -> dict[str, Any]:
    path = call.params["filePath"]
    commit_id, before = _commit(call, {path: None}, call.params.get("name"))
    tree_id = repository(call).commits[commit_id]["treeId"]
    return {"commitId": commit_id, "blobId": blob(before["files"][path]), "treeId": tree_id, "filePath": path}


@instead("codecommit:GetCommit")
def get_commit(call: Call) -> dict[str, Any]:
    commit = repository(call).commits.get(call.params["commitId"])
    if commit is None:
        raise Fault("CommitIdDoesNotExistException", f"{call.params['commitId']} does not exist")
    return {"commit": {key: value for key, value in commit.items() if key not in ("files", "modes")}}


def _found(call: Call, member: str = "commitSpecifier") -> dict[str, Any]:
    """The commit named by a specifier: a branch or a commit's id; by default the tip of the default branch."""
    found = repository(call)
    specifier = call.params.get(member) or found.repository_metadata.get("defaultBranch")
    commit_id = found.branches.get((specifier or "").removeprefix("refs/heads/"), specifier)
    if commit_id not in found.commits:
        raise Fault("CommitDoesNotExistException", f"{specifier} does not exist")
    return found.commits[commit_id]


@instead("codecommit:GetFile")
def get_file(call: Call) -> dict[str, Any]:
    commit, path = _found(call), call.params["filePath"].strip("/")
    if path not in commit["files"]:
        raise Fault("FileDoesNotExistException", f"{path} does not exist")
    content = commit["files"][path]
    return {
        "commitId": commit["commitId"],
        "blobId": blob(content),
        "filePath": path,
        "fileMode": commit["modes"].get(path, "NORMAL"),
        "fileSize": len(content),
        "fileContent": content,
    }


def _below(commit: dict[str, Any], prefix: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files in a folder with their modes, by their paths from there."""
    files = {path[len(prefix) :]: data for path, data in commit["files"].items() if path.startswith(prefix)}
    return files, {path[len(prefix) :]: mode for path, mode in commit["modes"].items() if path.startswith(prefix)}


@instead("codecommit:GetFolder")
def get_folder(call: Call) -> dict[str, Any]:
    commit, folder = _found(call), call.params["folderPath"].strip("/")
    prefix = f"{folder}/" if folder else ""
    files, modes = _below(commit, prefix)
    if folder and not files:
        raise Fault("FolderDoesNotExistException", f"{folder} does not exist")
    here = [{**_entry(commit, prefix + path), "relativePath": path} for path in sorted(files) if "/" not in path]
    names = sorted({path.split("/")[0] for path in files if "/" in path})
    return {
        "commitId": commit["commitId"],
        "folderPath": folder,
        "treeId": tree(files, modes),
        "files": [item for item in here if item["fileMode"] != "SYMLINK"],
        "subFolders": [
            {"absolutePath": prefix + name, "relativePath": name, "treeId": tree(*_below(commit, f"{prefix}{name}/"))}
            for name in names
        ],
        "symbolicLinks": [item for item in here if item["fileMode"] == "SYMLINK"],
        "subModules": [],
    }


@instead("codecommit:GetBlob")
def get_blob(call: Call) -> dict[str, Any]:
    wanted = call.params["blobId"]
    for commit in repository(call).commits.values():
        for content in commit["files"].values():
            if blob(content) == wanted:
                return {"content": content}
    raise Fault("BlobIdDoesNotExistException", f"{wanted} does not exist")


@instead("codecommit:GetDifferences")
def get_differences(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetDifferences.html"""
    after, before = _found(call, "afterCommitSpecifier"), {"files": {}, "modes": {}}
    if call.params.get("beforeCommitSpecifier"):
        before = _found(call, "beforeCommitSpecifier")
    old, new = _shown(before, call.params.get("beforePath")), _shown(after, call.params.get("afterPath"))
    differences = []
    for path in sorted({*old, *new}):
        if old.get(path) == new.get(path):
            continue
        kind = "A" if path not in old else "M" if path in new else "D"
        sides = {"beforeBlob": old.get(path), "afterBlob": new.get(path)}
        differences.append({"changeType": kind, **{side: shown for side, shown in sides.items() if shown}})
    return {"differences": differences}


def _shown(commit: dict[str, Any], path: str | None) -> dict[str, dict[str, str]]:
    """The files of a commit at a path or below it, as a difference shows them."""
    prefix, modes = f"{path.strip('/')}/" if path else "", commit["modes"]
    return {
        name: {"blobId": blob(data), "path": name, "mode": MODES[modes.get(name, "NORMAL")]}
        for name, data in commit["files"].items()
        if name.startswith(prefix) or name == path
    }


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


def _named(found: Any, specifier: str) -> str:
    """The id of a commit that a branch or an id names."""
    commit_id = found.branches.get(specifier.removeprefix("refs/heads/"), specifier)
    if commit_id not in found.commits:
        raise Fault("CommitDoesNotExistException", f"{specifier} does not exist")
    return commit_id


def _descends(found: Any, commit_id: str, ancestor: str) -> bool:
    waiting = [commit_id]
    while waiting:
        one = waiting.pop()
        if one == ancestor:
            return True
        waiting += found.commits[one]["parents"]
    return False


@instead("codecommit:MergeBranchesByFastForward")
def merge_by_fast_forward(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codecommit/latest/APIReference/API_MergeBranchesByFastForward.html"""
    found, params = repository(call), call.params
    source = _named(found, params["sourceCommitSpecifier"])
    destination = _named(found, params["destinationCommitSpecifier"])
    branch = params.get("targetBranch") or params["destinationCommitSpecifier"]
    tip = _tip(found, branch)
    if tip != destination:
        raise Fault("ConcurrentReferenceUpdateException", f"{branch} has moved")
    if not _descends(found, source, destination):
        message = "The pull request cannot be merged automatically into the destination branch."
        raise Fault("ManualMergeRequiredException", message)
    if source != tip:
        found.branches[branch] = source
        found.repository_metadata["lastModifiedDate"] = time.time()
        _moved(call, branch, source, tip)
    return {"commitId": source, "treeId": found.commits[source]["treeId"]}
