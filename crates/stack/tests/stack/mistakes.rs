//! What is said about bad stack files, and where.

use crate::support::{TestFiles, TestLookup, expand, expand_with, file, mistakes, mistakes_with, render};
use wharf_stack::Inputs;

/// Every broken stack file says what its first line promises.
#[test]
fn broken_stack_files() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/broken");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path().join("stack.yaml");
        let text = std::fs::read_to_string(&path).expect("a stack file");
        let promise = text.lines().next().and_then(|line| line.strip_prefix("# says: ")).expect("a promise");
        let said = mistakes(&text);
        assert!(said.contains(promise), "{}\n{said}", path.display());
        seen += 1;
    }
    assert!(seen >= 20);
}

/// Each line of `expected` must be said, and nothing else.
fn says(text: &str, expected: &str) {
    let said = mistakes(&file(text));
    let lines: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let matches = said.lines().count() == lines.len()
        && said.lines().zip(&lines).all(|(said, line)| said.starts_with(line));
    assert!(matches, "{text}\nsays:\n{said}not:\n{expected}");
}

const VPC: &str = "vpc: {type: aws_vpc, properties: {cidr_block: 10.0.0.0/16}}";

/// `file` puts the stack's name on line 1, so positions count from line 2.
#[test]
fn sections_and_keys() {
    says("descripton: x\n", "2:1 unknown key `descripton` (did you mean `description`?)");
    says("resources: [a]\n", "2:12 `resources` must be a mapping, not a list");
    says(
        "resources:\n  1a: {type: aws_vpc}\n",
        "3:3 `1a` cannot be the name of a resource\n3:3 missing property `cidr_block`",
    );
    says(
        "resources:\n  each: {type: aws_lb, properties: {name: x}}\n",
        "3:3 `each` cannot be the name of a resource",
    );
    says("resources:\n  a: {properties: {}}\n", "3:3 resource `a` has no `type`");
    says(
        "resources:\n  a: {type: aws_lb, properties: [x]}\n",
        "3:33 the properties of `a` must be a mapping",
    );
    says("aws: {region: [a]}\n", "2:15 expected a string, found a list");
    says("state: {}\n", "2:8 `state` says no place");
    says("state: {s3: {bucket: b, key: k, regin: x}}\n", "2:33 unknown key `regin` (did you mean `region`?)");
    says("locals: {a b: 1}\n", "2:10 `a b` cannot be the name of a local");
    assert!(mistakes("name: x\n").contains("1:1 missing `stack`"));
    assert!(mistakes("stack: a/b\n").contains("1:8 `a/b` cannot be the name of a stack"));
    assert!(mistakes("- a\n").contains("a stack file must be a mapping, not a list"));
}

#[test]
fn properties_against_the_schema() {
    let vpc = |properties: &str| {
        format!("resources:\n  v:\n    type: aws_vpc\n    properties: {{cidr_block: c, {properties}}}\n")
    };
    says(
        &vpc("ipv4_ipam_pool_id: x"),
        "5:33 Terraform has `ipv4_ipam_pool_id` for `aws_vpc`, wharf does not",
    );
    says(&vpc("id: x"), "5:33 `id` cannot be set");
    says(
        &vpc("instance_tenancy: Default"),
        "5:51 `instance_tenancy` cannot be `Default` (did you mean `default`?; it is one of `default`, `dedicated`)",
    );
    says(&vpc("tags: {a: [1]}"), "5:43 expected a string, found a list");
    says(
        &vpc("enable_dns_hostnames: 'True'"),
        "5:55 expected true or false, found the string `True` (write `true` without quotes)",
    );
    let listener = |properties: &str| {
        format!(
            "resources:\n  l:\n    type: aws_lb_listener\n    properties:\n      load_balancer_arn: x\n{properties}"
        )
    };
    says(
        &listener("      default_action: {type: a, forward: [{weight: 1}, {weight: 2}]}\n"),
        "7:42 `forward` may be there at most once",
    );
    says(&listener("      default_action:\n        - {target_group_arn: x}\n"), "8:11 missing field `type`");
    says(&listener("      default_action:\n        target_group_arn: x\n"), "7:7 missing field `type`");
    says(
        &listener("      default_action: {type: a, forward: {wieght: 1}}\n"),
        "7:43 unknown field `wieght` (did you mean `weight`?)",
    );
    says(
        &listener("      default_action: {type: a}\n      port: 12:30\n"),
        "8:13 expected a whole number, found the string `12:30` (YAML 1.1 reads `12:30` as a number to the base 60",
    );
    says(
        &listener("      default_action: {type: a}\n      port: 1_000\n"),
        "8:13 expected a whole number, found the string `1_000` (write `1000`",
    );
    says(
        &listener("      default_action: {type: a}\n      port: 1.5\n"),
        "8:13 expected a whole number, found the number `1.5`",
    );
    says(&listener("      port: 80\n"), "3:3 missing property `default_action`");
}

