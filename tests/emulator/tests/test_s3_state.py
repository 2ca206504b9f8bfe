"""S3 as a store of state: conditional writes, versions, encryption, the clock, what a bucket may refuse."""

from __future__ import annotations

import datetime
import json
import threading
from email.utils import parsedate_to_datetime

import pytest
from botocore.exceptions import ClientError

STATE = {"Bucket": "bucket", "Key": "team/state.json"}
LOCATION = {"LocationConstraint": "eu-central-1"}


@pytest.fixture
def s3(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration=LOCATION)
    return s3


def versioned(s3):
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    return s3


def test_write_if_unchanged(s3, refused):
    assert refused("NoSuchKey", s3.put_object, **STATE, Body=b"1", IfMatch='"0"') == 404
    first = s3.put_object(**STATE, Body=b"1", IfNoneMatch="*")["ETag"]
    second = s3.put_object(**STATE, Body=b"2", IfMatch=first)["ETag"]
    assert first != second
    assert refused("PreconditionFailed", s3.put_object, **STATE, Body=b"3", IfMatch=first) == 412
    assert refused("PreconditionFailed", s3.put_object, **STATE, Body=b"3", IfNoneMatch="*") == 412
    assert s3.get_object(**STATE)["Body"].read() == b"2"


@pytest.mark.parametrize("with_versions", [False, True])
def test_delete_if_unchanged(s3, refused, with_versions):
    if with_versions:
        versioned(s3)
    assert refused("NoSuchKey", s3.delete_object, **STATE, IfMatch='"0"') == 404
    assert refused("NoSuchKey", s3.delete_object, **STATE, IfMatch="*") == 404
    old = s3.put_object(**STATE, Body=b"1")["ETag"]
    new = s3.put_object(**STATE, Body=b"2")["ETag"]
    assert refused("PreconditionFailed", s3.delete_object, **STATE, IfMatch=old) == 412
    s3.delete_object(**STATE, IfMatch=new)
    refused("NoSuchKey", s3.get_object, **STATE)
    assert refused("NoSuchKey", s3.delete_object, **STATE, IfMatch=new) == 404
    assert refused("NoSuchKey", s3.put_object, **STATE, Body=b"3", IfMatch=new) == 404
    s3.put_object(**STATE, Body=b"3", IfNoneMatch="*")
    s3.delete_object(**STATE, IfMatch="*")


@pytest.mark.parametrize("condition", [{"IfNoneMatch": "*"}, {"IfMatch": None}])
def test_one_of_many_conditional_writers_wins(emulator, s3, condition):
    if "IfMatch" in condition:
        condition = {"IfMatch": s3.put_object(**STATE, Body=b"")["ETag"]}
    won = []

    def write(number):
        try:
            s3.put_object(**STATE, Body=b"%d" % number, **condition)
            won.append(number)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert s3.get_object(**STATE)["Body"].read() == b"%d" % won[0]


def test_versions(s3, refused):
    assert "Status" not in s3.get_bucket_versioning(Bucket="bucket")
    versioned(s3)
    assert s3.get_bucket_versioning(Bucket="bucket")["Status"] == "Enabled"
    written = [s3.put_object(**STATE, Body=b"%d" % number)["VersionId"] for number in range(5)]
    s3.put_object(Bucket="bucket", Key="team/state.json.lock", Body=b"")
    deleted = s3.delete_object(**STATE)
    assert deleted["DeleteMarker"] is True
    again = s3.put_object(**STATE, Body=b"again", IfNoneMatch="*")["VersionId"]
    assert s3.get_object(**STATE)["VersionId"] == again
    old = s3.get_object(**STATE, VersionId=written[1])
    assert (old["Body"].read(), old["VersionId"]) == (b"1", written[1])
    assert refused("MethodNotAllowed", s3.get_object, **STATE, VersionId=deleted["VersionId"]) == 405
    assert refused("NoSuchVersion", s3.get_object, **STATE, VersionId="0" * 32) == 404
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket="bucket", Prefix="team/state.json", PaginationConfig={"PageSize": 3}
    )
    seen, latest, markers, count = [], [], [], 0
    for page in pages:
        count += 1
        ours = [version for version in page.get("Versions", []) if version["Key"] == STATE["Key"]]
        seen += [version["VersionId"] for version in ours]
        latest += [version["VersionId"] for version in ours if version["IsLatest"]]
        markers += [marker["VersionId"] for marker in page.get("DeleteMarkers", [])]
    assert (seen, latest) == ([again, *reversed(written)], [again])
    assert markers == [deleted["VersionId"]]
    assert count > 2


def test_encryption_is_said(client, s3):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    plain = s3.put_object(**STATE, Body=b"1")
    assert plain["ServerSideEncryption"] == "AES256"
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    put = s3.put_object(**STATE, Body=b"1", **encrypted)
    for answer in (put, s3.get_object(**STATE), s3.head_object(**STATE)):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)
        assert answer["ETag"] == put["ETag"]
    # As in AWS, such a tag is no digest of the content.
    assert s3.put_object(**STATE, Body=b"1", **encrypted)["ETag"] not in (put["ETag"], plain["ETag"])


def test_a_safe_bucket(s3, refused):
    refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket="bucket", CreateBucketConfiguration=LOCATION)
    refused("404", s3.head_bucket, Bucket="elsewhere")
    assert s3.head_bucket(Bucket="bucket")["BucketRegion"] == "eu-central-1"
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration=block)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(
        Bucket="bucket", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    s3.put_object(**STATE, Body=b"1")
    for operation in (s3.get_object, s3.put_object):
        refused("NoSuchBucket", operation, Bucket="elsewhere", Key="k")


def test_refusals_on_request(emulator, s3, refused):
    forbidden = {"match": "s3:HeadBucket", "kind": "deny"}
    expired = {"match": "s3:*Object", "kind": "error_before", "code": "ExpiredToken", "status": 400, "times": 2}
    emulator.rules(forbidden, expired)
    assert refused("403", s3.head_bucket, Bucket="bucket") == 403
    assert refused("ExpiredToken", s3.put_object, **STATE, Body=b"1") == 400
    assert refused("ExpiredToken", s3.get_object, **STATE) == 400
    s3.put_object(**STATE, Body=b"1", IfNoneMatch="*")


def test_the_clock(emulator, s3):
    def date(answer):
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    before = date(s3.put_object(**STATE, Body=b"1"))
    assert emulator.control("clock", {"offset_ms": 3_600_000})["offset_ms"] == 3_600_000
    hour = datetime.timedelta(minutes=55)
    shifted = date(s3.put_object(**STATE, Body=b"2"))
    assert shifted - before > hour
    read = s3.get_object(**STATE)
    assert read["LastModified"] - before > hour
    assert date(read) >= read["LastModified"]
    emulator.control("clock", {"offset_ms": -3_600_000})
    assert before - date(s3.head_object(**STATE)) > hour
    emulator.reset()
    assert emulator.control("clock")["offset_ms"] == 0
    assert date(s3.list_buckets()) - before < hour
