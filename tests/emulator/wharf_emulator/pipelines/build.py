"""The build action of CodeBuild: a build with phases and logs, an image in ECR, an artifact that names it.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.moto_api._internal import mock_random

from .. import log_events
from ..call import Fault
from ..deployments import settings
from ..deployments.rollout import instant
from ..missing.codebuild import NOT_AUTHORIZED, PRINCIPAL
from ..roles import require_assumable
from . import artifacts, build_steps
from .action import Action, provider
from .execution import ActionFailed

DONE = ("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD")
"""The phases that a build in progress is shown to be through."""


@provider("Build", "CodeBuild")
@provider("Test", "CodeBuild")
class CodeBuild(Action):
    """A build; it is over after one step."""

    @property
    def _builds(self) -> dict[str, dict[str, Any]]:
        return self.call.backend("codebuild").__dict__.setdefault("wharf_builds", {})

    @property
    def _build(self) -> dict[str, Any]:
        return self._builds[self.attempt.external]

    @property
    def _source(self) -> str:
        """The artifact that is built."""
        if not self.inputs:
            raise ActionFailed("The action has no input artifact", "ConfigurationError")
        return self.configuration.get("PrimarySource") or self.inputs[0]

    def begin(self) -> None:
        name = self.configuration["ProjectName"]
        backend = self.call.backend("codebuild")
        stored = backend.codebuild_projects.get(name)
        if stored is None:
            arn = self.call.arn("codebuild", f"project/{name}")
            message = f"Error calling startBuild: Project cannot be found: {arn} (ResourceNotFoundException)"
            raise ActionFailed(message, "ConfigurationError")
        project = stored.project_metadata
        try:
            require_assumable(self.call, project["serviceRole"], PRINCIPAL, Fault("InvalidInputException"))
        except Fault as fault:
            raise ActionFailed(f"Error calling startBuild: {NOT_AUTHORIZED}", "ConfigurationError") from fault
        number = str(mock_random.uuid4())
        identity = f"{name}:{number}"
        build = self._new(project, identity, number)
        self._builds[identity] = build
        backend.build_history.setdefault(name, []).append(identity)
        build["buildNumber"] = len(backend.build_history[name])
        region = self.call.region
        self.attempt.external = identity
        self.attempt.url = (
            f"https://{region}.console.aws.amazon.com/codesuite/codebuild/projects/{name}/build/"
            f"{identity.replace(':', '%3A')}/view/new?region={region}"
        )
        self.attempt.log_stream = build["logs"].get("cloudWatchLogsArn", "")
        self._phases([(phase, "SUCCEEDED", "") for phase in DONE])
        build["phases"].append({"phaseType": "BUILD", "startTime": instant(self.attempt.started)})
        build["currentPhase"] = "BUILD"

    def _new(self, project: dict[str, Any], identity: str, number: str) -> dict[str, Any]:
        location = self.execution.artifacts.get(self._source, {})
        return {
            "id": identity,
            "arn": self.call.arn("codebuild", f"build/{identity}"),
            "projectName": project["name"],
            "startTime": instant(self.attempt.started),
            "buildStatus": "IN_PROGRESS",
            "buildComplete": False,
            "sourceVersion": f"arn:aws:s3:::{location.get('bucket')}/{location.get('key')}",
            "resolvedSourceVersion": self.execution.origins.get(self._source, ""),
            "phases": [],
            "source": project["source"],
            "artifacts": {"location": "", "encryptionDisabled": False},
            "cache": project["cache"],
            "environment": {**project["environment"], "environmentVariables": self._variables(project)},
            "serviceRole": project["serviceRole"],
            "logs": self._logs(project, number),
            "timeoutInMinutes": project["timeoutInMinutes"],
            "queuedTimeoutInMinutes": project["queuedTimeoutInMinutes"],
            "initiator": f"codepipeline/{self.execution.pipeline}",
            "encryptionKey": project["encryptionKey"],
        }

    def _variables(self, project: dict[str, Any]) -> list[dict[str, str]]:
        """The project's variables under those of the action."""
        try:
            own = json.loads(self.configuration.get("EnvironmentVariables") or "[]")
            known = {item["name"]: {"type": "PLAINTEXT", **item} for item in own}
        except (KeyError, TypeError, ValueError) as error:
            message = "EnvironmentVariables is a JSON array of objects with name and value"
            raise ActionFailed(message, "ConfigurationError") from error
        return list(({item["name"]: item for item in project["environment"]["environmentVariables"]} | known).values())

    def _logs(self, project: dict[str, Any], number: str) -> dict[str, Any]:
        """https://docs.aws.amazon.com/codebuild/latest/APIReference/API_LogsLocation.html"""
        declared = project["logsConfig"]["cloudWatchLogs"]
        shown = {"cloudWatchLogs": declared, "s3Logs": project["logsConfig"]["s3Logs"]}
        if declared["status"] == "DISABLED":
            return shown
        group = declared.get("groupName") or f"/aws/codebuild/{project['name']}"
        stream = f"{declared['streamName']}/{number}" if declared.get("streamName") else number
        if group not in self.call.backend("logs").groups:
            self.call.backend("logs").create_log_group(group, {})
        region, encoded = self.call.region, group.replace("/", "$252F")
        return {
            **shown,
            "groupName": group,
            "streamName": stream,
            "cloudWatchLogsArn": self.call.arn("logs", f"log-group:{group}:log-stream:{stream}"),
            "deepLink": (
                f"https://console.aws.amazon.com/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
                f"{encoded}/log-events/{stream.replace('/', '$252F')}"
            ),
        }

    def _phases(self, phases: list[tuple[str, str, str]]) -> None:
        build = self._build
        shown = [item["phaseType"] for item in build["phases"]]
        for name, status, message in phases:
            began = instant(self.attempt.started if name in DONE else self.attempt.due)
            phase: dict[str, Any] = {"phaseType": name, "startTime": began}
            if name in shown:
                phase = build["phases"][shown.index(name)]
                began = phase["startTime"]
            else:
                build["phases"].append(phase)
            if name == "COMPLETED":
                continue
            ended = began if name in DONE else instant(self.attempt.due)
            code, _, text = message.partition(": ")
            phase.update(
                phaseStatus=status,
                endTime=ended,
                durationInSeconds=int((ended - phase["startTime"]).total_seconds()),
                contexts=[{"statusCode": code, "message": text}],
            )

    def finish(self) -> None:
        build, name = self._build, self.configuration["ProjectName"]
        files = artifacts.files(self.call, self.execution, self._source)
        steps = build_steps.Steps(self.call, build, files, settings.build_fault(name))
        made = steps.run()
        self._phases([*steps.phases, ("COMPLETED", "", "")])
        failed = next((item for item in steps.phases if item[1] == "FAILED"), None)
        build.update(
            endTime=instant(self.attempt.due),
            currentPhase="COMPLETED",
            buildComplete=True,
            buildStatus="FAILED" if failed else "SUCCEEDED",
        )
        logs = build["logs"]
        if "groupName" in logs and logs["groupName"] in self.call.backend("logs").groups:
            log_events.write(self.call, logs["groupName"], logs["streamName"], steps.log, self.attempt.due)
        if failed:
            code, _, text = failed[2].partition(": ")
            message = f"Build terminated with state: FAILED. Phase: {failed[0]}, Code: {code}, Message: {text}"
            raise ActionFailed(message)
        for output in self.outputs:
            self.put(output, artifacts.zipped(made), build["resolvedSourceVersion"])
            location = self.execution.artifacts[output]
            build["artifacts"]["location"] = f"arn:aws:s3:::{location['bucket']}/{location['key']}"
        self.attempt.summary = ""
