//! Broken stack files: every folder under `tests/broken/` with the error a person gets.
//!
//! `SNAPSHOTS=overwrite` writes the errors anew.

use libtest_mimic::{Failed, Trial};
use snapbox::{Assert, Data};
use std::path::{Path, PathBuf};
use std::process::Command;
use wharf_testkit::emulator::repository;
use wharf_tests::{Result, Run, binary};

/// One test for each folder.
pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(repository().join("tests/broken"))? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    let trial = |folder: PathBuf| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(format!("broken::{name}"), move || {
            run(&folder).map_err(|error| Failed::from(error.to_string()))
        })
    };
    Ok(folders.into_iter().map(trial).collect())
}

fn run(folder: &Path) -> Result<()> {
    let mut command = Command::new(binary());
    command.args(["validate", "stack.yaml"]).current_dir(folder).env_clear();
    let run = Run::of(command.env("NO_COLOR", "1").env("COLUMNS", "100"))?;
    if run.code != 1 || !run.stdout.is_empty() {
        return Err(format!("validate ended with {}, and printed {:?}", run.code, run.stdout).into());
    }
    let expected = Data::read_from(&folder.join("error.txt"), None);
    Assert::new()
        .action_env("SNAPSHOTS")
        .try_eq(None, run.stderr.into(), expected)
        .map_err(|error| error.to_string().into())
}
