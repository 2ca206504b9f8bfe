//! Amazon ECS.

mod blue_green_delegation;
pub(crate) mod cluster;
mod container_definitions;
mod deployment_checks;
mod deployment_configuration;
mod document;
mod registered;
pub(crate) mod service;
pub(crate) mod service_delegation;
mod service_live;
mod service_parts;
mod service_place;
mod service_request;
mod service_rollout;
mod support;
pub(crate) mod task_definition;
mod volume;
