//! The commands, one file each.

mod apply;
mod completions;
mod drift;
mod explain;
mod gate;
mod graph;
mod import;
mod output;
mod plan;
mod policy;
mod release;
mod schema;
mod show;
mod state;
mod statistics;
mod unlock;
mod validate;
mod verify;

use crate::args::{Args, Command};
use crate::error::CommandError;
use wharf_plan::Mode;

/// Runs the command; the process's exit code.
pub(crate) async fn run(args: Args) -> u8 {
    let result: Result<u8, CommandError> = match args.command {
        Command::Validate(args) => validate::run(&args),
        Command::Plan(args) => plan::run(&args).await,
        Command::Apply(args) => apply::run(&args.change, Mode::Apply, Some(args.release)).await,
        Command::Destroy(args) => apply::run(&args, Mode::Destroy, None).await,
        Command::Drift(args) => drift::run(&args).await,
        Command::Release(args) => release::run(&args).await,
        Command::Verify(args) => verify::run(&args).await,
        Command::Gate(args) => gate::run(&args),
        Command::Output(args) => output::run(&args).await,
        Command::Show(args) => show::run(&args).await,
        Command::State(args) => state::run(&args).await,
        Command::Import(args) => import::run(&args).await,
        Command::Unlock(args) => unlock::run(&args).await,
        Command::Graph(args) => graph::run(&args),
        Command::Schema => schema::run(),
        Command::Explain(args) => explain::run(&args),
        Command::Policy(args) => policy::run(&args).await,
        Command::Completions(args) => completions::run(&args),
    };
    result.unwrap_or_else(|error| {
        error.print();
        error.code
    })
}
