//! Amazon ECS.

pub(crate) mod cluster;
mod container_definitions;
pub(crate) mod service;
mod service_parts;
mod service_request;
mod support;
pub(crate) mod task_definition;
mod volume;
