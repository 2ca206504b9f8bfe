"""Who holds network interfaces: what keeps subnets, security groups and gateways from being deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..call import backend_of


@dataclass
class Holder:
    """Something with network interfaces in subnets."""

    kind: str
    subnets: set[str]
    security_groups: set[str] = field(default_factory=set)
    vpc: str | None = None
    public: bool = False


def holders(region: str) -> Iterator[Holder]:
    """All of a region: NAT gateways, load balancers, services that run tasks."""
    for nat in backend_of("ec2", region).nat_gateways.values():
        if nat.state != "deleted":
            yield Holder("nat", {nat.subnet_id}, vpc=nat.vpc_id, public=nat.connectivity_type != "private")
    for balancer in backend_of("elbv2", region).load_balancers.values():
        yield Holder(
            "load balancer",
            {subnet.id for subnet in balancer.subnets},
            set(balancer.security_groups or []),
            balancer.vpc_id,
            balancer.scheme == "internet-facing",
        )
    for service in backend_of("ecs", region).services.values():
        network = (service.network_configuration or {}).get("awsvpcConfiguration")
        if network and service.status in ("ACTIVE", "DRAINING") and service.desired_count:
            yield Holder("service", set(network["subnets"]), set(network.get("securityGroups", [])))
