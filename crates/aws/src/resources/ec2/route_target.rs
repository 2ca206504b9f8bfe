//! Destinations and targets of routes: what `aws_route` and the `route` blocks of `aws_route_table` share.

use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ec2::types::{Route, RouteOrigin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use wharf_core::Map;
use wharf_provider::{Absent, Error, ErrorKind, Result};

/// Where a route leads; exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "Terraform's names")]
pub(crate) struct Target {
    /// To an internet gateway or a virtual private gateway.
    pub(crate) gateway_id: Option<String>,
    /// To a NAT gateway.
    pub(crate) nat_gateway_id: Option<String>,
    /// To an egress-only internet gateway, for IPv6.
    pub(crate) egress_only_gateway_id: Option<String>,
    /// To a network interface.
    pub(crate) network_interface_id: Option<String>,
    /// To a transit gateway.
    pub(crate) transit_gateway_id: Option<String>,
    /// To a gateway load balancer endpoint.
    pub(crate) vpc_endpoint_id: Option<String>,
    /// To the VPC at the other end of a peering connection.
    pub(crate) vpc_peering_connection_id: Option<String>,
}

/// The names of [`Target`]'s fields.
const TARGETS: [&str; 7] = [
    "gateway_id",
    "nat_gateway_id",
    "egress_only_gateway_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
];

impl Target {
    /// Where a live route leads.
    pub(crate) fn of(route: &Route) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        // AWS calls the endpoint a gateway.
        let (endpoint, gateway): (Option<&str>, Option<&str>) = match route.gateway_id() {
            Some(id) if id.starts_with("vpce-") => (Some(id), None),
            id => (None, id),
        };
        Target {
            gateway_id: owned(gateway),
            nat_gateway_id: owned(route.nat_gateway_id()),
            egress_only_gateway_id: owned(route.egress_only_internet_gateway_id()),
            network_interface_id: owned(route.network_interface_id()),
            transit_gateway_id: owned(route.transit_gateway_id()),
            vpc_endpoint_id: owned(endpoint),
            vpc_peering_connection_id: owned(route.vpc_peering_connection_id()),
        }
    }

    /// Only the fields of these names.
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = |name: &str, value: &Option<String>| value.clone().filter(|_| keep(name));
        Target {
            gateway_id: kept("gateway_id", &self.gateway_id),
            nat_gateway_id: kept("nat_gateway_id", &self.nat_gateway_id),
            egress_only_gateway_id: kept("egress_only_gateway_id", &self.egress_only_gateway_id),
            network_interface_id: kept("network_interface_id", &self.network_interface_id),
            transit_gateway_id: kept("transit_gateway_id", &self.transit_gateway_id),
            vpc_endpoint_id: kept("vpc_endpoint_id", &self.vpc_endpoint_id),
            vpc_peering_connection_id: kept("vpc_peering_connection_id", &self.vpc_peering_connection_id),
        }
    }
}

/// What a route is for, which makes it unique in its table: addresses, or a managed list of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Destination {
    V4(String),
    V6(String),
    PrefixList(String),
}

impl Destination {
    /// The destination that one of these three gives.
    pub(crate) fn new(v4: Option<&str>, v6: Option<&str>, prefix_list: Option<&str>) -> Result<Self> {
        let destination = v4
            .map(|range| Destination::V4(range.to_owned()))
            .or_else(|| v6.map(|range| Destination::V6(range.to_owned())))
            .or_else(|| prefix_list.map(|list| Destination::PrefixList(list.to_owned())));
        destination.ok_or_else(|| Error::new(ErrorKind::Invalid, "the route has no destination"))
    }

    /// The destination of a live route.
    pub(crate) fn of(route: &Route) -> Option<Self> {
        Destination::new(
            route.destination_cidr_block(),
            route.destination_ipv6_cidr_block(),
            route.destination_prefix_list_id(),
        )
        .ok()
    }

    /// The destination as [`Display`](fmt::Display) writes it.
    pub(crate) fn parse(text: &str) -> Self {
        if text.starts_with("pl-") {
            Destination::PrefixList(text.to_owned())
        } else if text.contains(':') {
            Destination::V6(text.to_owned())
        } else {
            Destination::V4(text.to_owned())
        }
    }

    pub(crate) fn v4(&self) -> Option<String> {
        if let Destination::V4(range) = self { Some(range.clone()) } else { None }
    }

    pub(crate) fn v6(&self) -> Option<String> {
        if let Destination::V6(range) = self { Some(range.clone()) } else { None }
    }

    pub(crate) fn prefix_list(&self) -> Option<String> {
        if let Destination::PrefixList(list) = self { Some(list.clone()) } else { None }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Destination::V4(text) | Destination::V6(text) | Destination::PrefixList(text)) = self;
        f.write_str(text)
    }
}

