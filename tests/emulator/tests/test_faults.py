"""Rules: every kind of fault, and what it does and does not change."""

from __future__ import annotations

import threading
import time
import urllib.error

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

REGION_VPC = {"CidrBlock": "10.0.0.0/16"}


def vpcs(emulator):
    return len(emulator.client("ec2").describe_vpcs()["Vpcs"])


def until(is_true):
    deadline = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_latency_delays_only_what_matches(emulator):
    ec2 = emulator.client("ec2")
    ec2.describe_vpcs()
    emulator.rules({"match": "ec2:CreateVpc", "kind": "latency", "ms": 300, "jitter_ms": 10})
    start = time.monotonic()
    ec2.create_vpc(**REGION_VPC)
    assert 0.3 <= time.monotonic() - start < 1.5
    ec2.describe_vpcs()
    assert emulator.counters()["rules"][0]["hits"] == 1


def test_latency_sleeps_outside_the_lock(emulator):
    emulator.client("ec2").describe_vpcs()
    emulator.control("counters/reset", {})
    emulator.rules({"match": "ec2:*", "kind": "latency", "ms": 2000})
    start = time.monotonic()
    threads = [threading.Thread(target=emulator.client("ec2").describe_vpcs) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One after the other they would take twelve seconds.
    assert time.monotonic() - start < 8
    assert emulator.counters()["peak_in_flight"] >= 3


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("ec2", "describe_vpcs", "RequestLimitExceeded", 503),
        ("elbv2", "describe_load_balancers", "Throttling", 400),
        ("iam", "list_roles", "Throttling", 400),
        ("logs", "describe_log_groups", "ThrottlingException", 400),
        ("s3", "list_buckets", "SlowDown", 503),
    ],
)
def test_throttling_in_each_protocol(emulator, refused, service, operation, code, status):
    emulator.rules({"match": f"{service}:*", "kind": "throttle", "times": 1})
    method = getattr(emulator.client(service), operation)
    assert refused(code, method) == status
    method()


def test_error_before_has_no_effect(emulator, refused):
    before = vpcs(emulator)
    rule = {"match": "ec2:CreateVpc", "kind": "error_before", "code": "InternalError", "status": 500, "times": 1}
    emulator.rules({**rule, "message": "<no & yes>"})
    assert refused("InternalError", emulator.client("ec2").create_vpc, **REGION_VPC) == 500
    assert vpcs(emulator) == before


def test_error_after_took_effect(emulator, refused):
    before = vpcs(emulator)
    emulator.rules({"match": "ec2:CreateVpc", "kind": "error_after", "times": 1})
    assert refused("InternalFailure", emulator.client("ec2").create_vpc, **REGION_VPC) == 500
    assert vpcs(emulator) == before + 1


@pytest.mark.parametrize(("kind", "more"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(emulator, kind, more):
    before = vpcs(emulator)
    emulator.rules({"match": "ec2:CreateVpc", "kind": kind, "times": 1})
    with pytest.raises(ConnectionClosedError):
        emulator.client("ec2").create_vpc(**REGION_VPC)
    assert vpcs(emulator) == before + more
    assert emulator.counters()["statuses"]["dropped"] == 1


@pytest.mark.parametrize(("kind", "more"), [("hold_before", 0), ("hold_after", 1)])
def test_held_requests_go_on_when_released(emulator, kind, more):
    before = vpcs(emulator)
    emulator.rules({"match": "ec2:CreateVpc", "kind": kind, "times": 1})
    answers = []
    thread = threading.Thread(target=lambda: answers.append(emulator.client("ec2").create_vpc(**REGION_VPC)))
    thread.start()
    until(lambda: emulator.counters()["rules"][0]["hits"])
    until(lambda: vpcs(emulator) == before + more)
    time.sleep(0.2)
    assert answers == []
    assert vpcs(emulator) == before + more
    emulator.control("release", {})
    thread.join(30)
    assert len(answers) == 1
    assert vpcs(emulator) == before + 1


@pytest.mark.parametrize(("kind", "more"), [("hold_before", 0), ("hold_after", 1)])
def test_held_request_ends_with_its_client(emulator, kind, more):
    import boto3
    from botocore.config import Config

    before = vpcs(emulator)
    emulator.rules({"match": "ec2:CreateVpc", "kind": kind, "times": 1})
    impatient = boto3.client(
        "ec2",
        endpoint_url=emulator.endpoint,
        region_name="eu-central-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="x",
        config=Config(read_timeout=0.5, retries={"total_max_attempts": 1}, proxies={}),
    )
    with pytest.raises(ReadTimeoutError):
        impatient.create_vpc(**REGION_VPC)
    impatient.close()
    until(lambda: emulator.counters()["in_flight"] == 0)
    assert vpcs(emulator) == before + more


def test_times_after_and_probability(emulator, refused):
    ec2 = emulator.client("ec2")
    rule = {"match": "ec2:Describe*", "kind": "error_before", "code": "Broken", "after": 1, "times": 2}
    emulator.rules(rule)
    ec2.describe_vpcs()
    refused("Broken", ec2.describe_vpcs)
    refused("Broken", ec2.describe_subnets)
    ec2.describe_vpcs()
    [shown] = emulator.counters()["rules"]
    assert (shown["hits"], shown["remaining"]) == (2, 0)
    emulator.rules({"match": "*", "kind": "error_before", "code": "Broken", "p": 0})
    ec2.describe_vpcs()

    def pattern():
        emulator.rules({"match": "*", "kind": "latency", "ms": 0, "p": 0.5})
        seen = []
        for _ in range(20):
            ec2.describe_availability_zones()
            seen.append(emulator.counters()["rules"][0]["hits"])
        return seen

    first = pattern()
    assert 0 < first[-1] < 20
    assert pattern() == first


@pytest.mark.parametrize(
    "rule", [{"kind": "nothing"}, {"kind": "latency", "milliseconds": 1}, {"kind": "error_before"}, "rule"]
)
def test_bad_rules_are_refused(emulator, rule):
    with pytest.raises(urllib.error.HTTPError) as caught:
        emulator.rules(rule)
    assert caught.value.code == 400
    assert b"error" in caught.value.read()
    assert emulator.control("rules") == []
