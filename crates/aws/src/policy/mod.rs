//! The IAM policies that whoever plans or applies a stack needs: pure, from what is known of the stack's objects.

mod document;
mod functions;
mod grants;
mod pattern;
mod place;
mod state;
mod subject;
mod template;
mod unrestricted;

pub use document::{LIMIT, documents};
pub use grants::{Grant, Grants, Needs, Purpose, grants};
pub use place::Place;
pub use state::{StatePlace, assume_role, state};
pub use subject::{Subject, foreseen};
