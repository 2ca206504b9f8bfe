//! Python's virtual environments, made once under the target directory.

use crate::host::{self, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use wharf_testkit::emulator::repository;
use wharf_testkit::python::Environment;

/// The interpreter with everything in an environment's `requirements.txt`; installs it if that changed.
pub(crate) fn ensure(of: Environment) -> Result<PathBuf> {
    if let Some(python) = std::env::var_os(of.variable) {
        return Ok(python.into());
    }
    let requirements = repository().join(of.requirements).join("requirements.txt");
    let digest = Sha256::digest(fs::read(&requirements)?);
    let digest = format!("{digest:x?}");
    let environment = of.place(&host::target());
    let python = environment.join("bin/python");
    let marker = environment.join("requirements.sha256");
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|installed| installed == digest) {
        return Ok(python);
    }
    host::say(&format!("installing {} into a virtual environment...", of.what));
    fs::create_dir_all(host::target())?;
    let environment_path = environment.to_string_lossy();
    host::run(&mut host::command("python3", &["-m", "venv", "--clear", &environment_path])).map_err(|error| {
        format!("{error}; Python 3.11 or newer with its venv module is needed (on Debian: apt install python3-venv)")
    })?;
    let requirements = requirements.to_string_lossy();
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
        &requirements,
    ];
    host::run(&mut host::command(&python, &install))?;
    fs::write(marker, digest)?;
    Ok(python)
}
