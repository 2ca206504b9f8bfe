//! Reading from AWS how a release stands. One file for each thing that is looked at.

mod all;
mod codedeploy;
mod service;
mod traffic;

pub use all::report;
