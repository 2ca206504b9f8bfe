"""CodeCommit: repositories, tags, triggers, commits and branches."""

from __future__ import annotations

import datetime

import pytest


@pytest.fixture
def commits(client):
    commits = client("codecommit")
    made = commits.create_repository(
        repositoryName="app", repositoryDescription="first", tags={"stack": "s"}, kmsKeyId="alias/mine"
    )["repositoryMetadata"]
    assert (made["kmsKeyId"], made["repositoryDescription"]) == ("alias/mine", "first")
    return commits


def metadata(commits, name="app"):
    return commits.get_repository(repositoryName=name)["repositoryMetadata"]


def test_repository(commits, refused):
    assert isinstance(metadata(commits)["creationDate"], datetime.datetime)
    refused("RepositoryNameExistsException", commits.create_repository, repositoryName="app")
    refused("InvalidRepositoryNameException", commits.create_repository, repositoryName="app.git")
    refused("RepositoryDoesNotExistException", commits.get_repository, repositoryName="other")
    commits.create_repository(repositoryName="second")
    listed = [item["repositoryName"] for item in commits.list_repositories()["repositories"]]
    assert listed == ["app", "second"]
    found = commits.batch_get_repositories(repositoryNames=["app", "none"])
    assert [item["repositoryName"] for item in found["repositories"]] == ["app"]
    assert found["repositoriesNotFound"] == ["none"]
    commits.update_repository_description(repositoryName="app", repositoryDescription="changed")
    commits.update_repository_encryption_key(repositoryName="app", kmsKeyId="alias/other")
    shown = metadata(commits)
    assert (shown["repositoryDescription"], shown["kmsKeyId"]) == ("changed", "alias/other")
    refused("RepositoryNameExistsException", commits.update_repository_name, oldName="app", newName="second")
    commits.update_repository_name(oldName="app", newName="renamed")
    shown = metadata(commits, "renamed")
    assert shown["Arn"].endswith(":renamed")
    assert shown["cloneUrlHttp"].endswith("/renamed")
    commits.delete_repository(repositoryName="renamed")
    assert "repositoryId" not in commits.delete_repository(repositoryName="renamed")


def test_tags(commits, refused):
    arn = metadata(commits)["Arn"]
    commits.tag_resource(resourceArn=arn, tags={"a": "b", "stack": "t"})
    commits.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert commits.list_tags_for_resource(resourceArn=arn)["tags"] == {"stack": "t"}
    refused("RepositoryDoesNotExistException", commits.list_tags_for_resource, resourceArn=arn + "x")


def test_triggers(commits, refused):
    trigger = {"name": "t", "destinationArn": "arn:aws:sns:eu-central-1:123456789012:topic", "events": ["all"]}
    commits.put_repository_triggers(repositoryName="app", triggers=[trigger])
    [shown] = commits.get_repository_triggers(repositoryName="app")["triggers"]
    assert shown == {**trigger, "branches": [], "customData": ""}
    assert commits.test_repository_triggers(repositoryName="app", triggers=[trigger])["successfulExecutions"] == ["t"]
    put = commits.put_repository_triggers
    refused("InvalidRepositoryTriggerNameException", put, repositoryName="app", triggers=[trigger, trigger])
    wrong = {**trigger, "destinationArn": "arn:aws:sqs:eu-central-1:123456789012:queue"}
    refused("InvalidRepositoryTriggerDestinationArnException", put, repositoryName="app", triggers=[wrong])
    put(repositoryName="app", triggers=[])


