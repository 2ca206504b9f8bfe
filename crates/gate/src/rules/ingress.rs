//! Whom a security group lets in.

use crate::change::Change;
use ipnet::IpNet;
use serde_json::{Map, Value};

/// One way in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Way {
    /// The network; nothing if it is not known.
    pub(crate) network: Option<IpNet>,
    /// `tcp`, `udp`, a number; `-1` for all.
    protocol: String,
    /// First and last port; nothing for all of them.
    ports: Option<(i64, i64)>,
    /// The property that says so.
    pub(crate) property: String,
}

impl Way {
    /// Whether it lets in the world, or so much of it that nobody can mean less: no network of 256 times 65536
    /// addresses belongs to one party, and `0.0.0.0/1` with `128.0.0.0/1` is the world in two halves.
    pub(crate) fn is_open(&self) -> bool {
        match self.network {
            Some(IpNet::V4(network)) => network.prefix_len() < 8,
            // fc00::/7 is everybody's own, as 10.0.0.0/8 is
            Some(IpNet::V6(network)) => network.prefix_len() < 8 && network.addr().segments()[0] >> 9 != 0x7e,
            None => false,
        }
    }

    /// Whether all it lets in, another does too.
    fn is_within(&self, other: &Way) -> bool {
        let network = match (&self.network, &other.network) {
            (Some(mine), Some(others)) => others.contains(mine),
            _ => false,
        };
        let protocol = other.protocol == "-1" || other.protocol == self.protocol;
        let ports = match (self.ports, other.ports) {
            (_, None) => true,
            (Some(mine), Some(others)) => others.0 <= mine.0 && mine.1 <= others.1,
            (None, Some(_)) => false,
        };
        network && protocol && (ports || other.protocol == "-1")
    }

    /// `tcp 22`, `all traffic`.
    pub(crate) fn what(&self) -> String {
        let protocol = if self.protocol == "-1" { "all traffic" } else { &self.protocol };
        match self.ports {
            _ if self.protocol == "-1" => protocol.to_owned(),
            None => format!("{protocol}, all ports"),
            Some((from, to)) if from == to => format!("{protocol} {from}"),
            Some((from, to)) => format!("{protocol} {from}-{to}"),
        }
    }
}

/// The ways in that a change adds.
pub(crate) fn added(change: &Change) -> Vec<Way> {
    let before = ways(&change.resource_type, &change.before, &Map::new());
    let after = ways(&change.resource_type, &change.after, &change.unknown);
    after.into_iter().filter(|way| !before.iter().any(|other| way.is_within(other))).collect()
}

fn ways(resource_type: &str, properties: &Map<String, Value>, unknown: &Map<String, Value>) -> Vec<Way> {
    match resource_type {
        "aws_vpc_security_group_ingress_rule" => {
            rule(properties, unknown, &["cidr_ipv4", "cidr_ipv6"], "ip_protocol", "")
        }
        "aws_security_group_rule"
            if properties.get("type").and_then(Value::as_str).is_none_or(|kind| kind != "egress") =>
        {
            rule(properties, unknown, &["cidr_blocks", "ipv6_cidr_blocks"], "protocol", "")
        }
        "aws_security_group" | "aws_default_security_group" => {
            let marks = unknown.get("ingress");
            let mut ways = Vec::new();
            let blocks = properties.get("ingress").and_then(Value::as_array).map(Vec::as_slice);
            for (at, block) in blocks.unwrap_or_default().iter().enumerate() {
                let marks = marks.and_then(|marks| marks.get(at)?.as_object()).cloned().unwrap_or_default();
                if let Some(block) = block.as_object() {
                    let prefix = format!("ingress[{at}].");
                    ways.extend(rule(
                        block,
                        &marks,
                        &["cidr_blocks", "ipv6_cidr_blocks"],
                        "protocol",
                        &prefix,
                    ));
                }
            }
            if marks == Some(&Value::Bool(true)) {
                ways.push(Way {
                    network: None,
                    protocol: "-1".into(),
                    ports: None,
                    property: "ingress".into(),
                });
            }
            ways
        }
        _ => Vec::new(),
    }
}

fn rule(
    properties: &Map<String, Value>,
    unknown: &Map<String, Value>,
    networks: &[&str],
    protocol: &str,
    prefix: &str,
) -> Vec<Way> {
    let text = |name: &str| match properties.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let protocol = text(protocol).map_or_else(|| "-1".to_owned(), |text| text.to_lowercase());
    let protocol = if protocol == "all" { "-1".to_owned() } else { protocol };
    let port = |name: &str| text(name).and_then(|text| text.parse().ok());
    let ports = port("from_port").zip(port("to_port")).filter(|ports| *ports != (-1, -1));
    let way = |name: &str, network| Way {
        network,
        protocol: protocol.clone(),
        ports,
        property: format!("{prefix}{name}"),
    };
    let mut ways = Vec::new();
    for name in networks {
        if unknown.get(*name).is_some_and(crate::change::marked) {
            ways.push(way(name, None));
        }
        let values = match properties.get(*name) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        ways.extend(values.iter().filter_map(|value| Some(way(name, Some(value.as_str()?.parse().ok()?)))));
    }
    ways
}
