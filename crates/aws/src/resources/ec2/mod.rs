//! Amazon EC2 and VPC.

pub(crate) mod eip;
mod group_rule;
pub(crate) mod internet_gateway;
pub(crate) mod nat_gateway;
pub(crate) mod route;
pub(crate) mod route_table;
pub(crate) mod route_table_association;
mod route_target;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod subnet;
mod support;
pub(crate) mod vpc;
pub(crate) mod vpc_security_group_egress_rule;
pub(crate) mod vpc_security_group_ingress_rule;
mod vpc_security_group_rule;
