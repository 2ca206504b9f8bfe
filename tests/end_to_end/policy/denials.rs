use super::deployer::Deployer;
use crate::failures::{APPLY, contains, minimal};
use serde_json::{Value, json};
use wharf_tests::Result;

fn allow(actions: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
}

/// In a plan and in an apply, of EC2 with its encoded message, which this caller may not decode.
pub(super) fn told() -> Result<()> {
    let stage = minimal()?;
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &[allow(&["ec2:CreateVpc", "ec2:Describe*"])])?;
    let run = deployer.run(&stage, APPLY)?;
    assert_eq!(run.code, 1);
    contains(
        &run.stderr,
        &[
            "`vpc`: ec2:CreateVpc: UnauthorizedOperation",
            "to perform: ec2:CreateTags on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/*",
            "no identity-based policy allows",
            "the caller needs `ec2:CreateTags`",
            "wharf policy",
        ],
    )?;
    assert!(!run.stderr.contains("Encoded authorization failure message"), "{}", run.stderr);
    stage.ok(APPLY)?;
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"},
    ]});
    deployer.may(&stage, &[deny])?;
    let run = deployer.run(&stage, &["plan"])?;
    assert_eq!(run.code, 1);
    contains(
        &run.stderr,
        &[
            "AWS denies `ec2:DescribeVpcs`",
            "while reading `vpc`",
            "an explicit deny",
            "no other policy helps",
        ],
    )
}

/// Whoever may is told what the encoded part says; a wrong one is no error of its own.
pub(super) fn decoded() -> Result<()> {
    let stage = minimal()?;
    let deployer = Deployer::new(&stage)?;
    deployer.may(&stage, &[allow(&["ec2:Describe*", "sts:DecodeAuthorizationMessage"])])?;
    let run = deployer.run(&stage, APPLY)?;
    let on = "ec2:CreateVpc on arn:aws:ec2:eu-central-1:123456789012:vpc/*: no statement allows it";
    contains(&run.stderr, &["`vpc`: ec2:CreateVpc", "decoded, AWS says:", on])?;
    let garbage = json!([{
        "match": "ec2:CreateVpc", "kind": "error_before", "code": "UnauthorizedOperation", "status": 403,
        "message": "You may not. Encoded authorization failure message: garbage",
    }]);
    stage.emulator.rules(&garbage)?;
    let run = deployer.run(&stage, APPLY)?;
    assert_eq!(run.code, 1);
    contains(&run.stderr, &["UnauthorizedOperation: You may not", "did not decode them"])
}
