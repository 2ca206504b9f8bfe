//! Python environments under the target directory, with what others have written for the tests.

use crate::emulator::repository;
use std::io;
use std::path::{Path, PathBuf};

/// A virtual environment with the packages of a `requirements.txt`.
#[derive(Debug, Clone, Copy)]
pub struct Environment {
    /// What it has, for people.
    pub what: &'static str,
    /// Its folder under the target directory.
    pub folder: &'static str,
    /// Where its `requirements.txt` is, from the root of the repository.
    pub requirements: &'static str,
    /// The environment variable that names another interpreter.
    pub variable: &'static str,
}

/// The AWS emulator, and boto3 as an independent reader.
pub const EMULATOR: Environment = Environment {
    what: "the AWS emulator (moto)",
    folder: "emulator-venv",
    requirements: "tests/emulator",
    variable: "WHARF_EMULATOR_PYTHON",
};

/// Tools made for Terraform that judge plans.
pub const TOOLS: Environment = Environment {
    what: "tools that judge plans and recipes (checkov, a Rego interpreter, schemas)",
    folder: "tools-venv",
    requirements: "tests/tools",
    variable: "WHARF_TOOLS_PYTHON",
};

impl Environment {
    /// Its place in a target directory.
    pub fn place(&self, target: &Path) -> PathBuf {
        target.join(self.folder)
    }

    /// Its interpreter.
    ///
    /// # Errors
    ///
    /// It is not installed yet.
    pub fn python(&self) -> io::Result<PathBuf> {
        if let Some(python) = std::env::var_os(self.variable) {
            return Ok(python.into());
        }
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
        let python = self.place(&target).join("bin/python");
        if python.exists() {
            return Ok(python);
        }
        let message = format!("{} is not installed; `cargo xtask test` installs it", self.what);
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }
}
