use super::{StackArgs, duration};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use wharf_core::Address;

#[derive(Debug, Subcommand)]
pub(crate) enum Release {
    /// Commit a folder to the branch that the stack's pipeline builds
    Push(ReleasePush),
    /// Show on one screen how a release stands, and why it failed if it did
    Status(ReleaseStatus),
    /// Let the new version take over the traffic
    Promote(ReleasePromote),
    /// Go back to the version before
    Rollback(ReleaseRollback),
    /// Wait until a deployment has come so far
    Wait(ReleaseWait),
    /// List the deployments
    History(ReleaseHistory),
}

/// Which of a stack's services.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct TargetArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Which deployment group, service or pipeline, where the stack has several
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) service: Option<Address>,
}

/// What to do about a deployment that is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenBusy {
    /// Wait until it has ended
    Wait,
    /// Stop it, and send the traffic back to where it was
    Stop,
    /// Change nothing, and exit with 4
    Fail,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleasePush {
    /// The folder of the application: the branch has what is in it afterwards
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The commit's message
    #[arg(short, long)]
    pub(crate) message: Option<String>,
    /// What to do about a deployment that is active
    #[arg(long, value_enum, default_value = "fail")]
    pub(crate) when_busy: WhenBusy,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleaseStatus {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Look again until the deployment has ended
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleasePromote {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Also if the new version is not healthy, or does not answer
    #[arg(long)]
    pub(crate) force: bool,
    /// Stop the tasks of the version before at once instead of after the wait
    #[arg(long)]
    pub(crate) finish: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleaseRollback {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The task definition to go back to, instead of the last good one: `family:revision`, or its revision
    #[arg(long, value_name = "REVISION")]
    pub(crate) to: Option<String>,
    /// What to do about a deployment that is active
    #[arg(long, value_enum, default_value = "stop")]
    pub(crate) when_busy: WhenBusy,
}

/// How far a deployment has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Until {
    /// It waits to be promoted, or is further
    Ready,
    /// Production traffic has moved
    Rerouted,
    /// It has succeeded, and the tasks of the version before are gone
    Done,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleaseWait {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// How far
    #[arg(long, value_enum)]
    pub(crate) until: Until,
    /// How long to wait: `30m`, `2h`
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "2h")]
    pub(crate) timeout: Duration,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReleaseHistory {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// How many to list, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
