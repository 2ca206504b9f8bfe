//! `cargo xtask demo | test | lint | generate | bench | emulator`: what a developer runs, and what CI runs.

mod bench;
mod demo;
mod generate;
mod host;
mod lint;
mod python;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What a developer of wharf runs")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run wharf's main job on the reference stack, against the emulator
    Demo {
        /// Leave the emulator and the stack there, and print the environment to use them
        #[arg(long)]
        keep: bool,
    },
    /// Run all tests; installs what they need
    Test {
        /// Only tests whose name contains this
        filter: Option<String>,
        /// Kill wharf at every boundary of every request instead, with the state in a file and in S3 (two hours on 2
        /// cores), fail more of them, and run ten thousand random histories
        #[arg(long, conflicts_with = "filter")]
        crash: bool,
    },
    /// Check formatting and lints
    Lint,
    /// Write what is generated: CLI reference, JSON schema, resource reference
    Generate {
        /// Write nothing; fail if something would change
        #[arg(long)]
        check: bool,
    },
    /// Print figures: requests, wall time, memory
    Bench,
    /// Run the emulator alone, in the foreground
    Emulator {
        /// The port; a free one if left out
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Demo { keep } => demo::run(keep),
        Command::Test { crash: true, .. } => test::crash(),
        Command::Test { filter, .. } => test::run(filter.as_deref()),
        Command::Lint => lint::run(),
        Command::Generate { check } => generate::run(check),
        Command::Bench => bench::run(),
        Command::Emulator { port } => demo::emulator(port),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            host::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
