//! What has to be true before anyone releases. `wharf verify`.
//!
//! [`look`] reads AWS into [`Facts`]. What they mean is decided without I/O, one check a file: [`findings`]. What the caller may
//! not read is a warning, never an error: it is not known to be wrong.

mod arn;
mod check;
mod facts;
mod finding;
#[cfg(test)]
mod fixtures;
mod image;
mod needs;
mod right;
mod secret;
mod subject;
mod trust;

pub mod look;

pub use check::findings;
pub use facts::Facts;
pub use finding::{Check, Finding, Outcome, Problem, worst};
pub use subject::Subject;
