//! The commands that mend a state, on the embedded default.

use crate::Test;
use crate::failures::{APPLY, contains, minimal};
use serde_json::{Value, json};
use std::fs;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("an address is renamed", renamed),
    ("an address is forgotten, and its object stays", forgotten),
    ("a state goes out and comes back", out_and_back),
    ("an older state or another's is refused", refused),
    ("the state before the last run is kept", history),
    ("a damaged state is restored", damaged),
    ("a state that cannot be saved is kept in a file", not_saved),
    ("there is no lock to break", nothing_to_break),
];

fn edit(stage: &Stage, from: &str, to: &str) -> Result<()> {
    stage.edit("stack.yaml", from, to)
}

fn pulled(stage: &Stage) -> Result<Value> {
    Ok(serde_json::from_str(&stage.ok(&["state", "pull"])?.stdout)?)
}

fn renamed() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    contains(
        &stage.ok(&["state", "mv", "subnet", "public"])?.stdout,
        &["subnet[\"a\"] is public[\"a\"] now"],
    )?;
    edit(&stage, "\n  subnet:", "\n  public:")?;
    edit(&stage, "in subnet :", "in public :")?;
    // Its tag still has the old address: the one thing to change.
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    contains(&stage.exits(&["state", "mv", "nothing", "vpc2"], 1)?.stderr, &["the state has no `nothing`"])?;
    contains(&stage.exits(&["state", "mv", "vpc", "public"], 1)?.stderr, &["already", "nothing was changed"])
}

fn forgotten() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let run = stage.ok(&["state", "rm", "subnet[\"a\"]"])?;
    contains(&run.stdout, &["forgot subnet[\"a\"]: aws_subnet subnet-", "stays in AWS"])?;
    assert_eq!(stage.objects()?.len(), 3);
    assert_eq!(stage.ok(&["state", "list"])?.stdout, "subnet[\"b\"]\nvpc\n");
    contains(&stage.exits(&["state", "rm", "subnet[\"a\"]"], 1)?.stderr, &["the state has no"])
}

fn out_and_back() -> Result<()> {
    let stage = minimal()?;
    stage.exits(&["state", "pull"], 1)?;
    stage.ok(APPLY)?;
    let mut state = pulled(&stage)?;
    stage.write("same.json", &state.to_string())?;
    contains(&stage.ok(&["state", "push", "same.json"])?.stderr, &["that is the state already"])?;
    state["serial"] = json!(state["serial"].as_u64().unwrap_or_default() + 5);
    stage.write("newer.json", &state.to_string())?;
    stage.ok(&["state", "push", "newer.json"])?;
    assert_eq!(pulled(&stage)?["serial"], state["serial"]);
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    Ok(())
}

fn refused() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let state = pulled(&stage)?;
    let other = |key: &str, value: Value| {
        let mut other = state.clone();
        other[key] = value;
        other.to_string()
    };
    let cases = [
        (other("lineage", json!("0123")), "lineage"),
        (other("serial", json!(1)), "is older"),
        (other("outputs", json!({})), "both have the serial"),
        (other("stack", json!("else")), "belongs to the stack `else`"),
        (other("format_version", json!(9)), "has format 9"),
        ("{}".to_owned(), "is damaged"),
    ];
    for (text, why) in cases {
        stage.write("pushed.json", &text)?;
        contains(&stage.exits(&["state", "push", "pushed.json"], 1)?.stderr, &[why])?;
    }
    contains(&stage.exits(&["state", "push", "nowhere.json"], 1)?.stderr, &["cannot read nowhere.json"])?;
    assert_eq!(pulled(&stage)?, state);
    Ok(())
}

fn history() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    let first = pulled(&stage)?;
    edit(&stage, ", b: eu-central-1b", "")?;
    stage.ok(APPLY)?;
    contains(&stage.ok(&["state", "history"])?.stdout, &["current", "backup", "3 resources", "2 resources"])?;
    let last = pulled(&stage)?;
    stage.ok(&["state", "restore", "backup"])?;
    let restored = pulled(&stage)?;
    assert_eq!(restored["resources"], first["resources"]);
    assert!(restored["serial"].as_u64() > last["serial"].as_u64());
    // The subnet is gone from AWS, and a plan sees that.
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    contains(&stage.exits(&["state", "restore", "v7"], 1)?.stderr, &["no version `v7`", "state history"])
}

fn damaged() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    edit(&stage, ", b: eu-central-1b", "")?;
    stage.ok(APPLY)?;
    stage.write(".wharf/minimal.json", "{\"format_version\": 1, \"stack\"")?;
    stage.exits(&["plan"], 1)?;
    stage.ok(&["state", "restore", "backup"])?;
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    Ok(())
}

/// The state cannot be written any more while an apply runs: what is done is in a file, and the last line says how to
/// go on.
fn not_saved() -> Result<()> {
    let stage = minimal()?;
    stage.emulator.rules(&json!([{"match": "ec2:CreateVpc", "kind": "hold_before", "times": 1}]))?;
    let child = stage.start(APPLY)?;
    stage.until("CreateVpc is held", || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    // A folder where the next state would be prepared: not even root can write there.
    let blocked = stage.folder().join(".wharf/minimal.json.new");
    let _ = fs::remove_file(&blocked);
    fs::create_dir(&blocked)?;
    stage.emulator.post("/_wharf/release", &json!({}))?;
    let stderr = child.exits(1)?.stderr;
    contains(&stderr, &["the state could not be saved"])?;
    let last = stderr.lines().last().unwrap_or_default();
    let (_, file) =
        last.split_once("wharf state push ").ok_or_else(|| format!("the last line is: {last}"))?;
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(stage.folder().join(file))?);
    assert_eq!(mode & 0o777, 0o600);
    fs::remove_dir(&blocked)?;
    stage.ok(&["state", "push", file])?;
    stage.ok(APPLY)?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn nothing_to_break() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    contains(&stage.exits(&["unlock", "0123"], 1)?.stderr, &["is not locked"])?;
    stage.emulator.rules(&json!([{"match": "ec2:DescribeVpcs", "kind": "hold_before", "times": 1}]))?;
    let child = stage.start(APPLY)?;
    stage.until("DescribeVpcs is held", || Ok(stage.emulator.rule_hits()?.first() == Some(&1)))?;
    let run = stage.exits(&["unlock", "0123"], 4)?;
    contains(&run.stderr, &["still runs", &format!("kill {}", child.id())])?;
    child.kill()?;
    contains(&stage.exits(&["unlock", "0123"], 1)?.stderr, &["is not locked"])
}
