//! Rego policies, by conftest's conventions (<https://www.conftest.dev>), evaluated in process.

mod aliases;
mod load;
mod locate;
mod outcome;
mod policies;
mod results;
mod run;
mod trouble;

pub(crate) use outcome::judge;
pub use policies::{Namespaces, Policies, Text};
