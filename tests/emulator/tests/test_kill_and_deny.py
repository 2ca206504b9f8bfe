"""Rules that end the caller, deny, and keep roles from being known: at which boundary, how often, in whose words."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error

import pytest

CALLER = """
import sys
import boto3
from botocore.config import Config
config = Config(retries={"total_max_attempts": 1}, proxies={})
ec2 = boto3.client("ec2", endpoint_url=sys.argv[1], region_name="eu-central-1", aws_access_key_id="A" * 20,
                   aws_secret_access_key="x", config=config)
sys.stdin.readline()
for number in range(3):
    ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    ec2.describe_vpcs()
sys.stdin.readline()
"""


@pytest.fixture
def caller(emulator):
    """A process that makes three VPCs as soon as it gets a line, and waits for another one at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALLER, emulator.endpoint],
        cwd=emulator.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def start(process):
    process.stdin.write(b"\n")
    process.stdin.flush()


def made(emulator):
    return sorted(vpc["CidrBlock"] for vpc in emulator.client("ec2").describe_vpcs(Filters=OURS)["Vpcs"])


OURS = [{"Name": "is-default", "Values": ["false"]}]


@pytest.mark.parametrize(("kind", "effects"), [("kill_before", 1), ("kill_after", 2), ("kill_answered", 2)])
def test_kill_at_a_boundary(emulator, caller, kind, effects):
    emulator.rules({"match": "ec2:CreateVpc", "kind": kind, "pid": caller.pid, "after": 1})
    start(caller)
    assert caller.wait(timeout=60) == -9
    [rule] = emulator.counters()["rules"]
    assert (rule["hits"], rule["remaining"], rule["last"]) == (1, 0, "ec2:CreateVpc")
    log = [entry for entry in emulator.control("log") if entry["operation"] == "ec2:CreateVpc"]
    assert [entry["status"] for entry in log] == [200, 200 if kind == "kill_answered" else "dropped"]
    assert len(made(emulator)) == effects


def test_mutating_counts_only_what_changes_something(emulator, caller):
    emulator.rules(
        {"mutating": True, "kind": "latency", "ms": 0},
        {"mutating": False, "kind": "latency", "ms": 0},
        {"mutating": True, "kind": "kill_before", "pid": caller.pid, "after": 2},
    )
    start(caller)
    assert caller.wait(timeout=60) == -9
    changes, reads, kill = emulator.counters()["rules"]
    assert (changes["hits"], reads["hits"], kill["hits"]) == (3, 2, 1)
    assert made(emulator) == ["10.0.0.0/16", "10.1.0.0/16"]


def test_a_process_that_is_gone_is_no_error(emulator):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    emulator.rules({"match": "ec2:DescribeVpcs", "kind": "kill_answered", "pid": gone.pid})
    emulator.client("ec2").describe_vpcs()
    assert emulator.counters()["rules"][0]["hits"] == 1


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("ec2", "describe_vpcs", "UnauthorizedOperation", 403),
        ("elbv2", "describe_load_balancers", "AccessDenied", 403),
        ("iam", "list_roles", "AccessDenied", 403),
        ("ecs", "list_clusters", "AccessDeniedException", 400),
        ("logs", "describe_log_groups", "AccessDeniedException", 400),
        ("s3", "list_buckets", "AccessDenied", 403),
    ],
)
def test_denied_until_a_time(emulator, refused, service, operation, code, status):
    emulator.rules({"match": f"{service}:*", "kind": "deny", "ms": 60_000})
    method = getattr(emulator.client(service), operation)
    assert refused(code, method) == status
    emulator.later(61)
    method()
    emulator.rules({"match": f"{service}:*", "kind": "deny"})
    emulator.later(61)
    refused(code, method)


def trust(*services):
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_roles_are_known_late(emulator, refused):
    iam, ecs = emulator.client("iam"), emulator.client("ecs")
    emulator.rules({"match": "*", "kind": "role_lag", "ms": 60_000})
    document = trust("ecs-tasks.amazonaws.com", "codebuild.amazonaws.com", "codedeploy.amazonaws.com")
    role = iam.create_role(RoleName="new", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    task = {"family": "f", "executionRoleArn": role, "containerDefinitions": [{"name": "c", "image": "i", "memory": 9}]}
    project = {
        "name": "project",
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": role,
    }
    codebuild, codedeploy = emulator.client("codebuild"), emulator.client("codedeploy")
    codedeploy.create_application(applicationName="a", computePlatform="Server")
    group = {"applicationName": "a", "deploymentGroupName": "g", "serviceRoleArn": role}
    principal = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}
    admin = {**principal, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}
    key = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [admin, principal]})}
    refused("ClientException", ecs.register_task_definition, **task)
    refused("InvalidInputException", codebuild.create_project, **project)
    refused("InvalidRoleException", codedeploy.create_deployment_group, **group)
    refused("MalformedPolicyDocumentException", emulator.client("kms").create_key, **key)
    assert iam.get_role(RoleName="new")["Role"]["Arn"] == role
    emulator.later(61)
    ecs.register_task_definition(**task)
    codebuild.create_project(**project)
    codedeploy.create_deployment_group(**group)
    emulator.client("kms").create_key(**key)


def test_targets_need_an_assumable_role(emulator, refused):
    events, iam = emulator.client("events"), emulator.client("iam")
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    arn = "arn:aws:codepipeline:eu-central-1:123456789012:p"
    roles = [
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        for name, service in (("wrong", "ec2.amazonaws.com"), ("right", "events.amazonaws.com"))
    ]
    wrong, right = ([{"Id": "t", "Arn": arn, "RoleArn": role}] for role in roles)
    refused("ValidationException", events.put_targets, Rule="r", Targets=wrong)
    assert events.put_targets(Rule="r", Targets=right)["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "kill_before"},
        {"kind": "kill_after", "pid": 1},
        {"kind": "kill_after", "pid": "2"},
        {"kind": "stale"},
        {"kind": "role_lag"},
        {"kind": "latency", "ms": "5"},
    ],
)
def test_bad_rules_are_refused(emulator, rule):
    with pytest.raises(urllib.error.HTTPError) as caught:
        emulator.rules(rule)
    assert caught.value.code == 400
