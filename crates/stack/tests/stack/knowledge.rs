//! Unknown and sensitive values: where they stay, and what still shows.

use crate::support::{TestFiles, TestLookup, expand, expand_with, file, properties};
use serde_json::json;
use wharf_core::{Map, PropertyPath, Sources, Unknown, Value};
use wharf_stack::{Expanded, Inputs, NothingKnown, Stack};

/// The value of an expression beside a `vpc` that is not there yet and a secret variable `secret`.
fn planned(expression: &str) -> Value {
    let expanded = expand(&file(&format!(
        "variables: {{secret: {{type: any, sensitive: true, default: {{pin: '1234'}}}}}}
resources:
  vpc: {{type: aws_vpc, properties: {{cidr_block: c}}}}
  b: {{type: aws_lb, for_each: {{x: 1, y: 2}}, properties: {{name: n}}}}
outputs:
  out: {}
",
        serde_json::Value::from(expression)
    )));
    expanded.outputs(&NothingKnown).expect("evaluates").pop().expect("an output").1
}

fn text(of: &str, text: &str) -> Value {
    Value::Unknown(Unknown { of: of.into(), text: Some(text.into()) })
}

#[test]
fn unknowns_stay_at_the_leaf() {
    let vpc = || Value::unknown("vpc.id");
    assert_eq!(planned("${vpc.id}"), vpc());
    assert_eq!(planned("${[vpc.id, 1]}"), Value::List(vec![vpc(), 1.into()]));
    assert_eq!(planned("${{a = vpc.id, b = 2}.b}").to_string(), "2");
    assert_eq!(planned("${length([vpc.id, vpc.id])}"), 2.into());
    assert_eq!(planned("a-${vpc.id}-b"), text("vpc.id", "a-(known after apply)-b"));
    assert_eq!(planned("${upper(\"a-${vpc.id}\")}"), vpc());
    assert_eq!(
        planned("${jsonencode({a = vpc.id, b = [1]})}"),
        text("vpc.id", "{\"a\":\"(known after apply)\",\"b\":[1]}")
    );
    assert_eq!(planned("${vpc.id == \"x\" ? 1 : 2}"), vpc());
    assert_eq!(planned("${false && vpc.id == \"x\"}"), false.into());
    assert_eq!(planned("${vpc.id == \"x\" || true}"), true.into());
    assert_eq!(planned("${[1, vpc.id] == [2, vpc.id]}"), false.into());
    assert_eq!(planned("${keys(b)}"), Value::List(vec!["x".into(), "y".into()]));
    assert_eq!(planned("${values(b)[*].id}").to_string(), "[(known after apply), (known after apply)]");
    assert_eq!(planned("${b[\"x\"].name}"), Value::unknown("b[\"x\"].name"));
    assert_eq!(planned("${contains([\"a\", vpc.id], \"a\")}"), true.into());
    assert_eq!(planned("${contains([vpc.id], \"a\")}"), vpc());
    assert_eq!(planned("${aws.account_id}"), Value::unknown("aws.account_id"));
    assert_eq!(planned("${aws.region}/${stack.name}/${path.stack}"), "eu-central-1/test/.".into());
}

#[test]
fn secrets_mark_what_is_made_of_them_and_no_more() {
    let secret = |value: Value| value.sensitive();
    assert_eq!(planned("${var.secret.pin}"), secret("1234".into()));
    assert_eq!(planned("pin ${var.secret.pin}"), secret("pin 1234".into()));
    assert_eq!(
        planned("${{a = var.secret.pin, b = 1}}"),
        Value::Map(Map::from([("a".into(), secret("1234".into())), ("b".into(), 1.into())]))
    );
    assert_eq!(planned("${length([var.secret.pin])}"), 1.into());
    assert_eq!(planned("${sha256(var.secret.pin) == \"\"}"), secret(false.into()));
    assert_eq!(planned("${var.secret.pin == \"1234\" ? \"a\" : \"b\"}"), secret("a".into()));
    assert_eq!(planned("${nonsensitive(var.secret.pin)}"), "1234".into());
    assert_eq!(planned("${sensitive(1)}"), secret(1.into()));
    assert_eq!(
        planned("${concat([1], [var.secret.pin])}"),
        Value::List(vec![1.into(), secret("1234".into())])
    );
}

#[test]
fn sensitive_properties_are_marked_by_their_schema() {
    let expanded = expand(&file(
        "resources:\n  b: {type: aws_lb, properties: {name: n, secret: s}}\noutputs: {o: '${b.secret}'}\n",
    ));
    assert_eq!(properties(&expanded, "b", &NothingKnown)["secret"], Value::from("s").sensitive());
    let known = TestLookup::default().with("b", json!({"secret": "s"}));
    assert_eq!(expanded.outputs(&known).expect("evaluates")[0].1, Value::from("s").sensitive());
}

#[test]
fn attributes_that_are_not_there_are_null() {
    let expanded = expand(&file(
        "resources:\n  b: {type: aws_lb, properties: {name: n}}\noutputs: {o: '${b.dns_name == null}'}\n",
    ));
    let known = TestLookup::default().with("b", json!({"name": "n"}));
    assert_eq!(expanded.outputs(&known).expect("evaluates")[0].1, true.into());
}

