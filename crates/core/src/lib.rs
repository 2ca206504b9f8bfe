//! The words every other crate of wharf shares: addresses, values, schemas, references, diagnostics, actions.
//!
//! No I/O, no async, nothing that prints.

mod action;
mod address;
mod diagnostic;
mod path;
mod reference;
mod schema;
mod suggest;
mod value;

pub use action::Action;
pub use address::{Address, AddressError};
pub use diagnostic::{Diagnostic, Diagnostics, Severity, SourceId, Sources, Span};
pub use path::{PropertyPath, Segment};
pub use reference::Reference;
pub use schema::{Field, Schema, Type};
pub use suggest::suggest;
pub use value::{Map, Number, Unknown, Value};
