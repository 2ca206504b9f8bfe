"""Fields of subnets, addresses and NAT gateways that moto drops or leaves empty."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..hooks import after


@after("ec2:ModifySubnetAttribute")
def keep_subnet_attributes(call: Call, _: dict[str, Any]) -> None:
    subnet = call.backend().get_subnet(call.params["SubnetId"])
    kept = subnet.__dict__.setdefault("wharf_kept", {})
    if "EnableDns64" in call.params:
        kept["EnableDns64"] = call.params["EnableDns64"]["Value"]
    if "PrivateDnsHostnameTypeOnLaunch" in call.params:
        kept["HostnameType"] = call.params["PrivateDnsHostnameTypeOnLaunch"]


@after("ec2:CreateSubnet", "ec2:DescribeSubnets")
def subnets(call: Call, result: dict[str, Any]) -> None:
    for shown in [result["Subnet"]] if "Subnet" in result else result["Subnets"]:
        kept = getattr(call.backend().get_subnet(shown["SubnetId"]), "wharf_kept", {})
        shown["EnableDns64"] = kept.get("EnableDns64", False)
        if "HostnameType" in kept:
            shown["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] = kept["HostnameType"]


@after("ec2:AllocateAddress")
def allocated_address(call: Call, result: dict[str, Any]) -> None:
    result["PublicIpv4Pool"] = "amazon"
    result["NetworkBorderGroup"] = call.params.get("NetworkBorderGroup", call.region)


@after("ec2:DescribeAddresses")
def addresses(call: Call, result: dict[str, Any]) -> None:
    for shown in result["Addresses"]:
        shown["PublicIpv4Pool"] = "amazon"
        shown["NetworkBorderGroup"] = call.region
        for member in ("InstanceId", "NetworkInterfaceId"):
            if not shown.get(member):
                shown.pop(member, None)


@after("ec2:CreateNatGateway")
def keep_private_address(call: Call, result: dict[str, Any]) -> None:
    nat = call.backend().nat_gateways[result["NatGateway"]["NatGatewayId"]]
    if "PrivateIpAddress" in call.params:
        nat.address_set[0]["privateIp"] = call.params["PrivateIpAddress"]
        result["NatGateway"]["NatGatewayAddresses"][0]["PrivateIp"] = call.params["PrivateIpAddress"]
    result["NatGateway"]["ConnectivityType"] = call.params.get("ConnectivityType", "public")


@after("ec2:DescribeNatGateways")
def nat_gateways(_: Call, result: dict[str, Any]) -> None:
    for shown in result["NatGateways"]:
        shown.setdefault("ConnectivityType", "public")
        for address in shown.get("NatGatewayAddresses", []):
            address["IsPrimary"] = True
            address["Status"] = "succeeded"
