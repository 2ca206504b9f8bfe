//! Saved plans: exactly what was reviewed is done, or nothing.

use crate::Test;
use crate::failures::{APPLY, contains, minimal};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("a plan is carried out once", once),
    ("the same plan has the same bytes", same_bytes),
    ("what moved behind a plan is named", moved),
    ("what moved in AWS elsewhere is left alone", elsewhere),
    ("a plan of nothing accepts nothing", accepts_nothing),
    ("what moved in AWS where the plan works is refused", in_the_place),
    ("a plan of a destroy destroys", destroys),
    ("a plan keeps its targets and variables", keeps_inputs),
    ("a plan has no secret, and asks for it again", secrets),
    ("what is no plan is said to be none", no_plan),
    ("a plan that cannot be written is an error", unwritable),
    ("a plan that was killed half way is finished by a new one", killed),
];

const PLAN: &[&str] = &["plan", "--out", "wharf.plan"];
const RUN: &[&str] = &["apply", "wharf.plan"];
const STALE: i32 = 5;

fn serial(stage: &Stage) -> Result<u64> {
    stage.state("stack.yaml")?["serial"].as_u64().ok_or_else(|| "no serial".into())
}

fn edit(stage: &Stage, from: &str, to: &str) -> Result<()> {
    stage.edit("stack.yaml", from, to)
}

fn once() -> Result<()> {
    let stage = minimal()?;
    let plan = stage.ok(PLAN)?;
    contains(&plan.stderr, &["wharf apply wharf.plan"])?;
    let mode = fs::metadata(stage.folder().join("wharf.plan"))?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(stage.ok(&["show", "wharf.plan"])?.stdout, plan.stdout);
    for format in ["json", "markdown", "text"] {
        let shown = stage.ok(&["show", "wharf.plan", "--format", format])?.stdout;
        assert_eq!(shown, stage.ok(&["plan", "--format", format])?.stdout);
    }
    // Reviewed is approved: nobody is asked.
    contains(&stage.ok(RUN)?.stdout, &["Apply complete: 3 added"])?;
    let done = serial(&stage)?;
    let again = stage.exits(RUN, STALE)?;
    contains(&again.stderr, &["does not hold any more", "there is a state now", "nothing was changed"])?;
    // A plan of nothing does nothing, as often as one likes.
    stage.ok(PLAN)?;
    contains(&stage.ok(RUN)?.stdout, &["No changes."])?;
    stage.ok(RUN)?;
    assert_eq!(serial(&stage)?, done);
    Ok(())
}

fn same_bytes() -> Result<()> {
    let stage = Stage::new()?;
    for folder in ["one", "elsewhere/two"] {
        stage.copy("stacks/ecs-pipeline", folder)?;
    }
    let print = |stage: &Stage, folder: &str, how: &[&str]| -> Result<String> {
        Ok(stage.ok(&[&["plan", folder], how].concat())?.stdout)
    };
    let check = |stage: &Stage| -> Result<()> {
        for how in [&[] as &[&str], &["--json"], &["--format", "markdown"], &["--waves"]] {
            let first = print(stage, "one", how)?;
            assert_eq!(print(stage, "one", how)?, first);
            assert_eq!(print(stage, "elsewhere/two/stack.yaml", how)?, first);
        }
        Ok(())
    };
    // Nothing there yet; then a part; then all, of which somebody moved something.
    check(&stage)?;
    stage.ok(&["apply", "one", "--auto-approve", "--target", "vpc"])?;
    stage.copy(&stage.folder().join("one/.wharf").to_string_lossy(), "elsewhere/two/.wharf")?;
    check(&stage)?;
    stage.ok(&["plan", "one", "--out", "one.plan"])?;
    let shown = stage.ok(&["show", "one.plan", "--json"])?.stdout;
    assert_eq!(shown, print(&stage, "one", &["--json"])?);
    Ok(())
}