def test_commits(commits, refused):
    create = {"repositoryName": "app", "branchName": "main"}
    files = [{"filePath": "a/b.txt", "fileContent": b"\x00one"}, {"filePath": "c.txt", "fileContent": b"two"}]
    first = commits.create_commit(**create, putFiles=files, commitMessage="m", authorName="A", email="a@example.org")
    assert len(first["filesAdded"]) == 2
    refused("ParentCommitIdRequiredException", commits.create_commit, **create, putFiles=files)
    parent = {**create, "parentCommitId": first["commitId"]}
    refused("NoChangeException", commits.create_commit, **parent, putFiles=files)
    second = commits.create_commit(**parent, deleteFiles=[{"filePath": "c.txt"}])
    refused("ParentCommitIdOutdatedException", commits.create_commit, **parent, putFiles=files)
    shown = commits.get_commit(repositoryName="app", commitId=second["commitId"])["commit"]
    assert shown["parents"] == [first["commitId"]]
    file = commits.get_file(repositoryName="app", filePath="a/b.txt")
    assert (file["fileContent"], file["commitId"]) == (b"\x00one", second["commitId"])
    refused("FileDoesNotExistException", commits.get_file, repositoryName="app", filePath="c.txt")
    old = commits.get_file(repositoryName="app", filePath="c.txt", commitSpecifier=first["commitId"])
    assert old["fileContent"] == b"two"
    folder = commits.get_folder(repositoryName="app", folderPath="/")
    assert [item["absolutePath"] for item in folder["subFolders"]] == ["a"]
    third = commits.put_file(**create, filePath="d", fileContent=b"x", parentCommitId=second["commitId"], name="n")
    commits.delete_file(**create, filePath="d", parentCommitId=third["commitId"])


def test_branches(commits, refused):
    repository = {"repositoryName": "app"}
    refused("BranchDoesNotExistException", commits.update_default_branch, **repository, defaultBranchName="main")
    put = [{"filePath": "a", "fileContent": b"1"}]
    tip = commits.create_commit(**repository, branchName="main", putFiles=put)["commitId"]
    assert metadata(commits)["defaultBranch"] == "main"
    commits.create_branch(**repository, branchName="next", commitId=tip)
    refused("BranchNameExistsException", commits.create_branch, **repository, branchName="next", commitId=tip)
    assert commits.list_branches(**repository)["branches"] == ["main", "next"]
    assert commits.get_branch(**repository, branchName="next")["branch"]["commitId"] == tip
    commits.update_default_branch(**repository, defaultBranchName="next")
    refused("DefaultBranchCannotBeDeletedException", commits.delete_branch, **repository, branchName="next")
    assert commits.delete_branch(**repository, branchName="main")["deletedBranch"]["commitId"] == tip
    refused("BranchDoesNotExistException", commits.get_branch, **repository, branchName="main")


def test_modes_and_trees(commits, refused):
    create = {"repositoryName": "app", "branchName": "main"}
    files = {"a/x/f": b"one", "a.b/g": b"two", "run": b"#!/bin/sh\n", "link": b"run", "a-c": b"three"}
    modes = {"run": "EXECUTABLE", "link": "SYMLINK"}
    puts = [
        {"filePath": path, "fileContent": content, "fileMode": modes.get(path, "NORMAL")}
        for path, content in files.items()
    ]
    first = commits.create_commit(**create, putFiles=puts)
    # what `git write-tree` says of the same files
    assert first["treeId"] == "d6635ef16a82ee0c4a04d771921e815411a0301c"
    folder = commits.get_folder(repositoryName="app", folderPath="/")
    assert folder["treeId"] == first["treeId"]
    shown = {item["absolutePath"]: item["fileMode"] for item in folder["files"]}
    assert shown == {"a-c": "NORMAL", "run": "EXECUTABLE"}
    assert [(item["absolutePath"], item["fileMode"]) for item in folder["symbolicLinks"]] == [("link", "SYMLINK")]
    below = commits.get_folder(repositoryName="app", folderPath="a")
    assert below["treeId"] == next(item["treeId"] for item in folder["subFolders"] if item["absolutePath"] == "a")
    parent = {**create, "parentCommitId": first["commitId"]}
    same = [{"filePath": "run", "fileMode": "EXECUTABLE"}]
    refused("NoChangeException", commits.create_commit, **parent, setFileModes=same)
    second = commits.create_commit(**parent, setFileModes=[{"filePath": "run", "fileMode": "NORMAL"}])
    assert [item["fileMode"] for item in second["filesUpdated"]] == ["NORMAL"]
    conflict = [{"filePath": "run/f", "fileContent": b"x"}]
    parent = {**create, "parentCommitId": second["commitId"]}
    refused("DirectoryNameConflictsWithFileNameException", commits.create_commit, **parent, putFiles=conflict)


