"""EC2: the order of destruction, duplicates, malformed ids, NAT gateways on their way."""

from __future__ import annotations

import pytest
from wharf_emulator.corrections.ec2 import UNSEEN_SECONDS


def nat_state(stack, nat):
    return stack.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]


def available_nat(stack):
    nat = stack.nat()
    assert [nat_state(stack, nat), nat_state(stack, nat)] == ["pending", "available"]
    return nat


def delete_nat(stack, nat):
    stack.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert [nat_state(stack, nat), nat_state(stack, nat)] == ["deleting", "deleted"]


def test_nat_gateway_takes_its_time(stack, refused):
    nat = stack.nat()
    assert nat_state(stack, nat) == "pending"
    assert nat_state(stack, nat) == "available"
    delete_nat(stack, nat)
    refused("NatGatewayNotFound", stack.ec2.delete_nat_gateway, NatGatewayId=nat)
    refused("NatGatewayNotFound", stack.ec2.describe_nat_gateways, NatGatewayIds=["nat-0123456789abcdef0"])


def test_nat_gateway_holds_address_subnet_and_internet_gateway(stack, refused):
    assert stack.gateway
    nat = available_nat(stack)
    address = stack.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"][0]
    release = {"AllocationId": address["AllocationId"]}
    detach = {"InternetGatewayId": stack.gateway, "VpcId": stack.vpc}
    refused("InvalidIPAddress.InUse", stack.ec2.release_address, **release)
    refused("DependencyViolation", stack.ec2.delete_subnet, SubnetId=stack.subnets[0])
    refused("DependencyViolation", stack.ec2.detach_internet_gateway, **detach)
    stack.ec2.delete_nat_gateway(NatGatewayId=nat)
    assert nat_state(stack, nat) == "deleting"
    refused("InvalidIPAddress.InUse", stack.ec2.release_address, **release)
    assert nat_state(stack, nat) == "deleted"
    stack.ec2.release_address(**release)
    stack.ec2.detach_internet_gateway(**detach)
    stack.ec2.delete_subnet(SubnetId=stack.subnets[0])


def test_nat_gateway_goes_unwatched_too(emulator, stack, refused):
    assert stack.gateway
    nat = available_nat(stack)
    stack.ec2.delete_nat_gateway(NatGatewayId=nat)
    refused("DependencyViolation", stack.ec2.delete_subnet, SubnetId=stack.subnets[0])
    emulator.later(UNSEEN_SECONDS + 1)
    stack.ec2.delete_subnet(SubnetId=stack.subnets[0])
    assert nat_state(stack, nat) == "deleted"


def test_nat_gateway_takes_a_free_address_only(stack, refused):
    assert stack.gateway
    nat = available_nat(stack)
    taken = stack.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"][0]
    before = len(stack.ec2.describe_network_interfaces()["NetworkInterfaces"])
    refused(
        "Resource.AlreadyAssociated",
        stack.ec2.create_nat_gateway,
        SubnetId=stack.subnets[0],
        AllocationId=taken["AllocationId"],
    )
    assert len(stack.ec2.describe_network_interfaces()["NetworkInterfaces"]) == before


def test_vpc_is_deleted_last(stack, refused):
    ec2, vpc = stack.ec2, stack.vpc
    refused_by = {"VpcId": vpc}
    assert stack.gateway
    refused("DependencyViolation", ec2.delete_vpc, **refused_by)
    ec2.detach_internet_gateway(InternetGatewayId=stack.gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=stack.gateway)
    assert stack.group
    refused("DependencyViolation", ec2.delete_vpc, **refused_by)
    ec2.delete_security_group(GroupId=stack.group)
    subnet = stack.subnets[0]
    refused("DependencyViolation", ec2.delete_vpc, **refused_by)
    for subnet in stack.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    table = stack.route_table()
    refused("DependencyViolation", ec2.delete_vpc, **refused_by)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])


def test_security_group_in_use_stays(stack, refused):
    assert stack.balancer
    refused("DependencyViolation", stack.ec2.delete_security_group, GroupId=stack.group)


