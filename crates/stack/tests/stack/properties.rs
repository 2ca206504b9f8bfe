//! What holds for every input.

use crate::support::{TestFiles, TestLookup, expand_with, file, parse_text, value};
use proptest::prelude::*;
use serde_json::json;
use wharf_core::{Map, Value};
use wharf_stack::{Inputs, NothingKnown};

/// A stack file that uses most of what there is.
const GOOD: &str = r#"stack: shop
description: everything at once
aws: {region: eu-central-1, default_tags: {team: "${var.team}"}}
variables:
  team: {type: string, default: red}
  zones: {type: 'map(object({cidr = string, public = optional(bool)}))', default: {a: {cidr: 10.0.1.0/24}, b: {cidr: 10.0.2.0/24, public: true}}}
locals:
  base: &base {Name: "${var.team}-shop", Number: 1.10}
  ids: '${[for key, zone in subnet : zone.id if key != "c"]}'
  text: |
    first
    %{ for id in local.ids ~}
    ${id},
    %{ endfor ~}
resources:
  vpc: {type: aws_vpc, properties: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: true, tags: *base}}
  subnet:
    type: aws_subnet
    for_each: ${var.zones}
    properties:
      vpc_id: ${vpc.id}
      cidr_block: ${each.value.cidr}
      map_public_ip_on_launch: ${coalesce(each.value.public, false)}
      tags: {<<: *base, Zone: "${each.key}"}
  role:
    type: aws_iam_role
    properties:
      name: 'role-${lower("A")}'
      assume_role_policy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Resource: ["${vpc.arn}", "*"]}]
    lifecycle: {prevent_destroy: true, ignore_changes: [tags.Name]}
  listener:
    type: aws_lb_listener
    properties:
      load_balancer_arn: ${role.arn}
      port: "${length(local.ids) > 1 ? 443 : 80}"
      default_action: [{type: forward, forward: {weight: 1}}]
    depends_on: ['subnet["a"]']
outputs:
  text: ${local.text}
  policy: "${jsondecode(role.assume_role_policy).Statement[0].Effect}"
moved: [{from: old, to: vpc}]
"#;

/// Goes all the way, whatever comes of it.
fn go_through(text: &str) {
    let (_, expanded) = expand_with(text, &Inputs::default(), TestFiles::default());
    let Ok(expanded) = expanded else { return };
    let known = TestLookup::default().with("vpc", json!({"id": "vpc-1", "arn": "arn:vpc"}));
    for instance in expanded.instances() {
        let _ = expanded.dependencies(instance);
        let _ = expanded.properties(instance, &NothingKnown);
        let _ = expanded.properties(instance, &known);
    }
    let _ = expanded.outputs(&known);
}

#[test]
fn the_example_is_good() {
    let (sources, expanded) = expand_with(GOOD, &Inputs::default(), TestFiles::default());
    let errors = expanded.err().map(|errors| crate::support::render(&sources, &errors));
    assert_eq!(errors, None);
}

#[test]
fn deep_nesting_is_refused_or_fine() {
    for depth in [10, 60, 63, 64, 65, 100, 1_000, 20_000] {
        let lists = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        go_through(&file(&format!("locals:\n  a: {lists}\n")));
        go_through(&file(&format!("outputs:\n  a: '${{{lists}}}'\n")));
        go_through(&file(&format!("outputs:\n  a: '${{{}1{}}}'\n", "(".repeat(depth), ")".repeat(depth))));
        go_through(&file(&format!("outputs:\n  a: ${{{}}}\n", vec!["1"; depth].join(" + "))));
        go_through(&file(&format!("outputs:\n  a: ${{{}true}}\n", "!".repeat(depth))));
        go_through(&file(&format!("outputs:\n  a: ${{{}1{}}}\n", "upper(".repeat(depth), ")".repeat(depth))));
        go_through(&file(&format!("outputs:\n  a: '${{jsondecode(\"{lists}\")}}'\n")));
        go_through(&file(&format!("outputs:\n  a: '${{yamldecode(\"{lists}\")}}'\n")));
        go_through(&file(&format!(
            "outputs:\n  a: '{}x{}'\n",
            "%{ if true }".repeat(depth),
            "%{ endif }".repeat(depth)
        )));
        go_through(&file(&format!(
            "variables: {{v: {{type: '{}any{}'}}}}\n",
            "list(".repeat(depth),
            ")".repeat(depth)
        )));
    }
}

