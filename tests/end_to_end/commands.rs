//! What each command prints, and that no output of any of them holds a secret.

use crate::Test;
use serde_json::Value;
use std::fs;
use std::path::Path;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("output", output),
    ("show and state", show_and_state),
    ("graph", graph),
    ("schema and explain", schema_and_explain),
    ("completions", completions),
    ("plan as JSON", plan_json),
    ("apply as JSON lines", apply_json),
    ("the same plan, byte for byte", deterministic),
    ("an answer is all there is on stdout", answers),
    ("variables from everywhere", variables),
    ("targets", targets),
    ("secrets stay secret", secrets),
    ("for_each keys come and go", for_each_keys),
    ("moved addresses", moved),
    ("prevent_destroy and retain", lifecycle),
    ("create_before_destroy", create_before_destroy),
];

const STACK: &str = "
stack: commands
aws: {region: eu-central-1}
variables:
  cidr: {type: string, default: 10.0.0.0/16}
  zones: {type: map(string), default: {a: eu-central-1a, b: eu-central-1b}}
  password: {type: string, sensitive: true, default: hunter2-is-not-it}
resources:
  vpc:
    type: aws_vpc
    properties:
      cidr_block: ${var.cidr}
      tags: {Name: commands, Secret: \"${var.password}\"}
  subnet:
    type: aws_subnet
    for_each: ${var.zones}
    properties:
      vpc_id: ${vpc.id}
      cidr_block: ${cidrsubnet(var.cidr, 8, index(keys(var.zones), each.key))}
      availability_zone: ${each.value}
outputs:
  vpc_id: ${vpc.id}
  zones: ${keys(var.zones)}
  secret: ${var.password}
";

fn applied() -> Result<Stage> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.ok(&["apply", "--auto-approve"])?;
    Ok(stage)
}

fn ensure(condition: bool, what: &str) -> Result<()> {
    if condition { Ok(()) } else { Err(what.to_owned().into()) }
}

fn output() -> Result<()> {
    let stage = applied()?;
    let id = stage.ok(&["output", "--name", "vpc_id", "--raw"])?.stdout;
    ensure(id.starts_with("vpc-"), &id)?;
    let json: Value = serde_json::from_str(&stage.ok(&["output", "--json"])?.stdout)?;
    assert_eq!(json["zones"]["value"], serde_json::json!(["a", "b"]));
    assert_eq!(json["secret"]["sensitive"], true);
    let run = stage.exits(&["output", "--name", "vpc_ids"], 1)?;
    ensure(run.stderr.contains("did you mean `vpc_id`?"), &run.stderr)
}

fn show_and_state() -> Result<()> {
    let stage = applied()?;
    let list = stage.ok(&["state", "list"])?.stdout;
    assert_eq!(list, "subnet[\"a\"]\nsubnet[\"b\"]\nvpc\n");
    let one = stage.ok(&["state", "show", "subnet[\"a\"]"])?.stdout;
    ensure(one.contains("availability_zone") && one.contains("eu-central-1a"), &one)?;
    let run = stage.exits(&["state", "show", "vcp"], 1)?;
    ensure(run.stderr.contains("did you mean `vpc`?"), &run.stderr)?;
    let all = stage.ok(&["show"])?.stdout;
    ensure(all.contains("Outputs:") && all.contains("# subnet[\"b\"]"), &all)
}

fn graph() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    let dot = stage.ok(&["graph"])?.stdout;
    ensure(dot.starts_with("digraph {") && dot.contains("\"subnet[\\\"a\\\"]\" -> \"vpc\";"), &dot)?;
    let mermaid = stage.ok(&["graph", "--format", "mermaid"])?.stdout;
    ensure(mermaid.starts_with("flowchart RL") && mermaid.contains(" --> "), &mermaid)
}

fn schema_and_explain() -> Result<()> {
    let stage = Stage::new()?;
    let schema: Value = serde_json::from_str(&stage.ok(&["schema"])?.stdout)?;
    ensure(schema.to_string().contains("aws_vpc"), "the schema names no type")?;
    let explained = stage.ok(&["explain", "aws_vpc.cidr_block"])?.stdout;
    ensure(explained.contains("required") && explained.contains("replaces"), &explained)?;
    let all = stage.ok(&["explain"])?.stdout;
    ensure(all.lines().count() > 40, &all)?;
    let run = stage.exits(&["explain", "aws_vpcc"], 1)?;
    ensure(run.stderr.contains("did you mean `aws_vpc`?"), &run.stderr)
}

fn completions() -> Result<()> {
    let stage = Stage::new()?;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stage.ok(&["completions", shell])?.stdout;
        ensure(script.contains("wharf") && script.contains("destroy"), shell)?;
    }
    Ok(())
}

