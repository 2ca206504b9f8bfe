//! Reading from AWS how a release stands. One file for each thing that is looked at.

mod all;
mod builds;
mod codedeploy;
mod ecs;
mod logs;
mod memory;
mod pipeline;
mod service;
mod tasks;
mod traffic;
mod why;

pub use all::{report, report_of};
pub use memory::Memory;
