//! The stack file: from YAML to a validated [`Stack`], and with inputs to an [`Expanded`] one, whose instances can be
//! evaluated against what is known about the world.
//!
//! ```text
//! text -> yaml -> sections -> references, graph -> Stack -> variables, for_each -> Expanded -> properties
//! ```
//!
//! Every mistake is collected as a `Diagnostic` with its place in the file. Nothing here does I/O but
//! [`StackDirectory`].

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]
#![expect(clippy::result_large_err, reason = "errors are rare, and end what they are found in")]

mod check;
mod configuration;
mod evaluation;
mod expand;
mod expanded;
mod exposed;
mod expression;
mod files;
mod functions;
mod graph;
mod inputs;
mod json_schema;
mod moved;
mod parse;
mod references;
mod scope;
mod sections;
mod settings;
mod stack;
mod types;
mod variables;
mod written;
mod yaml;

pub use configuration::configuration;
pub use evaluation::Evaluation;
pub use expanded::{Environment, Expanded, Instance, Lookup, NothingKnown};
pub use files::{Files, StackDirectory};
pub use inputs::{ENVIRONMENT_PREFIX, Inputs, VarFile};
pub use json_schema::json_schema;
pub use parse::parse;
pub use settings::{AwsSettings, StateSettings};
pub use stack::{IgnoreChanges, Lifecycle, Moved, Resource, Stack};
pub use types::Types;
