"""Stale reads: what was just made is not there yet, what was just changed is as before, and later all is seen."""

from __future__ import annotations

import json

import pytest

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
)
LAG = 60


def stale(emulator, match):
    emulator.rules({"match": match, "kind": "stale", "ms": LAG * 1000})


def test_new_networks_are_seen_late(emulator, refused):
    ec2 = emulator.client("ec2")
    stale(emulator, "ec2:Describe*")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # Writes see the present.
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    assert refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc]) == 400
    assert refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet]) == 400
    emulator.later(LAG)
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"] == vpc
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.delete_subnet(SubnetId=subnet)
    attribute = {"VpcId": vpc, "Attribute": "enableDnsHostnames"}
    assert ec2.describe_vpc_attribute(**attribute)["EnableDnsHostnames"]["Value"] is False
    assert len(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]) == 1
    emulator.later(LAG)
    assert ec2.describe_vpc_attribute(**attribute)["EnableDnsHostnames"]["Value"] is True
    refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet])


def test_changes_become_visible_one_after_the_other(emulator):
    ec2 = emulator.client("ec2")
    stale(emulator, "ec2:DescribeVpcs")
    before = len(ec2.describe_vpcs()["Vpcs"])
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    emulator.later(LAG / 2)
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    assert len(ec2.describe_vpcs()["Vpcs"]) == before
    emulator.later(LAG / 2)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    emulator.later(LAG)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 2


def test_roles_are_seen_late(emulator, refused):
    iam = emulator.client("iam")
    stale(emulator, "iam:Get*")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert refused("NoSuchEntity", iam.get_role, RoleName="r") == 404
    # Only what matches is stale.
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["r"]
    emulator.later(LAG)
    assert iam.get_role(RoleName="r")["Role"]["RoleName"] == "r"
    iam.update_role(RoleName="r", Description="new")
    assert "Description" not in iam.get_role(RoleName="r")["Role"]
    emulator.later(LAG)
    assert iam.get_role(RoleName="r")["Role"]["Description"] == "new"


def test_clusters_are_seen_late(emulator):
    ecs = emulator.client("ecs")
    stale(emulator, "ecs:*")
    ecs.create_cluster(clusterName="c")
    assert ecs.describe_clusters(clusters=["c"])["clusters"] == []
    emulator.later(LAG)
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "ACTIVE"


def test_every_service_has_a_past(emulator, stack):
    """A copy of each service's state can be made, and reads of it work."""
    emulator.rules({"match": "*", "kind": "stale", "ms": 60_000})
    client = emulator.client
    client("ecr").create_repository(repositoryName="repo")
    client("logs").create_log_group(logGroupName="g")
    client("kms").create_key()
    client("codecommit").create_repository(repositoryName="repo")
    client("codedeploy").create_application(applicationName="a", computePlatform="ECS")
    client("events").put_rule(Name="r", EventPattern='{"source": ["s"]}')
    client("elbv2").create_target_group(Name="t", Protocol="HTTP", Port=80, TargetType="ip", VpcId=stack.vpc)
    assert client("ecr").describe_repositories()["repositories"] == []
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("codecommit").list_repositories()["repositories"] == []
    assert client("codedeploy").list_applications()["applications"] == []
    assert client("events").list_rules()["Rules"] == []
    assert client("elbv2").describe_target_groups()["TargetGroups"] == []
    emulator.rules()
    assert len(client("ecr").describe_repositories()["repositories"]) == 1
    assert len(client("elbv2").describe_target_groups()["TargetGroups"]) == 1


def test_tags_are_found_late(emulator):
    tagging = emulator.client("resourcegroupstaggingapi")
    filters = [{"Key": "k", "Values": ["v"]}]
    stale(emulator, "resourcegroupstaggingapi:GetResources")
    emulator.client("logs").create_log_group(logGroupName="g", tags={"k": "v"})
    assert tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"] == []
    emulator.later(LAG)
    assert len(tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"]) == 1


@pytest.mark.parametrize("match", ["s3:*", "*"])
def test_s3_is_consistent(emulator, match):
    s3 = emulator.client("s3")
    stale(emulator, match)
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="bucket", Key="k", Body=b"1")
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"1"
