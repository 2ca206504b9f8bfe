//! `wharf release history`.

use super::shop::Shop;
use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_tests::Result;

pub(crate) const TESTS: &[Test] = &[
    ("deployments are listed with what they brought", listed),
    ("of many only some are asked for", bounded),
];

fn listed() -> Result<()> {
    let mut shop = Shop::new()?;
    assert_eq!(shop.ok(&["history"])?.stdout, "There was no deployment yet.\n");
    let first = shop.deployed("registry/web:2")?;
    let second = shop.deploy("web:3")?;
    shop.ok(&["rollback"])?;
    let by_codedeploy = shop.deployments()?[0].clone();
    let third = shop.deployed("web:4")?;
    shop.ok(&["rollback"])?;
    let fourth = shop.deployments()?[0].clone();
    let text = shop.ok(&["history"])?.stdout;
    contains(
        &text,
        &[
            &format!("    wharf release rollback of {third}"),
            "The deployment was stopped on request",
            &format!("    CodeDeploy's rollback of {second}"),
        ],
    )?;
    let json: Value = serde_json::from_str(&shop.ok(&["history", "--json"])?.stdout)?;
    let entries = json["deployments"].as_array().cloned().unwrap_or_default();
    let shown: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!([entry["id"], entry["status"], entry["task_definition"], entry["image"], entry["serves"]])
        })
        .collect();
    let wanted = [
        json!([fourth, "InProgress", "web:2", "registry/web:2", true]),
        json!([third, "Succeeded", "web:4", "web:4", false]),
        json!([by_codedeploy, "Succeeded", "web:2", "registry/web:2", false]),
        json!([second, "Stopped", "web:3", "web:3", false]),
        json!([first, "Succeeded", "web:2", "registry/web:2", false]),
    ];
    assert_eq!(shown, wanted);
    assert!(entries[0]["completed"].is_null() && entries[1]["completed"].is_string());
    assert_eq!(entries[0]["creator"], "user");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("d-")).collect();
    assert_eq!(lines.len(), 5, "{text}");
    contains(lines[0], &[&fourth, "InProgress, serves", "web:2", "registry/web:2"])
}

fn bounded() -> Result<()> {
    let mut shop = Shop::new()?;
    for _ in 0..30 {
        let id = shop.deploy("web:2")?;
        shop.reader.call("codedeploy", "stop_deployment", &json!({"deploymentId": id}), None)?;
    }
    shop.stage.emulator.reset_counters()?;
    let text = shop.ok(&["history", "--limit", "27"])?.stdout;
    assert_eq!(text.lines().filter(|line| line.starts_with("d-")).count(), 27);
    let counters = shop.stage.emulator.counters()?;
    let count = |operation: &str| counters.get(operation).copied().unwrap_or_default();
    assert_eq!(count("codedeploy:ListDeployments"), 1);
    assert_eq!(count("codedeploy:BatchGetDeployments"), 2);
    assert_eq!(count("codedeploy:GetApplicationRevision"), 27);
    assert_eq!(count("ecs:DescribeServices"), 1);
    Ok(())
}
