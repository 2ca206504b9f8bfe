//! A sensitive value goes to AWS and nowhere else: not into a state, its versions or a file, and no command prints it.

use crate::Test;
use crate::failures::contains;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("a sensitive value is in no state, file or output, with the state in a file", || keeps_to_itself("")),
    ("a sensitive value is in no state, file or output, with the state in S3", || {
        keeps_to_itself("state: {s3: {bucket: acme-states, key: team/secrets.json}}")
    }),
    ("a mistake in a file of sensitive values does not show them", mistakes),
];

/// The values before and after the update, of both variables. One is of plain characters, as names and tags want them.
const TOKENS: [&str; 2] = ["zq7TokenOfTheFirst", "zq7TokenOfTheSecond"];
const PHRASES: [&str; 2] = ["vx3 \"quoted\"\n\\back/slash é <one>", "vx3 \"quoted\"\n\\back/slash é <two>"];

const STACK: &str = r#"
stack: secrets
STATE
aws: {region: eu-central-1}
variables:
  token: {type: string, sensitive: true}
  login: {type: "object({phrase = string})", sensitive: true}
locals:
  settings: "token: ${var.token}, phrase: ${var.login.phrase}"
resources:
  bucket:
    type: aws_s3_bucket
    properties: {bucket: acme-secrets, force_destroy: true, tags: {Note: "of ${var.token}"}}
  plain:
    type: aws_s3_object
    properties: {bucket: "${bucket.id}", key: plain, content: "${var.login.phrase}"}
  settings:
    type: aws_s3_object
    properties: {bucket: "${bucket.id}", key: settings, content: "${local.settings}"}
  role:
    type: aws_iam_role
    properties:
      name: secrets
      description: knows ${var.token}
      assume_role_policy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: codebuild.amazonaws.com}}]
  role_policy:
    type: aws_iam_role_policy
    properties:
      name: secrets
      role: ${role.name}
      policy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:*", Resource: "*", Condition: {StringEquals: {"aws:UserAgent": "${var.token}"}}}]
  vpc:
    type: aws_vpc
    properties: {cidr_block: 10.20.0.0/16, tags: {Name: "${var.token}"}}
  build:
    type: aws_codebuild_project
    properties:
      name: secrets
      service_role: ${role.arn}
      source: {type: CODEPIPELINE, buildspec: buildspec.yml}
      artifacts: {type: CODEPIPELINE}
      environment:
        type: LINUX_CONTAINER
        compute_type: BUILD_GENERAL1_SMALL
        image: aws/codebuild/standard:7.0
        environment_variable:
          - {name: PLAIN, value: one}
          - {name: PHRASE, value: "${var.login.phrase}"}
          - {name: TOKEN, value: "${var.token}"}
    # It is not there yet when a run is killed at the task definition.
    depends_on: [task]
  task:
    type: aws_ecs_task_definition
    properties:
      family: secrets
      requires_compatibilities: [FARGATE]
      network_mode: awsvpc
      cpu: 256
      memory: 512
      container_definitions:
        - name: web
          image: httpd:2.4
          environment: [{name: TOKEN, value: "${var.token}"}, {name: PHRASE, value: "${var.login.phrase}"}]
outputs:
  token: ${var.token}
  derived: "${base64encode(var.login.phrase)}"
  tags: ${vpc.tags}
  bucket: ${bucket.id}
"#;

/// The stack's life, everything it printed, and its secrets.
struct Life {
    stage: Stage,
    in_s3: bool,
    inputs: Vec<String>,
    /// What AWS says of a request with the values of now.
    refusal: String,
    printed: String,
}

impl Life {
    fn new(state: &str) -> Result<Self> {
        let stage = Stage::new()?;
        stage.write("stack.yaml", &STACK.replace("STATE", state))?;
        let in_s3 = !state.is_empty();
        let (inputs, refusal, printed) = (Vec::new(), String::new(), String::new());
        let mut life = Life { stage, in_s3, inputs, refusal, printed };
        life.values(0);
        if life.in_s3 {
            life.ends(&["state", "init"], 0)?;
        }
        Ok(life)
    }

    /// Has the values before the update (0), or after it (1).
    fn values(&mut self, which: usize) {
        self.refusal = format!("refused: '{}', {}", TOKENS[which], json!([PHRASES[which]]));
        let login = json!({"phrase": PHRASES[which]});
        let variables = [format!("token={}", TOKENS[which]), format!("login={login}")];
        self.inputs = variables.into_iter().flat_map(|variable| ["--var".to_owned(), variable]).collect();
    }

