"""IAM made strict: malformed documents, delete conflicts, attachments that count once, quotas."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import before
from ..policies import check

ATTACHMENTS = 10
"""How many managed policies a role can have."""


def _conflict(message: str) -> Fault:
    return Fault("DeleteConflict", message, 409)


def _policy(call: Call, arn: str) -> Any:
    found = call.backend().managed_policies.get(arn)
    if found is None:
        raise Fault("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    return found


def _role(call: Call) -> Any:
    name = call.params["RoleName"]
    for role in call.backend().roles.values():
        if role.name == name:
            return role
    raise Fault("NoSuchEntity", f"The role with name {name} cannot be found.", 404)


@before("iam:CreateRole")
def create_role(call: Call) -> None:
    document = call.params["AssumeRolePolicyDocument"]
    check(call, document, "MalformedPolicyDocument", principal=True, resource=False)
    if "PermissionsBoundary" in call.params:
        _policy(call, call.params["PermissionsBoundary"])


@before("iam:UpdateAssumeRolePolicy")
def update_trust(call: Call) -> None:
    _role(call)
    check(call, call.params["PolicyDocument"], "MalformedPolicyDocument", principal=True, resource=False)


@before("iam:PutRolePolicy", "iam:CreatePolicy", "iam:CreatePolicyVersion")
def identity_policy(call: Call) -> None:
    check(call, call.params["PolicyDocument"], "MalformedPolicyDocument", principal=False, resource=True)


@before("iam:PutRolePermissionsBoundary")
def put_boundary(call: Call) -> None:
    _policy(call, call.params["PermissionsBoundary"])


@before("iam:CreatePolicy")
def create_policy(call: Call) -> None:
    name = call.params["PolicyName"]
    for policy in call.backend().managed_policies.values():
        if policy.name == name and ":aws:policy/" not in policy.arn:
            raise Fault(
                "EntityAlreadyExists", f"A policy called {name} already exists. Duplicate names are not allowed.", 409
            )


@before("iam:DeletePolicy")
def delete_policy(call: Call) -> None:
    arn = call.params["PolicyArn"]
    policy, backend = _policy(call, arn), call.backend()
    if ":aws:policy/" in arn:
        raise Fault("AccessDenied", f"Policy {arn} is managed by AWS.", 403)
    if any(arn in role.managed_policies for role in backend.roles.values()):
        raise _conflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        message = (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions."
        )
        raise _conflict(message)


@before("iam:AttachRolePolicy")
def attach(call: Call) -> dict[str, Any] | None:
    role, policy = _role(call), _policy(call, call.params["PolicyArn"])
    if policy.arn in role.managed_policies:
        return {}
    if len(role.managed_policies) >= ATTACHMENTS:
        raise Fault("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {ATTACHMENTS}", 409)
    return None


@before("iam:DeleteRole")
def delete_role(call: Call) -> None:
    role = _role(call)
    if role.managed_policies:
        raise _conflict("Cannot delete entity, must detach all policies first.")
    if role.policies:
        raise _conflict("Cannot delete entity, must delete policies first.")
