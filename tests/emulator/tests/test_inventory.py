"""The account's inventory: what a test asks after a destroy."""

from __future__ import annotations

import json

from stacks import trust

TAG = {"Key": "stack", "Value": "s"}
LOWER = {"key": "stack", "value": "s"}


def make_one_of_each(stack):
    client, ec2 = stack.client, stack.ec2

    def specification(kind):
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": [TAG]}]}

    nat = stack.nat(**specification("natgateway"))
    table = stack.route_table()
    ec2.associate_route_table(RouteTableId=table, SubnetId=stack.subnets[0])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [stack.group]}])
    stack.service(tags=[LOWER])
    addresses = [item["AllocationId"] for item in ec2.describe_addresses()["Addresses"]]
    groups = [item["SecurityGroupRuleId"] for item in rules["SecurityGroupRules"]]
    network = [stack.vpc, stack.gateway, *stack.subnets, table, stack.group, *addresses, *groups]
    ec2.create_tags(Resources=network, Tags=[TAG])
    stack.elb.add_tags(ResourceArns=[stack.balancer, stack.blue, stack.listener], Tags=[TAG])
    for arn in (stack.ecs.describe_clusters(clusters=["main"])["clusters"][0]["clusterArn"], stack.definition):
        stack.ecs.tag_resource(resourceArn=arn, tags=[LOWER])
    client("ecr").create_repository(repositoryName="app", tags=[TAG])
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust("codepipeline.amazonaws.com"), Tags=[TAG])
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = client("iam").create_policy(PolicyName="p", PolicyDocument=document, Tags=[TAG])["Policy"]["Arn"]
    client("iam").attach_role_policy(RoleName="r", PolicyArn=policy)
    client("iam").put_role_policy(RoleName="r", PolicyName="i", PolicyDocument=document)
    key = client("kms").create_key(Tags=[{"TagKey": "stack", "TagValue": "s"}])["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/app", TargetKeyId=key)
    configuration = {"LocationConstraint": "eu-central-1", "Tags": [TAG]}
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration=configuration)
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"x", Tagging="stack=s")
    client("logs").create_log_group(logGroupName="/app", tags={"stack": "s"})
    client("events").put_rule(Name="rule", ScheduleExpression="rate(5 minutes)", Tags=[TAG])
    client("codecommit").create_repository(repositoryName="app", tags={"stack": "s"})
    client("codedeploy").create_application(applicationName="app", computePlatform="ECS", tags=[TAG])


def test_fresh_account_is_empty(emulator):
    ec2 = emulator.client("ec2")
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
    emulator.client("kms").list_aliases()
    emulator.client("iam").list_policies()
    emulator.client("ec2", "us-east-1").describe_subnets()
    assert emulator.control("objects") == []


def test_everything_is_found(emulator, stack):
    make_one_of_each(stack)
    objects = emulator.control("objects")
    kinds = {item["type"] for item in objects}
    assert kinds == {
        "aws_cloudwatch_event_rule",
        "aws_cloudwatch_log_group",
        "aws_codecommit_repository",
        "aws_codedeploy_app",
        "aws_ecr_repository",
        "aws_ecs_cluster",
        "aws_ecs_service",
        "aws_ecs_task_definition",
        "aws_eip",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_internet_gateway",
        "aws_kms_alias",
        "aws_kms_key",
        "aws_lb",
        "aws_lb_listener",
        "aws_lb_target_group",
        "aws_nat_gateway",
        "aws_network_interface",
        "aws_route",
        "aws_route_table",
        "aws_route_table_association",
        "aws_s3_bucket",
        "aws_s3_object",
        "aws_security_group",
        "aws_security_group_rule",
        "aws_subnet",
        "aws_vpc",
    }
    tagged = emulator.control("tagged?key=stack&value=s")
    without_tags = {
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_kms_alias",
        "aws_network_interface",
        "aws_route",
        "aws_route_table_association",
    }
    assert {item["type"] for item in tagged} == kinds - without_tags
    assert emulator.control("tagged?key=stack&value=t") == []
    assert emulator.control("tagged?key=stack") == tagged
    assert all(item["region"] in ("eu-central-1", "aws") for item in objects)


def test_what_is_gone_is_gone(emulator, stack):
    nat = stack.nat()
    stack.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert "aws_nat_gateway" in {item["type"] for item in emulator.control("objects")}
    for _ in range(2):
        stack.ec2.describe_nat_gateways(NatGatewayIds=[nat])
    key = emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]
    emulator.client("kms").schedule_key_deletion(KeyId=key)
    stack.ecs.delete_cluster(cluster=stack.cluster)
    kinds = {item["type"] for item in emulator.control("objects")}
    assert not kinds & {"aws_nat_gateway", "aws_network_interface", "aws_kms_key", "aws_ecs_cluster"}


def test_destroying_in_order_leaves_nothing(emulator, stack):
    ec2, ecs, elb = stack.ec2, stack.ecs, stack.elb
    assert stack.gateway
    nat, table = stack.nat(), stack.route_table()
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=stack.subnets[0])["AssociationId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.create_route(**route, GatewayId=stack.gateway)
    stack.service(deploymentController={"type": "CODE_DEPLOY"})

    ecs.delete_service(cluster="main", service="web", force=True)
    states = [stack.described_service()["status"] for _ in range(2)]
    assert states == ["DRAINING", "INACTIVE"]
    ecs.delete_cluster(cluster="main")
    ecs.deregister_task_definition(taskDefinition=stack.definition)
    elb.delete_listener(ListenerArn=stack.listener)
    elb.delete_load_balancer(LoadBalancerArn=stack.balancer)
    elb.delete_target_group(TargetGroupArn=stack.blue)
    shown = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
    ec2.delete_nat_gateway(NatGatewayId=nat)
    for _ in range(2):
        ec2.describe_nat_gateways(NatGatewayIds=[nat])
    ec2.release_address(AllocationId=shown["NatGatewayAddresses"][0]["AllocationId"])
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route(**route)
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=stack.gateway, VpcId=stack.vpc)
    ec2.delete_internet_gateway(InternetGatewayId=stack.gateway)
    ec2.delete_security_group(GroupId=stack.group)
    for subnet in stack.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=stack.vpc)
    emulator.client("iam").delete_role(RoleName="execution")
    assert emulator.control("objects") == []
    assert emulator.control("violations") == []
