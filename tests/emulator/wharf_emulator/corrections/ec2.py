"""EC2's network: dependency checks, duplicates, malformed ids, NAT gateways that take their time."""

from __future__ import annotations

import re
from typing import Any

from .. import clock
from ..call import Call, Fault
from ..hooks import after, before
from ..naming import service_model
from .interfaces import holders

UNSEEN_SECONDS = 1.0
"""How long a deletion takes that nobody watches."""
MALFORMED = {
    "VpcId": ("vpc", "InvalidVpcID.Malformed"),
    "SubnetId": ("subnet", "InvalidSubnetID.Malformed"),
    "InternetGatewayId": ("igw", "InvalidInternetGatewayId.Malformed"),
    "NatGatewayId": ("nat", "NatGatewayMalformed"),
    "RouteTableId": ("rtb", "InvalidRouteTableId.Malformed"),
    "GroupId": ("sg", "InvalidGroupId.Malformed"),
    "SecurityGroupRuleId": ("sgr", "InvalidSecurityGroupRuleId.Malformed"),
    "AllocationId": ("eipalloc", "InvalidAllocationID.Malformed"),
}
"""By parameter name: the id's prefix and the error of an id that does not look like one."""


def _dependency(message: str) -> Fault:
    return Fault("DependencyViolation", message)


