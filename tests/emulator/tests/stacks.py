"""Builds the parts of an ECS blue/green stack."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any


def trust(*principals: str) -> str:
    """A trust policy for services."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(principals)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Stack:
    """Makes objects the first time they are asked for."""

    def __init__(self, client: Any):
        self.client = client
        self.ec2 = client("ec2")
        self.elb = client("elbv2")
        self.ecs = client("ecs")

    @cached_property
    def vpc(self) -> str:
        return self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    @cached_property
    def gateway(self) -> str:
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        return gateway

    @cached_property
    def subnets(self) -> list[str]:
        zones = ("eu-central-1a", "eu-central-1b")
        return [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for number, zone in enumerate(zones)
        ]

    @cached_property
    def group(self) -> str:
        return self.ec2.create_security_group(GroupName="tasks", Description="d", VpcId=self.vpc)["GroupId"]

    def address(self) -> str:
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def nat(self, **more: Any) -> str:
        made = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=self.address(), **more)
        return made["NatGateway"]["NatGatewayId"]

    def route_table(self) -> str:
        return self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]

    @cached_property
    def balancer(self) -> str:
        assert self.gateway
        made = self.elb.create_load_balancer(Name="app", Subnets=self.subnets, SecurityGroups=[self.group])
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def target_group(self, name: str, **more: Any) -> str:
        made = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip", **more
        )
        return made["TargetGroups"][0]["TargetGroupArn"]

    @cached_property
    def blue(self) -> str:
        return self.target_group("blue")

    @cached_property
    def green(self) -> str:
        return self.target_group("green")

    @cached_property
    def listener(self) -> str:
        made = self.elb.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.blue}],
        )
        return made["Listeners"][0]["ListenerArn"]

    def role(self, name: str, *principals: str) -> str:
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(*principals))
        return made["Role"]["Arn"]

    @cached_property
    def cluster(self) -> str:
        return self.ecs.create_cluster(clusterName="main")["cluster"]["clusterName"]

    @cached_property
    def definition(self) -> str:
        made = self.ecs.register_task_definition(
            family="app",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=self.role("execution", "ecs-tasks.amazonaws.com"),
            containerDefinitions=[{"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}]}],
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def service_parameters(self, **more: Any) -> dict[str, Any]:
        assert self.listener
        network = {"subnets": self.subnets, "securityGroups": [self.group], "assignPublicIp": "DISABLED"}
        return {
            "cluster": self.cluster,
            "serviceName": "web",
            "taskDefinition": self.definition,
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": network},
            "loadBalancers": [{"targetGroupArn": self.blue, "containerName": "web", "containerPort": 80}],
            **more,
        }

    def service(self, **more: Any) -> dict[str, Any]:
        return self.ecs.create_service(**self.service_parameters(**more))["service"]

    def described_service(self) -> dict[str, Any]:
        return self.ecs.describe_services(cluster=self.cluster, services=["web"], include=["TAGS"])["services"][0]
