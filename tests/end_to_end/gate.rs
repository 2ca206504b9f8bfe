//! The gate: what is denied and what passes, in every form.

use crate::Test;
use serde_json::{Value, json};
use std::process::Command;
use wharf_testkit::emulator::repository;
use wharf_testkit::python::EMULATOR;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("what is denied exits with 3, in every form", denied),
    ("what passes exits with 0", passed),
    ("reports are valid by their schemas", schemas),
    ("the same plan gives the same bytes", deterministic),
    ("policies: both syntaxes, exceptions, data, failures", policies),
    ("several plans, and stdin", several),
    ("what moved outside wharf", drift),
    ("a configuration file", configuration),
    ("what is no plan is an error", no_plan),
    ("secrets are in no report", secrets),
];

const FORMS: [&str; 6] = ["text", "json", "markdown", "junit", "sarif", "github"];

const STACK: &str = "
stack: gated
aws: {region: eu-central-1}
resources:
  vpc:
    type: aws_vpc
    properties:
      cidr_block: 10.0.0.0/16
  address:
    type: aws_eip
    properties: {domain: vpc}
  role:
    type: aws_iam_role
    properties:
      name: gated
      assume_role_policy:
        Version: \"2012-10-17\"
        Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: \"sts:AssumeRole\"}
";

/// The stack applied, then changed: `vpc` is replaced, `address` goes, `role` trusts everybody. Saved as `plan`.
fn changed() -> Result<Stage> {
    let stage = Stage::new()?;
    stage.write("stacks/one/stack.yaml", STACK)?;
    stage.ok(&["apply", "stacks/one", "--auto-approve"])?;
    let text = STACK
        .replace("10.0.0.0/16", "10.9.0.0/16")
        .replace("  address:\n    type: aws_eip\n    properties: {domain: vpc}\n", "")
        .replace("Service: ecs-tasks.amazonaws.com", "AWS: \"*\"");
    stage.write("stacks/one/stack.yaml", &text)?;
    stage.ok(&["plan", "stacks/one", "--out", "plan"])?;
    Ok(stage)
}

const ALL: &str = "destroy,replace,iam,security-group,drift,cost-nat,unknown-policy";

pub(crate) fn gate(stage: &Stage, more: &[&str], code: i32) -> Result<Run> {
    stage.exits(&[&["gate", "plan"][..], more].concat(), code)
}

pub(crate) fn ensure(condition: bool, what: &str) -> Result<()> {
    if condition { Ok(()) } else { Err(what.to_owned().into()) }
}

fn denied() -> Result<()> {
    let stage = changed()?;
    let asked = ["--fail-on", ALL, "--protect", "aws_v*", "--budget", "3"];
    let report = |form: &str| gate(&stage, &[&asked[..], &["--format", form]].concat(), 3);
    let json: Value = serde_json::from_str(&report("json")?.stdout)?;
    assert_eq!(json["decision"], "denied");
    let findings = json["findings"].as_array().ok_or("no findings")?;
    let rules: Vec<&str> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert_eq!(rules, ["destroy", "replace", "iam", "protected", "blast-radius"]);
    assert_eq!(json["denials"], 5);
    // The places are those of the stack file, seen from where the plan was made.
    let place = |at: usize| format!("{}:{}", findings[at]["place"]["file"], findings[at]["place"]["line"]);
    assert_eq!(place(1), "\"stacks/one/stack.yaml\":8");
    assert_eq!(place(2), "\"stacks/one/stack.yaml\":14");
    assert_eq!(findings[0]["place"], Value::Null);

    for form in FORMS {
        let run = report(form)?;
        ensure(run.stderr.is_empty(), &run.stderr)?;
        for finding in findings {
            let message = finding["message"].as_str().unwrap_or_default();
            let shown = match form {
                "json" => continue,
                "junit" => message.replace('"', "&quot;").replace('\'', "&apos;"),
                "sarif" => message.replace('"', "\\\""),
                _ => message.to_owned(),
            };
            ensure(run.stdout.contains(&shown), &format!("{form} lacks {shown}\n{}", run.stdout))?;
        }
    }
    let text = report("text")?.stdout;
    ensure(text.ends_with("Denied: 5 denials, 0 warnings in 1 plan.\n"), &text)?;
    ensure(text.contains("  --> stacks/one/stack.yaml:8:19\n"), &text)?;
    let github = report("github")?.stdout;
    let first = "::error file=stacks/one/stack.yaml,title=wharf gate%3A destroy::`address` (aws_eip) is deleted%0Ahelp: ";
    ensure(github.starts_with(first), &github)?;
    assert_eq!(github.matches("::error ").count(), 5);
    let markdown = report("markdown")?.stdout;
    ensure(markdown.starts_with("### Denied\n\n5 denials, 0 warnings in 1 plan."), &markdown)?;
    let sarif: Value = serde_json::from_str(&report("sarif")?.stdout)?;
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(5));
    let junit = report("junit")?.stdout;
    ensure(junit.contains("failures=\"5\" errors=\"0\" skipped=\"0\""), &junit)?;
    Ok(())
}

