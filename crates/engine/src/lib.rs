//! Async: reads what is there, carries out plans, remembers what came of it.
//!
//! The engine decides nothing that the plan could decide, and never prints: it emits [`Event`]s, and whoever wants to
//! show progress reads them.

mod apply;
mod asked;
mod dispatcher;
mod drift;
mod events;
mod executor;
mod import;
mod in_the_way;
mod prepare;
mod recover;
mod refresh;
mod retry;
mod writer;

pub use apply::{Failed, Options, Outcome, Skipped, apply};
pub use asked::asked_for;
pub use drift::look_for_drift;
pub use events::{Event, Reporter, Silent};
pub use import::{Import, import, import_id};
pub use in_the_way::InTheWay;
pub use prepare::{Context, Failure, Prepared, prepare};
pub use recover::Recovered;
pub use refresh::refresh;
pub use retry::{Pace, Stop};
