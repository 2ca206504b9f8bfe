use super::crash;
use super::deployer::{parts, printed, statements, texts};
use serde_json::Value;
use wharf_testkit::emulator::repository;
use wharf_tests::{Result, Stage};

/// What AWS's own reference says of each action in the policies of both large stacks and of one that ECS
/// deploys itself, before and after their first
/// apply: that there is such an action, that it takes such resources (or none), and knows such conditions for them.
pub(super) fn known() -> Result<()> {
    let text = std::fs::read_to_string(repository().join("tests/reference/service_authorization.json"))?;
    let reference: Value = serde_json::from_str(&text)?;
    let pipeline = Stage::new()?;
    pipeline.copy("stacks/ecs-pipeline", ".")?;
    let blue_green = Stage::new()?;
    blue_green.copy("tests/ecs-blue-green", ".")?;
    for stage in [crash()?, pipeline, blue_green] {
        for _ in 0..2 {
            for statement in all_statements(&stage)? {
                for action in texts(&statement["Action"]) {
                    check(&reference["actions"][&action], &action, &statement)?;
                }
            }
            stage.ok(&["apply", "--auto-approve"])?;
        }
    }
    Ok(())
}

/// Those of the policies for all purposes.
fn all_statements(stage: &Stage) -> Result<Vec<Value>> {
    let policies = printed(stage, &["policy"])?;
    let policies = policies.as_object().ok_or("not by name")?.values();
    Ok(policies.cloned().flat_map(|policy| statements(&parts(policy))).collect())
}

fn check(entry: &Value, action: &str, statement: &Value) -> Result<()> {
    let types = entry["resources"].as_object().ok_or_else(|| format!("there is no action {action}"))?;
    for resource in texts(&statement["Resource"]) {
        // Listing tasks has no resource: AWS's own example narrows it by the cluster.
        let by_cluster = action == "ecs:ListTasks"
            && ["ArnEquals", "ArnLike"]
                .iter()
                .any(|of| statement["Condition"][of]["ecs:cluster"].is_string());
        if types.is_empty() != (resource == "*") && !by_cluster {
            return Err(format!("{action} on {resource}").into());
        }
        // A log group's actions are asked for with its streams in the ARN.
        let of_group = action.starts_with("logs:") && !resource.contains(":log-stream:");
        let plain = resource.strip_suffix(":*").filter(|_| of_group).unwrap_or(&resource);
        let fitting: Vec<&Value> =
            types.iter().filter(|(arn, _)| fits(arn, plain)).map(|(_, keys)| keys).collect();
        if fitting.is_empty() && resource != "*" {
            return Err(format!("{action} takes no {resource}").into());
        }
        for key in
            statement["Condition"].as_object().into_iter().flatten().filter_map(|(_, keys)| keys.as_object())
        {
            for name in key.keys() {
                let wanted =
                    if name.starts_with("aws:ResourceTag/") { "aws:ResourceTag/${TagKey}" } else { name };
                let has = |keys: &Value| texts(keys).iter().any(|key| key == wanted);
                if !has(&entry["conditions"]) && !fitting.iter().any(|keys| has(keys)) {
                    return Err(format!("{action} knows no {name} of {resource}").into());
                }
            }
        }
    }
    Ok(())
}

/// Whether there is an ARN that two patterns have in common, in which `*` stands for any text.
fn fits(form: &str, arn: &str) -> bool {
    let (form, arn) = (form.as_bytes(), arn.as_bytes());
    // By how much is left of both, from the ends.
    let mut meet = vec![vec![false; arn.len() + 1]; form.len() + 1];
    for i in (0..=form.len()).rev() {
        for j in (0..=arn.len()).rev() {
            meet[i][j] = match (form.get(i), arn.get(j)) {
                (None, None) => true,
                (Some(b'*'), next) => meet[i + 1][j] || next.is_some() && meet[i][j + 1],
                (next, Some(b'*')) => meet[i][j + 1] || next.is_some() && meet[i + 1][j],
                (one, other) => one == other && meet[i + 1][j + 1],
            };
        }
    }
    meet[0][0]
}