#[test]
fn long_chains_of_locals() {
    let chain = |step: &str| {
        let mut text = String::from("locals:\n  l0: 1\n");
        for i in 1..5_000 {
            text.push_str(&format!("  l{i}: {}\n", step.replace('#', &format!("local.l{}", i - 1))));
        }
        file(&(text + "outputs: {o: '${local.l4999}'}\n"))
    };
    go_through(&chain("${# + 1}"));
    go_through(&chain("['${#}']"));
    go_through(&chain("'${#}${#}'"));
    go_through(&chain("['${#}', '${#}']"));
}

#[test]
fn aliases_cannot_fill_the_memory() {
    let long = "x".repeat(100_000);
    let many = vec!["*a"; 20_000].join(", ");
    let (sources, stack) = parse_text(&file(&format!("locals:\n  a: &a {long}\n  b: [{many}]\n")));
    let said = crate::support::render(&sources, &stack.expect_err("too much"));
    assert!(said.contains("aliases expand to more than"), "{said}");
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}") {
        go_through(&text);
        go_through(&file(&text));
    }

    #[test]
    fn random_yaml_never_panics(text in "[ \\n\\t:\\[\\]{}\"'#&*!|>%@`,\\-a-c0-9$<?~]{0,120}") {
        go_through(&text);
        go_through(&file(&format!("locals:\n  a: {text}\n")));
    }

    #[test]
    fn random_expressions_never_panic(text in "[ a-c0-9.,:?=!&|<>+*/%()\\[\\]{}$\"\\\\~\\-]{0,60}") {
        go_through(&file(&format!("locals: {{a: [1], b: x}}\noutputs:\n  o: {}\n", serde_json::Value::from(format!("${{{text}}}")))));
        go_through(&file(&format!("outputs:\n  o: {}\n", serde_json::Value::from(text))));
    }

    #[test]
    fn mutated_stack_files_never_panic(edits in prop::collection::vec((0usize..2000, 0usize..12, "[ -~\\né]{0,6}"), 1..4)) {
        let mut text = GOOD.to_owned();
        for (at, length, new) in edits {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &new);
        }
        go_through(&text);
    }

    #[test]
    fn functions_never_panic(name in prop::sample::select(FUNCTIONS), arguments in prop::collection::vec(prop::sample::select(ARGUMENTS), 0..4)) {
        go_through(&file(&format!("outputs:\n  o: {}\n", serde_json::Value::from(format!("${{{name}({})}}", arguments.join(", "))))));
    }

    /// What a plan shows as known is what an apply finds.
    #[test]
    fn known_parts_never_change(expression in expression(), attribute in prop::sample::select(vec![json!("x"), json!(""), json!("a,b"), json!("7"), serde_json::Value::Null])) {
        let text = file(&format!(
            "resources:\n  v: {{type: aws_vpc, properties: {{cidr_block: c}}}}\noutputs:\n  o: {}\n",
            serde_json::Value::from(format!("${{{expression}}}")),
        ));
        let (_, expanded) = expand_with(&text, &Inputs::default(), TestFiles::default());
        if let Ok(expanded) = expanded {
            let planned = expanded.outputs(&NothingKnown);
            let known = TestLookup::default().with("v", json!({"id": attribute, "arn": "arn"}));
            if let (Ok(planned), Ok(applied)) = (planned, expanded.outputs(&known)) {
                prop_assert!(agrees(&planned[0].1, &applied[0].1), "{expression}: planned {} applied {}", planned[0].1, applied[0].1);
            }
        }
    }
}

