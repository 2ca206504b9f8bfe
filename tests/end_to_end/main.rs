//! End-to-end tests: the real binary and the real SDK against the emulator. One binary for all of them.

mod broken;
mod commands;
mod conformance;
mod crash;
mod delegation;
mod drift;
mod ecs_blue_green;
mod failures;
mod gate;
mod held;
mod import;
mod judges;
mod layout;
mod minimal;
mod names;
mod policies;
mod policy;
mod recipes;
mod reference;
mod release;
mod release_status;
mod remote;
mod saved;
mod secrets;
mod state;
mod templates;
mod verify;
mod workflow;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use wharf_tests::{Case, Result};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = trials().unwrap_or_else(|error| {
        let failed = Failed::from(error.to_string());
        vec![Trial::test("the tests can be listed", move || Err(failed))]
    });
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials() -> Result<Vec<Trial>> {
    let mut trials = broken::trials()?;
    let modules = [
        ("layout", layout::TESTS),
        ("minimal", minimal::TESTS),
        ("names", names::TESTS),
        ("policy", policy::TESTS),
        ("commands", commands::TESTS),
        ("crash", crash::TESTS),
        ("drift", drift::TESTS),
        ("failures", failures::TESTS),
        ("delegation", delegation::TESTS),
        ("held", held::TESTS),
        ("ecs_blue_green", ecs_blue_green::TESTS),
        ("judges", judges::TESTS),
        ("recipes", recipes::TESTS),
        ("gate", gate::TESTS),
        ("policies", policies::TESTS),
        ("reference", reference::TESTS),
        ("release_status", release_status::TESTS),
        ("release_history", release::history::TESTS),
        ("crash::release", release::kills::TESTS),
        ("release_promote", release::promote::TESTS),
        ("release_push", release::push::TESTS),
        ("release_rollback", release::rollback::TESTS),
        ("release_rules", release::rules::TESTS),
        ("release_taken_back", release::taken_back::TESTS),
        ("saved", saved::TESTS),
        ("state", state::TESTS),
        ("templates", templates::TESTS),
        ("workflow", workflow::TESTS),
        ("verify", verify::TESTS),
        ("remote", remote::TESTS),
        ("secrets", secrets::TESTS),
        ("import", import::TESTS),
    ];
    for (module, tests) in modules {
        trials.extend(tests.iter().map(|(name, test)| trial(&format!("{module}::{name}"), *test)));
    }
    for case in Case::all()? {
        trials.push(Trial::test(format!("conformance::{}", case.name), move || {
            conformance::run(&case).map_err(|error| Failed::from(error.to_string()))
        }));
    }
    Ok(trials)
}

/// A test by its name.
type Test = (&'static str, fn() -> Result<()>);

fn trial(name: &str, test: fn() -> Result<()>) -> Trial {
    Trial::test(name, move || test().map_err(|error| Failed::from(error.to_string())))
}
