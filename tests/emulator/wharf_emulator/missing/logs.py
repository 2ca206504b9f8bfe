"""CloudWatch Logs: encryption of existing groups, and a description that knows identifiers, classes and keys."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import instead

PAGE = 50


def group(call: Call) -> Any:
    """The group a call names, by name or identifier."""
    name = call.params.get("logGroupName") or call.params.get("resourceIdentifier", "").split(":log-group:")[-1]
    found = call.backend("logs").groups.get(name.removesuffix(":*"))
    if found is None:
        raise Fault("ResourceNotFoundException", "The specified log group does not exist.")
    return found


def check_key(call: Call, arn: str | None) -> None:
    """A group is encrypted only with a key that exists and is enabled."""
    if arn is None:
        return
    key = call.backend("kms").keys.get(arn.split("/")[-1])
    if key is None or key.key_state != "Enabled":
        message = f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
        raise Fault("InvalidParameterException", message)


@instead("logs:AssociateKmsKey")
def associate_kms_key(call: Call) -> None:
    found = group(call)
    check_key(call, call.params["kmsKeyId"])
    found.kms_key_id = call.params["kmsKeyId"]


@instead("logs:DisassociateKmsKey")
def disassociate_kms_key(call: Call) -> None:
    group(call).kms_key_id = None


@instead("logs:DescribeLogGroups")
def describe_log_groups(call: Call) -> dict[str, Any]:
    params, groups = call.params, sorted(call.backend().groups.values(), key=lambda item: item.name)
    if "logGroupNamePrefix" in params and "logGroupNamePattern" in params:
        raise Fault("InvalidParameterException", "logGroupNamePrefix and logGroupNamePattern exclude each other.")
    if "logGroupIdentifiers" in params:
        names = {item.split(":log-group:")[-1].removesuffix(":*") for item in params["logGroupIdentifiers"]}
        groups = [item for item in groups if item.name in names]
    if "logGroupNamePrefix" in params:
        groups = [item for item in groups if item.name.startswith(params["logGroupNamePrefix"])]
    if "logGroupNamePattern" in params:
        groups = [item for item in groups if params["logGroupNamePattern"].lower() in item.name.lower()]
    if "logGroupClass" in params:
        groups = [item for item in groups if _class(item) == params["logGroupClass"]]
    token = params.get("nextToken")
    groups = [item for item in groups if token is None or item.name > token]
    limit = params.get("limit", PAGE)
    result: dict[str, Any] = {"logGroups": [_show(item) for item in groups[:limit]]}
    if len(groups) > limit:
        result["nextToken"] = groups[limit - 1].name
    return result


def _class(found: Any) -> str:
    return getattr(found, "wharf_class", "STANDARD")


def _show(found: Any) -> dict[str, Any]:
    return {
        "logGroupName": found.name,
        "creationTime": int(found.creation_time.timestamp() * 1000),
        "retentionInDays": int(found.retention_in_days) if found.retention_in_days else None,
        "metricFilterCount": 0,
        "arn": f"{found.arn}:*",
        "logGroupArn": found.arn,
        "storedBytes": 0,
        "kmsKeyId": found.kms_key_id,
        "logGroupClass": _class(found),
    }