/// Whether `applied` is a possible outcome of `planned`.
fn agrees(planned: &Value, applied: &Value) -> bool {
    match (planned, applied) {
        (Value::Unknown(_), _) => true,
        // `false && secret` is no secret once the left side is known, so marks may differ
        (Value::Sensitive(planned), applied) => agrees(planned, applied.bare()),
        (Value::List(planned), Value::List(applied)) => {
            planned.len() == applied.len()
                && planned.iter().zip(applied).all(|(planned, applied)| agrees(planned, applied))
        }
        (Value::Map(planned), Value::Map(applied)) => {
            planned.keys().eq(applied.keys())
                && planned.values().zip(applied.values()).all(|(planned, applied)| agrees(planned, applied))
        }
        (planned, applied) => planned == applied.bare(),
    }
}

/// Expressions over a resource's attributes and literals.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "v.id",
        "v.arn",
        "1",
        "2",
        "\"x\"",
        "\"a,b\"",
        "true",
        "null",
        "[]",
        "[\"x\", \"y\"]",
        "{a = \"x\"}",
        "v.id == \"x\"",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let unary = (
            prop::sample::select(vec![
                "upper(#)",
                "length(#)",
                "keys(#)",
                "values(#)",
                "flatten([#])",
                "jsonencode(#)",
                "toset([#, \"x\"])",
                "tolist([#])",
                "\"<${#}>\"",
                "{k = #}",
                "[#, 1]",
                "split(\",\", #)",
                "try(#, \"no\")",
                "can(#)",
                "[for x in [#, \"q\"] : x]",
                "{for x in [\"k\", \"l\"] : x => #}",
                "distinct([#, \"x\"])",
                "compact([#, \"\"])",
                "sort([#, \"b\"])",
                "!(#)",
                "reverse([#, 1])",
                "one([#])",
                "length([#, #])",
                "(#)[*]",
                "{(#) = 1}",
                "sensitive(#)",
                "coalesce(#, \"c\")",
                "tostring(#)",
                "[for x in [#, \"q\"] : x if x != \"q\"]",
                "element([#, 2], 0)",
                "\"%{ if # == 1 }a%{ else }b%{ endif }\"",
            ]),
            inner.clone(),
        )
            .prop_map(|(form, part)| form.replace('#', &part));
        let binary = (
            prop::sample::select(vec![
                "(@) == (#)",
                "(@) != (#)",
                "(@) && (#)",
                "(@) || (#)",
                "contains([@, 1], #)",
                "concat([@], [#])",
                "merge({a = @}, {b = #})",
                "lookup({a = @}, \"a\", #)",
                "zipmap([\"a\", \"b\"], [@, #])",
                "(@) == 1 ? (#) : 2",
                "join(\"-\", [@, #])",
                "format(\"%s-%v\", @, #)",
                "[@, #][1]",
                "setunion([@], [#])",
                "coalesce(@, #)",
                "try(@, #)",
            ]),
            inner.clone(),
            inner,
        )
            .prop_map(|(form, left, right)| form.replace('@', &left).replace('#', &right));
        prop_oneof![unary, binary]
    })
}

const FUNCTIONS: &[&str] = &[
    "abs",
    "base64decode",
    "base64encode",
    "ceil",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "coalesce",
    "concat",
    "contains",
    "distinct",
    "element",
    "flatten",
    "floor",
    "format",
    "formatlist",
    "indent",
    "index",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "length",
    "lookup",
    "max",
    "merge",
    "one",
    "parseint",
    "pow",
    "range",
    "regex",
    "regexall",
    "replace",
    "setproduct",
    "slice",
    "sort",
    "split",
    "substr",
    "sum",
    "templatefile",
    "title",
    "tonumber",
    "toset",
    "trim",
    "values",
    "yamldecode",
    "yamlencode",
    "zip_base64",
    "zipmap",
    "signum",
    "min",
    "try",
    "can",
    "file",
];