    fn command<'c>(&'c self, arguments: &[&'c str]) -> Vec<&'c str> {
        arguments.iter().copied().chain(self.inputs.iter().map(String::as_str)).collect()
    }

    fn ends(&mut self, arguments: &[&str], code: i32) -> Result<String> {
        let run = self.stage.exits(&self.command(arguments), code)?;
        self.printed.push_str(&format!("\n$ wharf {}\n{}", arguments.join(" "), run.all()));
        Ok(run.all())
    }

    /// Fails at an operation whose error says what it was sent.
    fn fails(&mut self, operation: &str, arguments: &[&str]) -> Result<()> {
        self.stage.emulator.rules(&json!([
            {"match": operation, "kind": "error_before", "code": "InvalidInputException", "message": self.refusal, "status": 400},
        ]))?;
        let printed = self.ends(arguments, 1)?;
        contains(&printed, &["refused: '(sensitive value)', ["])?;
        self.stage.emulator.rules(&json!([]))?;
        Ok(())
    }

    /// Is killed when an operation has taken effect.
    fn killed(&self, operation: &str) -> Result<()> {
        let waiting = self.stage.waiting(&self.command(&["apply", "--auto-approve"]), "killed.txt")?;
        let rule = json!({"match": operation, "kind": "kill_after", "pid": waiting.pid()});
        self.stage.emulator.rules(&json!([rule]))?;
        waiting.go()?.wait()?;
        assert_eq!(self.stage.emulator.rule_hits()?, [1]);
        self.stage.emulator.rules(&json!([]))?;
        if self.in_s3 {
            let ahead = self.stage.emulator.get("/_wharf/clock")?["offset_ms"].as_f64().unwrap_or_default();
            self.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": ahead + 120_000.0}))?;
        }
        Ok(())
    }

    /// Every command that looks.
    fn looks(&mut self, plan: i32) -> Result<()> {
        self.ends(&["plan", "--detailed-exitcode"], plan)?;
        for arguments in [
            &["validate"][..],
            &["plan", "--json"],
            &["plan", "--waves"],
            &["plan", "--format", "markdown"],
            &["drift", "--json"],
            &["plan", "--destroy"],
            &["show"],
            &["show", "--json"],
            &["output"],
            &["output", "--json"],
            &["state", "list"],
            &["state", "pull"],
            &["state", "history"],
            &["graph"],
        ] {
            self.ends(arguments, 0)?;
        }
        self.saved()?;
        let addresses = self.ends(&["state", "list"], 0)?;
        for address in addresses.lines() {
            self.ends(&["state", "show", address], 0)?;
        }
        // What S3 makes of the content is as secret as that.
        let plain = self.ends(&["state", "show", "plain", "--json"], 0)?;
        let plain: Value = serde_json::from_str(&plain)?;
        assert_eq!(plain["attributes"]["etag"], "(sensitive value)");
        self.nowhere()
    }

    /// A saved plan, every form of it, and every verdict on it. The file itself is among those that are searched.
    fn saved(&mut self) -> Result<()> {
        self.ends(&["plan", "--out", "wharf.plan"], 0)?;
        self.stage.copy("stacks/policies", "policies")?;
        let mut commands: Vec<Vec<&str>> = vec![vec!["policy", "--for", "apply"]];
        for format in ["text", "json", "markdown"] {
            commands.push(vec!["show", "wharf.plan", "--format", format]);
        }
        for format in ["text", "json", "markdown", "junit", "sarif", "github"] {
            let rules = "destroy,replace,iam,security-group,drift,unknown-policy";
            let judge = ["gate", "wharf.plan", "--fail-on", rules, "--policy", "policies"];
            commands.push([&judge[..], &["--budget", "0", "--format", format]].concat());
        }
        for arguments in commands {
            let takes_variables = arguments[0] == "policy";
            let all = if takes_variables { self.command(&arguments) } else { arguments.clone() };
            let run = self.stage.run(&all)?;
            // 3 is a verdict; anything else is none.
            assert!([0, 3].contains(&run.code), "{}", run.all());
            self.printed.push_str(&format!("\n$ wharf {}\n{}", arguments.join(" "), run.all()));
        }
        Ok(())
    }

    /// The values are in nothing that was printed or written so far.
    fn nowhere(&self) -> Result<()> {
        let needles = needles();
        without(&needles, "what was printed", self.printed.as_bytes())?;
        files(self.stage.folder(), &mut |path, bytes| {
            if path.file_name().is_some_and(|name| name == "stack.yaml") {
                return Ok(());
            }
            without(&needles, &path.display().to_string(), bytes)
        })?;
        if !self.in_s3 {
            return Ok(());
        }
        let mut reader = self.stage.reader()?;
        let query = "Versions[].[Key, VersionId]";
        let bucket = json!({"Bucket": "acme-states"});
        let versions = reader.call("s3", "list_object_versions", &bucket, Some(query))?;
        for version in versions.as_array().ok_or("no versions")? {
            let object = json!({"Bucket": "acme-states", "Key": version[0], "VersionId": version[1]});
            let body = reader.call("s3", "get_object", &object, Some("Body"))?;
            let bytes = STANDARD.decode(body.as_str().unwrap_or_default())?;
            without(&needles, &format!("{version}"), &bytes)?;
        }
        Ok(())
    }
}

/// What gives a value away, with a name: itself, as JSON has it once and twice, and base64 of it.
fn needles() -> Vec<(String, Vec<u8>)> {
    let quoted = |text: &str| Value::from(text).to_string().trim_matches('"').to_owned();
    let mut needles = Vec::new();
    for value in TOKENS.into_iter().chain(PHRASES) {
        let once = quoted(value);
        needles.push(("itself".to_owned(), value.as_bytes().to_vec()));
        needles.push(("as JSON".to_owned(), once.clone().into_bytes()));
        needles.push(("as JSON in JSON".to_owned(), quoted(&once).into_bytes()));
        // Base64 of a longer text that has it, wherever it begins there: the characters that are of it alone.
        for before in 0..3 {
            let text = STANDARD.encode([vec![0; before], value.as_bytes().to_vec()].concat());
            let inner = &text.as_bytes()[if before == 0 { 0 } else { 4 }..text.len() - 4];
            needles.push(("in base64".to_owned(), inner.to_vec()));
        }
    }
    needles
}

fn without(needles: &[(String, Vec<u8>)], place: &str, bytes: &[u8]) -> Result<()> {
    for (form, needle) in needles {
        if let Some(at) = bytes.windows(needle.len()).position(|window| window == needle) {
            let around = &bytes[at.saturating_sub(300)..(at + needle.len() + 100).min(bytes.len())];
            let around = String::from_utf8_lossy(around);
            return Err(format!("a sensitive value is in {place}, {form}:\n{around}").into());
        }
    }
    Ok(())
}

fn files(folder: &Path, look: &mut dyn FnMut(&Path, &[u8]) -> Result<()>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, look)? } else { look(&path, &fs::read(&path)?)? }
    }
    Ok(())
}

