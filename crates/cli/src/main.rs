//! The binary `wharf`.

mod args;
mod commands;
mod error;
mod files;
mod lock;
mod recovery;
mod render;
mod saved;
mod secret;
mod session;
mod signals;
mod terminal;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return terminal::usage(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal::fatal(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(commands::run(args));
    // Nothing that still runs (a lock file, a connection) is worth waiting for now.
    runtime.shutdown_background();
    ExitCode::from(code)
}
