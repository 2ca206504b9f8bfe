"""The manual approval: waits until somebody decides, a week at most.

https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html
"""

from __future__ import annotations

from typing import Any

from .. import clock
from ..call import Call, Fault
from ..hooks import instead
from ..missing.codepipeline import pipeline
from .action import Action, provider
from .execution import ActionFailed, Attempt, identity

WEEK_SECONDS = 7 * 24 * 60 * 60
"""How long an approval waits if its action has no timeout of its own."""


@provider("Approval", "Manual")
class Manual(Action):
    """Over when its decision is there."""

    def begin(self) -> None:
        self.attempt.token = identity()
        minutes = self.declared.get("timeoutInMinutes")
        self.attempt.due = self.attempt.started + (60 * minutes if minutes else WEEK_SECONDS)

    def look(self, now: float) -> bool:
        decision = self.attempt.decision
        if decision:
            self.attempt.token = ""
            self.attempt.ended = decision["at"]
            self.attempt.summary = decision["summary"]
            if decision["status"] == "Rejected":
                raise ActionFailed(decision["summary"] or "Rejected", "JobFailed", decision["summary"])
            return True
        if now >= self.attempt.due:
            self.attempt.token = ""
            raise ActionFailed("The approval action has timed out", "JobFailed", "Timed out")
        return False


@instead("codepipeline:PutApprovalResult")
def put_approval_result(call: Call) -> dict[str, Any]:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutApprovalResult.html"""
    params = call.params
    owner = pipeline(call, params["pipelineName"])
    stage = next((item for item in owner.pipeline["stages"] if item["name"] == params["stageName"]), None)
    if stage is None:
        raise Fault("StageNotFoundException", f"The pipeline has no stage {params['stageName']}")
    if params["actionName"] not in [item["name"] for item in stage["actions"]]:
        raise Fault("ActionNotFoundException", f"The stage has no action {params['actionName']}")
    waiting = [item for item in _attempts(owner, params) if item.status == "InProgress" and item.token]
    if not waiting:
        raise Fault("ApprovalAlreadyCompletedException", "The approval has been completed")
    found = next((item for item in waiting if item.token == params["token"]), None)
    if found is None:
        raise Fault("InvalidApprovalTokenException", "The token is not that of the approval")
    now = clock.now()
    found.decision = {"status": params["result"]["status"], "summary": params["result"]["summary"], "at": now}
    return {"approvedAt": clock.instant(now)}


def _attempts(owner: Any, params: dict[str, Any]) -> list[Attempt]:
    return [
        attempt
        for execution in owner.executions.values()
        for attempt in execution.attempts
        if (attempt.stage, attempt.action) == (params["stageName"], params["actionName"])
    ]
