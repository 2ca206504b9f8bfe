"""The AppSpecs an application was given, by which a deployment's hash is turned back into a text.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetApplicationRevision.html
"""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import instead


def _known(call: Call) -> dict[tuple[str, str], dict[str, Any]]:
    """Contents with the deployment groups that had them, by application and hash."""
    return call.backend("codedeploy").__dict__.setdefault("wharf_revisions", {})


def remember(call: Call, shown: dict[str, Any]) -> None:
    """Keeps the AppSpec of a CreateDeployment; ``shown`` is the revision as the API shows it."""
    if shown["revisionType"] != "AppSpecContent":
        return
    params, given = call.params, call.params["revision"]["appSpecContent"]
    key = (params["applicationName"], shown["appSpecContent"]["sha256"])
    kept = _known(call).setdefault(key, {"content": given["content"], "groups": []})
    if params["deploymentGroupName"] not in kept["groups"]:
        kept["groups"].append(params["deploymentGroupName"])


@instead("codedeploy:GetApplicationRevision")
def get_application_revision(call: Call) -> dict[str, Any]:
    application, revision = call.params["applicationName"], call.params["revision"]
    call.backend().get_application(application)
    if revision.get("revisionType") != "AppSpecContent":
        raise NotImplementedError("only revisions of AppSpecContent are kept")
    sha256 = revision.get("appSpecContent", {}).get("sha256", "")
    kept = _known(call).get((application, sha256))
    if kept is None:
        raise Fault("RevisionDoesNotExistException", "The revision does not exist")
    return {
        "applicationName": application,
        "revision": {
            "revisionType": "AppSpecContent",
            "appSpecContent": {"content": kept["content"], "sha256": sha256},
        },
        "revisionInfo": {"deploymentGroups": kept["groups"]},
    }
