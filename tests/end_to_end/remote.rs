//! A state in S3: locked, fenced, and never lost.

use crate::Test;
use crate::failures::{APPLY, contains, minimal};
use serde_json::{Value, json};
use std::fs;
use wharf_tests::{Result, Run, Running, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("the bucket is made, and the state is in it", made),
    ("two applies at once", two_at_once),
    ("a lock is broken by hand", broken_by_hand),
    ("a killed holder's lock ends, and the next run finishes", killed_holder),
    ("a holder that was paused past its expiry cannot write", paused_holder),
    ("a signal gives the lock back", signal_gives_back),
    ("a state that S3 does not take is kept in a file", not_saved),
    ("an S3 that fails a while is waited for", fails_a_while),
    ("earlier states are listed and restored", history),
    ("no bucket, no rights", no_bucket),
];

/// `stacks/minimal` with its state in a bucket that exists.
fn remote() -> Result<Stage> {
    let stage = minimal()?;
    let path = stage.folder().join("stack.yaml");
    let text = fs::read_to_string(&path)?;
    let section = "state: {s3: {bucket: acme-states, key: team/minimal.json}}\n\nresources:";
    fs::write(path, text.replace("\nresources:", &format!("\n{section}")))?;
    stage.ok(&["state", "init"])?;
    Ok(stage)
}

/// How many objects there are besides the bucket of the state.
fn objects(stage: &Stage) -> Result<usize> {
    Ok(stage.objects()?.iter().filter(|object| !object.contains("acme-states")).count())
}

fn settled(stage: &Stage) -> Result<()> {
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(objects(stage)?, 3);
    Ok(())
}

