"""What happens in a build: the commands are not run, but what a build of an image leaves behind is.

https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatchcase
from typing import Any

import yaml

from ..call import Call
from ..deployments.settings import PHASES

IMAGE_DETAIL, IMAGE_DEFINITIONS = "imageDetail.json", "imagedefinitions.json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CODES = {
    "DOWNLOAD_SOURCE": "YAML_FILE_ERROR",
    "UPLOAD_ARTIFACTS": "CLIENT_ERROR",
}
"""The status code of a phase that fails; of others, that a command did."""


class _Broken(Exception):
    """A phase fails; the text is its context."""

    def __init__(self, phase: str, message: str):
        super().__init__(message)
        self.phase = phase
        self.message = f"{_CODES.get(phase, 'COMMAND_EXECUTION_ERROR')}: {message}"


class Steps:
    """The phases of one build, its log, and what it makes."""

    def __init__(self, call: Call, build: dict[str, Any], files: dict[str, bytes], fault: dict[str, str] | None):
        self.call = call
        self.build = build
        self.files = files
        self.fault = fault
        self.phases: list[tuple[str, str, str]] = []
        """Name, status and context of each phase from DOWNLOAD_SOURCE on."""
        self.log: list[str] = []
        self.made: dict[str, bytes] = {}
        self.image = ""

    def run(self) -> dict[str, bytes]:
        """The files of the output artifact."""
        broken: _Broken | None = None
        for phase in PHASES:
            # after a failed BUILD the two phases after it run all the same; after an earlier one, none does
            if broken is not None and broken.phase != "BUILD":
                break
            try:
                self._phase(phase)
                self._over(phase, "SUCCEEDED", ": ")
            except _Broken as failure:
                broken = broken or failure
                self._over(phase, "FAILED", failure.message)
        self._over("FINALIZING", "SUCCEEDED", ": ", tell=False)
        return self.made

    def _over(self, phase: str, status: str, message: str, tell: bool = True) -> None:
        self.phases.append((phase, status, message))
        if tell:
            self._say(f"Phase complete: {phase} State: {status}")
            self._say(f"Phase context status code: {message.partition(': ')[0]} Message: {message.partition(': ')[2]}")

    def _say(self, text: str) -> None:
        self.log.append(f"[Container] {text}")

    def _phase(self, phase: str) -> None:
        self._say(f"Entering phase {phase}")
        fault = self.fault
        if fault is not None and fault.get("phase", "BUILD") == phase:
            self.log += fault.get("log", "").splitlines()
            default = "Error while executing command: docker build. Reason: exit status 1"
            raise _Broken(phase, fault.get("reason", default))
        step = {"DOWNLOAD_SOURCE": self._buildspec, "BUILD": self._push, "UPLOAD_ARTIFACTS": self._collect}.get(phase)
        if step is not None:
            step()

    def _buildspec(self) -> None:
        """https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html"""
        given = self.build["source"].get("buildspec") or "buildspec.yml"
        text: str | None = given
        if "\n" not in given:
            content = self.files.get(given)
            text = content.decode("utf-8", "replace") if content is not None else None
        if text is None:
            raise _Broken("DOWNLOAD_SOURCE", f"stat /codebuild/output/src/{given}: no such file or directory")
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise _Broken("DOWNLOAD_SOURCE", f"could not parse the buildspec: {str(error).splitlines()[0]}") from error
        if not isinstance(document, dict) or "phases" not in document:
            raise _Broken("DOWNLOAD_SOURCE", "the buildspec has no phases")
        artifacts = document.get("artifacts")
        self.wanted = [str(item) for item in (artifacts or {}).get("files") or []]
        self._say(f"Found possible syntax version {document.get('version')}")

    def _variables(self) -> list[str]:
        return [str(item.get("value", "")) for item in self.build["environment"]["environmentVariables"]]

    def _push(self) -> None:
        """Pushes an image, if an environment variable has the URL of a repository."""
        registry = f"{self.call.account}.dkr.ecr.{self.call.region}.amazonaws.com/"
        url = next((value for value in self._variables() if value.startswith(registry)), None)
        if url is None:
            return
        name, tag = url.removeprefix(registry).partition(":")[0], self.build["resolvedSourceVersion"]
        repository = self.call.backend("ecr").repositories.get(name)
        self.image = f"{registry}{name}:{tag}"
        if repository is None:
            self.log.append(
                f"name unknown: The repository with name '{name}' does not exist in the registry with id "
                f"'{self.call.account}'"
            )
            reason = f"Error while executing command: docker push {self.image}. Reason: exit status 1"
            raise _Broken("BUILD", reason)
        if any(tag in image.image_tags for image in repository.images):
            self.log.append(f"{self.image} is there already")
        else:
            digest = self._put(name, tag)
            self.log.append(f"{tag}: digest: {digest} size: 1574")
        self.made[IMAGE_DETAIL] = (json.dumps({"ImageURI": self.image}) + "\n").encode()

    def _put(self, name: str, tag: str) -> str:
        content = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            content.update(path.encode() + b"\0" + data + b"\0")
        layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 1574}
        config = hashlib.sha256(tag.encode()).hexdigest()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": 7023,
                "digest": f"sha256:{config}",
            },
            "layers": [{**layer, "digest": f"sha256:{content.hexdigest()}"}],
        }
        text = json.dumps(manifest)
        digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        self.call.backend("ecr").put_image(name, text, tag, MANIFEST, digest)
        return digest

    def _collect(self) -> None:
        """The files that the buildspec names: of the source, and of those the build made the ones about its image."""
        there = {**self.files, **self.made}
        if IMAGE_DEFINITIONS in self.wanted and self.image:
            # the name of the container is known to the commands only, which nobody runs
            there[IMAGE_DEFINITIONS] = json.dumps([{"name": "web", "imageUri": self.image}]).encode()
        found = {
            path: content
            for path, content in there.items()
            for pattern in self.wanted
            if path == pattern or fnmatchcase(path, pattern.replace("**/*", "*"))
        }
        if self.wanted and not found:
            raise _Broken("UPLOAD_ARTIFACTS", "no matching artifact paths found")
        self.made = {**found, **self.made}
