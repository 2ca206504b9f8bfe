//! Names of which AWS takes no second object, or writes over the first.

use crate::Test;
use serde_json::json;
use wharf_tests::{Call, Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("nothing is written over", nothing_is_written_over),
    ("a renamed resource without tags stays", renamed_without_tags),
    ("a renamed resource with tags stays", renamed_with_tags),
];

const STACK: &str = "stack.yaml";

/// A role with a policy, and the target of a rule; these names for the policy and the target in the stack file.
fn stack(policy: &str, target: &str) -> String {
    format!(
        r#"stack: names
aws: {{region: eu-central-1}}
resources:
  role:
    type: aws_iam_role
    properties:
      name: names
      assume_role_policy:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Action: "sts:AssumeRole", Principal: {{Service: events.amazonaws.com}}}}]
  {policy}:
    type: aws_iam_role_policy
    properties:
      role: ${{role.name}}
      name: names
      policy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "s3:*", Resource: "*"}}]}}
  rule:
    type: aws_cloudwatch_event_rule
    properties: {{name: names, schedule_expression: rate(1 day)}}
  {target}:
    type: aws_cloudwatch_event_target
    properties:
      rule: ${{rule.name}}
      target_id: names
      arn: arn:aws:sqs:eu-central-1:123456789012:names
"#
    )
}

fn nothing_is_written_over() -> Result<()> {
    let stage = Stage::new()?;
    stage.write(STACK, &stack("policy", "target"))?;
    let call = |service: &str, operation: &str, parameters| Call {
        service: service.to_owned(),
        operation: operation.to_owned(),
        parameters,
    };
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}"#;
    let document =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
    let queue = "arn:aws:sqs:eu-central-1:123456789012:other";
    let calls = [
        call("iam", "create_role", json!({"RoleName": "names", "AssumeRolePolicyDocument": trust})),
        call(
            "iam",
            "put_role_policy",
            json!({"RoleName": "names", "PolicyName": "names", "PolicyDocument": document}),
        ),
        call("events", "put_rule", json!({"Name": "names", "ScheduleExpression": "rate(2 days)"})),
        call("events", "put_targets", json!({"Rule": "names", "Targets": [{"Id": "names", "Arn": queue}]})),
    ];
    stage.call(&calls, &json!({}))?;
    let run = stage.exits(&["plan"], 1)?;
    for part in
        ["import 'role' 'names'", "'policy' 'names:names'", "'rule' 'names'", "'target' 'names/names'"]
    {
        if !run.stderr.contains(part) {
            return Err(format!("`{part}` is not in:\n{}", run.stderr).into());
        }
    }
    Ok(())
}

fn renamed_without_tags() -> Result<()> {
    let stage = Stage::new()?;
    stage.write(STACK, &stack("policy", "target"))?;
    stage.ok(&["apply", "--auto-approve"])?;
    let before = stage.objects()?;
    stage.write(STACK, &stack("may", "starts"))?;
    stage.ok(&["apply", "--auto-approve"])?;
    assert_eq!(stage.objects()?, before);
    stage.exits(&["plan", "--detailed-exitcode"], 0).map(drop)
}

/// As `moved:` would say it: AWS takes no second role of the name, so it can be meant only.
fn renamed_with_tags() -> Result<()> {
    let stage = Stage::new()?;
    let text = stack("policy", "target");
    stage.write(STACK, &text)?;
    stage.ok(&["apply", "--auto-approve"])?;
    let before = stage.objects()?;
    let renamed =
        text.replace("  role:\n    type", "  runner:\n    type").replace("${role.name}", "${runner.name}");
    stage.write(
        STACK,
        &renamed.replace("  rule:\n    type", "  daily:\n    type").replace("${rule.name}", "${daily.name}"),
    )?;
    let plan = stage.ok(&["plan"])?.stdout;
    if !plan.contains("0 to add") || !plan.contains("0 to destroy") {
        return Err(plan.into());
    }
    stage.ok(&["apply", "--auto-approve"])?;
    assert_eq!(stage.objects()?, before);
    stage.exits(&["plan", "--detailed-exitcode"], 0).map(drop)
}