fn moved() -> Result<()> {
    let stage = minimal()?;
    stage.write("vars.yaml", "cidr_block: 192.168.0.0/16\n")?;
    let refused = |stage: &Stage, why: &[&str]| -> Result<()> {
        let before = stage.objects()?;
        contains(&stage.exits(RUN, STALE)?.stderr, why)?;
        assert_eq!(stage.objects()?, before);
        Ok(())
    };
    // The stack file, also where it is broken now.
    stage.ok(PLAN)?;
    edit(&stage, "enable_dns_hostnames: true", "enable_dns_hostnames: false")?;
    refused(&stage, &["stack.yaml has changed"])?;
    edit(&stage, "enable_dns_hostnames: false", "enable_dns_hostnames: [")?;
    refused(&stage, &["stack.yaml has changed"])?;
    edit(&stage, "enable_dns_hostnames: [", "enable_dns_hostnames: true")?;
    // A variable.
    let other = ["apply", "wharf.plan", "--var", "cidr_block=10.0.0.0/16"];
    contains(&stage.exits(&other, STALE)?.stderr, &["the variable `cidr_block` has another value"])?;
    // The account.
    let elsewhere = Run::of(stage.command(RUN).env("AWS_REGION", "eu-west-1"))?;
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.all());
    stage.ok(&["destroy", "--auto-approve"])?;
    edit(&stage, "  region: eu-central-1\n", "")?;
    let in_region = |arguments: &[&str], region: &str| -> Result<Run> {
        Run::of(stage.command(arguments).env("AWS_REGION", region))
    };
    fs::remove_dir_all(stage.folder().join(".wharf"))?;
    assert_eq!(in_region(PLAN, "eu-central-1")?.code, 0);
    let run = in_region(RUN, "eu-west-1")?;
    assert_eq!(run.code, STALE, "{}", run.all());
    contains(&run.stderr, &["the region is eu-west-1, the plan's eu-central-1"])?;
    // The emulator has one account, so the plan is of another one.
    let text = fs::read_to_string(stage.folder().join("wharf.plan"))?;
    stage.write(
        "wharf.plan",
        &text.replacen("\"account_id\":\"123456789012\"", "\"account_id\":\"111122223333\"", 1),
    )?;
    let run = in_region(RUN, "eu-central-1")?;
    assert_eq!(run.code, STALE, "{}", run.all());
    contains(&run.stderr, &["the account is 123456789012, the plan's 111122223333"])?;
    assert!(stage.objects()?.is_empty());
    // The state: by another apply, by another lineage, and gone.
    assert_eq!(in_region(APPLY, "eu-central-1")?.code, 0);
    edit(&stage, "enable_dns_hostnames: true", "enable_dns_hostnames: false")?;
    assert_eq!(in_region(PLAN, "eu-central-1")?.code, 0);
    let state: Value = serde_json::from_str(&stage.ok(&["state", "pull"])?.stdout)?;
    for (key, value, why) in [
        ("serial", json!(state["serial"].as_u64().unwrap_or_default() + 1), "the state was written since"),
        ("lineage", json!("0123"), "the state is another one"),
    ] {
        let mut other = state.clone();
        other[key] = value;
        put_state(&stage, &other)?;
        let run = in_region(RUN, "eu-central-1")?;
        assert_eq!(run.code, STALE, "{}", run.all());
        contains(&run.stderr, &[why])?;
    }
    fs::remove_dir_all(stage.folder().join(".wharf"))?;
    let run = in_region(RUN, "eu-central-1")?;
    assert_eq!(run.code, STALE, "{}", run.all());
    contains(&run.stderr, &["the state is gone"])
}

fn put_state(stage: &Stage, state: &Value) -> Result<()> {
    let folder = stage.folder().join(".wharf");
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::write(path, state.to_string())?;
        }
    }
    Ok(())
}

fn dns_hostnames(stage: &Stage, vpc: &str) -> Result<Value> {
    let parameters = json!({"VpcId": vpc, "Attribute": "enableDnsHostnames"});
    Ok(stage.reader()?.call(
        "ec2",
        "describe_vpc_attribute",
        &parameters,
        Some("EnableDnsHostnames.Value"),
    )?)
}

