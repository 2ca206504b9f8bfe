use super::account::Account;
use super::matrix::WHICH;
use serde_json::{Value, json};
use wharf_tests::{Result, Stage};

const STACK: &str = "ecs-pipeline";

/// One apply gets through, the second plan is empty, and nothing is there twice.
fn through(rules: &Value) -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", STACK)?;
    stage.ok(&["apply", STACK, "--auto-approve"])?;
    let undisturbed = Account::of(&stage, STACK)?;
    stage.ok(&["destroy", STACK, "--auto-approve"])?;
    stage.emulator.rules(rules)?;
    stage.ok(&["apply", STACK, "--auto-approve"])?;
    let hits = stage.emulator.rule_hits()?;
    if hits.contains(&0) {
        return Err(format!("a fault never came: {hits:?}").into());
    }
    stage.emulator.rules(&json!([]))?;
    stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
    Ok(Account::of(&stage, STACK)?.compared_with(&undisturbed)?)
}

/// A fifth of all requests throttled takes minutes, because the SDK slows down as AWS asks; so all of it comes only with
/// the whole crash matrix.
pub(crate) fn through_faults() -> Result<()> {
    let mut throttle = json!({"kind": "throttle", "p": 0.2});
    if std::env::var_os(WHICH).is_none() {
        throttle["times"] = json!(6);
    }
    let errors = json!({"kind": "error_after", "p": 0.1});
    through(&json!([throttle, errors, {"kind": "drop_after", "p": 0.1}]))
}

pub(crate) fn through_lag() -> Result<()> {
    through(&json!([{"kind": "role_lag", "ms": 300}, {"kind": "stale", "ms": 300}]))
}
