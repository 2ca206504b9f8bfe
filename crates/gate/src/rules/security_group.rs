use super::ingress::added;
use crate::switch::Switch;
use crate::verdict::{Finding, Level};
use crate::view::View;
use std::net::IpAddr;

/// Ingress that a change opens to the world, or to networks that are not known yet, is denied; to other public networks,
/// is warned of. What narrows, what concerns egress, and what lets in another security group is nothing to it.
pub(crate) fn find(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in view.changes.iter().filter(|change| change.action.changes()) {
        for way in added(change) {
            let what = way.what();
            let (level, message) = match way.network {
                None => (Level::Deny, format!("lets in {what} from networks that are known after the apply")),
                Some(network) if way.is_open() => {
                    (Level::Deny, format!("lets the world in: {what} from {network}"))
                }
                Some(network) if is_public(network.addr()) => {
                    (Level::Warn, format!("lets in {what} from {network}"))
                }
                Some(_) => continue,
            };
            let message = format!("{} {message}", change.title());
            let finding =
                Finding::denied(Switch::SecurityGroup, change, message).of(change, &way.property).help(
                    "name the networks that need it, or let in a security group instead; where the world is meant, \
                     as on a load balancer, let a Rego policy say so instead of this rule",
                );
            found.push(Finding { level, ..finding });
        }
    }
    found
}

/// Whether an address is nobody's own. 100.64.0.0/10 is a carrier's, and AWS's own for pods.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback())
        }
    }
}
