//! What goes wrong ends in a clear error and loses nothing.

use crate::Test;
use serde_json::json;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("no credentials", no_credentials),
    ("unreachable endpoint", unreachable_endpoint),
    ("a region that does not exist", wrong_region),
    ("empty endpoint", empty_endpoint),
    ("forbidden account", forbidden_account),
    ("another region than the state's", another_region),
    ("no stack file", no_stack_file),
    ("AWS error in the middle of apply", aws_error_in_the_middle),
    ("throttled and dropped answers", throttled_and_dropped),
    ("interrupted in the middle of apply", interrupted),
    ("terminated in the middle of apply", terminated),
    ("interrupted while planning", interrupted_plan),
    ("two applies at once", two_applies_at_once),
    ("corrupt state", corrupt_state),
    ("state of a newer version", newer_state),
    ("state that cannot be written", unwritable_state),
    ("nobody to ask", nobody_to_ask),
];

pub(crate) fn minimal() -> Result<Stage> {
    let stage = Stage::new()?;
    stage.copy("stacks/minimal/stack.yaml", "stack.yaml")?;
    Ok(stage)
}

pub(crate) fn contains(text: &str, parts: &[&str]) -> Result<()> {
    match parts.iter().find(|part| !text.contains(**part)) {
        None => Ok(()),
        Some(part) => Err(format!("`{part}` is not in:\n{text}").into()),
    }
}

pub(crate) const APPLY: &[&str] = &["apply", "--auto-approve"];

