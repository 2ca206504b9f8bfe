use super::crash;
use super::deployer::{Deployer, documents, statements, texts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use wharf_tests::{Result, Stage};

/// Picks the actions that are left out; any number does.
const SEED: usize = 20;

/// What a stack goes through: made, changed in place, destroyed.
const RUNS: &[&[&str]] = &[
    &["apply", "--auto-approve"],
    &["apply", "--auto-approve", "--var", "stage=two"],
    &["destroy", "--auto-approve", "--var", "stage=two"],
];

/// Of every second service one action that the runs ask for is taken away: then one of them fails, and names it.
pub(super) fn removed() -> Result<()> {
    let stage = crash()?;
    let policy = documents(&stage, "apply", &[])?;
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &policy)?;
    for run in RUNS {
        deployer.ok(&stage, run)?;
    }
    let asked = stage.emulator.get("/_wharf/access")?["allowed"].clone();
    let mut services: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in asked.as_object().into_iter().flat_map(|all| all.keys()) {
        let service = action.split(':').next().unwrap_or_default().to_owned();
        services.entry(service).or_default().push(action.clone());
    }
    assert!(services.len() > 10, "{services:?}");
    for actions in services.values().step_by(2) {
        let action = &actions[SEED % actions.len()];
        if !breaks(&stage, &policy, action)? {
            return Err(format!("without {action} everything works as well").into());
        }
    }
    Ok(())
}

fn breaks(stage: &Stage, policy: &[Value], action: &str) -> Result<bool> {
    stage.emulator.post("/_wharf/reset", &json!({}))?;
    let _ = fs::remove_dir_all(stage.folder().join(".wharf"));
    let deployer = Deployer::new(stage)?;
    let without: Vec<Value> = policy.iter().map(|document| without(document, action)).collect();
    deployer.may(stage, &without)?;
    for run in RUNS {
        let run = deployer.run(stage, run)?;
        if run.code != 0 {
            assert!(run.stderr.contains(action), "no word of {action}:\n{}", run.stderr);
            return Ok(true);
        }
    }
    Ok(false)
}

fn without(document: &Value, action: &str) -> Value {
    let mut left = Vec::new();
    for mut statement in statements(std::slice::from_ref(document)) {
        let actions: Vec<String> = texts(&statement["Action"]).into_iter().filter(|a| a != action).collect();
        if !actions.is_empty() {
            statement["Action"] = json!(actions);
            left.push(statement);
        }
    }
    json!({"Version": "2012-10-17", "Statement": left})
}
