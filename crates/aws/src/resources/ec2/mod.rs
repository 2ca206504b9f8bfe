//! Amazon EC2 and VPC.

pub(crate) mod eip;
pub(crate) mod internet_gateway;
pub(crate) mod nat_gateway;
pub(crate) mod route;
pub(crate) mod route_table;
pub(crate) mod route_table_association;
mod route_target;
pub(crate) mod subnet;
mod support;
pub(crate) mod vpc;