/// Starts an apply that stands at a request.
fn held(stage: &Stage, operation: &str, kind: &str, seconds: &str) -> Result<Running> {
    stage.emulator.rules(&json!([{"match": operation, "kind": kind, "times": 1}]))?;
    let mut command = stage.command(APPLY);
    command.env("WHARF_LOCK_SECONDS", seconds).env("CI_JOB_URL", "https://ci.example/job/17");
    let child = Running::start(&mut command)?;
    stage.until(&format!("{operation} is held"), || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    Ok(child)
}

fn made() -> Result<()> {
    let stage = remote()?;
    contains(&stage.ok(&["state", "init"])?.stderr, &["nothing was changed"])?;
    let run = stage.ok(&["apply", "--auto-approve", "--stats"])?;
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    settled(&stage)?;
    assert!(!stage.folder().join(".wharf").exists(), "there is a local state, too");
    let plan = stage.ok(&["plan", "--stats"])?;
    contains(&plan.all(), &["1 s3:GetObject", "1 s3:HeadObject"])?;
    assert!(!plan.all().contains("s3:PutObject"), "a plan writes");
    // The lock is gone again.
    let mut reader = stage.reader()?;
    let listed =
        reader.call("s3", "list_objects_v2", &json!({"Bucket": "acme-states"}), Some("Contents[].Key"))?;
    assert_eq!(listed, json!(["team/minimal.json"]));
    stage.ok(&["destroy", "--auto-approve"])?;
    assert_eq!(objects(&stage)?, 0);
    Ok(())
}

fn two_at_once() -> Result<()> {
    let stage = remote()?;
    let first = held(&stage, "ec2:CreateVpc", "hold_before", "60")?;
    let second = stage.exits(&["apply", "--auto-approve", "--lock-timeout", "0s"], 4)?;
    contains(
        &second.stderr,
        &[
            "locked by `wharf apply`",
            &format!("process {}", first.id()),
            "https://ci.example/job/17",
            "wharf unlock ",
            "wait until it has ended",
        ],
    )?;
    stage.exits(&["plan", "--detailed-exitcode"], 2)?;
    // One that waits gets its turn.
    let mut waits = stage.start(&["apply", "--auto-approve", "--lock-timeout", "2m"])?;
    waits.says("waiting for it")?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    first.exits(0)?;
    waits.exits(0)?;
    settled(&stage)
}

fn broken_by_hand() -> Result<()> {
    let stage = remote()?;
    let first = held(&stage, "ec2:CreateVpc", "hold_after", "60")?;
    first.kill()?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    let refused = stage.exits(&["apply", "--auto-approve", "--lock-timeout", "0"], 4)?;
    let line = refused.stderr.lines().find(|line| line.contains("wharf unlock ")).ok_or("no command")?;
    let id = line.rsplit(' ').next().unwrap_or_default();
    contains(&stage.exits(&["unlock", "nonsense"], 1)?.stderr, &[id])?;
    contains(&stage.ok(&["unlock", id])?.stderr, &["broke the lock of `wharf apply`"])?;
    let run = stage.ok(APPLY)?;
    contains(&run.stderr, &["vpc: an earlier run had created vpc-"])?;
    settled(&stage)
}

fn killed_holder() -> Result<()> {
    let stage = remote()?;
    let first = held(&stage, "ec2:CreateVpc", "hold_after", "4")?;
    first.kill()?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    // Nobody has to say anything: the next run sees that nobody renews the lock.
    let run = stage.ok(APPLY)?;
    contains(&run.stderr, &["waiting to see whether it lives", "vpc: an earlier run had created vpc-"])?;
    settled(&stage)
}

fn paused_holder() -> Result<()> {
    let stage = remote()?;
    let first = held(&stage, "ec2:CreateVpc", "hold_after", "4")?;
    first.send("-STOP")?;
    stage.emulator.rules(&json!([]))?;
    stage.ok(APPLY)?;
    settled(&stage)?;
    let state = stage.ok(&["state", "pull"])?.stdout;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    first.send("-CONT")?;
    contains(&first.exits(4)?.stderr, &["the lock of the state", "was lost"])?;
    assert_eq!(stage.ok(&["state", "pull"])?.stdout, state, "who lost the lock wrote");
    settled(&stage)
}

fn signal_gives_back() -> Result<()> {
    let stage = remote()?;
    stage.ok(APPLY)?;
    let first = held(&stage, "ec2:DescribeVpcs", "hold_before", "60")?;
    first.send("-TERM")?;
    first.exits(130)?;
    stage.ok(&["apply", "--auto-approve", "--lock-timeout", "0"])?;
    settled(&stage)
}

/// Credentials that may not write any more, from the middle of an apply on.
fn not_saved() -> Result<()> {
    let stage = remote()?;
    stage.emulator.rules(&json!([
        {"match": "s3:PutObject", "kind": "error_before", "code": "ExpiredToken", "status": 400, "after": 2},
    ]))?;
    let run = stage.exits(APPLY, 1)?;
    contains(
        &run.stderr,
        &["the state could not be saved", "ExpiredToken", "s3://acme-states/team/minimal.json"],
    )?;
    let last = run.stderr.lines().last().unwrap_or_default();
    let (_, file) =
        last.split_once("wharf state push ").ok_or_else(|| format!("the last line is: {last}"))?;
    let kept: Value = serde_json::from_str(&fs::read_to_string(stage.folder().join(file))?)?;
    assert!(kept["resources"].as_array().is_some_and(|resources| !resources.is_empty()));
    stage.emulator.rules(&json!([]))?;
    stage.ok(&["state", "push", file])?;
    stage.ok(APPLY)?;
    settled(&stage)
}

/// What passes is waited for.
fn fails_a_while() -> Result<()> {
    let stage = remote()?;
    stage.emulator.rules(&json!([
        {"match": "s3:PutObject", "kind": "error_after", "code": "InternalError", "status": 500, "after": 1, "times": 1},
        {"match": "s3:PutObject", "kind": "error_before", "code": "InternalError", "status": 500, "after": 4, "times": 2},
        {"match": "s3:GetObject", "kind": "drop_after", "times": 1},
        {"match": "s3:DeleteObject", "kind": "drop_after", "times": 1},
    ]))?;
    stage.ok(APPLY)?;
    stage.emulator.rules(&json!([]))?;
    settled(&stage)?;
    stage.ok(&["apply", "--auto-approve", "--lock-timeout", "0"]).map(drop)
}

fn history() -> Result<()> {
    let stage = remote()?;
    stage.ok(APPLY)?;
    let listed: Value = serde_json::from_str(&stage.ok(&["state", "history", "--json"])?.stdout)?;
    let versions = listed.as_array().cloned().unwrap_or_default();
    let empty = versions.iter().find(|version| version["resources"] == 0).ok_or("no first state")?;
    assert_eq!(versions[0]["current"], true);
    stage.ok(&["state", "restore", empty["version"].as_str().unwrap_or_default()])?;
    // That one's journal says what was about to be made: it is found again.
    stage.ok(APPLY)?;
    settled(&stage)
}

fn no_bucket() -> Result<()> {
    let stage = remote()?;
    stage.emulator.rules(
        &json!([{"match": "s3:GetObject", "kind": "error_before", "code": "AccessDenied", "status": 403}]),
    )?;
    let run = stage.exits(&["plan"], 1)?;
    contains(&run.stderr, &["s3://acme-states/team/minimal.json", "AccessDenied", "s3:GetObject"])?;
    stage.emulator.rules(&json!([]))?;
    let text = fs::read_to_string(stage.folder().join("stack.yaml"))?;
    stage.write("stack.yaml", &text.replace("acme-states", "acme-other"))?;
    contains(&stage.exits(&["plan"], 1)?.stderr, &["NoSuchBucket", "wharf state init"])?;
    let run = Run::of(stage.command(&["state", "list"]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"))?;
    assert_eq!(run.code, 1);
    contains(&run.stderr, &["cannot read s3://acme-other", "Connection refused"])
}
