//! `wharf drift`: what was changed outside wharf, and nothing else.

use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("none before and after an apply, of the whole reference stack", reference),
    ("none after an apply of every type: made, changed, replaced", every_type),
    ("a property that the stack file sets", property),
    ("a property that nobody set, until an apply accepts it", undeclared),
    ("an object that is deleted", deleted),
    ("a sensitive value stays hidden", sensitive),
    ("a change of the stack file is none", edited),
    ("what ignore_changes names is left to others", ignored),
    ("a run that did not end is mentioned", unfinished),
    ("AWS that cannot be read is an error", unreadable),
];

const STACK: &str = "
stack: drift
aws: {region: eu-central-1}
variables:
  note: {type: string, sensitive: true, default: zq7-nobody-sees-this}
resources:
  vpc:
    type: aws_vpc
    properties: {cidr_block: 10.0.0.0/16, tags: {Name: drift, Note: \"${var.note}\"}}
  registry:
    type: aws_ecr_repository
    properties: {name: drift, image_scanning_configuration: {scan_on_push: true}}
  key:
    type: aws_kms_key
    properties: {description: drift}
  role:
    type: aws_iam_role
    properties:
      name: drift
      assume_role_policy:
        Statement: [{Effect: Allow, Action: \"sts:AssumeRole\", Principal: {Service: ecs-tasks.amazonaws.com}}]
";

const APPLY: &[&str] = &["apply", "--auto-approve"];

fn applied() -> Result<Stage> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.ok(APPLY)?;
    Ok(stage)
}

fn attribute(stage: &Stage, address: &str, name: &str) -> Result<Value> {
    let state = stage.state("stack.yaml")?;
    let resources = state["resources"].as_array().ok_or("no resources")?;
    let resource = resources.iter().find(|resource| resource["address"] == address);
    Ok(resource.ok_or(format!("no {address}"))?["attributes"][name].clone())
}

/// The answer of `drift --json`, which has to say that something moved.
fn moved(stage: &Stage) -> Result<Vec<Value>> {
    let answer: Value = serde_json::from_str(&stage.exits(&["drift", "--json"], 6)?.stdout)?;
    Ok(answer["resource_drift"].as_array().ok_or("no resource_drift")?.clone())
}

fn reference() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", "ecs-pipeline")?;
    contains(&stage.ok(&["drift", "ecs-pipeline"])?.stdout, &["No drift. 0 resources are as last applied."])?;
    stage.ok(&["apply", "ecs-pipeline", "--auto-approve"])?;
    let run = stage.ok(&["drift", "ecs-pipeline"])?;
    assert_eq!(run.stdout, "No drift. 73 resources are as last applied.\n");
    let answer: Value = serde_json::from_str(&stage.ok(&["drift", "ecs-pipeline", "--json"])?.stdout)?;
    assert_eq!(answer, json!({"stack": "ecs-pipeline", "resource_drift": []}));
    Ok(())
}

fn every_type() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/crash/stack.yaml", "stack.yaml")?;
    for variables in [&[][..], &["--var", "stage=two"], &["--var", "stage=two", "--var", "generation=two"]] {
        stage.ok(&[APPLY, variables].concat())?;
        stage.ok(&[&["drift"], variables].concat())?;
    }
    Ok(())
}

fn property() -> Result<()> {
    let stage = applied()?;
    let fixed = json!({"repositoryName": "drift", "imageTagMutability": "IMMUTABLE"});
    stage.reader()?.call("ecr", "put_image_tag_mutability", &fixed, None)?;
    let run = stage.exits(&["drift"], 6)?;
    let lines = [
        "  # registry was changed outside wharf",
        "      ~ image_tag_mutability = \"MUTABLE\" -> \"IMMUTABLE\"",
        "Drift: 1 changed, 0 deleted outside wharf; 4 looked at.",
    ];
    contains(&run.stdout, &lines)?;
    contains(&run.stderr, &["`wharf plan` shows what an apply would do about it"])?;
    let moved = moved(&stage)?;
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0]["address"], "aws_ecr_repository.registry");
    assert_eq!(moved[0]["wharf_address"], "registry");
    let change = &moved[0]["change"];
    assert_eq!(change["actions"], json!(["update"]));
    assert_eq!(change["before"]["image_tag_mutability"], "MUTABLE");
    assert_eq!(change["after"]["image_tag_mutability"], "IMMUTABLE");
    // Read only: the state is as it was, and the next apply mends it.
    stage.exits(&["drift"], 6)?;
    stage.ok(APPLY)?;
    stage.ok(&["drift"])?;
    Ok(())
}

