use crate::host::{self, Result};
use crate::python;
use wharf_testkit::python::{EMULATOR, TOOLS};

/// How many random histories of the engine there are with the crash matrix.
const HISTORIES: &str = "10000";

/// Runs all tests: what is generated, the emulator's own, then the workspace's.
pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    let python = python::ensure(EMULATOR)?;
    let tools = python::ensure(TOOLS)?;
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
    host::run(host::cargo(&arguments).env(EMULATOR.variable, &python).env(TOOLS.variable, &tools))
}

/// Runs the whole crash matrix and ten thousand random histories, of which the ordinary tests run a sample each. They
/// print how far they are, and what came of it.
pub(crate) fn crash() -> Result<()> {
    let python = python::ensure(EMULATOR)?;
    host::wharf(false)?;
    host::say(&format!("{HISTORIES} random histories on a cloud in memory..."));
    let histories = ["test", "--workspace", "--quiet", "--test", "engine", "--", "random::whatever_happens"];
    host::run(host::cargo(&histories).env("WHARF_HISTORIES", HISTORIES))?;
    host::say("killing wharf at every boundary of every request...");
    let matrix = ["test", "--workspace", "--quiet", "--test", "end_to_end", "--", "crash::"];
    host::run(host::cargo(&matrix).env(EMULATOR.variable, &python).env("WHARF_CRASH", "all"))
}
