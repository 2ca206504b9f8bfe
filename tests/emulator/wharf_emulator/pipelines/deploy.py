"""The deploy action of ECS blue/green: fills the templates in and leaves the rest to CodeDeploy.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
"""

from __future__ import annotations

import json
from typing import Any

from ..call import Fault
from ..deployments.rollout import FINISHED
from ..inner import perform
from . import artifacts
from .action import Action, provider
from .execution import ActionFailed

IMAGES = range(1, 5)
"""How many images an action can put into its task definition."""
_INVALID = "Invalid action configuration"


def _invalid(message: str) -> ActionFailed:
    return ActionFailed(message, "ConfigurationError", _INVALID)


@provider("Deploy", "CodeDeployToECS")
class CodeDeployToEcs(Action):
    """In progress as long as its deployment is, the wait for the end of the original task set included."""

    def begin(self) -> None:
        definition = self._task_definition()
        spec = self._template("AppSpecTemplate", "appspec.yaml", "AppSpec")
        try:
            made = perform(self.call.region, "ecs", "RegisterTaskDefinition", definition)
            content = spec.replace("<TASK_DEFINITION>", made["taskDefinition"]["taskDefinitionArn"])
            parameters = {
                "applicationName": self.configuration["ApplicationName"],
                "deploymentGroupName": self.configuration["DeploymentGroupName"],
                "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
            }
            deployment = perform(self.call.region, "codedeploy", "CreateDeployment", parameters)["deploymentId"]
        except Fault as fault:
            raise ActionFailed(f"{fault.message} ({fault.code})", "JobFailed", "Deployment creation failed") from fault
        region = self.call.region
        self.attempt.external = deployment
        self.attempt.url = (
            f"https://{region}.console.aws.amazon.com/codesuite/codedeploy/deployments/{deployment}?region={region}"
        )
        self.attempt.summary = "Deployment in progress"
        self.attempt.variables = {"DeploymentId": deployment}

    def look(self, now: float) -> bool:
        found = self.call.backend("codedeploy").deployments[self.attempt.external]
        if found.status not in FINISHED:
            return False
        self.attempt.ended = found.complete_time.timestamp()
        if found.status != "Succeeded":
            error = found.wharf_rollout.error
            message = f"Deployment {found.deployment_id} {found.status.lower()}: {error['message']} ({error['code']})"
            raise ActionFailed(message, "JobFailed", f"Deployment {found.deployment_id} {found.status.lower()}")
        self.attempt.summary = "Deployment Succeeded"
        return True

    def _task_definition(self) -> dict[str, Any]:
        text = self._template("TaskDefinitionTemplate", "taskdef.json", "task definition")
        for number in IMAGES:
            artifact = self.configuration.get(f"Image{number}ArtifactName")
            name = self.configuration.get(f"Image{number}ContainerName")
            if bool(artifact) != bool(name):
                missing = f"Image{number}ContainerName" if artifact else f"Image{number}ArtifactName"
                raise _invalid(f"Action configuration is missing '{missing}' configuration.")
            if artifact:
                text = text.replace(f"<{name}>", self._image(artifact))
        try:
            definition = json.loads(text)
        except ValueError as error:
            raise _invalid(f"The task definition template is not valid JSON: {error}") from error
        if not isinstance(definition, dict):
            raise _invalid("The task definition template is not a JSON object")
        return definition

    def _template(self, member: str, path: str, what: str) -> str:
        artifact = self.configuration.get(f"{member}Artifact")
        if not artifact:
            raise _invalid(f"Action configuration is missing '{member}Artifact' configuration.")
        content = self._input(artifact).get(self.configuration.get(f"{member}Path") or path)
        if content is None:
            raise _invalid(f"Exception while trying to read the {what} artifact file from: {artifact}")
        return content.decode("utf-8", "replace")

    def _image(self, artifact: str) -> str:
        """https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html#file-reference-ecs-bluegreen"""
        try:
            image = json.loads(self._input(artifact)["imageDetail.json"])["ImageURI"]
        except (KeyError, TypeError, ValueError) as error:
            message = f"Exception while trying to read the image artifact file from the artifact: {artifact}."
            raise _invalid(message) from error
        return str(image)

    def _input(self, artifact: str) -> dict[str, bytes]:
        if artifact not in self.inputs:
            raise _invalid(f"The artifact {artifact} is not one of the action's input artifacts")
        return artifacts.files(self.call, self.execution, artifact)
