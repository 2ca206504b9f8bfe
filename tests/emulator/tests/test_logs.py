"""CloudWatch Logs: groups, their keys, classes, retention and tags."""

from __future__ import annotations

import pytest


@pytest.fixture
def logs(client):
    return client("logs")


def described(logs, name="/app"):
    return logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]


def test_group(client, logs, refused):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    create = {"logGroupName": "/app", "kmsKeyId": key, "tags": {"stack": "s"}, "logGroupClass": "INFREQUENT_ACCESS"}
    logs.create_log_group(**create)
    refused("ResourceAlreadyExistsException", logs.create_log_group, **create)
    shown = described(logs)
    assert (shown["kmsKeyId"], shown["logGroupClass"]) == (key, "INFREQUENT_ACCESS")
    assert shown["arn"] == shown["logGroupArn"] + ":*"
    assert "retentionInDays" not in shown
    logs.disassociate_kms_key(logGroupName="/app")
    assert "kmsKeyId" not in described(logs)
    logs.associate_kms_key(logGroupName="/app", kmsKeyId=key)
    assert described(logs)["kmsKeyId"] == key
    nothing = key[:-4] + "0000"
    refused("InvalidParameterException", logs.associate_kms_key, logGroupName="/app", kmsKeyId=nothing)
    refused("InvalidParameterException", logs.create_log_group, logGroupName="/b", kmsKeyId=nothing)
    refused("ResourceNotFoundException", logs.associate_kms_key, logGroupName="/b", kmsKeyId=key)


def test_retention(logs, refused):
    logs.create_log_group(logGroupName="/app")
    logs.put_retention_policy(logGroupName="/app", retentionInDays=14)
    assert described(logs)["retentionInDays"] == 14
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName="/app", retentionInDays=2)
    logs.delete_retention_policy(logGroupName="/app")
    assert "retentionInDays" not in described(logs)
    refused("ResourceNotFoundException", logs.put_retention_policy, logGroupName="/b", retentionInDays=1)


def test_tags_go_with_their_group(logs, refused):
    logs.create_log_group(logGroupName="/app", tags={"a": "b"})
    arn = described(logs)["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"c": "d"})
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    refused("ModelViolation", logs.list_tags_for_resource, resourceArn=arn + ":*")
    logs.delete_log_group(logGroupName="/app")
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=arn)
    refused("ResourceNotFoundException", logs.tag_resource, resourceArn=arn, tags={"a": "b"})
    logs.create_log_group(logGroupName="/app")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}


def test_description(logs):
    for number in range(5):
        logs.create_log_group(logGroupName=f"/app/{number}")
    logs.create_log_group(logGroupName="/other")

    def names(**parameters):
        return [item["logGroupName"] for item in logs.describe_log_groups(**parameters)["logGroups"]]

    assert names(logGroupNamePattern="OTHER") == ["/other"]
    assert names(logGroupIdentifiers=["/app/1", "/other"]) == ["/app/1", "/other"]
    arn = described(logs, "/app/2")["logGroupArn"]
    assert names(logGroupIdentifiers=[arn]) == ["/app/2"]
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 2]
