//! Judges plans: built-in rules with a switch each, protected addresses, a blast radius, and Rego policies.
//!
//! Plans come in as Terraform's plan representation, wharf's or Terraform's own; a [`Verdict`] comes out. No I/O, no
//! async, nothing that prints. What cannot be judged is denied.

mod change;
mod config;
mod document;
mod judge;
mod pattern;
mod place;
mod rego;
mod rules;
mod subject;
mod switch;
mod verdict;
mod view;
mod weight;

pub use config::{Config, ConfigError};
pub use judge::{Rules, judge};
pub use place::Place;
pub use rego::{Namespaces, Policies, Text};
pub use subject::{NotAPlan, Subject};
pub use switch::{Switch, UnknownSwitch};
pub use verdict::{BlastRadius, Finding, Judged, Level, RuleInfo, Verdict, Weighed};
pub use weight::{BadWeight, DEFAULT_WEIGHTS, Weight};