fn no_credentials() -> Result<()> {
    let stage = minimal()?;
    let mut command = stage.command(&["plan"]);
    let run = Run::of(command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY"))?;
    assert_eq!(run.code, 1);
    contains(&run.stderr, &["no valid AWS credentials", "AWS_PROFILE", "aws sso login"])
}

fn unreachable_endpoint() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let before = stage.state("stack.yaml")?;
    let run = Run::of(stage.command(APPLY).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"))?;
    assert_eq!(run.code, 1);
    contains(
        &run.stderr,
        &["AWS cannot be reached", "Connection refused", "AWS_ENDPOINT_URL", "eu-central-1"],
    )?;
    assert_eq!(stage.state("stack.yaml")?, before);
    Ok(())
}

/// A region that does not exist has no host name: for the SDK, nobody is there.
fn wrong_region() -> Result<()> {
    let stage = minimal()?;
    let text = std::fs::read_to_string(stage.folder().join("stack.yaml"))?;
    stage.write("stack.yaml", &text.replace("eu-central-1\n", "eu-centrall-1\n"))?;
    let run = Run::of(stage.command(&["plan"]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"))?;
    assert_eq!(run.code, 1);
    contains(
        &run.stderr,
        &["AWS cannot be reached", "`eu-centrall-1` is no region", "did you mean `eu-central-1`?"],
    )
}

fn empty_endpoint() -> Result<()> {
    let run = Run::of(minimal()?.command(&["plan"]).env("AWS_ENDPOINT_URL", ""))?;
    assert_eq!(run.code, 1);
    contains(&run.stderr, &["AWS_ENDPOINT_URL is set, but empty"])
}

fn forbidden_account() -> Result<()> {
    let stage = minimal()?;
    let text = std::fs::read_to_string(stage.folder().join("stack.yaml"))?;
    let text = text.replace(
        "  region: eu-central-1",
        "  region: eu-central-1\n  allowed_account_ids: [\"999999999999\"]",
    );
    stage.write("stack.yaml", &text)?;
    let run = stage.exits(APPLY, 1)?;
    contains(&run.stderr, &["123456789012", "allows only 999999999999", "nothing was read or changed"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}

fn another_region() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let text = std::fs::read_to_string(stage.folder().join("stack.yaml"))?;
    stage.write("stack.yaml", &text.replace("region: eu-central-1", "region: eu-west-1"))?;
    for command in [&["plan"][..], APPLY, &["destroy", "--auto-approve"]] {
        let run = stage.exits(command, 1)?;
        contains(&run.stderr, &["eu-central-1", "eu-west-1", "nothing was changed"])?;
    }
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn no_stack_file() -> Result<()> {
    let stage = Stage::new()?;
    contains(
        &stage.exits(&["plan"], 1)?.stderr,
        &["there is no stack.yaml in the current folder", "name the stack file"],
    )?;
    contains(&stage.exits(&["plan", "nowhere.yaml"], 1)?.stderr, &["cannot read nowhere.yaml"])
}

fn aws_error_in_the_middle() -> Result<()> {
    let stage = minimal()?;
    let rule = json!([{"match": "ec2:CreateSubnet", "kind": "error_before", "times": 1,
        "code": "SubnetLimitExceeded", "message": "too many subnets", "status": 400}]);
    stage.emulator.rules(&rule)?;
    let run = stage.exits(APPLY, 1)?;
    contains(
        &run.stderr,
        &[
            "1 operation failed",
            "SubnetLimitExceeded",
            "too many subnets",
            "stack.yaml:",
            "run the command again",
        ],
    )?;
    // The VPC and the other subnet are there, and known.
    assert_eq!(stage.objects()?.len(), 2);
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn throttled_and_dropped() -> Result<()> {
    let stage = minimal()?;
    stage.emulator.rules(&json!([
        {"match": "ec2:Create*", "kind": "drop_after", "times": 1},
        {"match": "ec2:CreateSubnet", "kind": "error_after", "times": 1, "code": "InternalError", "status": 500},
        {"match": "ec2:*", "kind": "throttle", "p": 0.3, "times": 12},
    ]))?;
    stage.ok(APPLY)?;
    stage.emulator.rules(&json!([]))?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    // No answer that got lost made a second object.
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn interrupted() -> Result<()> {
    signalled("-INT")
}

fn terminated() -> Result<()> {
    signalled("-TERM")
}

/// What is in flight is finished and recorded, nothing new is started, and the next run goes on.
fn signalled(signal: &str) -> Result<()> {
    let stage = minimal()?;
    stage.emulator.rules(&json!([{"match": "ec2:CreateVpc", "kind": "hold_before", "times": 1}]))?;
    let mut child = stage.start(APPLY)?;
    stage.until("CreateVpc is held", || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    child.send(signal)?;
    child.says("stopping: what is running is finished")?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    let stderr = child.exits(130)?.stderr;
    contains(&stderr, &["2 operations were not started", "run the command again"])?;
    assert_eq!(stage.objects()?.len(), 1);
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

/// Where nothing is being changed there is nothing to finish.
fn interrupted_plan() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    stage.emulator.rules(&json!([{"match": "ec2:DescribeVpcs", "kind": "hold_before", "times": 1}]))?;
    let child = stage.start(&["plan"])?;
    stage.until("DescribeVpcs is held", || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    child.send("-INT")?;
    contains(&child.exits(130)?.stderr, &["interrupted; nothing was changed"])
}

fn two_applies_at_once() -> Result<()> {
    let stage = minimal()?;
    stage.emulator.rules(&json!([{"match": "ec2:CreateVpc", "kind": "hold_before", "times": 1}]))?;
    let first = stage.start(APPLY)?;
    stage.until("CreateVpc is held", || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    let second = stage.exits(APPLY, 4)?;
    contains(
        &second.stderr,
        &["locked by `wharf apply`", &first.id().to_string(), "wait until it has ended"],
    )?;
    // A plan needs no lock.
    stage.exits(&["plan", "--detailed-exitcode"], 2)?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    first.exits(0)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn corrupt_state() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    stage.write(
        "stack.yaml",
        &std::fs::read_to_string(stage.folder().join("stack.yaml"))?.replace("a VPC", "one VPC"),
    )?;
    let path = stage.folder().join(".wharf/minimal.json");
    let whole = std::fs::read(&path)?;
    for damaged in [&whole[..whole.len() / 2], b"", b"{}", b"not JSON"] {
        std::fs::write(&path, damaged)?;
        for command in [&["plan"][..], APPLY, &["show"]] {
            let run = stage.exits(command, 1)?;
            contains(&run.stderr, &["the state", "is damaged", "minimal.json", "nothing was changed"])?;
        }
        assert_eq!(std::fs::read(&path)?, damaged);
    }
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn newer_state() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let path = stage.folder().join(".wharf/minimal.json");
    let newer = std::fs::read_to_string(&path)?.replace("\"format_version\": 1", "\"format_version\": 9");
    std::fs::write(&path, &newer)?;
    let run = stage.exits(APPLY, 1)?;
    contains(&run.stderr, &["has format 9", "knows formats up to 1", "nothing was changed"])?;
    assert_eq!(std::fs::read_to_string(&path)?, newer);
    Ok(())
}

fn unwritable_state() -> Result<()> {
    let stage = minimal()?;
    stage.write(".wharf", "a file where a folder should be")?;
    let run = stage.exits(APPLY, 1)?;
    contains(&run.stderr, &["cannot", ".wharf"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}

fn nobody_to_ask() -> Result<()> {
    let stage = minimal()?;
    let run = stage.exits(&["apply"], 1)?;
    contains(&run.stderr, &["--auto-approve", "nothing was changed"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}