fn plan_json() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    let plan: Value = serde_json::from_str(&stage.ok(&["plan", "--json"])?.stdout)?;
    assert_eq!(plan["format_version"], "1.2");
    let changes = plan["resource_changes"].as_array().ok_or("no resource_changes")?;
    let subnet = changes.iter().find(|change| change["index"] == "a").ok_or("no subnet")?;
    assert_eq!(subnet["address"], "aws_subnet.subnet[\"a\"]");
    assert_eq!(subnet["change"]["actions"], serde_json::json!(["create"]));
    assert_eq!(subnet["change"]["after"]["cidr_block"], "10.0.0.0/24");
    assert_eq!(subnet["change"]["after_unknown"]["vpc_id"], true);
    assert_eq!(subnet["change"]["after"].get("vpc_id"), None);
    Ok(())
}

fn apply_json() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    let run = stage.ok(&["apply", "--auto-approve", "--json"])?;
    let events: Vec<Value> = run.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let finished = events.iter().filter(|event| event["event"] == "finished").count();
    let last = events.last().ok_or("no events")?;
    assert_eq!((finished, &last["event"], &last["added"]), (3, &"complete".into(), &3.into()));
    Ok(())
}

/// Whatever there is to warn of: a secret in the open, a run that did not end, an object that was found again.
fn answers() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", &STACK.replace("Name: commands", "Name: commands, Token: in-the-open"))?;
    let waiting = stage.waiting(&["apply", "--auto-approve"], "killed.txt")?;
    let rule = serde_json::json!({"match": "ec2:CreateVpc", "kind": "kill_after", "pid": waiting.pid()});
    stage.emulator.rules(&serde_json::json!([rule]))?;
    waiting.go()?.wait()?;
    stage.emulator.rules(&serde_json::json!([]))?;
    for arguments in [
        &["validate", "--json"][..],
        &["plan", "--json"],
        &["plan", "--format", "json", "--stats"],
        &["drift", "--json", "--stats"],
        &["show", "--json"],
        &["apply", "--auto-approve", "--json", "--stats"],
        &["plan", "--json"],
        &["output", "--json"],
        &["state", "show", "vpc", "--json"],
        &["destroy", "--auto-approve", "--json"],
    ] {
        let run = stage.ok(arguments)?;
        let values: Vec<Value> = serde_json::Deserializer::from_str(&run.stdout)
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{arguments:?}: {error} in\n{}", run.stdout))?;
        ensure(values.iter().all(Value::is_object), &run.stdout)?;
        if matches!(arguments[0], "validate" | "plan" | "apply") {
            ensure(run.stderr.contains("`Token` of `vpc` looks like a secret by its name"), &run.stderr)?;
            ensure(!run.stderr.contains("in-the-open"), &run.stderr)?;
        }
    }
    let markdown = stage.ok(&["plan", "--format", "markdown"])?;
    ensure(
        markdown.stdout.starts_with("<!-- wharf plan commands -->\n## wharf plan: `commands`\n"),
        &markdown.stdout,
    )?;
    ensure(markdown.stdout.contains("**Plan: 3 to add, "), &markdown.stdout)?;
    // One way to say it, not two.
    stage.exits(&["plan", "--json", "--format", "markdown"], 1).map(drop)
}

fn deterministic() -> Result<()> {
    let stage = applied()?;
    stage.write(
        "stack.yaml",
        &STACK.replace("Name: commands", "Name: other").replace("b: eu-central-1b", "c: eu-central-1c"),
    )?;
    for arguments in
        [&["plan"][..], &["plan", "--json"], &["plan", "--format", "markdown"], &["plan", "--waves"]]
    {
        let (first, second) = (stage.ok(arguments)?, stage.ok(arguments)?);
        assert_eq!(first.stdout, second.stdout);
    }
    Ok(())
}

fn variables() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.write("vars.yaml", "cidr: 10.2.0.0/16\nzones: {z: eu-central-1c}\n")?;
    let with = |arguments: &[&str]| -> Result<String> {
        let mut all = vec!["plan"];
        all.extend(arguments);
        let run = wharf_tests::Run::of(stage.command(&all).env("WHARF_VAR_cidr", "10.1.0.0/16"))?;
        Ok(run.all())
    };
    ensure(with(&[])?.contains("10.1.0.0/16"), "the environment does not count")?;
    let file = with(&["--var-file", "vars.yaml"])?;
    ensure(file.contains("10.2.0.0/16") && file.contains("subnet[\"z\"]"), &file)?;
    let option = with(&["--var-file", "vars.yaml", "--var", "cidr=10.3.0.0/16"])?;
    ensure(option.contains("10.3.0.0/16") && !option.contains("10.2.0.0/16"), &option)?;
    let typo = with(&["--var", "cdir=10.3.0.0/16"])?;
    ensure(typo.contains("did you mean `cidr`?"), &typo)
}

fn targets() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.ok(&["apply", "--auto-approve", "--target", "subnet[\"a\"]"])?;
    assert_eq!(stage.ok(&["state", "list"])?.stdout, "subnet[\"a\"]\nvpc\n");
    stage.ok(&["apply", "--auto-approve"])?;
    stage.ok(&["destroy", "--auto-approve", "--target", "subnet"])?;
    assert_eq!(stage.ok(&["state", "list"])?.stdout, "vpc\n");
    Ok(())
}

