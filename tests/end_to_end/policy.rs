//! `wharf policy`: what it prints is enough for a deployer, and not more than that.

mod denials;
pub(crate) mod deployer;
mod reference;
mod releases;
mod superfluous;

use crate::Test;
use crate::failures::{APPLY, contains, minimal};
use deployer::{Deployer, documents, printed};
use serde_json::{Value, json};
use std::fs;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("a deployer makes, changes, replaces and destroys one of every type", every_type),
    ("the policy from before the first apply is enough for all that comes", from_the_beginning),
    ("ECS's own deployments need nobody else's rights", deployed_by_ecs),
    ("whoever may plan may not apply", plan_only),
    ("whoever releases what CodeDeploy deploys needs no more than that", releases::by_codedeploy),
    ("whoever releases what ECS deploys needs no more than that", releases::by_ecs),
    ("a state in S3 is part of the policy", state_in_s3),
    ("removing any one action breaks a run", superfluous::removed),
    ("every action takes the resources and conditions that it has", reference::known),
    ("it is printed without credentials, and the same every time", offline),
    ("whoever takes on a role needs less than the role", assumed_role),
    ("a denial says what is missing, on what, and why", denials::told),
    ("an encoded denial is decoded for whoever may", denials::decoded),
];

/// The stack file of the crash matrix, which has every type.
pub(super) fn crash() -> Result<Stage> {
    let stage = Stage::new()?;
    stage.copy("tests/crash/stack.yaml", "stack.yaml")?;
    Ok(stage)
}

fn every_type() -> Result<()> {
    let stage = crash()?;
    let deployer = Deployer::new(&stage)?;
    for (command, what, generation) in
        [("apply", "one", "one"), ("apply", "two", "one"), ("apply", "two", "two"), ("destroy", "two", "two")]
    {
        let variables = [&format!("stage={what}"), &format!("generation={generation}")];
        let inputs = ["--var", variables[0], "--var", variables[1]];
        deployer.may(&stage, &documents(&stage, "apply", &inputs)?)?;
        deployer.ok(&stage, &[&[command, "--auto-approve"][..], &inputs].concat())?;
        if command == "apply" {
            deployer.may(&stage, &documents(&stage, "plan", &inputs)?)?;
            deployer.ok(&stage, &[&["plan", "--detailed-exitcode"][..], &inputs].concat())?;
        }
    }
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}