def test_security_group_referenced_by_another_stays(stack, refused):
    other = stack.ec2.create_security_group(GroupName="alb", Description="d", VpcId=stack.vpc)["GroupId"]
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "UserIdGroupPairs": [{"GroupId": other, "Description": "from alb"}],
    }
    stack.ec2.authorize_security_group_ingress(GroupId=stack.group, IpPermissions=[permission])
    refused("DependencyViolation", stack.ec2.delete_security_group, GroupId=other)
    stack.ec2.revoke_security_group_ingress(GroupId=stack.group, IpPermissions=[permission])
    stack.ec2.delete_security_group(GroupId=other)


def test_default_security_group_and_main_route_table_stay(stack, refused):
    filters = [{"Name": "vpc-id", "Values": [stack.vpc]}]
    group = stack.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    assert group["GroupName"] == "default"
    refused("CannotDelete", stack.ec2.delete_security_group, GroupId=group["GroupId"])
    table = stack.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]
    refused("DependencyViolation", stack.ec2.delete_route_table, RouteTableId=table["RouteTableId"])
    association = table["Associations"][0]["RouteTableAssociationId"]
    refused("InvalidParameterValue", stack.ec2.disassociate_route_table, AssociationId=association)


@pytest.mark.parametrize(
    "source",
    [
        {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {"UserIdGroupPairs": [{}]},
    ],
)
def test_duplicate_rules_are_refused(stack, refused, source):
    if "UserIdGroupPairs" in source:
        source = {"UserIdGroupPairs": [{"GroupId": stack.group}]}
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}
    for direction in ("ingress", "egress"):
        authorize = getattr(stack.ec2, f"authorize_security_group_{direction}")
        made = authorize(GroupId=stack.group, IpPermissions=[permission])["SecurityGroupRules"]
        assert len(made) == 1
        assert made[0]["SecurityGroupRuleId"].startswith("sgr-")
        refused("InvalidPermission.Duplicate", authorize, GroupId=stack.group, IpPermissions=[permission])


def test_rules_by_id(stack, refused):
    ec2, group = stack.ec2, stack.group
    rule = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "a"}],
            }
        ],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "stack", "Value": "s"}]}],
    )["SecurityGroupRules"][0]
    identity = rule["SecurityGroupRuleId"]
    assert rule["Tags"] == [{"Key": "stack", "Value": "s"}]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": identity,
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 81,
                    "ToPort": 81,
                    "CidrIpv4": "10.0.0.0/8",
                    "Description": "b",
                },
            }
        ],
    )
    shown = ec2.describe_security_group_rules(Filters=[{"Name": "tag:stack", "Values": ["s"]}])["SecurityGroupRules"]
    assert [(item["SecurityGroupRuleId"], item["FromPort"], item["Description"]) for item in shown] == [
        (identity, 81, "b")
    ]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[identity])
    again = {"GroupId": group, "SecurityGroupRuleIds": [identity]}
    refused("InvalidSecurityGroupRuleId.NotFound", ec2.revoke_security_group_ingress, **again)


def test_rules_by_id_egress(stack, refused):
    filters = [{"Name": "group-id", "Values": [stack.group]}]
    rule = stack.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"][0]
    parameters = {"GroupId": stack.group, "SecurityGroupRuleIds": [rule["SecurityGroupRuleId"]]}
    stack.ec2.revoke_security_group_egress(**parameters)
    refused("InvalidSecurityGroupRuleId.NotFound", stack.ec2.revoke_security_group_egress, **parameters)


def test_creation_is_checked(stack, refused):
    ec2 = stack.ec2
    nowhere = "vpc-0123456789abcdef0"
    subnet = {"VpcId": stack.vpc, "CidrBlock": "10.0.9.0/24"}
    refused("InvalidVpcID.NotFound", ec2.create_security_group, GroupName="g", Description="d", VpcId=nowhere)
    refused("InvalidParameterValue", ec2.create_security_group, GroupName="sg-g", Description="d", VpcId=stack.vpc)
    refused("InvalidParameterValue", ec2.create_subnet, AvailabilityZone="eu-central-1z", **subnet)
    refused("InvalidParameterValue", ec2.create_subnet, AvailabilityZoneId="euc1-az9", **subnet)
    tags = [{"Key": "aws:x", "Value": "1"}]
    refused("InvalidParameterValue", ec2.create_tags, Resources=[stack.vpc], Tags=tags)
    specification = [{"ResourceType": "vpc", "Tags": tags}]
    refused("InvalidParameterValue", ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=specification)


