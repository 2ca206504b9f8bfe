use crate::host::{self, Result};
use crate::python;
use wharf_testkit::emulator::PYTHON;

/// Runs all tests: what is generated, the emulator's own, then the workspace's.
pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    let python = python::ensure()?;
    host::wharf(false)?;
    if filter.is_none() {
        crate::generate::run(true)?;
        host::say("testing the emulator...");
        let arguments = ["-m", "pytest", "tests/emulator/tests", "-q", "-p", "no:cacheprovider"];
        host::run(&mut host::command(&python, &arguments))?;
    }
    host::say("testing the workspace...");
    let mut arguments = vec!["test", "--workspace", "--quiet"];
    arguments.extend(filter.map(|filter| ["--", filter]).into_iter().flatten());
    host::run(host::cargo(&arguments).env(PYTHON, &python))
}

/// Runs the whole crash matrix, of which the ordinary tests run a sample. It prints how far it is, and what came of it.
pub(crate) fn crash() -> Result<()> {
    let python = python::ensure()?;
    host::wharf(false)?;
    let arguments = ["test", "--workspace", "--quiet", "--test", "end_to_end", "--", "crash::"];
    host::run(host::cargo(&arguments).env(PYTHON, &python).env("WHARF_CRASH", "all"))
}
