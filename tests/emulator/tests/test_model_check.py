"""Requests that break the official model are refused, in every protocol, and those that keep it are not."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261123/eu-central-1/{}/aws4_request, Signature=0"


def send(emulator, path="/", body=b"", method="POST", service="ec2", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["Authorization"] = SCOPE.format(service)
    request = urllib.request.Request(emulator.endpoint + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def form(emulator, version, service, **parameters):
    body = urllib.parse.urlencode({"Version": version, **parameters}).encode()
    return send(emulator, body=body, service=service, Content_Type="application/x-www-form-urlencoded")


def ec2(emulator, **parameters):
    return form(emulator, "2016-11-15", "ec2", **parameters)


def json_call(emulator, target, value):
    body = json.dumps(value).encode()
    return send(emulator, body=body, service="x", X_Amz_Target=target, Content_Type="application/x-amz-json-1.1")


def assert_violation(emulator, answer, field):
    status, body = answer
    assert status == 400
    assert b"ModelViolation" in body
    assert field in body.decode()
    assert field in emulator.control("violations")[-1]["message"]


LOGS = "Logs_20140328."


@pytest.mark.parametrize(
    ("operation", "value", "field"),
    [
        ("Nothing", {}, "logs:Nothing"),
        ("CreateLogGroup", {}, "CreateLogGroup.logGroupName"),
        ("CreateLogGroup", {"logGroupName": "a", "other": 1}, "CreateLogGroup.other"),
        ("CreateLogGroup", {"logGroupName": 1}, "CreateLogGroup.logGroupName"),
        ("CreateLogGroup", {"logGroupName": ""}, "CreateLogGroup.logGroupName"),
        ("CreateLogGroup", {"logGroupName": "a b"}, "CreateLogGroup.logGroupName"),
        ("CreateLogGroup", {"logGroupName": "a", "logGroupClass": "X"}, "CreateLogGroup.logGroupClass"),
        ("CreateLogGroup", {"logGroupName": "a", "tags": {}}, "CreateLogGroup.tags"),
        ("CreateLogGroup", {"logGroupName": "a", "tags": []}, "CreateLogGroup.tags"),
        ("PutRetentionPolicy", {"logGroupName": "a", "retentionInDays": "1"}, "PutRetentionPolicy.retentionInDays"),
        ("DescribeLogGroups", {"limit": 51}, "DescribeLogGroups.limit"),
        ("DescribeLogGroups", {"limit": True}, "DescribeLogGroups.limit"),
        ("DescribeLogGroups", [], "DescribeLogGroups"),
    ],
)
def test_json(emulator, operation, value, field):
    assert_violation(emulator, json_call(emulator, LOGS + operation, value), field)


def test_nested_json(emulator):
    target = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition"
    container = {"name": "a", "portMappings": [{"containerPort": "80"}]}
    answer = json_call(emulator, target, {"family": "f", "containerDefinitions": [container]})
    field = "RegisterTaskDefinition.containerDefinitions[0].portMappings[0].containerPort"
    assert_violation(emulator, answer, field)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"Action": "Nothing"}, "ec2:Nothing"),
        ({"Action": "DescribeVpcs", "VpcIds.1": "vpc-1"}, "DescribeVpcs.VpcIds"),
        ({"Action": "CreateSubnet", "CidrBlock": "10.0.0.0/24"}, "CreateSubnet.VpcId"),
        ({"Action": "CreateVpc", "InstanceTenancy": "none"}, "CreateVpc.InstanceTenancy"),
        ({"Action": "CreateVpc", "DryRun": "perhaps"}, "CreateVpc.DryRun"),
        ({"Action": "DescribeVpcs", "MaxResults": "x"}, "DescribeVpcs.MaxResults"),
        ({"Action": "DescribeVpcs", "MaxResults": "1"}, "DescribeVpcs.MaxResults"),
        ({"Action": "DescribeVpcs", "Filter.1.Values.1": "x"}, "DescribeVpcs.Filters[0].Values"),
        (
            {"Action": "CreateVpc", "TagSpecification.1.ResourceType": "moon"},
            "CreateVpc.TagSpecifications[0].ResourceType",
        ),
        ({"Action": "DescribeVpcs", "VpcId.0": "vpc-1"}, "DescribeVpcs.VpcIds"),
        ({"Action": "DescribeVpcs", "VpcId": "vpc-1"}, "DescribeVpcs.VpcIds"),
    ],
)
def test_ec2(emulator, parameters, field):
    assert_violation(emulator, ec2(emulator, **parameters), field)


@pytest.mark.parametrize(
    ("version", "parameters", "field"),
    [
        ("2010-05-08", {"Action": "GetRole"}, "GetRole.RoleName"),
        ("2010-05-08", {"Action": "GetRole", "RoleName": "a b"}, "GetRole.RoleName"),
        ("2010-05-08", {"Action": "TagRole", "RoleName": "a", "Tags.1.Key": "k"}, "TagRole.Tags"),
        (
            "2015-12-01",
            {"Action": "CreateTargetGroup", "Name": "a", "Port": "70000"},
            "CreateTargetGroup.Port",
        ),
        ("2015-12-01", {"Action": "DescribeTags"}, "DescribeTags.ResourceArns"),
        (
            "2015-12-01",
            {"Action": "CreateTargetGroup", "Name": "a", "Protocol": "FTP"},
            "CreateTargetGroup.Protocol",
        ),
    ],
)
def test_query(emulator, version, parameters, field):
    assert_violation(emulator, form(emulator, version, "x", **parameters), field)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/b?versioning", b"<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", "Status"),
        ("/b?versioning", b"<VersioningConfiguration><State>On</State></VersioningConfiguration>", "State"),
        ("/b?versioning", b"<Versioning/>", "VersioningConfiguration"),
        ("/b?versioning", b"<Versioning", "VersioningConfiguration"),
        ("/b?tagging", b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", "TagSet[0].Value"),
        ("/b?tagging", b"<Tagging><TagSet><Item/></TagSet></Tagging>", "Tagging.TagSet"),
        ("/b?encryption", b"", "PutBucketEncryption.ServerSideEncryptionConfiguration"),
    ],
)
def test_s3(emulator, path, body, field):
    answer = send(emulator, path, body, "PUT", "s3", Content_Type="application/xml")
    assert_violation(emulator, answer, field)


def test_header_enums_of_s3(emulator):
    answer = send(emulator, "/b/k", b"x", "PUT", "s3", x_amz_server_side_encryption="rot13")
    assert_violation(emulator, answer, "PutObject.ServerSideEncryption")


def test_unsupported_operations_are_not_retryable(emulator, refused):
    assert refused("NotImplementedByEmulator", emulator.client("ecs").list_services_by_namespace, namespace="n") == 400
    assert refused("NotImplementedByEmulator", emulator.client("sqs").list_queues) == 400


def test_what_boto_sends_is_no_violation(emulator, stack):
    """All other tests of this folder say so too; this one has the odd shapes."""
    iam, client = emulator.client("iam"), emulator.client
    iam.list_policies(Scope="Local", OnlyAttached=False)
    stack.ec2.describe_vpcs(Filters=[], VpcIds=[])
    stack.elb.describe_load_balancers(Names=[])
    client("codepipeline").list_pipelines()
    client("s3").create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    client("s3").put_bucket_lifecycle_configuration(Bucket="bkt", LifecycleConfiguration={"Rules": [rule]})
    client("s3").put_bucket_acl(Bucket="bkt", ACL="private")
    client("s3").delete_objects(Bucket="bkt", Delete={"Objects": [{"Key": "a"}], "Quiet": True})
    client("kms").encrypt(KeyId=client("kms").create_key()["KeyMetadata"]["KeyId"], Plaintext=b"\x00\xff")
    assert emulator.control("violations") == []