const ARGUMENTS: &[&str] = &[
    "0",
    "-1",
    "1",
    "128",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "0.5",
    "\"\"",
    "\"é%s%[9]d\"",
    "\"%5.3f%%\"",
    "\"10.0.0.0/8\"",
    "\"::/0\"",
    "\"0.0.0.0/0\"",
    "\"fd00::/127\"",
    "[]",
    "[1, \"a\"]",
    "[\"\", null]",
    "{}",
    "{a = 1}",
    "null",
    "true",
    "\"(a)(?P<n>b)?\"",
    "\"/.*/\"",
    "\"${0}\"",
    "[[\"k\", 1]]",
];

/// Scalars and small documents are read as `serde_yaml` reads them, but for what we read differently on purpose.
#[test]
fn documents_are_read_as_serde_yaml_reads_them() {
    for document in [
        "a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: ~, e: true}\n",
        "- 1\n- - 2\n  - 3\n-\n  a: b\n",
        "a: |\n  one\n   two\n\n  three\nb: >-\n  one\n  two\n\n  three\n",
        "a: &x {b: 1}\nc: *x\n",
        "# c\na: b # c\n",
        "a: 'it''s'\nb: \"\\u00e9\\t\"\n",
        "\"a b\": -1.5\n",
        "a:\n- b\n- c\nd: e\n",
        "? a\n: b\n",
        "a: !!str 1\n",
        "a: >+\n  x\n\nb: |-\n  y\n\n",
        "{a: [1, 2, {b: c}], 'd': \"e\"}",
        "a: b: c",
        "a: [",
        "\"unclosed",
        "a: *nope",
        "x",
        "",
        "a: 0x1F\nb: 0o17\nc: 1e3\nd: .5\n",
    ] {
        let ours = value_of(document);
        let theirs = serde_yaml::from_str::<serde_json::Value>(document).ok().map(Value::from);
        assert_eq!(ours, theirs, "{document:?}");
    }
}

fn value_of(document: &str) -> Option<Value> {
    let quoted = serde_json::Value::from(document).to_string();
    let text =
        file(&format!("outputs:\n  o: {}\n", serde_json::Value::from(format!("${{yamldecode({quoted})}}"))));
    let (_, expanded) = expand_with(&text, &Inputs::default(), TestFiles::default());
    let outputs = expanded.ok()?.outputs(&NothingKnown).ok()?;
    Some(outputs.into_iter().next()?.1)
}

proptest! {
    #[test]
    fn data_survives_yaml(data in data()) {
        let document = serde_yaml::to_string(&data).expect("data");
        // `key: 012` and the like are text to us
        prop_assert_eq!(value_of(&document), Some(Value::from(data)), "{}", document);
    }

    #[test]
    fn data_survives_yamlencode(data in data()) {
        let json = serde_json::Value::from(data.to_string()).to_string().replace("${", "$${").replace("%{", "%%{");
        let again = value(&format!("${{yamldecode(yamlencode(jsondecode({json})))}}"));
        prop_assert_eq!(again, Value::from(data));
    }
}

fn data() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        "[a-zA-Z0-9 :#'\"\\-\\n_.,é]{0,12}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z 0-9:#]{1,6}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

#[test]
fn nulls_and_unknowns_meet_the_schema() {
    let text = file(
        "resources:\n  v: {type: aws_vpc, properties: {cidr_block: c, enable_dns_hostnames: ~, tags: {a: ~, b: \"${w.id}\"}}}\n  w: {type: aws_vpc, properties: {cidr_block: c}}\n",
    );
    let expanded = crate::support::expand(&text);
    let properties = crate::support::properties(&expanded, "v", &NothingKnown);
    let tags = Value::Map(Map::from([("b".into(), Value::unknown("w.id"))]));
    assert_eq!(properties, Map::from([("cidr_block".into(), "c".into()), ("tags".into(), tags)]));
}