def test_limits(commits, refused):
    create = {"repositoryName": "app", "branchName": "main"}
    many = [{"filePath": f"f{number}", "fileContent": b"x"} for number in range(101)]
    refused("MaximumFileEntriesExceededException", commits.create_commit, **create, putFiles=many)
    large = {"filePath": "large", "fileContent": b"x" * (6 * 1024 * 1024 + 1)}
    refused("ModelViolation", commits.create_commit, **create, putFiles=[large])
    half = [{"filePath": name, "fileContent": b"x" * (4 * 1024 * 1024)} for name in "ab"]
    refused("FileContentSizeLimitExceededException", commits.create_commit, **create, putFiles=half)
    refused("BranchDoesNotExistException", commits.get_branch, repositoryName="app", branchName="main")


def test_fast_forward(commits, refused):
    app = {"repositoryName": "app"}

    def commit(branch, name, parent=None):
        more = {"parentCommitId": parent} if parent else {}
        puts = [{"filePath": name, "fileContent": b"x"}]
        return commits.create_commit(**app, branchName=branch, putFiles=puts, **more)["commitId"]

    base = commit("main", "a")
    commits.create_branch(**app, branchName="next", commitId=base)
    ahead = commit("next", "c", commit("next", "b", base))
    merge = {**app, "sourceCommitSpecifier": "next", "destinationCommitSpecifier": "main"}
    assert commits.merge_branches_by_fast_forward(**merge, targetBranch="main")["commitId"] == ahead
    assert commits.get_branch(**app, branchName="main")["branch"]["commitId"] == ahead
    assert commits.merge_branches_by_fast_forward(**merge)["commitId"] == ahead
    commit("main", "d", ahead)
    commit("next", "e", ahead)
    refused("ManualMergeRequiredException", commits.merge_branches_by_fast_forward, **merge)


def test_differences(commits, refused):
    create = {"repositoryName": "app", "branchName": "main"}
    files = [{"filePath": path, "fileContent": b"1"} for path in ("a/b.txt", "c.txt")]
    first = commits.create_commit(**create, putFiles=files)["commitId"]
    change = {"putFiles": [{"filePath": "a/b.txt", "fileContent": b"2"}, {"filePath": "new", "fileContent": b"3"}]}
    commits.create_commit(**create, parentCommitId=first, **change, deleteFiles=[{"filePath": "c.txt"}])
    asked = {"repositoryName": "app", "beforeCommitSpecifier": first, "afterCommitSpecifier": "main"}
    found = commits.get_differences(**asked)["differences"]
    paths = [(item["changeType"], (item.get("afterBlob") or item["beforeBlob"])["path"]) for item in found]
    assert paths == [("M", "a/b.txt"), ("D", "c.txt"), ("A", "new")]
    blob = commits.get_blob(repositoryName="app", blobId=found[0]["afterBlob"]["blobId"])
    assert blob["content"] == b"2"
    below = commits.get_differences(**asked, beforePath="a", afterPath="a")["differences"]
    assert [item["changeType"] for item in below] == ["M"]
    assert len(commits.get_differences(repositoryName="app", afterCommitSpecifier=first)["differences"]) == 2
    refused("CommitDoesNotExistException", commits.get_differences, repositoryName="app", afterCommitSpecifier="none")
    refused("BlobIdDoesNotExistException", commits.get_blob, repositoryName="app", blobId="0" * 40)
