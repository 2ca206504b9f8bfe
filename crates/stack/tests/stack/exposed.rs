//! Warnings of what looks like a secret.

use crate::support::{expand_with, file};
use wharf_core::{Severity, Sources};
use wharf_stack::Inputs;

/// One line per warning: `line:column message`; then what each says to do.
fn warnings(text: &str) -> (Vec<String>, Vec<String>) {
    let inputs = Inputs::default();
    let inputs = if text.contains("fed:") { inputs.with_var("fed", "hunter2") } else { inputs };
    let (sources, expanded) = expand_with(&file(text), &inputs, Default::default());
    let found = expanded.expect("a stack").exposed();
    let line = |sources: &Sources, span| {
        let (line, column) = sources.position(&span).expect("a position");
        format!("{line}:{column}")
    };
    let mut help = Vec::new();
    let mut lines = Vec::new();
    for warning in &found.0 {
        assert_eq!(warning.severity, Severity::Warning);
        assert!(!format!("{} {:?}", warning.message, warning.help).contains("hunter2"), "{warning:?}");
        lines.push(format!("{} {}", line(&sources, warning.span.expect("a place")), warning.message));
        help.extend(warning.help.clone());
    }
    (lines, help)
}

#[test]
fn environment_variables_of_containers() {
    let (lines, help) = warnings(
        "resources:
  web:
    type: aws_ecs_task_definition
    properties:
      family: web
      container_definitions:
        - name: web
          environment:
            - {name: DB_PASSWORD, value: hunter2}
            - {name: DB_HOST, value: db.example}
            - {name: DATABASE, value: 'postgres://app:hunter2@db/shop'}
          secrets: [{name: API_TOKEN, valueFrom: 'arn:aws:secretsmanager:x'}]
",
    );
    assert_eq!(
        lines,
        [
            "10:42 the environment variable `DB_PASSWORD` of `web` looks like a secret by its name, and is in the open",
            "12:39 the environment variable `DATABASE` of `web` holds what looks like a password in a URL, and is in the open",
        ]
    );
    assert!(help[0].contains("`secrets: [{name: DB_PASSWORD, valueFrom: "), "{help:?}");
}

#[test]
fn containers_as_json_text() {
    let (lines, _) = warnings(
        "resources:
  web:
    type: aws_ecs_task_definition
    for_each: {a: 1, b: 2}
    properties:
      family: web
      container_definitions: '${jsonencode([{name = \"x\", environment = [{name = \"API_KEY\", value = \"hunter2\"}]}])}'
",
    );
    // Once for all instances.
    assert_eq!(
        lines,
        [
            "8:30 the environment variable `API_KEY` of `web` looks like a secret by its name, and is in the open"
        ]
    );
}

#[test]
fn environment_variables_of_builds() {
    let (lines, help) = warnings(
        "resources:
  build:
    type: aws_codebuild_project
    properties:
      environment:
        environment_variable:
          - {name: NPM_TOKEN, value: hunter2}
          - {name: TOKEN, value: hunter2, type: PLAINTEXT}
          - {name: OTHER_TOKEN, value: hunter2, type: SECRETS_MANAGER}
",
    );
    let message = |place: &str, name: &str| {
        format!(
            "{place} the build's environment variable `{name}` of `build` looks like a secret by its name, and is in the open"
        )
    };
    assert_eq!(lines, [message("8:38", "NPM_TOKEN"), message("9:34", "TOKEN")]);
    assert!(help[0].contains("`{name: NPM_TOKEN, type: SECRETS_MANAGER, value: ...}`"), "{help:?}");
}

#[test]
fn variables_properties_tags_and_outputs() {
    let (lines, help) = warnings(
        "variables:
  password: {type: string, default: hunter2}
  api_token: {type: string, default: hunter2, sensitive: true}
  fed: {type: string}
  key_name: {type: string, default: hunter2}
resources:
  vpc:
    type: aws_vpc
    properties:
      cidr_block: 10.0.0.0/16
      tags: {Secret: hunter2, Token: '${var.api_token}', Fed: '${var.fed}', Key: AKIAIOSFODNN7EXAMPLE}
  balancer: {type: aws_lb, properties: {name: x, secret: hunter2}}
outputs:
  token: hunter2
  token_arn: hunter2
  hidden_password: '${var.api_token}'
  shown_password: '${var.fed}'
  balancer_secret: '${balancer.dns_name}'
",
    );
    assert_eq!(
        lines,
        [
            "3:37 the variable `password` looks like a secret by its name, and it is not sensitive",
            "12:22 `Secret` of `vpc` looks like a secret by its name, and is in the open",
            "12:82 `Key` of `vpc` holds what looks like an AWS access key, and is in the open",
            "15:10 the output `token` looks like a secret by its name, and is in the open",
            "18:19 the output `shown_password` looks like a secret by its name, and is in the open",
        ]
    );
    assert_eq!(help[0], "add `sensitive: true` to `password`, and set it from outside the file");
}

#[test]
fn documents_keep_their_own_names() {
    let (lines, _) = warnings(
        "resources:
  role:
    type: aws_iam_role
    properties:
      name: x
      assume_role_policy: {Statement: [{Condition: {StringEquals: {'x:Token': hunter2}}}]}
",
    );
    assert_eq!(lines, [""; 0]);
}

#[test]
fn outputs_as_terraform_writes_them() {
    let (lines, help) = warnings(
        "outputs:
  a: {value: '${aws.region}', sensitive: true}
  b: {value: 1, unit: s}
  c: {value: 1}
",
    );
    assert_eq!(lines, ["3:6 the output `a` is a mapping; `sensitive` in it means nothing"]);
    assert!(help[0].starts_with("write the value alone"), "{help:?}");
}
