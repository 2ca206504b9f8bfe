"""EC2's security groups: duplicates, dependencies, rules addressed by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule

from ..call import Call, Fault
from ..hooks import before
from .interfaces import holders

PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def _description(rule: SecurityGroupRule) -> str | None:
    """Of the other side, whichever it is: moto looks at CIDR blocks only."""
    return rule.ip_range.get("Description") or rule.source_group.get("Description")


SecurityGroupRule.description = property(_description)


def _groups(call: Call) -> Iterator[Any]:
    for groups in call.backend().groups.values():
        yield from groups.values()


def _group(call: Call) -> Any:
    wanted = call.params.get("GroupId")
    return next((group for group in _groups(call) if group.id == wanted), None)


@before("ec2:CreateSecurityGroup")
def create_security_group(call: Call) -> None:
    vpc, name = call.params.get("VpcId"), call.params["GroupName"]
    if vpc and vpc not in call.backend().vpcs:
        raise Fault("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
    if name.lower().startswith("sg-"):
        raise Fault(
            "InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid: it starts with 'sg-'."
        )


@before("ec2:DeleteSecurityGroup")
def delete_security_group(call: Call) -> None:
    group = _group(call)
    if group is None:
        return
    if group.name == "default":
        raise Fault("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    attached = any(group.id in holder.security_groups for holder in holders(call.region))
    referenced = any(
        rule.source_group.get("GroupId") == group.id
        for other in _groups(call)
        if other.id != group.id
        for rule in [*other.ingress_rules, *other.egress_rules]
    )
    if attached or referenced:
        raise Fault("DependencyViolation", f"resource {group.id} has a dependent object")


def _permissions(call: Call) -> list[dict[str, Any]]:
    """The rules a request adds, also when it names a single one outside of IpPermissions."""
    permissions = list(call.params.get("IpPermissions", []))
    if call.params.get("IpProtocol") and call.params.get("CidrIp"):
        single = {key: call.params[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in call.params}
        permissions.append({**single, "IpRanges": [{"CidrIp": call.params["CidrIp"]}]})
    return permissions


def _keys(permission: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What makes each rule of a permission unique."""
    protocol = PROTOCOLS.get(permission["IpProtocol"].lower(), permission["IpProtocol"].lower())
    ports = (None, None) if protocol == "-1" else (permission.get("FromPort"), permission.get("ToPort"))
    for source in permission.get("IpRanges", []):
        yield protocol, *ports, source.get("CidrIp")
    for source in permission.get("Ipv6Ranges", []):
        yield protocol, *ports, source.get("CidrIpv6")
    for source in permission.get("PrefixListIds", []):
        yield protocol, *ports, source.get("PrefixListId")
    for source in permission.get("UserIdGroupPairs", []):
        yield protocol, *ports, source.get("GroupId") or source.get("GroupName")


def _existing(rule: Any) -> tuple[Any, ...]:
    source = rule.ip_range.get("CidrIp") or rule.ip_range.get("CidrIpv6") or rule.prefix_list_id
    return rule.ip_protocol, rule.from_port, rule.to_port, source or rule.source_group.get("GroupId")


@before("ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress")
def authorize(call: Call) -> None:
    group = _group(call)
    if group is None:
        return
    rules = group.ingress_rules if call.operation.endswith("Ingress") else group.egress_rules
    existing = {_existing(rule) for rule in rules}
    for permission in _permissions(call):
        sources = list(_keys(permission))
        if not sources:
            raise Fault("InvalidParameterValue", "a rule needs a CIDR block, a prefix list or a group")
        for key in sources:
            if key in existing:
                raise Fault(
                    "InvalidPermission.Duplicate",
                    f'the specified rule "peer: {key[3]}, {key[0]}, '
                    f'from port: {key[1]}, to port: {key[2]}" already exists',
                )
            existing.add(key)


@before("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress")
def revoke(call: Call) -> None:
    group = _group(call)
    if group is None:
        return
    rules = group.ingress_rules if call.operation.endswith("Ingress") else group.egress_rules
    known = {rule.id for rule in rules}
    for rule in call.params.get("SecurityGroupRuleIds", []):
        if rule not in known:
            raise Fault("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule}' does not exist")
