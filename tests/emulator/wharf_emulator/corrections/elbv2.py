"""Elastic Load Balancing: idempotent creation, duplicates, missing objects, AWS's default attributes."""

from __future__ import annotations

from typing import Any

from ..call import Call, Fault
from ..hooks import after, before
from ..inner import ask
from . import elbv2_actions

LOAD_BALANCER_DEFAULTS = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
"""The attributes of an application load balancer nobody has changed."""

TARGET_GROUP_DEFAULTS = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
}


def _settings(call: Call) -> dict[str, Any]:
    """What two creations have to have in common to be the same."""
    settings = {key: value for key, value in call.params.items() if key != "Tags"}
    for key in ("Subnets", "SecurityGroups"):
        if key in settings:
            settings[key] = sorted(settings[key])
    return settings


# Load balancers


@before("elbv2:CreateLoadBalancer")
def create_load_balancer(call: Call) -> dict[str, Any] | None:
    name = call.params["Name"]
    for balancer in call.backend().load_balancers.values():
        if balancer.name != name:
            continue
        if getattr(balancer, "wharf_settings", None) == _settings(call):
            found = ask(call, "DescribeLoadBalancers", LoadBalancerArns=[balancer.arn])
            return {"LoadBalancers": found["LoadBalancers"]}
        raise Fault(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{name}' exists, but with different settings",
        )
    _check_network(call)
    return None


def _check_network(call: Call) -> None:
    ec2 = call.backend("ec2")
    subnets = {subnet.id: subnet for zone in ec2.subnets.values() for subnet in zone.values()}
    wanted = call.params.get("Subnets") or [item["SubnetId"] for item in call.params.get("SubnetMappings", [])]
    for subnet in wanted:
        if subnet not in subnets:
            raise Fault("SubnetNotFound", f"The subnet ID '{subnet}' does not exist")
    groups = {group for by_id in ec2.groups.values() for group in by_id}
    for group in call.params.get("SecurityGroups", []):
        if group not in groups:
            raise Fault("InvalidSecurityGroup", f"The security group '{group}' does not exist")
    zones = {subnets[subnet].availability_zone for subnet in wanted}
    if call.params.get("Type", "application") == "application" and len(zones) < 2:
        message = "At least two subnets in two different Availability Zones must be specified"
        raise Fault("ValidationError", message)
    if len(zones) < len(wanted):
        message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise Fault("InvalidConfigurationRequest", message)
    if call.params.get("Scheme", "internet-facing") == "internet-facing":
        vpc = subnets[wanted[0]].vpc_id
        if not any(gateway.vpc and gateway.vpc.id == vpc for gateway in ec2.internet_gateways.values()):
            raise Fault("InvalidSubnet", f"VPC {vpc} has no internet gateway")


@after("elbv2:CreateLoadBalancer")
def new_load_balancer(call: Call, result: dict[str, Any]) -> None:
    for described in result["LoadBalancers"]:
        balancer = call.backend().load_balancers[described["LoadBalancerArn"]]
        balancer.wharf_settings = _settings(call)
        balancer.wharf_described = 0
        number = int(balancer.arn[-8:], 16) % 10**10
        internal = "internal-" if balancer.scheme == "internal" else ""
        balancer.dns_name = f"{internal}{balancer.name}-{number}.{call.region}.elb.amazonaws.com"
        described["DNSName"] = balancer.dns_name


@before("elbv2:DescribeLoadBalancers")
def describe_load_balancers(call: Call) -> None:
    known = call.backend().load_balancers
    names = {balancer.name for balancer in known.values()}
    missing = set(call.params.get("LoadBalancerArns", [])) - set(known) or set(call.params.get("Names", [])) - names
    if missing:
        raise Fault("LoadBalancerNotFound", f"Load balancers '{sorted(missing)}' not found")
    if "Marker" in call.params and call.params["Marker"] not in names:
        raise Fault("ValidationError", f"Invalid value '{call.params['Marker']}' for the marker.")


@after("elbv2:DescribeLoadBalancers")
def provisioning(call: Call, result: dict[str, Any]) -> None:
    """A new load balancer is active from its second description on."""
    for described in result["LoadBalancers"]:
        balancer = call.backend().load_balancers[described["LoadBalancerArn"]]
        balancer.wharf_described = getattr(balancer, "wharf_described", 1) + 1
        if balancer.wharf_described < 2:
            described["State"] = {"Code": "provisioning"}


@before("elbv2:DeleteLoadBalancer")
def delete_load_balancer(call: Call) -> None:
    balancer = call.backend().load_balancers.get(call.params["LoadBalancerArn"])
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        message = f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled"
        raise Fault("OperationNotPermitted", message)


@after("elbv2:DescribeLoadBalancerAttributes", "elbv2:ModifyLoadBalancerAttributes")
def load_balancer_attributes(call: Call, result: dict[str, Any]) -> None:
    balancer = call.backend().load_balancers[call.params["LoadBalancerArn"]]
    if balancer.type == "application":
        stored = {item["Key"]: item["Value"] for item in result["Attributes"]}
        stored.pop("load_balancing.cross_zone.enabled", None)
        result["Attributes"] = _attributes({**LOAD_BALANCER_DEFAULTS, **stored})


# Target groups


