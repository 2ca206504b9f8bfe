"""The network's part of the inventory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .inventory_item import Item, key_values


def walk(backend: Any) -> Iterator[Item]:
    """A region's network, without its default VPC and what belongs to that."""

    def item(kind: str, thing: Any, name: str | None = None) -> Item:
        arn = f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:{_ARN_TYPES[kind]}/{thing.id}"
        return Item(kind, thing.id, name, key_values(thing.get_tags()), arn)

    default = {vpc.id for vpc in backend.vpcs.values() if vpc.is_default}
    for vpc in backend.vpcs.values():
        if vpc.id not in default:
            yield item("aws_vpc", vpc)
    for zone in backend.subnets.values():
        for subnet in zone.values():
            if subnet.vpc_id not in default:
                yield item("aws_subnet", subnet)
    for gateway in backend.internet_gateways.values():
        if gateway.vpc is None or gateway.vpc.id not in default:
            yield item("aws_internet_gateway", gateway)
    for address in backend.addresses:
        yield _address(backend, address)
    for nat in backend.nat_gateways.values():
        if nat.state != "deleted":
            yield item("aws_nat_gateway", nat)
    for interface in backend.enis.values():
        yield item("aws_network_interface", interface)
    for table in backend.route_tables.values():
        if table.vpc_id not in default:
            yield from _route_table(item, table)
    for vpc_id, groups in backend.groups.items():
        for group in groups.values():
            if vpc_id not in default and group.name != "default":
                yield item("aws_security_group", group, group.name)
                for rule in [*group.ingress_rules, *group.egress_rules]:
                    yield item("aws_security_group_rule", rule)


def _address(backend: Any, address: Any) -> Item:
    tags = key_values(backend.describe_tags(filters={"resource-id": [address.allocation_id]}))
    return Item("aws_eip", address.allocation_id, address.public_ip, tags)


def _route_table(item: Any, table: Any) -> Iterator[Item]:
    if table.main_association_id is None:
        yield item("aws_route_table", table)
    for association, target in table._associations.items():
        yield Item("aws_route_table_association", association, target)
    for route in table.routes:
        if not route.local:
            destination = route.destination_cidr_block or route.destination_ipv6_cidr_block
            yield Item("aws_route", f"{table.id}_{destination}")


_ARN_TYPES = {
    "aws_vpc": "vpc",
    "aws_subnet": "subnet",
    "aws_internet_gateway": "internet-gateway",
    "aws_nat_gateway": "natgateway",
    "aws_network_interface": "network-interface",
    "aws_route_table": "route-table",
    "aws_security_group": "security-group",
    "aws_security_group_rule": "security-group-rule",
}