fn passed() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.ok(&["plan", "--out", "plan"])?;
    for form in FORMS {
        let asked =
            ["--fail-on", "destroy,replace,drift", "--protect", "vpc", "--budget", "5", "--format", form];
        let run = gate(&stage, &asked, 0)?;
        ensure(run.stderr.is_empty() && !run.stdout.is_empty(), &run.all())?;
    }
    // A warning is no denial.
    stage.write("policy/warn.rego", "package main\nwarn contains \"look\"\n")?;
    let run = gate(&stage, &["--policy", "policy"], 0)?;
    ensure(run.stdout.contains("warning[main.warn]: look"), &run.stdout)?;
    // What was not asked is not answered with yes.
    let run = gate(&stage, &[], 1)?;
    ensure(run.stderr.contains("there is nothing to judge by"), &run.stderr)?;
    let run = gate(&stage, &["--fail-on", "destory"], 1)?;
    ensure(run.stderr.contains("did you mean `destroy`?"), &run.stderr)?;
    let run = gate(&stage, &["--data", "x.yaml"], 1)?;
    ensure(run.stderr.contains("no policy"), &run.stderr)
}

const POLICY: &str = "package main
import rego.v1
deny_created contains {\"msg\": sprintf(\"<%s> & \\\"it\\\"\\u0007\\n| is %% new\", [r.address]), \"address\": r.address} if {
\tsome r in input.resource_changes
}
deny_excused contains \"fine\"
exception contains [\"excused\"]
warn_always contains \"a, b: c\"
";

fn schemas() -> Result<()> {
    let stage = changed()?;
    stage.write("policy/a.rego", POLICY)?;
    stage.write("broken/a.rego", "package main\ndeny[")?;
    let all = ["--fail-on", ALL, "--protect", "*", "--budget", "1"];
    for more in [&["--policy", "policy"][..], &["--policy", "broken"], &[]] {
        for form in ["sarif", "junit"] {
            let asked = [&all[..], more, &["--format", form, "--out", "report"]].concat();
            let run = gate(&stage, &asked, 3)?;
            ensure(run.stdout.contains("Denied: "), &run.stdout)?;
            let script = repository().join("tests/schemas/check.py");
            let output = Command::new(EMULATOR.python()?)
                .arg(script)
                .arg(form)
                .arg(stage.folder().join("report"))
                .output()?;
            let error = String::from_utf8_lossy(&output.stderr);
            ensure(output.status.success(), &format!("{form} is not valid: {error}"))?;
        }
    }
    let github = gate(&stage, &["--policy", "policy", "--format", "github"], 3)?.stdout;
    ensure(github.contains("::<aws_vpc.vpc> & \"it\"%0A| is %25 new\n"), &github)?;
    ensure(
        github
            .contains("::warning file=stacks/one/stack.yaml,title=wharf gate%3A main.warn_always::a, b: c\n"),
        &github,
    )?;
    ensure(github.contains("::notice ") && github.contains("(exempted)::fine"), &github)
}

fn deterministic() -> Result<()> {
    let stage = changed()?;
    stage.write("policy/a.rego", POLICY)?;
    for form in FORMS {
        let asked =
            ["--fail-on", ALL, "--protect", "*", "--budget", "1", "--policy", "policy", "--format", form];
        let (once, again) = (gate(&stage, &asked, 3)?, gate(&stage, &asked, 3)?);
        assert_eq!(once.stdout, again.stdout, "{form}");
    }
    Ok(())
}

fn policies() -> Result<()> {
    let stage = changed()?;
    stage.write("p/old/v0.rego", "package main\ndeny[msg] { r := input.resource_changes[_]; r.change.actions[_] == \"delete\"; msg := sprintf(\"%s goes\", [r.address]) }\n")?;
    stage.write("p/v1.rego", "package main\nimport rego.v1\nviolation_named contains {\"msg\": data.say}\nexception contains data.excused\n")?;
    stage.write("p/v1_test.rego", "package main\nthis is no rego\n")?;
    stage.write("p/readme.md", "nothing")?;
    stage.write("say.yaml", "say: hello\nexcused: []\n")?;
    stage.write("wrong.yaml", "say: hello\nexcused: named\n")?;
    stage.write("excuse.json", "{\"say\": \"hello\", \"excused\": [\"named\", \"\"]}")?;
    let run = gate(&stage, &["--policy", "p", "--data", "say.yaml"], 3)?;
    for said in [
        "denied[main.deny]: aws_vpc.vpc goes\n  --> stacks/one/stack.yaml:5:3\n",
        "denied[main.deny]: aws_eip.address goes\n",
        "denied[main.violation_named]: hello",
    ] {
        ensure(run.stdout.contains(said), &run.stdout)?;
    }
    let run = gate(&stage, &["--policy", "p", "--data", "excuse.json"], 0)?;
    ensure(run.stdout.contains("exempted[main.violation_named]: hello"), &run.stdout)?;
    ensure(run.stdout.ends_with("Passed: 0 denials, 0 warnings, 3 exceptions in 1 plan.\n"), &run.stdout)?;
    // What fails is denied: no policies, no package, no such thing.
    stage.write("empty/a_test.rego", "package main\n")?;
    stage.write("fails/a.rego", "package main\ndeny contains to_number(\"x\")\n")?;
    for (asked, reason) in [
        (&["--policy", "empty"][..], "there is no policy"),
        (&["--policy", "p", "--data", "say.yaml", "--namespace", "mian"], "did you mean `main`?"),
        (&["--policy", "p", "--data", "wrong.yaml"], "`main.exception` has to be a set of lists"),
        (&["--policy", "fails"], "`main.deny` failed"),
        (
            &["--policy", "p", "--data", "say.yaml", "--authz", "data.main.allowed"],
            "have no rule `main.allowed`",
        ),
    ] {
        let run = gate(&stage, asked, 3)?;
        ensure(run.stdout.contains(reason), &format!("{asked:?}\n{}", run.stdout))?;
    }
    let run = gate(&stage, &["--policy", "nowhere"], 1)?;
    ensure(run.stderr.contains("cannot read the policies in nowhere"), &run.stderr)
}

fn several() -> Result<()> {
    let stage = changed()?;
    let json = stage.ok(&["plan", "stacks/one", "--json"])?.stdout;
    stage.write("plan.json", &json)?;
    let run = stage.exits(&["gate", "plan", "plan.json", "--fail-on", "destroy", "--budget", "60"], 3)?;
    for said in [
        "in the plan plan\n",
        "in the plan plan.json\n",
        "the blast radius is 116, and the budget 60",
        "in 2 plans.",
    ] {
        ensure(run.stdout.contains(said), &run.stdout)?;
    }
    let from = std::fs::File::open(stage.folder().join("plan.json"))?;
    let run = Run::of(stage.command(&["gate", "-", "--fail-on", "destroy"]).stdin(from))?;
    assert_eq!(run.code, 3, "{}", run.all());
    Ok(())
}

fn drift() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", STACK)?;
    stage.ok(&["apply", "--auto-approve"])?;
    stage.ok(&["plan", "--out", "plan"])?;
    gate(&stage, &["--fail-on", "drift"], 0)?;
    let role = json!({"RoleName": "gated", "Description": "by hand"});
    stage.reader()?.call("iam", "update_role", &role, None)?;
    stage.ok(&["plan", "--out", "plan"])?;
    let run = gate(&stage, &["--fail-on", "drift"], 3)?;
    let said = "denied[drift]: `role` (aws_iam_role) was changed outside the stack: `description`\n  --> stack.yaml:12:3\n";
    ensure(run.stdout.contains(said), &run.stdout)
}

