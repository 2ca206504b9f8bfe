//! The emulator's virtual environment, made once under the target directory.

use crate::host::{self, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use wharf_testkit::emulator::{PYTHON, folder, virtual_environment};

/// The interpreter with everything in `requirements.txt`; installs it if that changed.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(python) = std::env::var_os(PYTHON) {
        return Ok(python.into());
    }
    let requirements = folder().join("requirements.txt");
    let digest = Sha256::digest(fs::read(&requirements)?);
    let digest = format!("{digest:x?}");
    let environment = virtual_environment(&host::target());
    let python = environment.join("bin/python");
    let marker = environment.join("requirements.sha256");
    if python.exists() && fs::read_to_string(&marker).is_ok_and(|installed| installed == digest) {
        return Ok(python);
    }
    host::say("installing the AWS emulator (moto) into a virtual environment...");
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