#[test]
fn references_and_their_places() {
    let output =
        |expression: &str| format!("locals: {{l: 1}}\nresources:\n  {VPC}\noutputs:\n  o: {expression}\n");
    says(&output("${vpc.cidr_block.x}"), "6:22 `cidr_block` is a string, so it has no `x`");
    says(&output("${aws.regon}"), "6:8 `aws` has no `regon` (it has: region, account_id, partition)");
    says(&output("${local}"), "6:8 `local` alone is no value (write `local.<name>`)");
    says(&output("${data.x}"), "6:8 `data` is reserved");
    says(&output("'${[for vpc in [1] : vpc + vpcs]}'"), "6:33 unknown name `vpcs` (did you mean `vpc`?)");
    says(&output("\"\\u00e9 ${l}\""), "6:16 unknown name `l` (did you mean `local.l`?)");
    says(&output("'it''s ${vcp.id}'"), "6:15 unknown name `vcp`");
    says(&output(">-\n    folded\n    ${vcp.id}"), "8:7 unknown name `vcp`");
    says(&output("|\n    literal\n      ${vcp.id}"), "8:9 unknown name `vcp`");
    says(
        "resources:\n  b: {type: aws_lb, properties: {name: x}}\noutputs:\n  o: ${b.settings.mod}\n",
        "5:18 `settings` has no attribute `mod` (did you mean `mode`?)",
    );
    says(&format!("resources:\n  {VPC}\n  b: {{type: aws_lb, properties: {{name: x}}, depends_on: [vpc[\"a\"], vcp]}}\n").replace("vpc[\"a\"]", "'vpc[\"a\"]'"), "4:57 `vpc` has no instances\n4:69 unknown resource `vcp` (did you mean `vpc`?)");
}

#[test]
fn mistakes_of_one_resource_hide_no_others() {
    // `a` has no known type: that `b` uses it is no second mistake
    says(
        "resources:\n  a: {type: aws_vcp}\n  b: {type: aws_lb, properties: {name: \"${a.id}\", subnts: []}}\n",
        "3:13 unknown resource type `aws_vcp` (did you mean `aws_vpc`?)\n4:51 unknown property `subnts` (did you mean `subnets`?)",
    );
}

#[test]
fn cycles_are_shown_whole() {
    let role = |name: &str, uses: &str| {
        format!("  {name}: {{type: aws_vpc, properties: {{cidr_block: '${{{uses}.id}}'}}}}\n")
    };
    let text = format!("resources:\n{}{}{}", role("a", "b"), role("b", "c"), role("c", "a"));
    says(&text, "3:50 reference cycle: a -> b -> c -> a <4:50 `b` uses `c`> <5:50 `c` uses `a`>");
    says(
        &format!(
            "locals: {{x: '${{a.id}}'}}\nresources:\n{}",
            role("a", "local.x").replace("local.x.id", "local.x")
        ),
        "4:50 reference cycle: a -> local.x -> a",
    );
}