fn undeclared() -> Result<()> {
    let stage = applied()?;
    let described = json!({"RoleName": "drift", "Description": "theirs"});
    stage.reader()?.call("iam", "update_role", &described, None)?;
    let run = stage.exits(&["drift"], 6)?;
    contains(&run.stdout, &["  # role was changed outside wharf", "+ description = (none) -> \"theirs\""])?;
    // No plan undoes it, because no stack file says otherwise; an apply takes it as it is.
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    stage.ok(APPLY)?;
    stage.ok(&["drift"])?;
    Ok(())
}

fn deleted() -> Result<()> {
    let stage = applied()?;
    stage.reader()?.call("ecr", "delete_repository", &json!({"repositoryName": "drift"}), None)?;
    let run = stage.exits(&["drift"], 6)?;
    contains(
        &run.stdout,
        &["  # registry was deleted outside wharf", "0 changed, 1 deleted outside wharf; 4 looked at."],
    )?;
    let moved = moved(&stage)?;
    assert_eq!(moved[0]["change"]["actions"], json!(["delete"]));
    assert_eq!(moved[0]["change"]["after"], Value::Null);
    assert_eq!(moved[0]["change"]["before"]["name"], "drift");
    Ok(())
}

fn sensitive() -> Result<()> {
    let stage = applied()?;
    let id = attribute(&stage, "vpc", "id")?;
    let tags = json!({"Resources": [id], "Tags": [{"Key": "Note", "Value": "zq7-nor-this"}]});
    stage.reader()?.call("ec2", "create_tags", &tags, None)?;
    let mut printed = String::new();
    for arguments in [&["drift"][..], &["drift", "--json"]] {
        printed.push_str(&stage.exits(arguments, 6)?.all());
    }
    contains(&printed, &["tags.Note = (sensitive value) -> (sensitive value)"])?;
    assert!(!printed.contains("zq7"), "{printed}");
    Ok(())
}

fn edited() -> Result<()> {
    let stage = applied()?;
    let edited = STACK.replace("scan_on_push: true", "scan_on_push: false").replace("\n  key:", "\n  other:");
    stage.write("stack.yaml", &edited)?;
    stage.exits(&["plan", "--detailed-exitcode"], 2)?;
    stage.ok(&["drift"])?;
    // A resource that left the file is still looked at.
    let gone: Value = attribute(&stage, "key", "key_id")?;
    stage.reader()?.call(
        "kms",
        "update_key_description",
        &json!({"KeyId": gone, "Description": "x"}),
        None,
    )?;
    contains(&stage.exits(&["drift"], 6)?.stdout, &["key was changed", "~ description = \"drift\" -> \"x\""])
}

fn ignored() -> Result<()> {
    let stage = Stage::new()?;
    let ignoring = STACK.replace(
        "type: aws_kms_key\n",
        "type: aws_kms_key\n    lifecycle: {ignore_changes: [description]}\n",
    );
    stage.write("stack.yaml", &ignoring)?;
    stage.ok(APPLY)?;
    let id = attribute(&stage, "key", "key_id")?;
    stage.reader()?.call("kms", "update_key_description", &json!({"KeyId": id, "Description": "x"}), None)?;
    stage.ok(&["drift"])?;
    Ok(())
}

fn unfinished() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    let waiting = stage.waiting(APPLY, "killed.txt")?;
    let rule = json!({"match": "ecr:CreateRepository", "kind": "kill_after", "pid": waiting.pid()});
    stage.emulator.rules(&json!([rule]))?;
    waiting.go()?.wait()?;
    stage.emulator.rules(&json!([]))?;
    let run = stage.ok(&["drift"])?;
    contains(&run.stderr, &["warning: apply of ", "did not end"])?;
    assert!(run.stdout.starts_with("No drift."), "{}", run.stdout);
    stage.ok(APPLY)?;
    assert_eq!(stage.ok(&["drift"])?.stderr, "");
    Ok(())
}

fn unreadable() -> Result<()> {
    let stage = applied()?;
    stage.emulator.rules(&json!([
        {"match": "ecr:DescribeRepositories", "kind": "error_before", "code": "AccessDeniedException", "message": "no", "status": 400},
    ]))?;
    let run = stage.exits(&["drift"], 1)?;
    assert_eq!(run.stdout, "");
    contains(&run.stderr, &["AWS denies `ecr:DescribeRepositories`"])
}
