use crate::host::{self, Result};

/// Formatting and clippy, with warnings as errors.
pub(crate) fn run() -> Result<()> {
    host::run(&mut host::cargo(&["fmt", "--all", "--check"]))?;
    host::run(&mut host::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}
