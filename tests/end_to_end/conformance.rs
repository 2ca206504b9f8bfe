//! The suite that every resource type passes. Its cases are folders under `tests/conformance/`.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use wharf_tests::{Case, Result, Stage, filled_text};

const STACK: &str = "stack.yaml";

pub(crate) fn run(case: &Case) -> Result<()> {
    let create = case.stack("create.yaml").ok_or("there is no create.yaml")?;
    let stage = Stage::new()?;
    let suite = Suite { stage, case, create };
    suite.created()?;
    suite.imported()?;
    suite.changed_behind_wharfs_back()?;
    suite.updated()?;
    suite.replaced()?;
    suite.removed_behind_wharfs_back()?;
    suite.destroyed()?;
    suite.killed()?;
    suite.destroyed()
}

struct Suite<'a> {
    stage: Stage,
    case: &'a Case,
    create: String,
}

impl Suite<'_> {
    fn apply(&self, step: &str, text: &str) -> Result<Value> {
        self.stage.write(STACK, text)?;
        let context = |error| format!("{step}: {error}");
        self.stage.ok(&["apply", "--auto-approve"]).map_err(context)?;
        self.settled(step)?;
        self.stage.state(STACK)
    }

    /// Plan after apply is empty, and nothing counts as drift.
    fn settled(&self, step: &str) -> Result<()> {
        let again = self.stage.exits(&["plan", "--detailed-exitcode"], 0);
        again.map_err(|error| format!("{step}: the plan after the apply is not empty: {error}"))?;
        let drift = self.stage.exits(&["drift"], 0);
        drift.map(drop).map_err(|error| format!("{step}: drift right after the apply: {error}").into())
    }

    fn created(&self) -> Result<()> {
        let state = self.apply("create", &self.create)?;
        self.stage.verify(&self.case.checks.verify, &state).map_err(|error| format!("verify: {error}").into())
    }

    /// Forgotten and imported again, the plan is empty but for what AWS does not tell.
    fn imported(&self) -> Result<()> {
        if self.case.checks.skip.contains_key("import") {
            return Ok(());
        }
        let state = self.stage.state(STACK)?;
        let before = subject_id(&state)?;
        let id = self.case.checks.import.as_deref().unwrap_or("${id}");
        let id = filled_text(id, &state)?;
        self.stage.ok(&["state", "rm", "subject"])?;
        self.stage.ok(&["import", "subject", &id]).map_err(|error| format!("import {id}: {error}"))?;
        // What AWS does not tell shows as `+ name = (none) -> ...`.
        let plan = self.stage.ok(&["plan"])?.stdout;
        let is_told = |line: &&str| {
            let line = line.trim_start();
            line.starts_with("-/+ ")
                || line.starts_with("- ")
                || line.starts_with("~ ") && !line.contains(" {  #")
        };
        if plan.lines().any(|line| is_told(&line)) {
            return Err(format!("import {id}: the plan is not empty:\n{plan}").into());
        }
        self.apply("import", &self.create)?;
        let after = subject_id(&self.stage.state(STACK)?)?;
        if before == after {
            Ok(())
        } else {
            Err(format!("import {id}: the id was {before} and is {after}").into())
        }
    }

    fn changed_behind_wharfs_back(&self) -> Result<()> {
        if self.case.checks.skip.contains_key("drift") {
            return Ok(());
        }
        if self.case.checks.drift.is_empty() {
            return Err("case.yaml has no `drift`, and no reason to skip it".into());
        }
        let state = self.stage.state(STACK)?;
        self.stage.call(&self.case.checks.drift, &state)?;
        let seen = self.stage.exits(&["plan", "--detailed-exitcode"], 2);
        seen.map_err(|error| format!("drift is not seen: {error}"))?;
        let state = self.apply("drift", &self.create)?;
        self.stage
            .verify(&self.case.checks.verify, &state)
            .map_err(|error| format!("verify after drift: {error}").into())
    }

    fn updated(&self) -> Result<()> {
        let Some(update) = self.case.stack("update.yaml") else { return Ok(()) };
        let before = subject_id(&self.stage.state(STACK)?)?;
        self.stage.write(STACK, &update)?;
        let planned = self.stage.exits(&["plan", "--detailed-exitcode"], 2)?;
        let after = subject_id(&self.apply("update", &update)?)?;
        if before == after {
            Ok(())
        } else {
            Err(format!("update: the id changed from {before} to {after}\n{}", planned.stdout).into())
        }
    }

    fn replaced(&self) -> Result<()> {
        let Some(replace) = self.case.stack("replace.yaml") else { return Ok(()) };
        self.apply("back to create", &self.create)?;
        let before = subject_id(&self.stage.state(STACK)?)?;
        let after = subject_id(&self.apply("replace", &replace)?)?;
        if before == after {
            return Err(format!("replace: the id is still {before}").into());
        }
        self.apply("back to create", &self.create).map(drop)
    }

    fn removed_behind_wharfs_back(&self) -> Result<()> {
        if self.case.checks.skip.contains_key("remove") {
            return Ok(());
        }
        if self.case.checks.remove.is_empty() {
            return Err("case.yaml has no `remove`, and no reason to skip it".into());
        }
        let state = self.stage.state(STACK)?;
        self.stage.call(&self.case.checks.remove, &state)?;
        let seen = self.stage.exits(&["plan", "--detailed-exitcode"], 2);
        seen.map_err(|error| format!("the removal is not seen: {error}"))?;
        self.apply("remove", &self.create).map(drop)
    }

    fn destroyed(&self) -> Result<()> {
        self.stage.ok(&["destroy", "--auto-approve"]).map_err(|error| format!("destroy: {error}"))?;
        let left = self.stage.objects()?;
        if !left.is_empty() {
            return Err(format!("destroy: left in the account: {left:?}").into());
        }
        self.stage.ok(&["destroy", "--auto-approve"]).map_err(|error| format!("destroy again: {error}"))?;
        Ok(())
    }

    /// Killed between a create that took effect and its record: the next run finds the object and makes no second one.
    fn killed(&self) -> Result<()> {
        let state = self.apply("create before the kill", &self.create)?;
        let all = kinds(&self.stage.objects()?);
        self.without_subject(&state)?;
        // Which request creates the subject is what a run that makes only the subject shows.
        self.stage.emulator.post("/_wharf/counters/reset", &json!({}))?;
        let target = ["apply", "--auto-approve", "--target", "subject"];
        self.stage.ok(&target)?;
        let Some(request) = first_change(&self.stage.emulator.get("/_wharf/log")?) else {
            return Err("no request of the apply changed anything".into());
        };
        self.without_subject(&state)?;
        self.stage.emulator.rules(&json!([{"match": request, "kind": "hold_after", "times": 1}]))?;
        let killed = self.stage.start(&target)?;
        self.stage.until(&format!("{request} is held"), || {
            Ok(self.stage.emulator.rule_hits()?.first() == Some(&1))
        })?;
        killed.kill()?;
        self.stage.emulator.rules(&json!([]))?;
        self.stage.emulator.post("/_wharf/release", &json!({}))?;
        self.apply(&format!("after the kill at {request}"), &self.create)?;
        let now = kinds(&self.stage.objects()?);
        if now == all {
            Ok(())
        } else {
            Err(format!("killed at {request}: {now:?} in the account, {all:?} without the kill").into())
        }
    }

    /// Destroys the subject and what depends on it.
    fn without_subject(&self, state: &Value) -> Result<()> {
        let _ = subject_id(state)?;
        self.stage.ok(&["destroy", "--auto-approve", "--target", "subject"]).map(drop)
    }
}

fn subject_id(state: &Value) -> Result<String> {
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let subject = resources.iter().find(|resource| resource["address"] == "subject");
    let id = subject.and_then(|subject| subject["id"].as_str()).ok_or("the state has no `subject`")?;
    Ok(id.to_owned())
}

/// How many objects of each type.
fn kinds(objects: &[String]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for object in objects {
        let kind = object.split_whitespace().next().unwrap_or_default();
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    kinds
}

/// The first operation of a log that is no look-up.
fn first_change(log: &Value) -> Option<String> {
    let entries = log.as_array().cloned().or_else(|| log["log"].as_array().cloned()).unwrap_or_default();
    let looks = ["Describe", "Get", "List", "Head", "BatchGet", "Lookup"];
    let operations = entries.iter().filter_map(|entry| entry["operation"].as_str());
    operations
        .filter(|operation| {
            operation.split_once(':').is_some_and(|(_, name)| !looks.iter().any(|l| name.starts_with(l)))
        })
        .map(str::to_owned)
        .next()
}
