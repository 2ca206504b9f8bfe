"""S3 made like today's: defaults of new buckets, malformed policies, tags of all kinds, conditional deletes."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey

from ..call import Call, Fault
from ..hooks import after, before
from ..inner import ask
from ..policies import as_list, check

BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
AES256 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
_NAME = re.compile(r"^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$")


def _permission(bucket: FakeBucket, action: str, resource: str) -> Any:
    """moto takes a statement with a condition as one without: `Deny` to what is not TLS would deny everything.

    Conditions are not evaluated here; statements that have one are left out.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(bucket.policy)
    plain = [statement for statement in as_list(document["Statement"]) if "Condition" not in statement]
    if not plain:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**document, "Statement": plain})).is_action_permitted(action, resource)


FakeBucket.get_permission = _permission


@before("s3:CreateBucket")
def create_bucket(call: Call) -> None:
    if not _NAME.match(call.params["Bucket"]):
        raise Fault("InvalidBucketName", "The specified bucket is not valid.")


@after("s3:CreateBucket")
def new_bucket(call: Call, _: dict[str, Any]) -> None:
    bucket = call.params["Bucket"]
    ownership = call.params.get("ObjectOwnership", "BucketOwnerEnforced")
    ask(call, "PutPublicAccessBlock", Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
    controls = {"Rules": [{"ObjectOwnership": ownership}]}
    ask(call, "PutBucketOwnershipControls", Bucket=bucket, OwnershipControls=controls)
    _default_encryption(call, bucket)
    tags = call.params.get("CreateBucketConfiguration", {}).get("Tags")
    if tags:
        ask(call, "PutBucketTagging", Bucket=bucket, Tagging={"TagSet": tags})


@after("s3:DeleteBucketEncryption")
def deleted_encryption(call: Call, _: dict[str, Any]) -> None:
    """Never without: the default is back."""
    _default_encryption(call, call.params["Bucket"])


def _default_encryption(call: Call, bucket: str) -> None:
    ask(call, "PutBucketEncryption", Bucket=bucket, ServerSideEncryptionConfiguration=AES256)


@before("s3:PutBucketPolicy")
def put_bucket_policy(call: Call) -> None:
    bucket = call.params["Bucket"]
    if bucket not in call.backend().buckets:
        raise Fault("NoSuchBucket", "The specified bucket does not exist", 404)
    arn = f"arn:aws:s3:::{bucket}"
    for statement in check(call, call.params["Policy"], "MalformedPolicy", principal=True, resource=True):
        for resource in as_list(statement.get("Resource", statement.get("NotResource"))):
            if resource != "*" and resource != arn and not resource.startswith(f"{arn}/") and resource != f"{arn}*":
                raise Fault("MalformedPolicy", "Policy has invalid resource")


@before("s3:DeleteObject")
def delete_if_there(call: Call) -> None:
    """moto compares the asterisk, which stands for any object that is there, with the object's tag."""
    bucket = call.backend().buckets.get(call.params["Bucket"])
    if call.params.get("IfMatch") != "*" or bucket is None:
        return
    if not isinstance(bucket.keys.get(call.params["Key"]), FakeKey):
        raise Fault("NoSuchKey", "The specified key does not exist.", 404)
    call.request.headers.pop("if-match", None)


@after("s3:PutObject")
def tag_of_encrypted_object(call: Call, result: dict[str, Any]) -> None:
    """With a KMS key the tag says nothing of the content: the same content written twice has two."""
    if result.get("ServerSideEncryption") == "aws:kms":
        stored = call.backend().get_object(call.params["Bucket"], call.params["Key"])
        stored._etag = uuid.uuid4().hex  # noqa: SLF001 (it has no setter)
        result["ETag"] = stored.etag


@before("s3:GetObject", "s3:HeadObject")
def read_version(call: Call) -> None:
    bucket = call.backend().buckets.get(call.params["Bucket"])
    version = call.params.get("VersionId")
    if bucket is None or version is None:
        return
    for item in bucket.keys.getlist(call.params["Key"], []):
        if isinstance(item, FakeDeleteMarker) and item.version_id == version:
            raise Fault("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)


@after("s3:GetBucketTagging", "s3:GetObjectTagging")
def empty_tag_values(_: Call, result: dict[str, Any]) -> None:
    for tag in result.get("TagSet", []):
        tag.setdefault("Value", "")


@before("s3:CopyObject")
def copy_object(call: Call) -> None:
    bucket = call.backend().buckets.get(call.params["Bucket"])
    if call.params.get("IfNoneMatch") == "*" and bucket is not None and bucket.keys.get(call.params["Key"]):
        raise Fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


def _versioning_element() -> None:
    """moto names the element of GetBucketVersioning's answer after the operation; SDKs refuse that."""
    from moto.core.serialize import S3Serializer

    serialize = S3Serializer._serialized_result_to_response  # noqa: SLF001

    def renamed(self: Any, resp: Any, result: Any, shape: Any, serialized_result: Any) -> Any:
        answer = serialize(self, resp, result, shape, serialized_result)
        if self.operation_model.name == "GetBucketVersioning" and isinstance(answer.get("body"), str):
            answer["body"] = answer["body"].replace("GetBucketVersioningResponse", "VersioningConfiguration")
        return answer

    S3Serializer._serialized_result_to_response = renamed  # noqa: SLF001


_versioning_element()
