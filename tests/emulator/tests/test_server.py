"""The server itself: keep-alive, counters, the log, pages, tokens, CBOR, the JSON client, its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse

import pytest
from conftest import ROOT
from test_model_check import SCOPE

from wharf_emulator.wire import from_cbor, to_cbor

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": SCOPE.format("ec2")}


def connect(emulator):
    return http.client.HTTPConnection(urllib.parse.urlsplit(emulator.endpoint).netloc, timeout=10)


def test_connections_stay_open(emulator):
    connection = connect(emulator)
    connection.connect()
    first = connection.sock
    for _ in range(20):
        connection.request("POST", "/", b"Action=DescribeVpcs&Version=2016-11-15", FORM)
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        assert connection.sock is first
    start = time.monotonic()
    for _ in range(50):
        connection.request("GET", "/_wharf/rules")
        connection.getresponse().read()
    assert time.monotonic() - start < 1.0
    connection.close()


def test_chunked_bodies(emulator):
    connection = connect(emulator)
    chunks = iter([b"Action=Describe", b"Vpcs&Version=2016-11-15"])
    connection.request("POST", "/", chunks, FORM, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_aws_chunked_body_with_a_trailing_checksum(emulator, client):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    headers = {
        "Authorization": SCOPE.format("s3"),
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "11",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "Content-Type": "application/octet-stream",
    }
    connection = connect(emulator)
    connection.request("PUT", "/bucket/key?x-id=PutObject", body, headers)
    assert connection.getresponse().status == 200
    found = s3.get_object(Bucket="bucket", Key="key", ChecksumMode="ENABLED")
    assert found["Body"].read() == b"hello world"
    assert found["ChecksumCRC32"] == "DUoRhQ=="
    assert "ContentEncoding" not in found
    assert emulator.counters()["operations"]["s3:PutObject"] == 1
    connection.close()


def test_counters_and_log(emulator, refused):
    ec2 = emulator.client("ec2")
    ec2.describe_vpcs()
    ec2.describe_vpcs()
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=["vpc-0123456789abcdef0"])
    emulator.client("elbv2").describe_load_balancers()
    counters = emulator.counters()
    assert counters["total"] == 4
    assert counters["operations"] == {"ec2:DescribeVpcs": 3, "elbv2:DescribeLoadBalancers": 1}
    assert counters["statuses"] == {"200": 3, "400": 1}
    assert (counters["in_flight"], counters["peak_in_flight"]) == (0, 1)
    log = emulator.control("log")
    assert [entry["sequence"] for entry in log] == [1, 2, 3, 4]
    assert log[2] == {"sequence": 3, "operation": "ec2:DescribeVpcs", "status": 400}
    emulator.control("counters/reset", {})
    assert (emulator.counters()["total"], emulator.control("log")) == (0, [])


def test_reset_empties_everything(emulator, stack):
    assert stack.service()
    emulator.rules({"match": "*", "kind": "latency", "ms": 0})
    emulator.reset()
    assert emulator.control("objects") == []
    assert emulator.control("rules") == []
    assert emulator.counters()["total"] == 0


@pytest.mark.parametrize(
    ("service", "operation", "key", "size"),
    [
        ("ec2", "describe_subnets", "Subnets", {"PageSize": 5}),
        ("ec2", "describe_security_group_rules", "SecurityGroupRules", {"PageSize": 5}),
        ("elbv2", "describe_target_groups", "TargetGroups", {"PageSize": 3}),
        ("elbv2", "describe_load_balancers", "LoadBalancers", {"PageSize": 1}),
        ("codecommit", "list_repositories", "repositories", {}),
        ("ecs", "list_clusters", "clusterArns", {"PageSize": 2}),
        ("ecr", "describe_repositories", "repositories", {"PageSize": 2}),
        ("codepipeline", "list_pipelines", "pipelines", {"PageSize": 2}),
    ],
)
def test_pages(stack, service, operation, key, size):
    client = stack.client(service)
    if service == "elbv2":
        assert stack.balancer
    for number in range(7):
        if operation == "describe_subnets":
            stack.ec2.create_subnet(VpcId=stack.vpc, CidrBlock=f"10.0.{number}.0/24")
        elif operation == "describe_security_group_rules":
            permission = {"IpProtocol": "tcp", "FromPort": number, "ToPort": number}
            permission["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]
            stack.ec2.authorize_security_group_ingress(GroupId=stack.group, IpPermissions=[permission])
        elif operation == "describe_target_groups":
            stack.target_group(f"t{number}")
        elif service == "ecs":
            client.create_cluster(clusterName=f"c{number}")
        elif service in ("ecr", "codecommit"):
            client.create_repository(repositoryName=f"r{number}")
    for _ in range(2):
        getattr(client, operation)()
    pages = list(client.get_paginator(operation).paginate(PaginationConfig=size))
    items = [json.dumps(item, default=str) for page in pages for item in page[key]]
    assert len(set(items)) == len(items)
    everything = getattr(client, operation)()[key]
    assert items == [json.dumps(item, default=str) for item in everything]
    if size.get("PageSize", 100) < len(items):
        assert len(pages) > 1
        assert all(len(page[key]) <= size["PageSize"] for page in pages)


def test_made_up_page_tokens_are_refused(emulator, refused):
    refused("InvalidParameterValue", emulator.client("ec2").describe_vpcs, NextToken="x", MaxResults=5)
    refused("ValidationError", emulator.client("elbv2").describe_target_groups, Marker="x", PageSize=5)


def test_services_come_in_tens(stack):
    parameters = stack.service_parameters(loadBalancers=[])
    for number in range(11):
        stack.ecs.create_service(**{**parameters, "serviceName": f"s{number}"})
    first = stack.ecs.list_services(cluster="main")
    assert len(first["serviceArns"]) == 10
    second = stack.ecs.list_services(cluster="main", nextToken=first["nextToken"])
    assert len(second["serviceArns"]) == 1


def test_client_tokens(stack, refused):
    ec2, address = stack.ec2, stack.address()
    create = {"SubnetId": stack.subnets[0], "AllocationId": address, "ClientToken": "token"}
    first = ec2.create_nat_gateway(**create)["NatGateway"]["NatGatewayId"]
    assert ec2.create_nat_gateway(**create)["NatGateway"]["NatGatewayId"] == first
    refused("IdempotentParameterMismatch", ec2.create_nat_gateway, **{**create, "SubnetId": stack.subnets[1]})
    table = {"VpcId": stack.vpc, "ClientToken": "token"}
    tables = {ec2.create_route_table(**table)["RouteTable"]["RouteTableId"] for _ in range(2)}
    assert len(tables) == 1
    service = stack.service_parameters(clientToken="token")
    arns = {stack.ecs.create_service(**service)["service"]["serviceArn"] for _ in range(2)}
    assert len(arns) == 1


def test_token_of_a_refused_request_can_be_used_again(stack, refused):
    create = {"SubnetId": stack.subnets[0], "AllocationId": "eipalloc-0123456789abcdef0", "ClientToken": "t"}
    refused("InvalidAllocationID.NotFound", stack.ec2.create_nat_gateway, **create)
    assert stack.ec2.create_nat_gateway(**{**create, "AllocationId": stack.address()})


def cbor(emulator, service, prefix, operation, value):
    connection = connect(emulator)
    headers = {
        "Authorization": SCOPE.format(service),
        "Content-Type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "Accept": "application/cbor",
    }
    connection.request("POST", f"/service/{prefix}/operation/{operation}", to_cbor(value), headers)
    answer = connection.getresponse()
    assert answer.getheader("smithy-protocol") == "rpc-v2-cbor"
    assert answer.getheader("content-type") == "application/cbor"
    body = from_cbor(answer.read())
    connection.close()
    return answer.status, body


def test_cbor(emulator):
    def call(operation, value):
        return cbor(emulator, "codedeploy", "CodeDeploy_20141006", operation, value)

    status, created = call("CreateApplication", {"applicationName": "a" * 90, "computePlatform": "ECS"})
    assert (status, list(created)) == (200, ["applicationId"])
    status, shown = call("GetApplication", {"applicationName": "a" * 90})
    assert status == 200
    assert abs(shown["application"]["createTime"].timestamp() - time.time()) < 60
    status, error = call("GetApplication", {"applicationName": "other"})
    assert (status, error["__type"]) == (400, "ApplicationDoesNotExistException")
    status, error = call("GetApplication", {"applicationName": 1})
    assert (status, error["__type"]) == (400, "ModelViolation")
    _, listed = cbor(emulator, "codebuild", "CodeBuild_20161006", "BatchGetProjects", {"names": ["a"]})
    assert listed == {"projects": [], "projectsNotFound": ["a"]}
    emulator.rules({"match": "codedeploy:GetApplication", "kind": "throttle"})
    status, error = call("GetApplication", {"applicationName": "x"})
    assert (status, error["__type"]) == (400, "ThrottlingException")
    assert emulator.counters()["operations"]["codedeploy:GetApplication"] == 4


def test_json_lines_client(emulator):
    requests = [
        {"service": "ec2", "operation": "describe_vpcs", "parameters": {}},
        {"service": "ec2", "operation": "describe_vpcs", "parameters": {"VpcIds": ["vpc-0123456789abcdef0"]}},
        {"service": "iam", "operation": "list_roles"},
        {"service": "ec2", "operation": "nothing"},
        {"service": "kms", "operation": "create_key", "parameters": {"Description": 1}},
        {"service": "kms", "operation": "create_key"},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "wharf_emulator.client", "--endpoint", emulator.endpoint],
        cwd=ROOT,
        input="\n".join(json.dumps(item) for item in requests) + "\nnot json\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert "ResponseMetadata" not in answers[0]["ok"]
    assert len(answers[0]["ok"]["Vpcs"]) == 1
    assert answers[1]["error"]["code"] == "InvalidVpcID.NotFound"
    assert answers[2]["ok"]["Roles"] == []
    assert answers[3]["error"]["code"] == "ValueError"
    assert answers[4]["error"]["code"] == "ParamValidationError"
    assert "T" in answers[5]["ok"]["KeyMetadata"]["CreationDate"]
    assert "error" in answers[6]


def start(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "wharf_emulator", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("ready http://127.0.0.1:")
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_stops_when_told(number):
    process = start()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_server_stops_with_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = start("--parent-pid", str(parent.pid))
    parent.kill()
    assert process.wait(timeout=10) == 0
    parent.wait()


def test_only_loopback():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "wharf_emulator", "--host", "0.0.0.0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "loopback" in done.stderr
