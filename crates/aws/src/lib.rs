//! The AWS resource types: clients, what their errors mean, and one file per type under `resources/`.
//!
//! Knows `wharf-core` and `wharf-provider`, and nothing of stacks, plans or states.

mod arn;
mod clients;
mod denied;
mod errors;
mod naming;
mod ordering;
mod pages;
pub mod policy;
mod provider;
mod resources;
mod statistics;

pub use clients::{Clients, Settings};
pub use denied::{Denied, Reason};
pub use errors::Named;
pub use provider::Aws;
pub use statistics::Statistics;
