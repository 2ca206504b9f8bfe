//! End-to-end tests: the real binary and the real SDK against the emulator. One binary for all of them.

mod conformance;
mod minimal;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use wharf_tests::{Case, Result};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = match Case::all() {
        Ok(cases) => cases,
        Err(error) => {
            let trial = Trial::test("conformance", move || Err(Failed::from(error.to_string())));
            return libtest_mimic::run(&arguments, vec![trial]).exit_code();
        }
    };
    let mut trials: Vec<Trial> = Vec::new();
    for (name, test) in minimal::TESTS {
        trials.push(trial(&format!("minimal::{name}"), test));
    }
    for case in cases {
        trials.push(Trial::test(format!("conformance::{}", case.name), move || {
            conformance::run(&case).map_err(|error| Failed::from(error.to_string()))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test by its name.
type Test = (&'static str, fn() -> Result<()>);

fn trial(name: &str, test: &'static fn() -> Result<()>) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(error.to_string())))
}
