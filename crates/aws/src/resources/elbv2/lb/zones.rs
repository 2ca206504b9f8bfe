//! Where a load balancer is: its subnets, and what of that a network load balancer keeps for good.

use aws_sdk_elasticloadbalancingv2::types::{AvailabilityZone, SubnetMapping};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use wharf_core::{Map, Value};
use wharf_provider::Set;

/// A subnet with the addresses to use there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["ipv6_address", "outpost_id"]))]
pub(crate) struct Mapping {
    /// The subnet.
    subnet_id: String,
    /// The public address: the id of an `aws_eip`.
    #[schemars(extend("forces_replacement" = true))]
    allocation_id: Option<String>,
    /// The private address.
    #[schemars(extend("forces_replacement" = true))]
    private_ipv4_address: Option<String>,
}

impl Mapping {
    pub(super) fn of(zone: &AvailabilityZone) -> Option<Self> {
        let address = zone.load_balancer_addresses().first();
        Some(Mapping {
            subnet_id: zone.subnet_id()?.to_owned(),
            allocation_id: address.and_then(|address| address.allocation_id()).map(str::to_owned),
            private_ipv4_address: address
                .and_then(|address| address.private_ipv4_address())
                .map(str::to_owned),
        })
    }
}

pub(super) fn some(ids: &Set<String>) -> Option<Vec<String>> {
    Some(ids.0.clone()).filter(|ids| !ids.is_empty())
}

pub(super) fn mappings(mappings: &[Mapping]) -> Option<Vec<SubnetMapping>> {
    let mappings = mappings.iter().map(|mapping| {
        SubnetMapping::builder()
            .subnet_id(&mapping.subnet_id)
            .set_allocation_id(mapping.allocation_id.clone())
            .set_private_ipv4_address(mapping.private_ipv4_address.clone())
            .build()
    });
    Some(mappings.collect()).filter(|mappings: &Vec<_>| !mappings.is_empty())
}

/// Whether a change needs another load balancer.
pub(super) fn replaces(live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
    if live.get("load_balancer_type").and_then(Value::as_str) != Some("network") {
        return false;
    }
    // A network load balancer keeps its zones, and whether it has security groups.
    let list = |map: &Map, name: &str| match map.get(name) {
        Some(Value::List(items)) => Some(items.clone()),
        _ => None,
    };
    let subnets = |map: &Map| {
        let mappings = list(map, "subnet_mapping")?;
        Some(mappings.iter().filter_map(|m| m.as_map()?.get("subnet_id").cloned()).collect::<Vec<_>>())
    };
    let loses = |live: Option<Vec<Value>>, desired: Option<Vec<Value>>| {
        let (live, desired) = (live.unwrap_or_default(), desired.unwrap_or_default());
        live.iter().any(|subnet| !desired.contains(subnet))
    };
    let groups = |map: &Map| list(map, "security_groups").is_some_and(|groups| !groups.is_empty());
    (changed.contains("subnets") && loses(list(live, "subnets"), list(desired, "subnets")))
        || (changed.contains("subnet_mapping") && loses(subnets(live), subnets(desired)))
        || (changed.contains("security_groups") && groups(live) != groups(desired))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_network_load_balancer_keeps_its_zones() {
        let replaces = |kind: &str, live: serde_json::Value, desired: serde_json::Value| {
            let with = |subnets| {
                let json = json!({"load_balancer_type": kind, "subnets": subnets});
                Value::from(json).as_map().cloned().unwrap_or_default()
            };
            super::replaces(&with(live), &with(desired), &BTreeSet::from(["subnets".to_owned()]))
        };
        assert!(replaces("network", json!(["a", "b"]), json!(["a"])));
        assert!(!replaces("network", json!(["a"]), json!(["a", "b"])));
        assert!(!replaces("application", json!(["a", "b"]), json!(["a", "c"])));
    }
}