fn elsewhere() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    edit(&stage, "map_public_ip_on_launch: true", "map_public_ip_on_launch: false")?;
    stage.ok(PLAN)?;
    let vpc = stage.id("stack.yaml", "vpc")?;
    let off = json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": false}});
    stage.reader()?.call("ec2", "modify_vpc_attribute", &off, None)?;
    let run = stage.ok(RUN)?;
    contains(&run.stderr, &["`vpc` moved in AWS since the plan was made", "left alone"])?;
    contains(&run.stdout, &["Apply complete: 0 added, 2 changed"])?;
    assert_eq!(dns_hostnames(&stage, &vpc)?, json!(false));
    // The next plan sees it, as what it is.
    contains(
        &stage.exits(&["plan", "--detailed-exitcode"], 2)?.stdout,
        &["enable_dns_hostnames", "1 to change"],
    )
}

/// What nobody declares moved, which an apply would accept: a plan of nothing does not even that.
fn accepts_nothing() -> Result<()> {
    let stage = minimal()?;
    edit(&stage, "      enable_dns_hostnames: true\n", "")?;
    stage.ok(APPLY)?;
    stage.ok(PLAN)?;
    let (vpc, before) = (stage.id("stack.yaml", "vpc")?, stage.ok(&["state", "pull"])?.stdout);
    let on = json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": true}});
    stage.reader()?.call("ec2", "modify_vpc_attribute", &on, None)?;
    stage.exits(&["drift"], 6)?;
    stage.ok(RUN)?;
    stage.ok(RUN)?;
    assert_eq!(stage.ok(&["state", "pull"])?.stdout, before);
    stage.exits(&["drift"], 6)?;
    Ok(())
}

fn in_the_place() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    edit(&stage, "enable_dns_hostnames: true", "enable_dns_hostnames: false")?;
    stage.ok(PLAN)?;
    let vpc = stage.id("stack.yaml", "vpc")?;
    // Somebody did by hand what the plan is to do.
    let off = json!({"VpcId": vpc, "EnableDnsHostnames": {"Value": false}});
    stage.reader()?.call("ec2", "modify_vpc_attribute", &off, None)?;
    contains(&stage.exits(RUN, STALE)?.stderr, &["`vpc` has moved in AWS", "update", "none"])?;
    // And deleted what another plan is to change.
    stage.ok(APPLY)?;
    edit(&stage, "map_public_ip_on_launch: true", "map_public_ip_on_launch: false")?;
    stage.ok(PLAN)?;
    let subnet = stage.id("stack.yaml", "subnet[\"a\"]")?;
    stage.reader()?.call("ec2", "delete_subnet", &json!({"SubnetId": subnet}), None)?;
    contains(&stage.exits(RUN, STALE)?.stderr, &["`subnet[\"a\"]` has moved in AWS", "create"])
}

fn destroys() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    stage.ok(&["plan", "--destroy", "--out", "away.plan"])?;
    contains(&stage.exits(&["destroy", "away.plan"], 1)?.stderr, &["wharf apply away.plan"])?;
    contains(&stage.ok(&["apply", "away.plan"])?.stdout, &["3 destroyed"])?;
    assert!(stage.objects()?.is_empty());
    stage.exits(&["apply", "away.plan"], STALE)?;
    Ok(())
}

fn keeps_inputs() -> Result<()> {
    let stage = minimal()?;
    let with = ["--target", "vpc", "--var", "cidr_block=10.9.0.0/16"];
    stage.ok(&[PLAN, &with].concat())?;
    contains(&stage.exits(&[RUN, &with[..2]].concat(), 1)?.stderr, &["a saved plan has its targets"])?;
    contains(&stage.ok(RUN)?.stdout, &["1 added"])?;
    assert_eq!(stage.objects()?.len(), 1);
    let cidr = stage.reader()?.call("ec2", "describe_vpcs", &json!({}), Some("Vpcs[].CidrBlock"))?;
    assert!(cidr.to_string().contains("10.9.0.0/16"), "{cidr}");
    Ok(())
}

const SECRET: &str = "correct-horse-battery-staple";

