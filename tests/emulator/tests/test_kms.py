"""KMS: states of a key, rotation, policies, aliases."""

from __future__ import annotations

import json

import pytest

KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@pytest.fixture
def kms(client):
    return client("kms")


@pytest.fixture
def key(kms):
    tags = [{"TagKey": "stack", "TagValue": "s"}]
    return kms.create_key(Description="d", Policy=json.dumps(KEY_POLICY), Tags=tags)["KeyMetadata"]["KeyId"]


def metadata(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def test_rotation(kms, key, refused):
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    assert status["NextRotationDate"]
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.disable_key(KeyId=key)
    assert metadata(kms, key)["KeyState"] == "Disabled"
    refused("DisabledException", kms.enable_key_rotation, KeyId=key)
    kms.enable_key(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180


def test_pending_deletion(kms, key, refused):
    scheduled = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert scheduled["KeyState"] == "PendingDeletion"
    assert scheduled["KeyId"].endswith(f":key/{key}")
    first, second = metadata(kms, key), metadata(kms, key)
    assert first["DeletionDate"] == second["DeletionDate"] == scheduled["DeletionDate"]
    for operation, more in (
        (kms.schedule_key_deletion, {}),
        (kms.put_key_policy, {"PolicyName": "default", "Policy": json.dumps(KEY_POLICY)}),
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        (kms.untag_resource, {"TagKeys": ["a"]}),
        (kms.enable_key, {}),
        (kms.disable_key, {}),
        (kms.enable_key_rotation, {}),
        (kms.update_key_description, {"Description": "x"}),
        (kms.encrypt, {"Plaintext": b"x"}),
    ):
        refused("KMSInvalidStateException", operation, KeyId=key, **more)
    refused("KMSInvalidStateException", kms.create_alias, AliasName="alias/a", TargetKeyId=key)
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"].endswith(key)
    shown = metadata(kms, key)
    assert shown["KeyState"] == "Disabled"
    assert "DeletionDate" not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": None},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}},
        {"Effect": "Maybe"},
        {"Resource": None},
    ],
)
def test_malformed_policies(kms, key, refused, change):
    statement = {**KEY_POLICY["Statement"][0], **change}
    statement = {name: value for name, value in statement.items() if value is not None}
    text = json.dumps({**KEY_POLICY, "Statement": [statement]})
    refused("MalformedPolicyDocumentException", kms.create_key, Policy=text)
    put = {"KeyId": key, "PolicyName": "default", "Policy": text}
    refused("MalformedPolicyDocumentException", kms.put_key_policy, **put)


def test_descriptions_tags_and_aliases(kms, key, refused):
    kms.update_key_description(KeyId=key, Description="changed")
    assert metadata(kms, key)["Description"] == "changed"
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.untag_resource(KeyId=key, TagKeys=["stack"])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    refused("AlreadyExistsException", kms.create_alias, AliasName="alias/app", TargetKeyId=key)
    assert metadata(kms, "alias/app")["KeyId"] == key
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/app", TargetKeyId=other)
    assert metadata(kms, "alias/app")["KeyId"] == other
    kms.delete_alias(AliasName="alias/app")
    refused("NotFoundException", kms.describe_key, KeyId="alias/app")
    refused("NotFoundException", kms.describe_key, KeyId="00000000-0000-0000-0000-000000000000")
