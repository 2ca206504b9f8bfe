"""What all actions have in common, and which ones there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..call import Call
from . import artifacts
from .execution import ActionFailed, Attempt, Execution

_VARIABLE = re.compile(r"#\{([^.{}]+)\.([^.{}]+)\}")
_KINDS: dict[tuple[str, str], type[Action]] = {}


class Action:
    """One run of an action: ``begin`` at its start, then ``look`` until it is over. Both raise ``ActionFailed``."""

    def __init__(self, call: Call, execution: Execution, attempt: Attempt, declared: dict[str, Any]):
        self.call = call
        self.execution = execution
        self.attempt = attempt
        self.declared = declared

    @property
    def configuration(self) -> dict[str, str]:
        return self.attempt.configuration

    @property
    def inputs(self) -> list[str]:
        """The names of the artifacts it reads."""
        return [item["name"] for item in self.declared.get("inputArtifacts", [])]

    @property
    def outputs(self) -> list[str]:
        """The names of the artifacts it makes."""
        return [item["name"] for item in self.declared.get("outputArtifacts", [])]

    def prepare(self) -> None:
        """Resolves its variables."""
        resolved = {key: self._resolve(value) for key, value in self.declared.get("configuration", {}).items()}
        self.attempt.configuration = resolved
        self.attempt.inputs = artifacts.shown(self.execution, self.inputs)

    def begin(self) -> None:
        """What happens at once."""

    def look(self, now: float) -> bool:
        """Whether it is over: as soon as the pace says so, unless an action knows better."""
        if now < self.attempt.due:
            return False
        self.finish()
        self.attempt.ended = self.attempt.due
        return True

    def finish(self) -> None:
        """What happens at the end."""

    def put(self, name: str, content: bytes, origin: str) -> None:
        """Makes an output artifact."""
        self.attempt.outputs.append(artifacts.store(self.call, self.execution, name, content))
        self.execution.origins[name] = origin

    def _resolve(self, text: str) -> str:
        """https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html"""

        def value(match: re.Match[str]) -> str:
            found = _namespaces(self.execution).get(match[1], {}).get(match[2])
            if found is None:
                message = f"The variable {match[0]} cannot be resolved"
                raise ActionFailed(message, "ConfigurationError", "Invalid action configuration")
            return found

        return _VARIABLE.sub(value, text)


def _namespaces(execution: Execution) -> dict[str, dict[str, str]]:
    found = {
        "codepipeline": {"PipelineExecutionId": execution.id},
        "variables": execution.variables,
    }
    for stage in execution.stages:
        for action in stage["actions"]:
            attempt = execution.latest(stage["name"], action["name"])
            if action.get("namespace") and attempt is not None:
                found[action["namespace"]] = attempt.variables
    return found


class Unknown(Action):
    """An action that the emulator does not have: it never succeeds silently."""

    def begin(self) -> None:
        kind = self.declared["actionTypeId"]
        message = f"NotImplementedByEmulator: actions of {kind['owner']} {kind['category']} {kind['provider']}"
        raise ActionFailed(message, "ConfigurationError", "Invalid action configuration")


def provider(category: str, name: str) -> Callable[[type[Action]], type[Action]]:
    """Registers AWS's own provider of a category."""

    def register(kind: type[Action]) -> type[Action]:
        _KINDS[category, name] = kind
        return kind

    return register


def of(call: Call, execution: Execution, attempt: Attempt, declared: dict[str, Any]) -> Action:
    """The action of a declaration."""
    kind = declared["actionTypeId"]
    known = _KINDS.get((kind["category"], kind["provider"])) if kind["owner"] == "AWS" else None
    return (known or Unknown)(call, execution, attempt, declared)