fn configuration() -> Result<()> {
    let stage = changed()?;
    stage.write("ci/gate.yaml", "fail_on: [destroy]\nbudget: 1000\npolicy: [policies]\ndata: [say.yaml]\nweight: {aws_vpc.replace: 0}\n")?;
    stage.write("ci/policies/a.rego", "package main\ndeny contains data.say\n")?;
    stage.write("ci/say.yaml", "say: from the file\n")?;
    let run = gate(&stage, &["--config", "ci/gate.yaml", "--fail-on", "replace"], 3)?;
    for said in
        ["denied[destroy]", "denied[replace]", "denied[main.deny]: from the file", "Blast radius: 8 of 1000"]
    {
        ensure(run.stdout.contains(said), &run.stdout)?;
    }
    let run = gate(&stage, &["--config", "ci/gate.yaml", "--budget", "7"], 3)?;
    ensure(run.stdout.contains("denied[blast-radius]"), &run.stdout)?;
    stage.write("ci/gate.yaml", "fail_no: [destroy]\nbudget: some\n")?;
    let run = gate(&stage, &["--config", "ci/gate.yaml"], 1)?;
    for said in [
        "2 mistakes in ci/gate.yaml",
        "ci/gate.yaml:1: there is no key `fail_no`; did you mean `fail_on`?",
        "ci/gate.yaml:2: ",
    ] {
        ensure(run.stderr.contains(said), &run.stderr)?;
    }
    Ok(())
}