@before("elbv2:CreateTargetGroup")
def create_target_group(call: Call) -> dict[str, Any] | None:
    for group in call.backend().target_groups.values():
        if group.name == call.params["Name"] and getattr(group, "wharf_settings", None) == _settings(call):
            found = ask(call, "DescribeTargetGroups", TargetGroupArns=[group.arn])
            attached_load_balancers(call, found)
            return found
    vpc = call.params.get("VpcId")
    if vpc and vpc not in call.backend("ec2").vpcs:
        raise Fault("ValidationError", f"The VPC ID '{vpc}' is not found")
    return None


@after("elbv2:CreateTargetGroup")
def new_target_group(call: Call, result: dict[str, Any]) -> None:
    for described in result["TargetGroups"]:
        call.backend().target_groups[described["TargetGroupArn"]].wharf_settings = _settings(call)


def load_balancers_of(call: Call, target_group: str) -> list[str]:
    """The load balancers whose listeners forward to a target group."""
    backend = call.backend("elbv2")
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(
            target_group in backend._get_target_group_arns_from(action_data=action.data)
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            for action in rule.actions
        )
    ]


@after("elbv2:DescribeTargetGroups", "elbv2:ModifyTargetGroup")
def attached_load_balancers(call: Call, result: dict[str, Any]) -> None:
    for described in result["TargetGroups"]:
        described["LoadBalancerArns"] = load_balancers_of(call, described["TargetGroupArn"])


@before("elbv2:DeleteTargetGroup")
def delete_target_group(call: Call) -> dict[str, Any] | None:
    return None if call.params["TargetGroupArn"] in call.backend().target_groups else {}


@after("elbv2:DescribeTargetGroupAttributes", "elbv2:ModifyTargetGroupAttributes")
def target_group_attributes(_: Call, result: dict[str, Any]) -> None:
    stored = {item["Key"]: item["Value"] for item in result["Attributes"]}
    result["Attributes"] = _attributes({**TARGET_GROUP_DEFAULTS, **stored})


def _attributes(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(values.items())]


# Listeners and rules


@before("elbv2:CreateListener")
def create_listener(call: Call) -> dict[str, Any] | None:
    _check_targets(call, call.params["DefaultActions"])
    balancer = call.backend().load_balancers.get(call.params["LoadBalancerArn"])
    for listener in balancer.listeners.values() if balancer else ():
        if int(listener.port) != call.params.get("Port"):
            continue
        if getattr(listener, "wharf_settings", None) == _settings(call):
            found = ask(call, "DescribeListeners", ListenerArns=[listener.arn])
            plain_listeners(call, found)
            elbv2_actions.listeners(call, found)
            return found
        raise Fault("DuplicateListener", "A listener already exists on this port for this load balancer")
    return None


@before("elbv2:ModifyListener")
def modify_listener(call: Call) -> None:
    _check_targets(call, call.params.get("DefaultActions", []))
    port, arn = call.params.get("Port"), call.params["ListenerArn"]
    for balancer in call.backend().load_balancers.values():
        if port is not None and arn in balancer.listeners:
            for other in balancer.listeners.values():
                if other.arn != arn and int(other.port) == port:
                    raise Fault("DuplicateListener", "A listener already exists on this port for this load balancer")


@before("elbv2:CreateRule", "elbv2:ModifyRule")
def rule_targets(call: Call) -> None:
    _check_targets(call, call.params.get("Actions", []))


def _check_targets(call: Call, actions: list[dict[str, Any]]) -> None:
    """Actions forward to target groups that exist."""
    known = call.backend().target_groups
    for action in actions:
        forwards = [item["TargetGroupArn"] for item in action.get("ForwardConfig", {}).get("TargetGroups", [])]
        for target in [*forwards, action.get("TargetGroupArn")]:
            if target and target not in known:
                raise Fault("TargetGroupNotFound", f"Target groups '{target}' not found")


@after("elbv2:CreateListener")
def new_listener(call: Call, result: dict[str, Any]) -> None:
    for described in result["Listeners"]:
        balancer = call.backend().load_balancers[described["LoadBalancerArn"]]
        balancer.listeners[described["ListenerArn"]].wharf_settings = _settings(call)


@after("elbv2:CreateListener", "elbv2:DescribeListeners", "elbv2:ModifyListener")
def plain_listeners(_: Call, result: dict[str, Any]) -> None:
    """Only listeners with TLS have a policy and certificates."""
    for listener in result["Listeners"]:
        if listener.get("Protocol") not in ("HTTPS", "TLS"):
            listener.pop("SslPolicy", None)
            listener.pop("Certificates", None)
            listener.pop("AlpnPolicy", None)


@before("elbv2:DescribeListeners")
def describe_listeners(call: Call) -> None:
    known = {arn for balancer in call.backend().load_balancers.values() for arn in balancer.listeners}
    missing = set(call.params.get("ListenerArns", [])) - known
    if missing:
        raise Fault("ListenerNotFound", f"Listeners '{sorted(missing)}' not found")


# Tags


@before("elbv2:DescribeTags", "elbv2:AddTags", "elbv2:RemoveTags")
def tagged_objects_exist(call: Call) -> None:
    arns = call.params["ResourceArns"]
    if len(arns) > 20:
        raise Fault("ValidationError", "1 to 20 resource ARNs can be given")
    for arn in arns:
        call.backend()._get_resource_by_arn(arn) if ":listener-rule/" not in arn else _rule(call, arn)


def _rule(call: Call, arn: str) -> None:
    for balancer in call.backend().load_balancers.values():
        for listener in balancer.listeners.values():
            if any(rule.arn == arn for rule in listener.rules.values()):
                return
    raise Fault("RuleNotFound", f"Rules '{arn}' not found")
