"""What the operations of IAM, KMS and STS need."""

from __future__ import annotations

from collections.abc import Iterator

from ..call import Call
from .need import Need, linked_role, service, tag


@service("iam")
def iam(call: Call) -> Iterator[Need]:
    params, backend = call.params, call.backend()
    action, context = call.name, {}
    if call.operation == "SimulatePrincipalPolicy":
        yield Need(action, params["PolicySourceArn"])
        return
    if "PolicyArn" in params and "RoleName" in params:
        context["iam:PolicyARN"] = params["PolicyArn"]
    if "InstanceProfileName" in params:
        resource = f"instance-profile/{params['InstanceProfileName']}"
    elif "RoleName" in params:
        known = next((role.arn for role in backend.roles.values() if role.name == params["RoleName"]), None)
        if known is not None:
            yield Need(action, known, context)
            return
        resource = f"role{params.get('Path', '/')}{params['RoleName']}"
    elif "UserName" in params:
        resource = f"user/{params['UserName']}"
    elif "PolicyArn" in params:
        yield Need(action, params["PolicyArn"])
        return
    elif "PolicyName" in params:
        resource = f"policy{params.get('Path', '/')}{params['PolicyName']}"
    else:
        resource = "*"
    arn = resource if resource == "*" else f"arn:aws:iam::{call.account}:{resource}"
    yield Need(action, arn, context)
    if call.operation in ("CreateRole", "CreatePolicy"):
        yield from tag(f"iam:Tag{call.operation.removeprefix('Create')}", call, arn, "Tags")


@service("kms")
def kms(call: Call) -> Iterator[Need]:
    params = call.params
    if call.operation in ("ListKeys", "ListAliases"):
        yield Need(call.name)
    elif call.operation == "CreateKey":
        yield Need(call.name)
        yield from tag("kms:TagResource", call, call.arn("kms", "key/*"), "Tags")
        if params.get("MultiRegion"):
            name = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
            yield from linked_role(call, "mrk.kms.amazonaws.com", name)
    elif "AliasName" in params:
        alias = params["AliasName"]
        yield Need(call.name, call.arn("kms", alias))
        keys = [key.arn for key in call.backend().keys.values() if alias in key.aliases]
        if "TargetKeyId" in params:
            keys.append(key_arn(call, params["TargetKeyId"]))
        for key in dict.fromkeys(keys):
            yield Need(call.name, key)
    else:
        yield Need(call.name, key_arn(call, params["KeyId"]))


def key_arn(call: Call, key: str) -> str:
    """A key's ARN, whether it is given by that, by its id or by an alias."""
    resource = key.rpartition(":")[2]
    if resource.startswith("alias/"):
        keys = call.backend("kms").keys.values()
        return next((found.arn for found in keys if resource in found.aliases), call.arn("kms", "key/gone"))
    return key if key.startswith("arn:") else call.arn("kms", f"key/{resource.removeprefix('key/')}")


@service("sts")
def sts(call: Call) -> Iterator[Need]:
    """``GetCallerIdentity`` needs nothing, and nobody can deny it."""
    if call.operation == "AssumeRole":
        yield Need(call.name, call.params["RoleArn"])
    elif call.operation != "GetCallerIdentity":
        yield Need(call.name)
