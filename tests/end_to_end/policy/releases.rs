use super::deployer::{Deployer, documents, statements, texts};
use crate::ecs_blue_green::pause;
use crate::failures::{APPLY, contains};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use wharf_tests::{Result, Run, Stage};

const STACK: &str = "ecs-pipeline";
const APP: &str = "ecs-pipeline/app";

/// Somebody who releases, or looks, and may do what is printed for that.
struct Releaser {
    stage: Stage,
    deployer: Deployer,
    /// `STACK`, where it is not that of the folder.
    stack: Option<&'static str>,
}

impl Releaser {
    fn may(&self, purpose: &str) -> Result<()> {
        let stack: Vec<&str> = self.stack.into_iter().collect();
        self.deployer.may(&self.stage, &documents(&self.stage, purpose, &stack)?)
    }

    fn arguments<'a>(&self, release: &[&'a str]) -> Vec<&'a str> {
        ["release"].into_iter().chain(release.iter().copied()).chain(self.stack).collect()
    }

    fn ok(&self, release: &[&str]) -> Result<Run> {
        self.deployer.ok(&self.stage, &self.arguments(release))
    }

    /// Runs what AWS has to deny, with the action that is missing.
    fn lacks(&self, release: &[&str], action: &str) -> Result<()> {
        let run = self.deployer.run(&self.stage, &self.arguments(release))?;
        assert_eq!(run.code, 1, "{}", run.all());
        contains(&run.stderr, &["AWS denies", action, "wharf policy"])
    }

    /// The screen, on which nothing is missing.
    fn sees(&self, what: &[&str]) -> Result<()> {
        let screen = self.ok(&["status"])?.stdout;
        assert!(!screen.contains("Not seen"), "{screen}");
        contains(&screen, what)
    }

    fn push(&self, text: &str, files: usize) -> Result<()> {
        for number in 0..files {
            self.stage.write(&format!("{APP}/page{number}.html"), text)?;
        }
        self.ok(&["push", APP]).map(drop)
    }

    fn fault(&self, fault: &Value) -> Result<()> {
        self.stage.emulator.post("/_wharf/deployments", &json!({"faults": [fault]}))?;
        Ok(())
    }

    /// What is printed for a purpose, and nothing has asked for.
    fn unused(&self, purpose: &str) -> Result<BTreeSet<String>> {
        let stack: Vec<&str> = self.stack.into_iter().collect();
        let printed = statements(&documents(&self.stage, purpose, &stack)?);
        let mut printed: BTreeSet<String> =
            printed.iter().flat_map(|statement| texts(&statement["Action"])).collect();
        let asked = self.stage.emulator.get("/_wharf/access")?["allowed"].clone();
        for action in asked.as_object().into_iter().flat_map(|all| all.keys()) {
            assert!(printed.remove(action), "{action} is not part of it");
        }
        Ok(printed)
    }
}

fn set(actions: &[&str]) -> BTreeSet<String> {
    actions.iter().map(|action| (*action).to_owned()).collect()
}

/// By CodeDeploy, with a pipeline: from a push to the traffic and back, with all that goes wrong on the way.
pub(super) fn by_codedeploy() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", STACK)?;
    let printed = |purpose: &str| documents(&stage, purpose, &[STACK]);
    let before = [printed("status")?, printed("release")?];
    stage.ok(&["apply", STACK, "--auto-approve"])?;
    assert_eq!([printed("status")?, printed("release")?], before, "the names are known beforehand");
    let deployer = Deployer::new(&stage)?;
    let releaser = Releaser { stage, deployer, stack: Some(STACK) };
    releaser.may("status")?;
    releaser.sees(&["there was no deployment yet"])?;
    releaser.ok(&["history"])?;
    releaser.lacks(&["push", APP], "codecommit:")?;
    releaser.may("release")?;
    releaser.push("one", 1)?;
    releaser.may("status")?;
    releaser.ok(&["wait", "--until", "ready"])?;
    releaser.sees(&["waits for `wharf release promote ecs-pipeline`"])?;
    releaser.lacks(&["promote"], "codedeploy:ContinueDeployment")?;
    releaser.lacks(&["rollback"], "codedeploy:StopDeployment")?;
    releaser.may("release")?;
    releaser.ok(&["promote", "--finish"])?;
    // More than CodeCommit takes at once.
    releaser.push("two", 150)?;
    releaser.ok(&["wait", "--until", "ready"])?;
    releaser.ok(&["rollback"])?;
    releaser.push("three", 1)?;
    releaser.ok(&["promote", "--finish"])?;
    releaser.ok(&["rollback"])?;
    releaser.ok(&["promote", "--finish"])?;
    for (fault, cause) in [
        (json!({"kind": "failing_build", "log": "no such base image"}), "no such base image"),
        (json!({"kind": "container_exits", "exit_code": "3", "log": "no such table"}), "no such table"),
    ] {
        releaser.fault(&fault)?;
        releaser.push(cause, 1)?;
        releaser.may("status")?;
        releaser.sees(&[cause])?;
        releaser.may("release")?;
    }
    releaser.ok(&["history"])?;
    // Where a listener has rules, an answer gets lost, and a first commit is more than one request takes.
    let rare =
        ["elasticloadbalancing:DescribeRules", "codecommit:GetCommit", "codecommit:UpdateDefaultBranch"];
    assert_eq!(releaser.unused("release")?, set(&rare));
    Ok(())
}

/// By ECS itself, behind rules.
pub(super) fn by_ecs() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/ecs-blue-green", ".")?;
    stage.ok(APPLY)?;
    pause(&stage, "POST_TEST_TRAFFIC_SHIFT")?;
    stage.ok(APPLY)?;
    let deployer = Deployer::new(&stage)?;
    let releaser = Releaser { stage, deployer, stack: None };
    let mut minutes = 0;
    for (from, to, stopped) in [("2.4", "2.5", true), ("2.5", "2.6", false)] {
        releaser.stage.edit("stack.yaml", &format!("httpd:{from}"), &format!("httpd:{to}"))?;
        releaser.stage.ok(APPLY)?;
        releaser.may("status")?;
        releaser.sees(&["waits for `wharf release promote`"])?;
        releaser.lacks(&["promote"], "ecs:ContinueServiceDeployment")?;
        releaser.may("release")?;
        if stopped {
            releaser.ok(&["rollback"])?;
            continue;
        }
        releaser.ok(&["promote"])?;
        minutes += 6;
        releaser.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": minutes * 60_000}))?;
        releaser.may("status")?;
        releaser.ok(&["wait", "--until", "done"])?;
        releaser.ok(&["history"])?;
        releaser.lacks(&["rollback"], "ecs:UpdateService")?;
        releaser.may("release")?;
        releaser.ok(&["rollback"])?;
    }
    assert_eq!(releaser.unused("release")?, set(&[]));
    Ok(())
}

/// Where there is nothing to release, nothing is printed for it.
pub(super) fn nothing(stage: &Stage) -> Result<()> {
    let refused = stage.exits(&["policy", "--for", "release"], 1)?;
    contains(&refused.stderr, &["the stack has nothing to release", "no deployment group"])
}
