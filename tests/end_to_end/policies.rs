//! The starter set of policies, in `stacks/policies`: what it finds, and that the reference stack passes it.

use crate::Test;
use crate::gate::{ensure, gate};
use serde_json::{Value, json};
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("the reference stack passes the starter set", reference),
    ("the starter set finds what it is for", starter),
];

fn reference() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks", "stacks")?;
    stage.ok(&["plan", "stacks/ecs-pipeline", "--out", "plan"])?;
    let asked = ["--config", "stacks/ecs-pipeline/gate.yaml", "--format", "json"];
    let json: Value = serde_json::from_str(&gate(&stage, &asked, 0)?.stdout)?;
    let findings = json["findings"].as_array().ok_or("no findings")?;
    let rules: Vec<&str> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();
    assert_eq!(rules, ["main.warn_deletion_protection", "main.warn_plain_http", "main.warn_plain_http"]);
    assert_eq!(json["exempted"], json!([]));
    // Without its data, the QA port is one too many.
    let run = gate(&stage, &["--policy", "stacks/policies"], 3)?;
    ensure(
        run.stdout.contains("denied[main.deny_public_ingress]: load_balancer_ingress[\"qa\"]"),
        &run.stdout,
    )?;
    ensure(run.stdout.contains("Denied: 1 denial, 3 warnings in 1 plan."), &run.stdout)
}

const BAD: &str = "
stack: bad
aws: {region: eu-central-1}
resources:
  bucket: {type: aws_s3_bucket, properties: {bucket: bad-bucket}}
  registry: {type: aws_ecr_repository, properties: {name: bad}}
  key: {type: aws_kms_key, properties: {description: bad}}
  logs: {type: aws_cloudwatch_log_group, properties: {name: bad}}
  vpc: {type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}
  group: {type: aws_security_group, properties: {name: bad, description: bad, vpc_id: \"${vpc.id}\"}}
  ssh:
    type: aws_vpc_security_group_ingress_rule
    properties: {security_group_id: \"${group.id}\", cidr_ipv4: 0.0.0.0/0, ip_protocol: tcp, from_port: 22, to_port: 22}
  role:
    type: aws_iam_role
    properties:
      name: bad
      assume_role_policy: {Version: \"2012-10-17\", Statement: {Effect: Allow, Principal: {AWS: \"*\"}, Action: \"sts:AssumeRole\"}}
  policy:
    type: aws_iam_role_policy
    properties:
      name: bad
      role: ${role.name}
      policy:
        Version: \"2012-10-17\"
        Statement:
          - {Effect: Allow, Action: \"*\", Resource: \"*\"}
          - {Effect: Allow, Action: \"s3:GetObject\", Resource: \"${bucket.arn}/*\"}
  task:
    type: aws_ecs_task_definition
    properties:
      family: bad
      container_definitions:
        - {name: web, image: httpd, memory: 128, privileged: true, environment: [{name: DB_PASSWORD, value: x}]}
";

fn starter() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/policies", "policies")?;
    stage.write("stack.yaml", BAD)?;
    let found = |arguments: &[&str]| -> Result<Vec<String>> {
        stage.ok(&[&["plan", "--out", "plan"][..], arguments].concat())?;
        let run = gate(&stage, &["--policy", "policies", "--format", "json"], 3)?;
        let json: Value = serde_json::from_str(&run.stdout)?;
        let findings = json["findings"].as_array().ok_or("no findings")?;
        let mut rules: Vec<String> =
            findings.iter().filter_map(|finding| finding["rule"].as_str().map(str::to_owned)).collect();
        rules.sort();
        rules.dedup();
        Ok(rules)
    };
    let bad = [
        "main.deny_bucket_without_tls",
        "main.deny_key_rotation",
        "main.deny_log_retention",
        "main.deny_missing_tags",
        "main.deny_mutable_tags",
        "main.deny_privileged_container",
        "main.deny_public_bucket",
        "main.deny_public_ingress",
        "main.deny_secret_in_environment",
        "main.deny_trust_everybody",
        "main.deny_unencrypted_bucket",
        "main.deny_unscanned_images",
        "main.deny_wildcard_iam",
    ];
    assert_eq!(found(&[])?, bad);
    stage.ok(&["apply", "--auto-approve"])?;
    assert_eq!(found(&["--destroy"])?, ["main.deny_destroy_stateful"]);
    Ok(())
}
