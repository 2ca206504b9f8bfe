"""KMS made strict: keys that are disabled or waiting for deletion, rotation periods, malformed policies."""

from __future__ import annotations

import datetime
from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from ..policies import check

NOT_WHILE_PENDING = (
    "CreateAlias",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "PutKeyPolicy",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
)
"""What a key that waits for its deletion refuses."""

NOT_WHILE_DISABLED = ("DisableKeyRotation", "EnableKeyRotation", "Encrypt", "GenerateDataKey")


def _key(call: Call) -> Any:
    """The key a call is about, None if there is none (moto refuses that itself)."""
    reference = call.params.get("KeyId") or call.params.get("TargetKeyId")
    backend = call.backend()
    try:
        key_id = backend.any_id_to_key_id(reference)
    except Exception:
        return None
    return backend.keys.get(key_id)


@before(*(f"kms:{name}" for name in NOT_WHILE_PENDING))
def not_while_pending(call: Call) -> None:
    key = _key(call)
    if key is not None and key.key_state == "PendingDeletion":
        raise Fault("KMSInvalidStateException", f"{key.arn} is pending deletion.")


@before(*(f"kms:{name}" for name in NOT_WHILE_DISABLED))
def not_while_disabled(call: Call) -> None:
    key = _key(call)
    if key is not None and key.key_state == "Disabled":
        raise Fault("DisabledException", f"{key.arn} is disabled.")


@before("kms:CreateKey", "kms:PutKeyPolicy")
def key_policy(call: Call) -> None:
    if "Policy" in call.params:
        check(call, call.params["Policy"], "MalformedPolicyDocumentException", principal=True, resource=True)


@after("kms:ScheduleKeyDeletion")
def deletion_date(call: Call, result: dict[str, Any]) -> None:
    """Fixed when it is scheduled; moto's moves with every look at the key."""
    key, days = _key(call), call.params.get("PendingWindowInDays", 30)
    key.wharf_deletion_date = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    result.update(
        KeyId=key.arn, DeletionDate=key.wharf_deletion_date, KeyState="PendingDeletion", PendingWindowInDays=days
    )


@after("kms:CancelKeyDeletion")
def cancel_deletion(call: Call, result: dict[str, Any]) -> None:
    result["KeyId"] = _key(call).arn


@after("kms:DescribeKey")
def described_key(call: Call, result: dict[str, Any]) -> None:
    metadata = result["KeyMetadata"]
    key = call.backend().keys[metadata["KeyId"]]
    if metadata["KeyState"] == "PendingDeletion":
        metadata["DeletionDate"] = key.wharf_deletion_date
    else:
        metadata.pop("DeletionDate", None)


@after("kms:CreateKey", "kms:DescribeKey")
def single_region(_: Call, result: dict[str, Any]) -> None:
    result["KeyMetadata"].setdefault("MultiRegion", False)


@after("kms:EnableKeyRotation")
def rotation_period(call: Call, _: dict[str, Any]) -> None:
    key = _key(call)
    key.wharf_rotation_days = call.params.get("RotationPeriodInDays", getattr(key, "wharf_rotation_days", 365))


@after("kms:GetKeyRotationStatus")
def rotation_status(call: Call, result: dict[str, Any]) -> None:
    key = _key(call)
    result["KeyId"] = key.id
    if result["KeyRotationEnabled"]:
        result["RotationPeriodInDays"] = key.wharf_rotation_days
        created = datetime.datetime.fromtimestamp(key.creation_date, datetime.UTC)
        result["NextRotationDate"] = created + datetime.timedelta(days=key.wharf_rotation_days)
