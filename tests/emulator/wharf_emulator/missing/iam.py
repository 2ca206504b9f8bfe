"""IAM's simulator of policies, on the matcher that judges requests under enforcement.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from ..access.policy import judge
from ..call import Call, Fault
from ..hooks import instead
from ..policies import as_list

_ENTITY = re.compile(r"^arn:aws:iam::\d{12}:(user|group|role)/(?:.*/)?([^/]+)$")


@instead("iam:SimulatePrincipalPolicy")
def simulate_principal_policy(call: Call) -> dict[str, Any]:
    """One result for each action on each resource."""
    params = call.params
    texts = [*_documents(call, params["PolicySourceArn"]), *params.get("PolicyInputList", [])]
    statements = [statement for text in texts for statement in _statements(text)]
    boundary = _boundary(call, params["PolicySourceArn"])
    given = {item["ContextKeyName"].lower(): item for item in params.get("ContextEntries", [])}
    results = []
    for action in params["ActionNames"]:
        for resource in params.get("ResourceArns") or ["*"]:
            missing: list[str] = []

            def value_of(name: str, missing: list[str] = missing) -> str | None:
                found = given.get(name.lower(), {}).get("ContextKeyValues") or []
                if not found:
                    missing.append(name)
                return found[0] if found else None

            decision = judge(statements, action, resource, value_of)
            limits = {}
            if boundary is not None:
                within = judge(boundary, action, resource, value_of)
                limits = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": within == "allowed"}}
                if decision == "allowed" or within == "explicitDeny":
                    decision = within
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": decision,
                    "MatchedStatements": [],
                    "MissingContextValues": sorted(set(missing)),
                    **limits,
                }
            )
    return {"EvaluationResults": results, "IsTruncated": False}


def _documents(call: Call, arn: str) -> list[Any]:
    """The identity-based policies of a user, with those of its groups, of a group or of a role."""
    match = _ENTITY.match(arn)
    if match is None:
        message = f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
        raise Fault("InvalidInput", message)
    backend, (kind, name) = call.backend(), match.groups()
    if kind == "role":
        entities = [role for role in backend.roles.values() if role.arn == arn]
    elif kind == "group":
        entities = [group for group in backend.groups.values() if group.name == name]
    else:
        entities = [user for user in backend.users.values() if user.name == name]
        entities += backend.get_groups_for_user(name) if entities else []
    if not entities:
        raise Fault("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    return [text for entity in entities for text in _of_entity(entity)]


def _boundary(call: Call, arn: str) -> list[dict[str, Any]] | None:
    """The statements of a role's permissions boundary: what these do not allow, no policy does.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    backend = call.backend()
    role = next((role for role in backend.roles.values() if role.arn == arn), None)
    name = role.permissions_boundary_arn if role is not None else None
    return _statements(_default(backend.get_policy(name))) if name else None


def _of_entity(entity: Any) -> list[Any]:
    attached = [_default(policy) for policy in entity.managed_policies.values()]
    return [*entity.policies.values(), *attached]


def _default(policy: Any) -> Any:
    """The version of a managed policy that counts."""
    return next(item.document for item in policy.versions if item.version_id == policy.default_version_id)


def _statements(text: Any) -> list[dict[str, Any]]:
    document = json.loads(unquote(text) if text.startswith("%7B") else text) if isinstance(text, str) else text
    return as_list(document["Statement"])
