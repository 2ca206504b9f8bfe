//! Pure: stack + state + live -> plan. No I/O, no async; everything is tested as data.
//!
//! The plan decides everything an apply does; the engine obeys it.

mod bind;
mod build;
mod canonical;
mod check;
mod declared;
mod delegation;
mod desired;
mod diff;
mod drift;
mod graph;
mod hold;
mod ignore;
mod in_force;
mod kept;
mod kept_drift;
mod lifecycle;
mod marks;
mod merge;
mod moved;
mod operations;
mod ordering;
mod plan_file;
mod replace_order;
mod route;
mod targets;
mod template;
mod waves;

mod model;

pub use bind::bind;
pub use build::{Inputs, Observed, Seen, plan};
pub use canonical::{canonical, canonical_json};
pub use check::check;
pub use declared::{Declared, declared};
pub use delegation::{Controller, Delegated, remember_delegations};
pub use desired::{Resolved, resolve, values_after};
pub use diff::{Difference, differences};
pub use drift::{Drift, MovedProperty, drift};
pub use graph::Graph;
pub use hold::{Held, HeldBack, Until};
pub use ignore::keep_ignored;
pub use in_force::{Inherited, Successor, successors};
pub use merge::{conceal, contradiction, overlay};
pub use model::{Change, Counts, Kind, Mode, Operation, OutputChange, Plan, Reason};
pub use moved::{apply_moves, depose_other_types, move_address};
pub use plan_file::{Basis, NoPlan, PLAN_FORMAT, PlanFile, Variable};
pub use route::Route;
