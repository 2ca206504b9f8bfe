//! Functions on IP networks. Numbers of networks and hosts count in 128 bits, so IPv6 works like IPv4.

use super::Arguments;
use crate::expression::Fault;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wharf_core::Value;

type Result<T = Value> = std::result::Result<T, Fault>;

/// `cidrsubnet(prefix, newbits, netnum)`
pub(super) fn cidrsubnet(arguments: &Arguments<'_, '_>) -> Result {
    let network = network(arguments)?;
    let newbits = bits(arguments, 1, network)?;
    let number = arguments.integer(2)?;
    let number =
        u128::try_from(number).map_err(|_| arguments.fault(2, "the network number cannot be negative"))?;
    if newbits < 128 && number >> newbits != 0 {
        return Err(arguments.fault(2, format!("{newbits} bits have no room for network number {number}")));
    }
    Ok(subnet(network, network.prefix_len() + newbits, number).into())
}

/// `cidrsubnets(prefix, newbits...)`: networks one after the other.
pub(super) fn cidrsubnets(arguments: &Arguments<'_, '_>) -> Result {
    let network = network(arguments)?;
    let width = width(network);
    let mut subnets = Vec::new();
    let mut next: u128 = 0; // offset from the start of the network
    let room: u128 = 1u128.checked_shl(u32::from(width - network.prefix_len())).unwrap_or(u128::MAX);
    for position in 1..arguments.len() {
        let prefix = network.prefix_len() + bits(arguments, position, network)?;
        let size = 1u128.checked_shl(u32::from(width - prefix)).unwrap_or(u128::MAX);
        let start = next.div_ceil(size).saturating_mul(size);
        next = start.saturating_add(size);
        if next > room {
            return Err(arguments.fault(position, format!("{network} has no room left for this network")));
        }
        let address = address_of(network, number_of(network).saturating_add(start));
        subnets.push(format!("{address}/{prefix}").into());
    }
    Ok(Value::List(subnets))
}

/// `cidrhost(prefix, hostnum)`; negative numbers count from the end.
pub(super) fn cidrhost(arguments: &Arguments<'_, '_>) -> Result {
    let network = network(arguments)?;
    let host = arguments.integer(1)?;
    let room = u32::from(width(network) - network.prefix_len());
    let distance = u128::from(host.unsigned_abs());
    let last = if room >= 128 { u128::MAX } else { (1u128 << room) - 1 };
    let fits = if host < 0 { distance.saturating_sub(1) <= last } else { distance <= last };
    if !fits {
        return Err(arguments.fault(1, format!("{network} has no host number {host}")));
    }
    let offset = if host < 0 { last - (distance - 1) } else { distance };
    Ok(address_of(network, number_of(network) + offset).to_string().into())
}

pub(super) fn cidrnetmask(arguments: &Arguments<'_, '_>) -> Result {
    match network(arguments)? {
        IpNet::V4(network) => Ok(network.netmask().to_string().into()),
        IpNet::V6(_) => Err(arguments.fault(0, "IPv6 networks have no netmask")),
    }
}

/// The first argument as a network, host bits cleared.
fn network(arguments: &Arguments<'_, '_>) -> Result<IpNet> {
    let text = arguments.text(0)?;
    text.parse::<IpNet>().map(|network| network.trunc()).map_err(|_| {
        arguments.fault(0, format!("`{text}` is no network")).help("write it like 10.0.0.0/16 or fd00::/56")
    })
}

fn bits(arguments: &Arguments<'_, '_>, position: usize, network: IpNet) -> Result<u8> {
    let bits = arguments.integer(position)?;
    u8::try_from(bits)
        .ok()
        .filter(|bits| *bits <= width(network) - network.prefix_len())
        .ok_or_else(|| arguments.fault(position, format!("{network} cannot be extended by {bits} bits")))
}

fn width(network: IpNet) -> u8 {
    network.max_prefix_len()
}

fn number_of(network: IpNet) -> u128 {
    match network.network() {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an IPv4 network holds only IPv4 addresses")]
fn address_of(network: IpNet, number: u128) -> IpAddr {
    match network {
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from(number as u32)),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

fn subnet(network: IpNet, prefix: u8, number: u128) -> String {
    let offset = number.checked_shl(u32::from(width(network) - prefix)).unwrap_or(0);
    format!("{}/{prefix}", address_of(network, number_of(network) | offset))
}