fn no_plan() -> Result<()> {
    let stage = changed()?;
    let state = stage.ok(&["show", "stacks/one", "--json"])?.stdout;
    for (text, reason) in [
        ("{", "it is no JSON"),
        ("[]", "it is no plan"),
        (state.as_str(), "it is no plan"),
        ("{\"format_version\": \"1.0\", \"values\": {}}", "it is a state"),
        ("{\"format_version\": \"1.2\", \"errored\": true, \"resource_changes\": []}", "planning failed"),
        ("{\"wharf_plan\": 1}", "damaged"),
    ] {
        stage.write("not", text)?;
        let run = stage.exits(&["gate", "plan", "not", "--fail-on", "destroy"], 1)?;
        ensure(run.stderr.contains(reason) && run.stdout.is_empty(), &run.all())?;
    }
    let run = stage.exits(&["gate", "nowhere", "--fail-on", "destroy"], 1)?;
    ensure(run.stderr.contains("cannot read the plan nowhere"), &run.stderr)
}

const SECRET: &str = "hunter2-is-not-it";

fn secrets() -> Result<()> {
    let stage = Stage::new()?;
    let stack = STACK
        .replace(
            "resources:",
            "variables:\n  password: {type: string, sensitive: true, default: hunter2-is-not-it}\nresources:",
        )
        .replace("10.0.0.0/16", "10.0.0.0/16\n      tags: {Secret: \"${var.password}\"}");
    stage.write("stack.yaml", &stack)?;
    stage.ok(&["plan", "--out", "plan"])?;
    // Terraform's plan has them; the marks say which.
    let change = json!({
        "actions": ["create"], "before": null, "after": {"password": SECRET, "name": "web"},
        "after_unknown": {}, "before_sensitive": false, "after_sensitive": {"password": true},
    });
    let entry = json!({"address": "aws_db_instance.db", "mode": "managed", "type": "aws_db_instance", "name": "db", "change": change});
    let terraform = json!({"format_version": "1.2", "resource_changes": [entry]});
    stage.write("terraform.json", &terraform.to_string())?;
    stage.write("p/a.rego", "package main\nimport rego.v1\ndeny contains {\"msg\": json.marshal(input), \"help\": json.marshal(input)}\nwarn contains sprintf(\"%v\", [r.change.after.password]) if some r in input.resource_changes\n")?;
    for form in FORMS {
        let run = stage.exits(
            &["gate", "plan", "terraform.json", "--policy", "p", "--fail-on", ALL, "--format", form],
            3,
        )?;
        ensure(run.stdout.contains("sensitive value"), &run.stdout)?;
        ensure(!run.all().contains(SECRET), &run.all())?;
    }
    Ok(())
}
