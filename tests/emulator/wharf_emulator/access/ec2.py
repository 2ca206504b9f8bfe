"""What EC2's operations need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..call import Call
from .need import Need, service, unknown

_KINDS = {
    "vpc": "vpc",
    "subnet": "subnet",
    "igw": "internet-gateway",
    "eipalloc": "elastic-ip",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "eni": "network-interface",
}
_MAKES = {
    "CreateVpc": "vpc",
    "CreateSubnet": "subnet",
    "CreateInternetGateway": "internet-gateway",
    "AllocateAddress": "elastic-ip",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
}
_TAGGED = {
    **_MAKES,
    "AuthorizeSecurityGroupIngress": "security-group-rule",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
}
_NAMES = {
    "CreateSubnet": ("VpcId",),
    "CreateNatGateway": ("SubnetId", "AllocationId"),
    "CreateRouteTable": ("VpcId",),
    "CreateSecurityGroup": ("VpcId",),
    "AttachInternetGateway": ("InternetGatewayId", "VpcId"),
    "DetachInternetGateway": ("InternetGatewayId", "VpcId"),
    "AssociateRouteTable": ("RouteTableId", "SubnetId", "GatewayId"),
    "CreateRoute": ("RouteTableId",),
    "ReplaceRoute": ("RouteTableId",),
    "DeleteRoute": ("RouteTableId",),
    "DescribeVpcAttribute": ("VpcId",),
    "ModifyVpcAttribute": ("VpcId",),
    "ModifyVpcTenancy": ("VpcId",),
    "ModifySubnetAttribute": ("SubnetId",),
    "AuthorizeSecurityGroupIngress": ("GroupId",),
    "AuthorizeSecurityGroupEgress": ("GroupId",),
    "RevokeSecurityGroupIngress": ("GroupId",),
    "RevokeSecurityGroupEgress": ("GroupId",),
    "UpdateSecurityGroupRuleDescriptionsIngress": ("GroupId",),
    "UpdateSecurityGroupRuleDescriptionsEgress": ("GroupId",),
    "DeleteVpc": ("VpcId",),
    "DeleteSubnet": ("SubnetId",),
    "DeleteInternetGateway": ("InternetGatewayId",),
    "DeleteNatGateway": ("NatGatewayId",),
    "DeleteRouteTable": ("RouteTableId",),
    "DeleteSecurityGroup": ("GroupId",),
    "ReleaseAddress": ("AllocationId",),
}


@service("ec2")
def ec2(call: Call) -> Iterator[Need]:
    """An action is named as its operation. What is made is ``vpc/*``: it has no id yet."""
    action = call.name
    if call.operation.startswith("Describe") and call.operation not in _NAMES:
        yield Need(action)
        return
    for resource in _resources(call):
        yield Need(action, resource)
    if call.params.get("TagSpecifications"):
        kind = _TAGGED[call.operation]
        yield Need("ec2:CreateTags", call.arn("ec2", f"{kind}/*"), {"ec2:CreateAction": call.operation})


def _resources(call: Call) -> Iterator[str]:
    operation, params = call.operation, call.params
    ids: list[str] = []
    if operation in ("CreateTags", "DeleteTags"):
        ids = params["Resources"]
    elif operation == "ModifySecurityGroupRules":
        ids = [params["GroupId"], *(rule["SecurityGroupRuleId"] for rule in params["SecurityGroupRules"])]
    elif operation in ("DisassociateRouteTable", "ReplaceRouteTableAssociation"):
        ids = [params["RouteTableId"]] if "RouteTableId" in params else []
        ids += _association(call.backend(), params["AssociationId"], "RouteTableId" not in params)
    elif operation in _NAMES or operation in _MAKES:
        ids = [params[name] for name in _NAMES.get(operation, ()) if params.get(name)]
    else:
        raise unknown(call)
    if operation in _MAKES:
        yield call.arn("ec2", f"{_MAKES[operation]}/*")
    elif operation in _TAGGED and params.get("TagSpecifications"):
        yield call.arn("ec2", f"{_TAGGED[operation]}/*")
    for id_ in ids:
        yield call.arn("ec2", f"{_KINDS.get(id_.split('-')[0], '*')}/{id_}")


def _association(backend: Any, association: str, with_table: bool) -> list[str]:
    for table in backend.route_tables.values():
        if association in table._associations:
            return [*([table.id] if with_table else []), table._associations[association]]
    return ["rtb-gone"] if with_table else []
