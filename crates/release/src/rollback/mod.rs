//! Going back to the version before.

mod candidates;
mod of_ecs;
mod step;

pub use candidates::{Candidates, read};
pub use step::{Choice, Nothing, Past, Step, Wanted, description, step};