fn keeps_to_itself(state: &str) -> Result<()> {
    const APPLY: &[&str] = &["apply", "--auto-approve"];
    let mut life = Life::new(state)?;
    life.ends(&["validate"], 0)?;
    life.ends(&["plan"], 0)?;
    life.killed("ecs:RegisterTaskDefinition")?;
    life.nowhere()?;
    life.fails("codebuild:CreateProject", APPLY)?;
    life.ends(&["apply", "--auto-approve", "--json"], 0)?;
    life.looks(0)?;
    life.values(1);
    life.looks(2)?;
    life.fails("codebuild:UpdateProject", &["apply", "--auto-approve", "--json"])?;
    life.values(0);
    life.ends(APPLY, 0)?;
    life.values(1);
    life.killed("codebuild:UpdateProject")?;
    life.ends(APPLY, 0)?;
    life.looks(0)?;
    life.fails("ec2:DescribeVpcs", &["plan"])?;
    if life.in_s3 {
        life.values(0);
        // The lock and the journal are written; nothing after them.
        life.stage.emulator.rules(&json!([
            {"match": "s3:PutObject", "kind": "error_before", "code": "ExpiredToken", "message": life.refusal, "status": 400, "after": 2},
        ]))?;
        let printed = life.ends(APPLY, 1)?;
        contains(&printed, &["refused: '(sensitive value)', [", "wharf state push wharf-recovery-"])?;
        life.stage.emulator.rules(&json!([]))?;
        life.nowhere()?;
        life.ends(APPLY, 0)?;
    }
    life.ends(&["destroy", "--auto-approve"], 0)?;
    life.nowhere()
}

fn mistakes() -> Result<()> {
    let mut life = Life::new("")?;
    life.inputs = ["--var-file", "values.yaml"].map(str::to_owned).to_vec();
    let (token, other) = TOKENS.into();
    for values in [
        format!("token: [{token}]\nlogin: {{phrase: {other}}}"),
        format!("tokn: {token}\nlogin: {{phrase: {other}}}"),
        format!("token: {token}\nlogin: {{phrase: {other}, more: {other}}}"),
        format!("token: {token}\nlogin: {other}"),
        format!("token: {token}\nlogin: {{phrase: {other}"),
        format!("- {token}"),
    ] {
        life.stage.write("values.yaml", &values)?;
        let printed = life.ends(&["validate"], 1)?;
        contains(&printed, &["values.yaml"])?;
    }
    fs::remove_file(life.stage.folder().join("values.yaml"))?;
    life.nowhere()
}