def malformed_ids(call: Call) -> None:
    """Ids that cannot be ids are told from ids of nothing."""
    for name, (prefix, code) in MALFORMED.items():
        values = [*call.params.get(f"{name}s", []), call.params.get(name)]
        for value in values:
            if value is not None and not re.fullmatch(rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
                raise Fault(code, f'Invalid id: "{value}" (expecting "{prefix}-...")')


def reserved_tags(call: Call) -> None:
    """Tag keys that begin with ``aws:`` are the service's own."""
    tags = list(call.params.get("Tags", []))
    for specification in call.params.get("TagSpecifications", []):
        tags += specification.get("Tags", [])
    for tag in tags:
        if tag.get("Key", "").lower().startswith("aws:"):
            raise Fault("InvalidParameterValue", f"Tag keys starting with 'aws:' are reserved: {tag['Key']}")


_ALL = [f"ec2:{name}" for name in service_model("ec2").operation_names]
before(*_ALL)(malformed_ids)
before(*(name for name in _ALL if name.startswith("ec2:Create")), "ec2:AllocateAddress")(reserved_tags)


# VPCs and subnets


@before("ec2:DeleteVpc", "ec2:DeleteSubnet", "ec2:DetachInternetGateway", "ec2:ReleaseAddress", "ec2:CreateNatGateway")
def forgotten_deletions(call: Call) -> None:
    """A NAT gateway that nobody looks at is deleted all the same; before other checks of what is in use."""
    for nat in call.backend().nat_gateways.values():
        if nat.state == "deleting" and clock.steady() - nat.wharf_deleted > UNSEEN_SECONDS:
            _arrive(call, nat)


@before("ec2:DeleteVpc")
def delete_vpc(call: Call) -> None:
    vpc, backend = call.params["VpcId"], call.backend()
    gateways = any(gateway.vpc and gateway.vpc.id == vpc for gateway in backend.internet_gateways.values())
    groups = any(group.name != "default" for group in backend.groups.get(vpc, {}).values())
    subnets = any(subnet.vpc_id == vpc for zone in backend.subnets.values() for subnet in zone.values())
    if gateways or groups or subnets:
        raise _dependency(f"The vpc '{vpc}' has dependencies and cannot be deleted.")


@before("ec2:CreateSubnet")
def create_subnet(call: Call) -> None:
    zones = call.backend().describe_availability_zones()
    name, zone_id = call.params.get("AvailabilityZone"), call.params.get("AvailabilityZoneId")
    if name and name not in {zone.name for zone in zones}:
        known = ", ".join(zone.name for zone in zones)
        raise Fault(
            "InvalidParameterValue",
            f"Value ({name}) for parameter availabilityZone is invalid. Subnets can currently only be created in "
            f"the following availability zones: {known}.",
        )
    if zone_id and zone_id not in {zone.zone_id for zone in zones}:
        raise Fault("InvalidParameterValue", f"Value ({zone_id}) for parameter availabilityZoneId is invalid.")


@before("ec2:DeleteSubnet")
def delete_subnet(call: Call) -> None:
    subnet = call.params["SubnetId"]
    if any(subnet in holder.subnets for holder in holders(call.region)):
        raise _dependency(f"The subnet '{subnet}' has dependencies and cannot be deleted.")


@after("ec2:DeleteSubnet")
def forget_subnet(call: Call, _: dict[str, Any]) -> None:
    """Its route table association and left-over interfaces go with it."""
    subnet, backend = call.params["SubnetId"], call.backend()
    for table in backend.route_tables.values():
        for association in [key for key, target in table._associations.items() if target == subnet]:
            del table._associations[association]
    for interface in [key for key, value in backend.enis.items() if value.subnet.id == subnet]:
        del backend.enis[interface]


# Internet gateways and addresses


@before("ec2:AttachInternetGateway")
def attach_internet_gateway(call: Call) -> None:
    vpc, gateway = call.params["VpcId"], call.params["InternetGatewayId"]
    for other in call.backend().internet_gateways.values():
        if other.vpc and other.vpc.id == vpc and other.id != gateway:
            raise Fault("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")


@before("ec2:DetachInternetGateway")
def detach_internet_gateway(call: Call) -> None:
    vpc = call.params["VpcId"]
    if any(holder.public and holder.vpc == vpc for holder in holders(call.region)):
        raise _dependency(
            f"Network {vpc} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )


@before("ec2:ReleaseAddress")
def release_address(call: Call) -> None:
    allocation = call.params.get("AllocationId")
    for address in call.backend().addresses:
        if allocation and address.allocation_id == allocation and address.association_id:
            raise Fault("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


# NAT gateways: pending until their second description, then available; deleting, then deleted


def _nat(call: Call, nat: str) -> Any:
    found = call.backend().nat_gateways.get(nat)
    if found is None:
        raise Fault("NatGatewayNotFound", f"The Nat Gateway {nat} was not found")
    return found


@before("ec2:CreateNatGateway")
def create_nat_gateway(call: Call) -> None:
    """Checked before moto makes an interface that it would leave behind."""
    if call.params.get("ConnectivityType", "public") == "private":
        return
    allocation = call.params.get("AllocationId")
    if not allocation:
        raise Fault("MissingParameter", "The request must include the AllocationId parameter.")
    for address in call.backend().addresses:
        if address.allocation_id == allocation and address.association_id:
            raise Fault("Resource.AlreadyAssociated", f"resource {allocation} is already associated")


@after("ec2:CreateNatGateway")
def nat_gateway_is_pending(call: Call, result: dict[str, Any]) -> None:
    nat = _nat(call, result["NatGateway"]["NatGatewayId"])
    nat.state, nat.wharf_described = "pending", 0
    result["NatGateway"]["State"] = "pending"


@before("ec2:DescribeNatGateways")
def describe_nat_gateways(call: Call) -> None:
    ids = call.params.get("NatGatewayIds") or []
    for nat in [_nat(call, key) for key in ids] or call.backend().nat_gateways.values():
        if nat.state in ("pending", "deleting"):
            nat.wharf_described += 1
            if nat.wharf_described > 1:
                _arrive(call, nat)


def _arrive(call: Call, nat: Any) -> None:
    """Lets a NAT gateway reach the state it is on its way to."""
    if nat.state == "pending":
        nat.state = "available"
        return
    nat.state = "deleted"
    backend = call.backend()
    for address in nat.address_set:
        if association := address.pop("associationId", None):
            backend.disassociate_address(association_id=association)
    backend.enis.pop(nat._eni.id, None)


@before("ec2:DeleteNatGateway")
def delete_nat_gateway(call: Call) -> dict[str, Any]:
    nat = _nat(call, call.params["NatGatewayId"])
    if nat.state == "deleted":
        raise Fault("NatGatewayNotFound", f"The Nat Gateway {nat.id} was not found")
    if nat.state != "deleting":
        nat.state, nat.wharf_described, nat.wharf_deleted = "deleting", 0, clock.steady()
    return {"NatGatewayId": nat.id}


# Route tables and routes


@before("ec2:AssociateRouteTable")
def associate_route_table(call: Call) -> None:
    table, subnet = call.params["RouteTableId"], call.params.get("SubnetId")
    for other in call.backend().route_tables.values():
        if subnet and other.id != table and subnet in other._associations.values():
            raise Fault(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {table} conflicts with an existing association",
            )


@before("ec2:DisassociateRouteTable")
def disassociate_route_table(call: Call) -> None:
    association = call.params["AssociationId"]
    for table in call.backend().route_tables.values():
        if table.main_association_id == association:
            raise Fault("InvalidParameterValue", f"cannot disassociate the main route table association {association}")


@before("ec2:DeleteRouteTable")
def delete_route_table(call: Call) -> None:
    table = call.backend().route_tables.get(call.params["RouteTableId"])
    if table and (table.main_association_id or table._associations):
        raise _dependency(f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


@before("ec2:CreateRoute", "ec2:ReplaceRoute")
def route_target(call: Call) -> None:
    backend, table = call.backend(), call.backend().route_tables.get(call.params["RouteTableId"])
    gateway, nat = call.params.get("GatewayId"), call.params.get("NatGatewayId")
    if gateway and gateway.startswith("igw-"):
        found = backend.internet_gateways.get(gateway)
        if found is None:
            raise Fault("InvalidGatewayID.NotFound", f"The gateway ID '{gateway}' does not exist")
        if table and (found.vpc is None or found.vpc.id != table.vpc_id):
            raise Fault(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway} belong to different networks",
            )
    if nat:
        found = backend.nat_gateways.get(nat)
        if found is None or found.state in ("deleting", "deleted"):
            raise Fault("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")


@after("ec2:DescribeRouteTables")
def black_holes(call: Call, result: dict[str, Any]) -> None:
    """Routes whose target is gone."""
    backend = call.backend()
    for table in result.get("RouteTables", []):
        for route in table.get("Routes", []):
            nat = backend.nat_gateways.get(route.get("NatGatewayId"))
            gateway = backend.internet_gateways.get(route.get("GatewayId"))
            lost_nat = "NatGatewayId" in route and (nat is None or nat.state in ("deleting", "deleted"))
            lost_gateway = route.get("GatewayId", "").startswith("igw-") and (gateway is None or gateway.vpc is None)
            if lost_nat or lost_gateway:
                route["State"] = "blackhole"
