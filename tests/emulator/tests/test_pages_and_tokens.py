"""Lists in pages, client tokens, and requests that race."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("service", "operation", "key", "size"),
    [
        ("ec2", "describe_subnets", "Subnets", {"PageSize": 5}),
        ("ec2", "describe_security_group_rules", "SecurityGroupRules", {"PageSize": 5}),
        ("elbv2", "describe_target_groups", "TargetGroups", {"PageSize": 3}),
        ("elbv2", "describe_load_balancers", "LoadBalancers", {"PageSize": 3}),
        ("elbv2", "describe_rules", "Rules", {"PageSize": 3}),
        ("events", "list_rules", "Rules", {"PageSize": 3}),
        ("events", "list_targets_by_rule", "Targets", {"PageSize": 2}),
        ("iam", "list_roles", "Roles", {"PageSize": 3}),
        ("kms", "list_keys", "Keys", {"PageSize": 3}),
        ("logs", "describe_log_groups", "logGroups", {"PageSize": 3}),
        ("codecommit", "list_repositories", "repositories", {}),
        ("ecs", "list_clusters", "clusterArns", {"PageSize": 2}),
        ("ecr", "describe_repositories", "repositories", {"PageSize": 2}),
        ("codepipeline", "list_pipelines", "pipelines", {"PageSize": 2}),
    ],
)
def test_pages(stack, service, operation, key, size):
    client, more = stack.client(service), {}
    if operation == "list_targets_by_rule":
        client.put_rule(Name="rule", ScheduleExpression="rate(5 minutes)")
        more = {"Rule": "rule"}
    elif operation == "describe_rules":
        more = {"ListenerArn": stack.listener}
    for number in range(5 if operation == "list_targets_by_rule" else 7):
        MAKERS.get(operation, MAKERS.get(service, lambda *_: None))(stack, number)
    for _ in range(2):
        getattr(client, operation)(**more)
    pages = list(client.get_paginator(operation).paginate(**more, PaginationConfig=size))
    items = [json.dumps(item, default=str) for page in pages for item in page[key]]
    assert len(set(items)) == len(items)
    everything = getattr(client, operation)(**more)[key]
    assert items == [json.dumps(item, default=str) for item in everything]
    if size.get("PageSize", 100) < len(items):
        assert len(pages) > 1
        assert all(len(page[key]) <= size["PageSize"] for page in pages)


def make_rule_of_a_group(stack, number):
    permission = {"IpProtocol": "tcp", "FromPort": number, "ToPort": number, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stack.ec2.authorize_security_group_ingress(GroupId=stack.group, IpPermissions=[permission])


def make_listener_rule(stack, number):
    stack.elb.create_rule(
        ListenerArn=stack.listener,
        Priority=number + 1,
        Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": stack.blue}],
    )


def make_target(stack, number):
    target = {"Id": str(number), "Arn": "arn:aws:sns:eu-central-1:123456789012:topic"}
    stack.client("events").put_targets(Rule="rule", Targets=[target])


def make_load_balancer(stack, number):
    stack.elb.create_load_balancer(Name=f"b{number}", Subnets=stack.subnets, Scheme="internal")


MAKERS = {
    "describe_load_balancers": make_load_balancer,
    "describe_rules": make_listener_rule,
    "describe_security_group_rules": make_rule_of_a_group,
    "describe_subnets": lambda stack, number: stack.ec2.create_subnet(VpcId=stack.vpc, CidrBlock=f"10.0.{number}.0/24"),
    "describe_target_groups": lambda stack, number: stack.target_group(f"t{number}"),
    "list_rules": lambda stack, number: stack.client("events").put_rule(
        Name=f"r{number}", ScheduleExpression="rate(5 minutes)"
    ),
    "list_targets_by_rule": make_target,
    "codecommit": lambda stack, number: stack.client("codecommit").create_repository(repositoryName=f"r{number}"),
    "ecr": lambda stack, number: stack.client("ecr").create_repository(repositoryName=f"r{number}"),
    "ecs": lambda stack, number: stack.ecs.create_cluster(clusterName=f"c{number}"),
    "iam": lambda stack, number: stack.role(f"r{number}", "ecs.amazonaws.com"),
    "kms": lambda stack, _: stack.client("kms").create_key(),
    "logs": lambda stack, number: stack.client("logs").create_log_group(logGroupName=f"/{number}"),
}


def test_one_winner_among_many(emulator, client):
    """Conditional writes and unique names are decided one request at a time."""
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    won: list[str] = []
    locked = {"Bucket": "bucket", "Key": "k", "Body": b"x" * 256_000, "IfNoneMatch": "*"}

    def attempt():
        for kind, method, parameters in (
            (
                "s3",
                client("s3").put_object,
                locked,
            ),
            ("logs", client("logs").create_log_group, {"logGroupName": "/app"}),
            ("codedeploy", client("codedeploy").create_application, {"applicationName": "app"}),
        ):
            try:
                method(**parameters)
                won.append(kind)
            except ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 412)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == ["codedeploy", "logs", "s3"]


def test_made_up_page_tokens_are_refused(emulator, refused):
    refused("InvalidParameterValue", emulator.client("ec2").describe_vpcs, NextToken="x", MaxResults=5)
    for operation in ("describe_target_groups", "describe_load_balancers"):
        refused("ValidationError", getattr(emulator.client("elbv2"), operation), Marker="x", PageSize=5)


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
