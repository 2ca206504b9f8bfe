//! Large stacks stay quick: time and work in proportion to their size.

use crate::support::{TestLookup, expand, file, mistakes};
use std::time::{Duration, Instant};
use wharf_stack::NothingKnown;

/// Generous for debug builds on busy machines; what is quadratic takes minutes.
const SOON: Duration = Duration::from_mins(1);

fn large(count: usize) -> String {
    let entries: Vec<String> =
        (0..count).map(|i| format!("    k{i}: {{cidr: 10.0.0.0/24, zone: eu-central-1a}}\n")).collect();
    let entries = entries.concat();
    file(&format!(
        "variables:\n  names: {{type: string, default: shop}}\nlocals:\n  subnets:\n{entries}resources:
  vpc: {{type: aws_vpc, properties: {{cidr_block: 10.0.0.0/8}}}}
  subnet:
    type: aws_subnet
    for_each: ${{local.subnets}}
    properties:
      vpc_id: ${{vpc.id}}
      cidr_block: ${{local.subnets[each.key].cidr}}
      availability_zone: ${{lookup(local.subnets, each.key, {{}}).zone}}
      tags: {{Name: \"${{var.names}}-${{each.key}}\", Count: \"${{length(local.subnets)}}\"}}
  twin:
    type: aws_lb
    for_each: ${{local.subnets}}
    properties: {{name: \"${{each.key}}\", subnets: [\"${{subnet[each.key].id}}\"]}}
"
    ))
}

#[test]
fn ten_thousand_instances() {
    let text = large(10_000);
    let start = Instant::now();
    let expanded = expand(&text);
    let parsed = start.elapsed();
    let lookup = TestLookup::default().with("vpc", serde_json::json!({"id": "vpc-1"}));
    let mut dependencies = 0;
    for instance in expanded.instances() {
        assert!(expanded.properties(instance, &lookup).is_ok());
        dependencies += expanded.dependencies(instance).len();
    }
    let all = start.elapsed();
    assert_eq!(expanded.instances().len(), 20_001);
    assert_eq!(dependencies, 20_000);
    assert!(all < SOON, "expand {parsed:?}, all {all:?}");
}

#[test]
fn ten_thousand_resources_written_out() {
    let resources: Vec<String> = (0..10_000)
        .map(|i| format!("  v{i}: {{type: aws_vpc, properties: {{cidr_block: 10.0.0.0/8, tags: {{a: '${{v{}.id}}'}}}}}}\n", (i + 1).min(9_999)))
        .collect();
    let start = Instant::now();
    let said = mistakes(&file(&format!("resources:\n{}", resources.concat())));
    assert!(said.contains("`v9999` refers to itself"), "{said}");
    assert!(start.elapsed() < SOON);
}

#[test]
fn many_layers_of_locals() {
    let mut text = String::from(
        "resources:\n  v: {type: aws_vpc, properties: {cidr_block: c}}\n  w: {type: aws_vpc, properties: {cidr_block: '${local.a99}'}}\nlocals:\n  a0: ${v.id}\n  b0: ${v.id}\n",
    );
    for i in 1..100 {
        text.push_str(&format!(
            "  a{i}: '${{local.a{p}}}${{local.b{p} == 1}}'\n  b{i}: '${{local.b{p} == local.a{p}}}'\n",
            p = i - 1
        ));
    }
    let start = Instant::now();
    let expanded = expand(&file(&text));
    let instance = expanded.instance(&"w".parse().expect("an address")).expect("an instance");
    assert_eq!(expanded.dependencies(instance).len(), 1);
    assert!(expanded.properties(instance, &NothingKnown).is_ok());
    assert!(start.elapsed() < SOON);
}
