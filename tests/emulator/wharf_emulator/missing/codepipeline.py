"""What all of the emulator's CodePipeline needs to find."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault

ON_CREATE: list[Any] = []
"""Called with (call, moto's pipeline) when a pipeline was made."""


def pipeline(call: Call, name: str) -> Any:
    """moto's pipeline of a name."""
    found = call.backend("codepipeline").pipelines.get(name)
    if found is None:
        message = f"Account '{call.account}' does not have a pipeline with name '{name}'"
        raise Fault("PipelineNotFoundException", message)
    return found
