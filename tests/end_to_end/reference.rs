//! The reference stack: applied, seen by an independent reader, planned again, removed.

use crate::Test;
use serde_json::json;
use std::collections::BTreeMap;
use wharf_testkit::emulator::repository;
use wharf_tests::{Result, Stage, Verify};

pub(crate) const TESTS: &[Test] = &[
    ("converges, and every resource is as asked for", converges),
    ("a change of one thing changes one thing", one_change),
    ("many ids cost few requests", many_ids),
];

/// What a no-op plan of the reference stack may cost.
const REQUESTS: u64 = 80;

fn converges() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", "ecs-pipeline")?;
    let applied = stage.ok(&["apply", "ecs-pipeline", "--auto-approve"])?;
    for output in ["production_url", "qa_url", "clone_url_http", "clone_url_ssh"] {
        if !applied.stdout.contains(output) {
            return Err(format!("the apply shows no {output}\n{}", applied.stdout).into());
        }
    }
    let checks = std::fs::read_to_string(repository().join("tests/reference/verify.yaml"))?;
    let checks: Vec<Verify> = serde_yaml::from_str(&checks)?;
    let state = stage.state("ecs-pipeline")?;
    stage.verify(&checks, &state)?;
    everything_is_tagged(&stage, &state)?;

    stage.emulator.reset_counters()?;
    let again = stage.exits(&["plan", "ecs-pipeline", "--detailed-exitcode", "--stats"], 0)?;
    assert!(again.stdout.contains("No changes."), "{}", again.stdout);
    let counted: BTreeMap<String, u64> = stage.emulator.counters()?;
    let total: u64 = counted.values().sum();
    assert!(total <= REQUESTS, "a no-op plan makes {total} requests: {counted:#?}");
    // What wharf says it made is what the emulator counted.
    assert!(again.stderr.contains(&format!("AWS requests: {total}\n")), "{}", again.stderr);
    assert_eq!(stage.emulator.get("/_wharf/violations")?, json!([]));

    stage.ok(&["destroy", "ecs-pipeline", "--auto-approve"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}

/// Every object of a type with tags carries the stack's lineage.
fn everything_is_tagged(stage: &Stage, state: &serde_json::Value) -> Result<()> {
    let lineage = state["lineage"].as_str().ok_or("no lineage")?;
    let tagged = stage.emulator.get(&format!("/_wharf/tagged?key=wharf:lineage&value={lineage}"))?;
    let tagged = tagged.as_array().map_or(0, Vec::len);
    let resources = state["resources"].as_array().ok_or("no resources")?;
    let taggable = resources.iter().filter(|resource| resource["attributes"]["tags_all"].is_object()).count();
    assert_eq!(tagged, taggable);
    Ok(())
}

fn one_change() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", "ecs-pipeline")?;
    stage.ok(&["apply", "ecs-pipeline", "--auto-approve"])?;
    let more = ["ecs-pipeline", "--var", "desired_count=3"];
    let planned = stage.ok(&[&["plan"][..], &more].concat())?;
    assert!(
        planned.stdout.contains("0 to add, 1 to change, 0 to replace, 0 to destroy"),
        "{}",
        planned.stdout
    );
    stage.ok(&[&["apply", "--auto-approve"][..], &more].concat())?;
    let settled = [&["plan", "--detailed-exitcode"][..], &more].concat();
    stage.exits(&settled, 0)?;
    stage.ok(&["destroy", "ecs-pipeline", "--auto-approve"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}

/// Ten times the subnets and rules add a handful of requests where the API takes many ids.
fn many_ids() -> Result<()> {
    let stage = Stage::new()?;
    let requests = |count: usize| -> Result<u64> {
        stage.write("stack.yaml", &many(count))?;
        stage.ok(&["apply", "--auto-approve"])?;
        stage.emulator.reset_counters()?;
        stage.exits(&["plan", "--detailed-exitcode"], 0)?;
        Ok(stage.emulator.counters()?.values().sum())
    };
    let (few, many) = (requests(4)?, requests(40)?);
    assert!(many <= few + 5, "{few} requests for 4 of each, {many} for 40");
    Ok(())
}

fn many(count: usize) -> String {
    format!(
        "
stack: many
aws: {{region: eu-central-1}}
resources:
  vpc: {{type: aws_vpc, properties: {{cidr_block: 10.0.0.0/16}}}}
  subnet:
    type: aws_subnet
    for_each: '${{{{for i in range({count}) : \"s${{i}}\" => i}}}}'
    properties: {{vpc_id: \"${{vpc.id}}\", cidr_block: \"${{cidrsubnet(vpc.cidr_block, 8, each.value)}}\"}}
  group:
    type: aws_security_group
    properties: {{vpc_id: \"${{vpc.id}}\", name: many, description: many}}
  rule:
    type: aws_vpc_security_group_ingress_rule
    for_each: '${{{{for i in range({count}) : \"r${{i}}\" => i}}}}'
    properties:
      security_group_id: ${{group.id}}
      cidr_ipv4: 10.0.0.0/8
      ip_protocol: tcp
      from_port: ${{1000 + each.value}}
      to_port: ${{1000 + each.value}}
"
    )
}
