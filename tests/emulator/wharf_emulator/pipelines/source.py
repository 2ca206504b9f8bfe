"""The source actions: a branch of a CodeCommit repository, an object in S3."""

from __future__ import annotations

from typing import Any

from ..deployments.rollout import instant
from . import artifacts
from .action import Action, provider
from .execution import ActionFailed


class _Source(Action):
    def _found(self, content: bytes, identity: str, summary: str, **revision: Any) -> None:
        [name] = self.outputs
        self.put(name, content, identity)
        self.attempt.external, self.attempt.summary = identity, summary
        self.execution.revisions[self.attempt.action] = {
            "name": name,
            "revisionId": identity,
            "revisionSummary": summary,
            "created": instant(self.attempt.due),
            **revision,
        }


@provider("Source", "CodeCommit")
class CodeCommit(_Source):
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html"""

    def finish(self) -> None:
        name, branch = self.configuration["RepositoryName"], self.configuration["BranchName"]
        repository = self.call.backend("codecommit").repositories.get(name)
        if repository is None:
            message = f"The action failed because no repository named {name} was found in AWS CodeCommit."
            raise ActionFailed(message, "ConfigurationError")
        tip = getattr(repository, "branches", {}).get(branch)
        commit = self.execution.given.get(self.attempt.action) or tip
        if commit is None:
            message = (
                f"The action failed because no branch named {branch} was found in the selected AWS CodeCommit "
                f"repository {name}. Make sure you are using the correct branch name, and then try again. Error: null"
            )
            raise ActionFailed(message, "ConfigurationError")
        found = repository.commits.get(commit)
        if found is None:
            message = f"The action failed because the repository {name} has no commit {commit}."
            raise ActionFailed(message, "ConfigurationError")
        console = f"https://{self.call.region}.console.aws.amazon.com/codesuite/codecommit/repositories"
        url = f"{console}/{name}/commit/{commit}?region={self.call.region}"
        self._found(artifacts.zipped(found["files"]), commit, found["message"], revisionUrl=url)
        self.attempt.url = url
        self.attempt.variables = {
            "RepositoryName": name,
            "BranchName": branch,
            "CommitId": commit,
            "CommitMessage": found["message"],
            "AuthorDate": found["author"]["date"],
            "CommitterDate": found["committer"]["date"],
        }


@provider("Source", "S3")
class Object(_Source):
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html"""

    def finish(self) -> None:
        bucket, key = self.configuration["S3Bucket"], self.configuration["S3ObjectKey"]
        stored = self.call.backend("s3").buckets.get(bucket)
        if stored is None:
            raise ActionFailed(f"The bucket {bucket} does not exist", "ConfigurationError")
        if not stored.is_versioned:
            raise ActionFailed(f"Versioning is not enabled for the bucket {bucket}", "ConfigurationError")
        found = artifacts.value(self.call, bucket, key, self.execution.given.get(self.attempt.action))
        if found is None:
            message = f"The object with key '{key}' does not exist in bucket '{bucket}'"
            raise ActionFailed(message, "ConfigurationError")
        version = str(found.version_id)
        self._found(found.value, version, f"Amazon S3 version id: {version}")
        self.attempt.variables = {
            "BucketName": bucket,
            "ETag": found.etag.strip('"'),
            "ObjectKey": key,
            "VersionId": version,
        }
