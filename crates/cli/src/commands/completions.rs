use crate::args::{Args, Completions};
use crate::error::CommandError;
use crate::terminal;
use clap::CommandFactory;

/// Prints a completion script.
#[expect(clippy::unnecessary_wraps, reason = "all commands have one shape")]
pub(crate) fn run(args: &Completions) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "wharf", &mut script);
    terminal::out(String::from_utf8_lossy(&script).trim_end());
    Ok(0)
}
