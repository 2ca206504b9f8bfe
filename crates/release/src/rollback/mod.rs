//! Going back to the version before.

mod candidates;
mod step;

pub use candidates::{Candidates, read};
pub use step::{Choice, Nothing, Past, Step, Wanted, description, step};
