//! Elastic Load Balancing, version 2.

mod action;
pub(crate) mod lb;
pub(crate) mod lb_listener;
pub(crate) mod lb_listener_rule;
pub(crate) mod lb_target_group;
mod support;