#[test]
fn variables_and_inputs() {
    let text = file(
        "variables:\n  name: {type: string}\n  ports: {type: list(number), default: []}\n  secret: {type: map(string), sensitive: true, default: {}}\n",
    );
    let named = Inputs::default().with_var("name", "x");
    let said = |inputs: Inputs| mistakes_with(&text, &inputs);
    assert_eq!(said(named.clone()), "");
    assert!(said(Inputs::default()).contains("3:3 variable `name` has no value"));
    assert!(
        said(named.clone().with_var("prots", "[]"))
            .contains("the stack has no variable `prots` (did you mean `ports`?")
    );
    assert!(
        said(named.clone().with_var("ports", "[1, x]"))
            .contains("4:3 variable `ports`, at `[1]`: expected a number, found the string `x`")
    );
    let secret = said(named.clone().with_var("secret", "[hunter2]"));
    assert!(
        secret.contains("expected a mapping of names to strings, found a list")
            && !secret.contains("hunter2"),
        "{secret}"
    );
    assert_eq!(
        said(named.with_environment([("WHARF_VAR_other".into(), "x".into()), ("HOME".into(), "/".into())])),
        ""
    );
}

#[test]
fn files_of_variables_point_into_themselves() {
    let mut sources = wharf_core::Sources::default();
    sources.add("stack.yaml", "");
    let id = sources.add("prod.yaml", "size: many\nsiz: 1\n");
    let inputs = Inputs::default().with_file(&sources, id);
    let (_, expanded) =
        expand_with(&file("variables: {size: {type: number, default: 1}}\n"), &inputs, TestFiles::default());
    let said = render(&sources, &expanded.expect_err("mistakes"));
    assert_eq!(
        said,
        "1:7 expected a number, found the string `many`\n2:1 the stack has no variable `siz` (did you mean `size`?)\n"
    );
}

#[test]
fn instances_share_their_mistakes() {
    let zones: Vec<String> = (0..500).map(|i| format!("k{i}: x")).collect();
    let text = format!(
        "resources:\n  s:\n    type: aws_lb\n    for_each: {{{}}}\n    properties: {{name: '${{each.value.nam}}'}}\n",
        zones.join(", ")
    );
    says(&text, "6:37 a string has no attribute `nam`");
}

#[test]
fn values_are_checked_again_when_they_are_known() {
    let expanded = expand(&file(&format!(
        "resources:\n  {VPC}\n  l:\n    type: aws_lb_listener\n    properties: {{load_balancer_arn: x, port: '${{vpc.id}}', default_action: {{type: a}}}}\n"
    )));
    let lookup = TestLookup::default().with("vpc", serde_json::json!({"id": "vpc-1"}));
    let instance = expanded.instance(&"l".parse().unwrap()).unwrap();
    let errors = expanded.properties(instance, &lookup).expect_err("no number");
    assert_eq!(errors.to_string(), "expected a whole number, found the string `vpc-1`");
    assert!(errors.0[0].span.is_some());
}

#[test]
fn moved_entries() {
    says(
        &format!("resources:\n  {VPC}\nmoved:\n  - {{from: a, to: b}}\n  - {{from: b, to: vpc}}\n"),
        "5:5 `moved` leads to `b`\n6:5 `b` is moved on",
    );
    says(&format!("resources:\n  {VPC}\nmoved: [{{from: vpc, to: vpc}}]\n"), "4:9 `vpc` is moved to itself");
    says(
        "resources:\n  v: {type: aws_vpc, for_each: {a: 1}, properties: {cidr_block: c}}\nmoved: [{from: v, to: 'v[\"a\"]'}]\n",
        "",
    );
}

#[test]
fn secrets_are_in_no_message() {
    let text = r#"variables: {s: {type: string, sensitive: true, default: hunter2}}
resources:
  l: {type: aws_lb_listener, properties: {load_balancer_arn: x, port: '${var.s}', default_action: {type: a}}}
outputs:
  a: ${cidrhost(var.s, 1)}
  b: '${parseint(var.s, 10)}'
  c: '${regex("[0-9]{9}", var.s)}'
"#;
    let said = mistakes(&file(text));
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