fn secrets() -> Result<()> {
    const SECRET: &str = "hunter2-is-not-it";
    let stage = Stage::new()?;
    stage.write("stack.yaml", &STACK.replace(SECRET, "a default"))?;
    let variable = format!("password={SECRET}");
    let mut printed = String::new();
    let commands: &[&[&str]] = &[
        &["validate"],
        &["plan"],
        &["plan", "--json"],
        &["apply", "--auto-approve"],
        &["plan", "--json"],
        &["apply", "--auto-approve", "--json"],
        &["show"],
        &["show", "--json"],
        &["output"],
        &["output", "--json"],
        &["graph"],
        &["plan", "--destroy"],
        &["plan", "--destroy", "--json"],
    ];
    for command in commands {
        let mut arguments = command.to_vec();
        arguments.extend(["--var", &variable]);
        printed.push_str(&stage.ok(&arguments)?.all());
    }
    // A change of the secret shows as a change, and neither value.
    let changed = stage.exits(&["plan", "--detailed-exitcode", "--var", "password=another-secret"], 2)?;
    printed.push_str(&changed.all());
    ensure(changed.stdout.contains("(sensitive value)"), &changed.stdout)?;
    ensure(!printed.contains(SECRET) && !printed.contains("another-secret"), "a secret was printed")?;
    let mut files = Vec::new();
    collect(stage.folder(), &mut files)?;
    for file in files {
        let text = fs::read(&file)?;
        let holds = text.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        ensure(!holds, &format!("a secret is in {}", file.display()))?;
    }
    stage.exits(&["plan", "--detailed-exitcode", "--var", &variable], 0).map(drop)
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn for_each_keys() -> Result<()> {
    let stage = applied()?;
    // `index(keys())` would renumber the others; the removed key is the last one.
    stage.write("stack.yaml", &STACK.replace(", b: eu-central-1b", ""))?;
    let plan = stage.exits(&["plan", "--detailed-exitcode"], 2)?.stdout;
    ensure(plan.contains("1 to destroy") && plan.contains("no longer in the stack file"), &plan)?;
    stage.ok(&["apply", "--auto-approve"])?;
    assert_eq!(stage.ok(&["state", "list"])?.stdout, "subnet[\"a\"]\nvpc\n");
    Ok(())
}

fn moved() -> Result<()> {
    let stage = applied()?;
    let before = stage.ok(&["output", "--name", "vpc_id", "--raw"])?.stdout;
    let renamed = STACK.replace("\n  vpc:", "\n  network:").replace("${vpc.id}", "${network.id}");
    stage.write("stack.yaml", &format!("{renamed}moved:\n  - {{from: vpc, to: network}}\n"))?;
    let plan = stage.ok(&["plan"])?.stdout;
    ensure(plan.contains("moved from vpc") && plan.contains("0 to destroy"), &plan)?;
    stage.ok(&["apply", "--auto-approve"])?;
    assert_eq!(stage.ok(&["output", "--name", "vpc_id", "--raw"])?.stdout, before);
    stage.exits(&["plan", "--detailed-exitcode"], 0).map(drop)
}

fn lifecycle() -> Result<()> {
    let stage = applied()?;
    let protect =
        STACK.replace("    type: aws_vpc\n", "    type: aws_vpc\n    lifecycle: {prevent_destroy: true}\n");
    stage.write("stack.yaml", &protect)?;
    let run = stage.exits(&["destroy", "--auto-approve"], 1)?;
    ensure(run.stderr.contains("prevent_destroy") && run.stderr.contains("stack.yaml:"), &run.stderr)?;
    assert_eq!(stage.objects()?.len(), 3);
    let retain =
        STACK.replace("    type: aws_subnet\n", "    type: aws_subnet\n    lifecycle: {retain: true}\n");
    stage.write("stack.yaml", &retain)?;
    stage.ok(&["apply", "--auto-approve"])?;
    let without = STACK.replace(", b: eu-central-1b", "");
    stage.write("stack.yaml", &without)?;
    let plan = stage.ok(&["apply", "--auto-approve"])?.stdout;
    ensure(plan.contains("1 to forget"), &plan)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}

fn create_before_destroy() -> Result<()> {
    let stage = Stage::new()?;
    let text = STACK
        .replace("    type: aws_vpc\n", "    type: aws_vpc\n    lifecycle: {create_before_destroy: true}\n");
    stage.write("stack.yaml", &text)?;
    stage.ok(&["apply", "--auto-approve"])?;
    stage.write("stack.yaml", &text.replace("10.0.0.0/16", "10.9.0.0/16"))?;
    let plan = stage.ok(&["plan", "--waves"])?.stdout;
    ensure(plan.contains("must be replaced (the new one first)"), &plan)?;
    stage.ok(&["apply", "--auto-approve"])?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    Ok(())
}