fn secrets() -> Result<()> {
    let stage = Stage::new()?;
    let stack = "stack: secret\naws: {region: eu-central-1}\nvariables:\n  password: {type: string, sensitive: true}\n  \
        name: {type: string}\nresources:\n  vpc:\n    type: aws_vpc\n    properties:\n      cidr_block: 10.0.0.0/16\n      \
        tags: {Name: \"${var.name}\", Password: \"x-${var.password}\"}\n";
    stage.write("stack.yaml", stack)?;
    let given = |arguments: &[&str], password: &str| -> Result<Run> {
        Run::of(stage.command(arguments).env("WHARF_VAR_password", password))
    };
    let run = given(&["plan", "--out", "wharf.plan", "--var", "name=net"], SECRET)?;
    assert_eq!(run.code, 0, "{}", run.all());
    let file = fs::read_to_string(stage.folder().join("wharf.plan"))?;
    let shown =
        stage.ok(&["show", "wharf.plan"])?.all() + &stage.ok(&["show", "wharf.plan", "--json"])?.all();
    for text in [&run.all(), &file, &shown] {
        assert!(!text.contains(SECRET) && !text.contains("horse"), "{text}");
    }
    // It has to be given again, and to be the same.
    contains(&stage.exits(RUN, 1)?.stderr, &["variable `password` has no value"])?;
    let other = given(RUN, "something else")?;
    assert_eq!(other.code, STALE, "{}", other.all());
    contains(&other.stderr, &["the variable `password` has another value"])?;
    let run = given(RUN, SECRET)?;
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(!run.all().contains(SECRET));
    let tags = stage.reader()?.call("ec2", "describe_vpcs", &json!({}), Some("Vpcs[].Tags[].Value"))?;
    assert!(tags.to_string().contains(SECRET), "{tags}");
    Ok(())
}

fn no_plan() -> Result<()> {
    let stage = minimal()?;
    stage.ok(PLAN)?;
    let text = fs::read_to_string(stage.folder().join("wharf.plan"))?;
    stage.write("cut.plan", &text[..text.len() / 2])?;
    contains(&stage.exits(&["apply", "cut.plan"], 1)?.stderr, &["cannot use the plan cut.plan", "damaged"])?;
    stage.write("newer.plan", &text.replacen("{\"wharf_plan\":1", "{\"wharf_plan\":99", 1))?;
    contains(&stage.exits(&["show", "newer.plan"], 1)?.stderr, &["format 99", "newer"])?;
    contains(&stage.exits(&["apply", "nowhere.plan"], 1)?.stderr, &["cannot read nowhere.plan"])?;
    // The stack it was made of is not here.
    fs::create_dir(stage.folder().join("else"))?;
    fs::copy(stage.folder().join("wharf.plan"), stage.folder().join("else/wharf.plan"))?;
    let mut command = stage.command(RUN);
    let run = Run::of(command.current_dir(stage.folder().join("else")))?;
    assert_eq!(run.code, 1, "{}", run.all());
    contains(&run.stderr, &["stack.yaml"])
}

fn unwritable() -> Result<()> {
    let stage = minimal()?;
    let run = stage.exits(&["plan", "--out", "no/such/folder/wharf.plan"], 1)?;
    contains(&run.stderr, &["cannot write the plan no/such/folder/wharf.plan", "make its folder"])?;
    assert!(run.stdout.is_empty(), "a plan that is not saved is no plan: {}", run.stdout);
    let full = stage.exits(&["plan", "--out", "/dev/full/wharf.plan"], 1)?;
    contains(&full.stderr, &["cannot write the plan"])
}

fn killed() -> Result<()> {
    let stage = minimal()?;
    stage.ok(PLAN)?;
    let waiting = stage.waiting(RUN, "killed.txt")?;
    let rule = json!({"match": "ec2:CreateSubnet", "kind": "kill_after", "pid": waiting.pid()});
    stage.emulator.rules(&json!([rule]))?;
    waiting.go()?.wait()?;
    assert_eq!(stage.emulator.rule_hits()?, [1]);
    stage.emulator.rules(&json!([]))?;
    // The journal was written, so the plan does not hold any more; a new one finishes the work.
    stage.exits(RUN, STALE)?;
    stage.ok(PLAN)?;
    stage.ok(RUN)?;
    assert_eq!(stage.objects()?.len(), 3);
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    Ok(())
}