/// Whether somebody made this route, rather than AWS with the table, or a virtual private gateway.
pub(crate) fn is_made(route: &Route) -> bool {
    !matches!(route.origin(), Some(RouteOrigin::CreateRouteTable | RouteOrigin::EnableVgwRoutePropagation))
        && route.gateway_id() != Some("local")
}

macro_rules! to_target {
    ($request:expr, $destination:expr, $target:expr) => {
        $request
            .set_destination_cidr_block($destination.v4())
            .set_destination_ipv6_cidr_block($destination.v6())
            .set_destination_prefix_list_id($destination.prefix_list())
            .set_gateway_id($target.gateway_id.clone())
            .set_nat_gateway_id($target.nat_gateway_id.clone())
            .set_egress_only_internet_gateway_id($target.egress_only_gateway_id.clone())
            .set_network_interface_id($target.network_interface_id.clone())
            .set_transit_gateway_id($target.transit_gateway_id.clone())
            .set_vpc_endpoint_id($target.vpc_endpoint_id.clone())
            .set_vpc_peering_connection_id($target.vpc_peering_connection_id.clone())
    };
}

/// Adds a route, with a client that does or does not repeat.
pub(crate) async fn create(
    client: &aws_sdk_ec2::Client,
    table: &str,
    destination: &Destination,
    target: &Target,
) -> Result<()> {
    let request = to_target!(client.create_route().route_table_id(table), destination, target);
    request.send().await.named("ec2:CreateRoute")?;
    Ok(())
}

/// Leads a route elsewhere.
pub(crate) async fn replace(
    cloud: &Clients,
    table: &str,
    destination: &Destination,
    target: &Target,
) -> Result<()> {
    let request = to_target!(cloud.ec2().replace_route().route_table_id(table), destination, target);
    request.send().await.named("ec2:ReplaceRoute")?;
    Ok(())
}

/// Removes a route.
pub(crate) async fn delete(cloud: &Clients, table: &str, destination: &Destination) -> Result<()> {
    let request = cloud
        .ec2()
        .delete_route()
        .route_table_id(table)
        .set_destination_cidr_block(destination.v4())
        .set_destination_ipv6_cidr_block(destination.v6())
        .set_destination_prefix_list_id(destination.prefix_list());
    request.send().await.named("ec2:DeleteRoute").or_absent()?;
    Ok(())
}

/// What is wrong with a route that has these properties; `destinations` are the names that they have there.
pub(crate) fn mistakes(route: &Map, destinations: [&str; 3]) -> Vec<(String, String)> {
    let set = |name: &&&str| route.get(**name).is_some_and(|value| !value.is_null());
    let one = |names: &[&str], what: &str| {
        let message = match names.iter().filter(set).count() {
            0 => format!("a route needs {what}: one of `{}`", names.join("`, `")),
            1 => return None,
            _ => format!("a route has one {what} only: one of `{}`", names.join("`, `")),
        };
        let about = names.iter().find(set).unwrap_or(&names[0]);
        Some(((*about).to_owned(), message))
    };
    let mut mistakes: Vec<_> =
        [one(&destinations, "destination"), one(&TARGETS, "target")].into_iter().flatten().collect();
    if route.get("gateway_id").and_then(|gateway| gateway.as_str()) == Some("local") {
        let message = "the local route comes with the table and cannot be managed";
        mistakes.push(("gateway_id".to_owned(), message.to_owned()));
    }
    for name in &destinations[..2] {
        if let Some(message) = route.get(*name).and_then(super::support::range_mistake) {
            mistakes.push(((*name).to_owned(), message));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_core::Value;

    #[test]
    fn destinations() {
        for text in ["0.0.0.0/0", "2001:db8::/32", "pl-0123"] {
            assert_eq!(Destination::parse(text).to_string(), text);
        }
        assert_eq!(Destination::parse("::/0").v6().as_deref(), Some("::/0"));
        assert!(Destination::new(None, None, None).is_err());
    }

    #[test]
    fn an_endpoint_is_no_gateway() {
        let target = |gateway: &str| Target::of(&Route::builder().gateway_id(gateway).build());
        assert_eq!(target("igw-1").gateway_id.as_deref(), Some("igw-1"));
        assert_eq!(target("vpce-1").vpc_endpoint_id.as_deref(), Some("vpce-1"));
        assert_eq!(target("vpce-1").gateway_id, None);
    }

    #[test]
    fn one_destination_and_one_target() {
        let names = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];
        let mistakes = |pairs: &[(&str, Value)]| {
            let map = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            super::mistakes(&map, names).len()
        };
        let (all, gateway) = (("cidr_block", "0.0.0.0/0".into()), ("gateway_id", Value::unknown("igw.id")));
        assert_eq!(mistakes(&[]), 2);
        assert_eq!(mistakes(&[all.clone(), gateway.clone()]), 0);
        assert_eq!(mistakes(&[all.clone(), gateway, ("nat_gateway_id", "nat-1".into())]), 1);
        assert_eq!(mistakes(&[all, ("gateway_id", "local".into())]), 1);
    }
}
