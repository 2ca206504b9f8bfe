"""S3: defaults of new buckets, policies, objects with every checksum and coding the SDKs use."""

from __future__ import annotations

import io
import json

import pytest


@pytest.fixture
def s3(client):
    s3 = client("s3")
    tags = [{"Key": "stack", "Value": "s"}, {"Key": "empty", "Value": ""}]
    configuration = {"LocationConstraint": "eu-central-1", "Tags": tags}
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration=configuration)
    return s3


def test_defaults_of_a_new_bucket(s3, refused):
    tags = s3.get_bucket_tagging(Bucket="bucket")["TagSet"]
    assert tags == [{"Key": "stack", "Value": "s"}, {"Key": "empty", "Value": ""}]
    [rule] = s3.get_bucket_encryption(Bucket="bucket")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert rule["BucketKeyEnabled"] is False
    assert set(s3.get_public_access_block(Bucket="bucket")["PublicAccessBlockConfiguration"].values()) == {True}
    controls = s3.get_bucket_ownership_controls(Bucket="bucket")["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    configuration = {"LocationConstraint": "eu-central-1"}
    again = {"Bucket": "bucket", "CreateBucketConfiguration": configuration}
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, **again)
    wrong = {"Bucket": "Bucket_1", "CreateBucketConfiguration": configuration}
    refused("InvalidBucketName", s3.create_bucket, **wrong)


def test_encryption_and_public_access(client, s3, refused):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
    }
    s3.put_bucket_encryption(Bucket="bucket", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket="bucket")["ServerSideEncryptionConfiguration"]["Rules"] == [rule]
    s3.delete_bucket_encryption(Bucket="bucket")
    [rule] = s3.get_bucket_encryption(Bucket="bucket")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    s3.delete_public_access_block(Bucket="bucket")
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket="bucket")


def policy(resource="arn:aws:s3:::bucket/*", **more):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_bucket_policy(s3, refused):
    s3.put_bucket_policy(Bucket="bucket", Policy=policy(["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]))
    assert json.loads(s3.get_bucket_policy(Bucket="bucket")["Policy"])["Statement"][0]["Effect"] == "Deny"
    for wrong in (
        "{",
        policy("arn:aws:s3:::other/*"),
        policy(Principal={"AWS": "arn:aws:iam::123456789012:role/nobody"}),
        policy(Effect="Perhaps"),
    ):
        refused("MalformedPolicy", s3.put_bucket_policy, Bucket="bucket", Policy=wrong)
    refused("NoSuchBucket", s3.put_bucket_policy, Bucket="other", Policy=policy("*"))
    s3.delete_bucket_policy(Bucket="bucket")
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket="bucket")


def test_versioning_and_deletion(s3, refused):
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="bucket", Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="bucket", Key="k", Body=b"2")["VersionId"]
    assert first != second
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="bucket")
    marker = s3.delete_object(Bucket="bucket", Key="k")["VersionId"]
    refused("BucketNotEmpty", s3.delete_bucket, Bucket="bucket")
    versions = [{"Key": "k", "VersionId": item} for item in (first, second, marker)]
    s3.delete_objects(Bucket="bucket", Delete={"Objects": versions})
    s3.delete_bucket(Bucket="bucket")
    refused("404", s3.head_bucket, Bucket="bucket")


@pytest.mark.parametrize("algorithm", [None, "CRC32", "SHA256", "SHA1"])
@pytest.mark.parametrize("streamed", [False, True])
def test_objects_with_checksums(s3, algorithm, streamed):
    body = bytes(range(256)) * 1000
    more = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    source = io.BytesIO(body) if streamed else body
    put = s3.put_object(
        Bucket="bucket",
        Key="a folder/ü",
        Body=source,
        ContentType="text/plain",
        Metadata={"a_b": "c", "d-e": "f"},
        Tagging="t=1&u=2",
        ServerSideEncryption="AES256",
        **more,
    )
    found = s3.get_object(Bucket="bucket", Key="a folder/ü")
    assert found["Body"].read() == body
    assert found["ETag"] == put["ETag"]
    assert found["Metadata"] == {"a_b": "c", "d-e": "f"}
    assert (found["ContentType"], found["ContentLength"]) == ("text/plain", len(body))
    assert found["ServerSideEncryption"] == "AES256"
    assert "ContentEncoding" not in found
    tags = s3.get_object_tagging(Bucket="bucket", Key="a folder/ü")["TagSet"]
    assert tags == [{"Key": "t", "Value": "1"}, {"Key": "u", "Value": "2"}]
    head = s3.head_object(Bucket="bucket", Key="a folder/ü")
    assert head["ContentLength"] == len(body)


def test_conditional_writes(s3, refused):
    one = {"Bucket": "bucket", "Key": "lock", "Body": b"1"}
    etag = s3.put_object(**one, IfNoneMatch="*")["ETag"]
    assert refused("PreconditionFailed", s3.put_object, **one, IfNoneMatch="*") == 412
    refused("PreconditionFailed", s3.put_object, **one, IfMatch='"00000000000000000000000000000000"')
    s3.put_object(**{**one, "Body": b"2"}, IfMatch=etag)
    refused("PreconditionFailed", s3.delete_object, Bucket="bucket", Key="lock", IfMatch=etag)
    copy = {"Bucket": "bucket", "Key": "lock", "CopySource": "bucket/lock", "IfNoneMatch": "*"}
    refused("PreconditionFailed", s3.copy_object, **copy)


def test_keys_of_encrypted_objects(client, s3):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket="bucket", Key="k", Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    assert s3.head_object(Bucket="bucket", Key="k")["SSEKMSKeyId"] == key


def test_multipart_upload(s3):
    body = b"z" * 9_000_000
    s3.upload_fileobj(io.BytesIO(body), "bucket", "large")
    assert s3.head_object(Bucket="bucket", Key="large")["ContentLength"] == len(body)