#[test]
fn values_of_for_each_follow_the_world() {
    let expanded = expand(&file(
        "resources:
  vpc: {type: aws_vpc, properties: {cidr_block: c}}
  b: {type: aws_lb, for_each: {a: '${vpc.id}', z: plain}, properties: {name: '${each.value}'}}
  c: {type: aws_lb, for_each: '${b}', properties: {name: '${each.value.arn}'}}
",
    ));
    assert_eq!(properties(&expanded, "b[\"a\"]", &NothingKnown)["name"], Value::unknown("vpc.id"));
    assert_eq!(properties(&expanded, "b[\"z\"]", &NothingKnown)["name"], "plain".into());
    let known =
        TestLookup::default().with("vpc", json!({"id": "vpc-1"})).with("b[\"a\"]", json!({"arn": "arn-a"}));
    assert_eq!(properties(&expanded, "b[\"a\"]", &known)["name"], "vpc-1".into());
    assert_eq!(properties(&expanded, "c[\"a\"]", &known)["name"], "arn-a".into());
}

#[test]
fn computed_keys_are_followed_where_they_are_known() {
    let expanded = expand(&file(
        "locals: {zones: {p: a, q: b}}
resources:
  s: {type: aws_lb, for_each: {a: 1, b: 2, c: 3}, properties: {name: n}}
  t: {type: aws_lb, for_each: '${local.zones}', properties: {name: '${s[each.value].id}'}}
  u: {type: aws_lb, properties: {name: '${s[local.zones.q].id}', subnets: '${[for k in [\"a\"] : s[k].id]}'}}
",
    ));
    let dependencies = |address: &str| {
        let instance = expanded.instance(&address.parse().expect("an address")).expect("an instance");
        expanded.dependencies(instance).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(dependencies("t[\"q\"]"), ["s[\"b\"]"]);
    assert_eq!(dependencies("u"), ["s[\"a\"]", "s[\"b\"]", "s[\"c\"]"]);
}

#[test]
fn where_a_property_is_written() {
    let source = file(
        "resources:\n  b:\n    type: aws_lb_listener\n    properties:\n      load_balancer_arn: x\n      default_action:\n        type: forward\n        forward: ${{weight = 1}}\n",
    );
    let expanded = expand(&source);
    let instance = &expanded.instances()[0];
    let written = |path: PropertyPath| source[expanded.span_of(instance, &path).range()].to_owned();
    assert_eq!(written(PropertyPath::of("default_action").index(0).key("type")), "forward");
    assert_eq!(
        written(PropertyPath::of("default_action").index(0).key("forward").index(0).key("weight")),
        "${{weight = 1}}"
    );
    assert_eq!(written(PropertyPath::of("port")), "b");
    assert_eq!(written(PropertyPath::default()), "b");
}

#[test]
fn which_input_wins() {
    let text = file(
        "variables: {a: {type: string, default: d}, n: {type: list(number), default: []}}\nresources: {b: {type: aws_lb, properties: {name: '${var.a}'}}}\noutputs: {n: '${var.n}'}\n",
    );
    let mut sources = Sources::default();
    let (one, two) = (sources.add("one.yaml", "a: one\n"), sources.add("two.yaml", "a: 2.50\n"));
    let name = |inputs: &Inputs| {
        let (_, expanded) = expand_with(&text, inputs, TestFiles::default());
        properties(&expanded.expect("good"), "b", &NothingKnown)["name"].clone()
    };
    let inputs = Inputs::default();
    assert_eq!(name(&inputs), "d".into());
    let inputs = inputs.with_environment([("WHARF_VAR_a".into(), "env".into())]);
    assert_eq!(name(&inputs), "env".into());
    let inputs = inputs.with_file(&sources, one).with_file(&sources, two);
    assert_eq!(name(&inputs), "2.50".into());
    let inputs = inputs.with_var("a", "first").with_var("a", "[last]");
    assert_eq!(name(&inputs), "[last]".into());
    for list in ["[1, 2]", "[1, \"2\"]", "- 1\n- 2", "[1, 1 + 1]"] {
        let (_, expanded) = expand_with(&text, &Inputs::default().with_var("n", list), TestFiles::default());
        let outputs = expanded.expect("good").outputs(&NothingKnown).expect("evaluates");
        assert_eq!(outputs[0].1, Value::List(vec![1.into(), 2.into()]), "{list}");
    }
}

#[test]
fn settings_may_use_variables() {
    let expanded = expand(&file(
        "variables: {r: {type: string, default: eu-west-1}}\naws: {region: '${var.r}', allowed_account_ids: [012345678901], default_tags: {n: 1}}\nstate: {s3: {bucket: 'b-${var.r}', key: k}}\n",
    ));
    assert_eq!(expanded.aws().region.as_deref(), Some("eu-west-1"));
    assert_eq!(expanded.aws().allowed_account_ids, ["012345678901"]);
    assert_eq!(expanded.aws().default_tags["n"], "1");
    let wharf_stack::StateSettings::S3 { bucket, key, region, .. } = expanded.state() else { panic!("S3") };
    assert_eq!((bucket.as_str(), key.as_str(), region), ("b-eu-west-1", "k", &None));
}

#[test]
fn both_may_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Stack>();
    shared::<Expanded>();
}
