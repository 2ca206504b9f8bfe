//! Releases of a stack: who serves, what comes next, and how to get there. `wharf release`.
//!
//! A [`Target`] says what is released, as the state knows it; [`look`] reads AWS and makes a [`Report`] of it. What a report
//! means (why something failed, what happens next, what may be done) is decided without I/O.

mod cause;
mod changes;
mod deployments;
mod evidence;
#[cfg(test)]
mod fixtures;
mod goal;
mod next;
mod page;
mod phase;
mod pipeline;
mod report;
mod revision;
mod rights;
mod service_deployments;
mod serving;
mod shift;
mod target;
mod time;

pub mod appspec;
pub mod busy;
pub mod deploy;
pub mod history;
pub mod look;
pub mod probe;
pub mod promote;
pub mod push;
pub mod rollback;

pub use changes::changes;
pub use goal::{Goal, Verdict};
pub use page::Page;
pub use pipeline::{PipelineTarget, Project, Source, pipelines};
pub use report::{
    Cause, Deployment, DeploymentError, LifecycleEvent, Listener, OnTimeout, Phase, Pipeline, PipelineAction,
    PipelineStage, Report, Role, Share, TargetHealth, TaskSet,
};
pub use rights::{Known, Right, rights};
pub use target::{Controller, NoTarget, Target, choose, targets};
pub use time::{Time, span};