def test_malformed_ids(stack, refused):
    ec2 = stack.ec2
    refused("InvalidVpcID.Malformed", ec2.describe_vpcs, VpcIds=["foo"])
    refused("InvalidSubnetID.Malformed", ec2.delete_subnet, SubnetId="subnet-xyz")
    refused("InvalidGroupId.Malformed", ec2.delete_security_group, GroupId="sg-1")
    refused("NatGatewayMalformed", ec2.delete_nat_gateway, NatGatewayId="nat-1")
    refused("InvalidRouteTableId.Malformed", ec2.describe_route_tables, RouteTableIds=["rtb-1"])


def test_routes(stack, refused):
    ec2, table = stack.ec2, stack.route_table()
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    refused("InvalidGatewayID.NotFound", ec2.create_route, GatewayId="igw-0123456789abcdef0", **route)
    refused("InvalidNatGatewayID.NotFound", ec2.create_route, NatGatewayId="nat-0123456789abcdef0", **route)
    loose = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    refused("InvalidParameterValue", ec2.create_route, GatewayId=loose, **route)
    assert stack.gateway
    nat = available_nat(stack)
    ec2.create_route(NatGatewayId=nat, **route)
    refused("RouteAlreadyExists", ec2.create_route, NatGatewayId=nat, **route)

    def state():
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return next(item["State"] for item in routes if item["DestinationCidrBlock"] == "0.0.0.0/0")

    assert state() == "active"
    delete_nat(stack, nat)
    assert state() == "blackhole"
    refused("InvalidNatGatewayID.NotFound", ec2.replace_route, NatGatewayId=nat, **route)
    ec2.replace_route(GatewayId=stack.gateway, **route)
    assert state() == "active"


def test_associations(stack, refused):
    ec2, subnet = stack.ec2, stack.subnets[0]
    first, second = stack.route_table(), stack.route_table()
    ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)
    again = {"RouteTableId": second, "SubnetId": subnet}
    refused("Resource.AlreadyAssociated", ec2.associate_route_table, **again)
    refused("DependencyViolation", ec2.delete_route_table, RouteTableId=first)
    ec2.delete_subnet(SubnetId=subnet)
    assert ec2.describe_route_tables(RouteTableIds=[first])["RouteTables"][0]["Associations"] == []
    ec2.delete_route_table(RouteTableId=first)


def test_second_internet_gateway_is_refused(stack, refused):
    assert stack.gateway
    other = stack.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    attach = {"InternetGatewayId": other, "VpcId": stack.vpc}
    refused("InvalidParameterValue", stack.ec2.attach_internet_gateway, **attach)


def test_dry_run_has_no_effect(client, refused):
    ec2 = client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    refused("DryRunOperation", ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_vpc_and_subnet_attributes(stack):
    ec2, vpc, subnet = stack.ec2, stack.vpc, stack.subnets[0]
    for attribute, value in (
        ("EnableDnsHostnames", True),
        ("EnableDnsSupport", False),
        ("EnableNetworkAddressUsageMetrics", True),
    ):
        ec2.modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": value}})
        name = attribute[0].lower() + attribute[1:]
        assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[attribute] == {"Value": value}
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is True


def test_fields_of_subnets_addresses_and_nat_gateways(stack):
    ec2, subnet = stack.ec2, stack.subnets[0]
    ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    shown = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert shown["EnableDns64"] is True
    assert shown["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    allocation = stack.address()
    address = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    assert (address["NetworkBorderGroup"], address["PublicIpv4Pool"]) == ("eu-central-1", "amazon")
    assert "InstanceId" not in address
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", PrivateIpAddress="10.0.0.9")
    nat = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGateway"]["NatGatewayId"]])["NatGateways"][0]
    assert (nat["ConnectivityType"], nat["NatGatewayAddresses"][0]["PrivateIp"]) == ("private", "10.0.0.9")
    assert ec2.describe_nat_gateways(NatGatewayIds=[stack.nat()])["NatGateways"][0]["ConnectivityType"] == "public"
