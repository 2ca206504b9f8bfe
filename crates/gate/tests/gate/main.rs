//! Tests of the gate.

mod builtin;
mod config;
mod plans;
mod policies;
mod starter;
mod support;
