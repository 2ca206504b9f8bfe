//! Reading from AWS what checks decide on. One file for each thing that is looked at.

mod all;
mod definitions;
mod group;
mod images;
mod logs;
mod pipeline;
mod rights;
mod roles;
mod secrets;
mod service;
mod target_groups;

pub use all::facts;