fn from_the_beginning() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", "stack")?;
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &documents(&stage, "apply", &["stack"])?)?;
    deployer.ok(&stage, &["apply", "stack", "--auto-approve"])?;
    deployer.ok(&stage, &["plan", "stack", "--detailed-exitcode"])?;
    let narrowed = documents(&stage, "apply", &["stack"])?;
    let lineage = stage.state("stack")?["lineage"].clone();
    assert!(json!(narrowed).to_string().contains(&format!("\"aws:ResourceTag/wharf:lineage\":{lineage}")));
    deployer.ok(&stage, &["apply", "stack", "--auto-approve", "--var", "desired_count=3"])?;
    deployer.may(&stage, &narrowed)?;
    deployer.ok(&stage, &["destroy", "stack", "--auto-approve"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}

fn deployed_by_ecs() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/ecs-blue-green", ".")?;
    let steady = ["--var", "steady=true", "--var", "bake=0"];
    let image = [&steady[..], &["--var", "image=httpd:2.5"]].concat();
    let deployer = Deployer::new(&stage)?;
    for inputs in [&steady[..], &image] {
        deployer.may(&stage, &documents(&stage, "apply", inputs)?)?;
        deployer.ok(&stage, &[&["apply", "--auto-approve"][..], inputs].concat())?;
        deployer.may(&stage, &documents(&stage, "plan", inputs)?)?;
        let plan = deployer.ok(&stage, &[&["plan", "--detailed-exitcode"][..], inputs].concat())?;
        contains(&plan.stdout, &["service: traffic: "])?;
    }
    // What is asked only when a deployment went back.
    stage.emulator.post(
        "/_wharf/deployments",
        &json!({"faults": [{"kind": "failing_hook", "hook": "POST_TEST_TRAFFIC_SHIFT"}]}),
    )?;
    deployer.may(&stage, &documents(&stage, "apply", &steady)?)?;
    let run = deployer.run(&stage, &[&["apply", "--auto-approve"][..], &steady].concat())?;
    assert_eq!(run.code, 1, "{}", run.all());
    contains(&run.all(), &["POST_TEST_TRAFFIC_SHIFT"])?;
    deployer.ok(&stage, &["destroy", "--auto-approve"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}

fn plan_only() -> Result<()> {
    let stage = minimal()?;
    releases::nothing(&stage)?;
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &documents(&stage, "plan", &[])?)?;
    contains(&deployer.ok(&stage, &["plan"])?.stdout, &["3 to add"])?;
    let run = deployer.run(&stage, APPLY)?;
    assert_eq!(run.code, 1, "{}", run.all());
    contains(&run.stderr, &["`vpc`", "ec2:CreateVpc", "wharf policy"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    stage.ok(APPLY)?;
    let objects = stage.objects()?;
    deployer.may(&stage, &documents(&stage, "plan", &[])?)?;
    deployer.ok(&stage, &["plan", "--detailed-exitcode"])?;
    let run = deployer.run(&stage, &["destroy", "--auto-approve"])?;
    assert_eq!(run.code, 1, "{}", run.all());
    assert_eq!(stage.objects()?, objects);
    Ok(())
}

fn state_in_s3() -> Result<()> {
    let stage = minimal()?;
    let path = stage.folder().join("stack.yaml");
    let text = fs::read_to_string(&path)?;
    let mut reader = stage.reader()?;
    let key = reader.call("kms", "create_key", &json!({}), Some("KeyMetadata.Arn"))?;
    let state = format!("state: {{s3: {{bucket: acme-states, key: team/minimal.json, kms_key_id: {key}}}}}");
    fs::write(path, text.replace("\nresources:", &format!("\n{state}\n\nresources:")))?;
    stage.ok(&["state", "init"])?;
    let mut states = || {
        let listed = json!({"Bucket": "acme-states"});
        reader.call("s3", "list_objects_v2", &listed, Some("Contents[].Key"))
    };
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &documents(&stage, "plan", &[])?)?;
    deployer.ok(&stage, &["plan"])?;
    contains(&deployer.run(&stage, APPLY)?.stderr, &["AWS denies `s3:PutObject`", "minimal.json.lock"])?;
    assert_eq!(states()?, Value::Null);
    deployer.may(&stage, &documents(&stage, "apply", &[])?)?;
    deployer.ok(&stage, APPLY)?;
    assert_eq!(states()?, json!(["team/minimal.json"]));
    deployer.may(&stage, &documents(&stage, "plan", &[])?)?;
    deployer.ok(&stage, &["plan", "--detailed-exitcode"])?;
    deployer.may(&stage, &documents(&stage, "apply", &[])?)?;
    deployer.ok(&stage, &["destroy", "--auto-approve"])?;
    Ok(())
}

fn offline() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", "stack")?;
    let without = |more: &[&str]| -> Result<Run> {
        let mut command = stage.command(&[&["policy", "stack"][..], more].concat());
        Run::of(command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY"))
    };
    let run = without(&[])?;
    assert_eq!(run.code, 0, "{}", run.stderr);
    contains(&run.stderr, &["the account is not known", "there is no state yet"])?;
    contains(
        &run.stdout,
        &["arn:aws:iam::*:role/ecs-pipeline-build\"", "arn:aws:s3:::ecs-pipeline-artifacts-*-eu-central-1\""],
    )?;
    let named = without(&["--account", "123456789012"])?;
    let with = stage.ok(&["policy", "stack"])?;
    assert_eq!(named.stdout, with.stdout);
    let policies: Value = serde_json::from_str(&with.stdout)?;
    assert_eq!(
        policies.as_object().map(|all| all.keys().cloned().collect()),
        Some(["plan", "apply", "status", "release"].map(str::to_owned).to_vec())
    );
    assert_eq!(policies["apply"], printed(&stage, &["policy", "stack", "--for", "apply"])?);
    for document in documents(&stage, "apply", &["stack"])? {
        assert!(document.to_string().chars().count() <= 6144);
    }
    contains(&without(&["--account", "12"])?.stderr, &["twelve digits"])?;
    contains(&stage.exits(&["policy", "stack", "--for", "apply-caller"], 1)?.stderr, &["aws.assume_role"])
}

fn assumed_role() -> Result<()> {
    let stage = minimal()?;
    let path = stage.folder().join("stack.yaml");
    let text = fs::read_to_string(&path)?;
    let role = "arn:aws:iam::210987654321:role/deploy";
    let text = text.replace("aws:\n", &format!("aws:\n  assume_role: {role}\n"));
    let state = "state: {s3: {bucket: acme-states, key: minimal.json}}";
    fs::write(path, text.replace("\nresources:", &format!("\n{state}\n\nresources:")))?;
    let policies = printed(&stage, &["policy"])?;
    let actions = |name: &str| -> Vec<String> {
        let text = |action: &Value| action.as_str().unwrap_or_default().to_owned();
        let statements = policies[name]["Statement"].as_array().cloned().unwrap_or_default();
        let actions = statements.iter().flat_map(|s| s["Action"].as_array().cloned().unwrap_or_default());
        actions.map(|action| text(&action)).collect()
    };
    assert_eq!(actions("plan-caller"), ["s3:GetObject", "s3:ListBucket", "sts:AssumeRole"]);
    assert!(actions("apply-caller").contains(&"s3:PutObject".to_owned()));
    assert!(actions("apply").iter().all(|action| action.starts_with("ec2:")));
    contains(&policies["apply"].to_string(), &["arn:aws:ec2:eu-central-1:210987654321:vpc/*"])
}
