"""What S3's operations need: its actions are named otherwise than its operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..call import Call
from .iam import key_arn
from .need import Need, service

_ACTIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "HeadObject": "GetObject",
}


@service("s3")
def s3(call: Call) -> Iterator[Need]:
    params = call.params
    action = f"s3:{_ACTIONS.get(call.operation, call.operation)}"
    if "Bucket" not in params:
        yield Need(action)
        return
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    if call.operation == "DeleteObjects":
        for item in params["Delete"]["Objects"]:
            version = "Version" if item.get("VersionId") else ""
            yield Need(f"s3:DeleteObject{version}", f"{bucket}/{item['Key']}")
        return
    if "Key" not in params:
        yield Need(action, bucket)
        tags = (params.get("CreateBucketConfiguration") or {}).get("Tags")
        if call.operation == "CreateBucket" and tags:
            yield Need("s3:TagResource", bucket)
        return
    of_version = params.get("VersionId") and call.operation in ("GetObject", "HeadObject", "DeleteObject")
    yield Need(f"{action}Version" if of_version else action, f"{bucket}/{params['Key']}")
    if call.operation == "PutObject" and params.get("Tagging"):
        yield Need("s3:PutObjectTagging", f"{bucket}/{params['Key']}")
    stored = _bucket(call)
    found = stored.keys.get(params["Key"]) if stored is not None else None
    if found is None and action in ("s3:GetObject", "s3:GetObjectTagging"):
        # Whoever may not list the bucket is not told that there is no such object.
        yield Need("s3:ListBucket", bucket)
    yield from _key(call, stored, found)


def _key(call: Call, bucket: Any, found: Any) -> Iterator[Need]:
    """The customer's key of an object that is written or read."""
    if call.operation == "PutObject":
        action, key = "kms:GenerateDataKey", call.params.get("SSEKMSKeyId")
        if key is None and call.params.get("ServerSideEncryption") is None and bucket is not None:
            key = _default_key(bucket)
    elif call.operation in ("GetObject", "HeadObject") and getattr(found, "encryption", None) == "aws:kms":
        action, key = "kms:Decrypt", getattr(found, "kms_key_id", None)
    else:
        return
    if key:
        yield Need(action, key_arn(call, key), {"kms:ViaService": f"s3.{call.region}.amazonaws.com"})


def _default_key(bucket: Any) -> str | None:
    rule = (bucket.encryption or {}).get("Rule") or {}
    rule = rule[0] if isinstance(rule, list) else rule
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return default.get("KMSMasterKeyID") if default.get("SSEAlgorithm") == "aws:kms" else None


def _bucket(call: Call) -> Any:
    return call.backend().buckets.get(call.params["Bucket"])
