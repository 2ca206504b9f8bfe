//! The machine: folders, processes, and the only place here that prints.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// What a task fails with.
pub(crate) type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Prints a line to stdout.
pub(crate) fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    wharf_testkit::emulator::repository()
}

/// Cargo's target directory.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo in the root of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(cargo, arguments)
}

/// A command in the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command that must succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", shown(command)).into()) }
}

fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Builds wharf and returns the binary.
///
/// The whole workspace is built as the tests need it, so that the AWS SDK is built once, with one set of features.
pub(crate) fn wharf(release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--workspace", "--all-targets", "--quiet"];
    if release {
        arguments = vec!["build", "--release", "--quiet", "--package", "wharf-cli"];
    } else if !target().join("debug/wharf").exists() {
        say("building wharf (the AWS SDK takes about 8 minutes on 2 cores, once)...");
    }
    run(&mut cargo(&arguments))?;
    Ok(target().join(if release { "release/wharf" } else { "debug/wharf" }))
}
