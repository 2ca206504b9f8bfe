//! Tools made for Terraform, which nobody here wrote, read wharf's plans unchanged.

use crate::Test;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use wharf_testkit::emulator::repository;
use wharf_testkit::python::TOOLS;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("checkov finds in a plan what it finds in the same stack for Terraform", checkov),
    ("a Rego policy for Terraform decides", rego),
];

/// What checkov finds: the check and the resource.
type Findings = BTreeSet<(String, String)>;

fn checkov() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/tools/bad", "bad")?;
    stage.write("plan.json", &stage.ok(&["plan", "bad", "--json"])?.stdout)?;
    let plan = findings(&stage, &["--file", "plan.json", "--framework", "terraform_plan"])?;
    let terraform = findings(&stage, &["--directory", "bad", "--framework", "terraform"])?;
    assert_eq!(plan, terraform);
    let has = |check: &str, resource: &str| plan.contains(&(check.to_owned(), resource.to_owned()));
    // Open to the world; any action on anything, also where a part of the document is not known yet.
    assert!(has("CKV_AWS_24", "aws_security_group.open"));
    assert!(
        has("CKV_AWS_63", "aws_iam_policy.everything") && has("CKV_AWS_63", "aws_iam_policy.partly_known")
    );
    // Which bucket is closed is only in the references.
    assert!(has("CKV2_AWS_6", "aws_s3_bucket.public") && !has("CKV2_AWS_6", "aws_s3_bucket.closed"));
    assert!(has("CKV_AWS_163", "aws_ecr_repository.registry"));
    assert!(!has("CKV_AWS_163", "aws_ecr_repository.scanned"));
    // And of a stack that is there already, the same.
    stage.ok(&["apply", "bad", "--auto-approve"])?;
    stage.write("plan.json", &stage.ok(&["plan", "bad", "--json"])?.stdout)?;
    assert_eq!(findings(&stage, &["--file", "plan.json", "--framework", "terraform_plan"])?, terraform);
    Ok(())
}

fn findings(stage: &Stage, arguments: &[&str]) -> Result<Findings> {
    let python = TOOLS.python()?;
    let output = Command::new(&python)
        .args(["-m", "checkov.main", "--compact", "--quiet", "--skip-download", "--output", "json"])
        .args(arguments)
        .current_dir(stage.folder())
        .output()?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("checkov: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report:#}");
    let failed = report["results"]["failed_checks"].as_array().ok_or("checkov reports no checks")?;
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Ok(failed.iter().map(|check| (text(check, "check_id"), text(check, "resource"))).collect())
}

const QUERIES: [&str; 3] =
    ["data.terraform.analysis.authz", "data.terraform.analysis.score", "data.terraform.analysis.wildcards"];

fn rego() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/tools/bad", "bad")?;
    stage.write("bad.json", &stage.ok(&["plan", "bad", "--json"])?.stdout)?;
    let wildcards = serde_json::json!(["aws_iam_policy.everything", "aws_iam_policy.partly_known"]);
    assert_eq!(ask(&stage, "bad.json")?, vec![false.into(), 10.into(), wildcards]);
    // A network: within the budget, and nothing of IAM.
    stage.copy("stacks/minimal", "minimal")?;
    stage.write("minimal.json", &stage.ok(&["plan", "minimal", "--json"])?.stdout)?;
    assert_eq!(ask(&stage, "minimal.json")?, vec![true.into(), 12.into(), serde_json::json!([])]);
    // Its removal is over the budget; a saved plan says the same.
    stage.ok(&["apply", "minimal", "--auto-approve"])?;
    stage.ok(&["plan", "minimal", "--destroy", "--out", "away.plan"])?;
    stage.write("away.json", &stage.ok(&["show", "away.plan", "--json"])?.stdout)?;
    assert_eq!(ask(&stage, "away.json")?, vec![false.into(), 120.into(), serde_json::json!([])]);
    Ok(())
}

fn ask(stage: &Stage, plan: &str) -> Result<Vec<Value>> {
    let folder = repository().join("tests/tools");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let output = Command::new(TOOLS.python()?)
        .args([path("rego.py"), path("terraform.rego")])
        .arg(Path::new(plan))
        .args(QUERIES)
        .current_dir(stage.folder())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
