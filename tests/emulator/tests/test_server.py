"""The server itself: keep-alive, counters, the log, pages, tokens, CBOR, the JSON client, its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
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
    took = []
    for _ in range(50):
        start = time.monotonic()
        connection.request("GET", "/_wharf/rules")
        connection.getresponse().read()
        took.append(time.monotonic() - start)
    # Where an answer waits for an acknowledgement that is held back each takes 40 ms.
    assert statistics.median(took) < 0.02
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


def test_cbor_as_other_encoders_write_it():
    indefinite = b"\xbf" + to_cbor("names") + b"\x9f" + to_cbor("a") + b"\xff" + to_cbor("n") + b"\xf6\xff"
    assert from_cbor(indefinite) == {"names": ["a"]}
    values = {"i": [0, 23, 24, -1, -25, 65_536, 2**40], "f": 1.5, "b": b"\x00", "t": True, "s": "ü" * 300}
    assert from_cbor(to_cbor(values)) == values


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
