//! What good stack files evaluate to.

use crate::support::{TestLookup, expand, file, properties};
use serde_json::json;
use wharf_core::{Address, Value};

const NETWORK: &str = "
stack: network
variables:
  subnets: {type: map, default: {a: {cidr_block: 10.0.1.0/24, zone: eu-central-1a}, b: {cidr_block: 10.0.2.0/24, zone: eu-central-1b}}}
locals:
  names: ${keys(var.subnets)}
  ids: ${values(subnet)[*].id}
resources:
  vpc:
    type: aws_vpc
    properties: {cidr_block: 10.0.0.0/16, enable_dns_hostnames: \"true\", tags: {Version: 1.10}}
  subnet:
    type: aws_subnet
    for_each: ${var.subnets}
    properties:
      vpc_id: ${vpc.id}
      cidr_block: ${each.value.cidr_block}
      availability_zone: ${each.value.zone}
      tags: {Name: \"${each.key} of ${vpc.id}\"}
  first:
    type: aws_lb
    properties: {name: first, subnets: ['${subnet[\"a\"].id}']}
  all:
    type: aws_lb
    properties: {name: all, subnets: \"${local.ids}\"}
  twin:
    type: aws_subnet
    for_each: ${var.subnets}
    properties: {vpc_id: \"${subnet[each.key].vpc_id}\", cidr_block: 10.0.9.0/24}
    depends_on: [first]
outputs:
  names: ${local.names}
  vpc: ${vpc.id}
";

#[test]
fn a_network() {
    let expanded = expand(NETWORK);
    let addresses: Vec<String> =
        expanded.instances().iter().map(|instance| instance.address.to_string()).collect();
    assert_eq!(
        addresses,
        ["vpc", "subnet[\"a\"]", "subnet[\"b\"]", "first", "all", "twin[\"a\"]", "twin[\"b\"]"]
    );
    let nothing = TestLookup::default();
    let vpc = Value::Map(properties(&expanded, "vpc", &nothing)).to_json();
    assert_eq!(
        vpc,
        Some(json!({"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true, "tags": {"Version": "1.10"}}))
    );
    let known = TestLookup::default().with("vpc", json!({"id": "vpc-1"}));
    let subnet = Value::Map(properties(&expanded, "subnet[\"b\"]", &known)).to_json();
    assert_eq!(
        subnet,
        Some(json!({
            "vpc_id": "vpc-1", "cidr_block": "10.0.2.0/24", "availability_zone": "eu-central-1b",
            "tags": {"Name": "b of vpc-1"},
        }))
    );
    let unknown = properties(&expanded, "subnet[\"b\"]", &nothing);
    assert_eq!(unknown["vpc_id"], Value::unknown("vpc.id"));
    assert_eq!(unknown["tags"].to_string(), "{\"Name\": \"b of (known after apply)\"}");
}

#[test]
fn what_depends_on_what() {
    let expanded = expand(NETWORK);
    let dependencies = |address: &str| {
        let instance = expanded.instance(&address.parse().unwrap()).unwrap();
        expanded.dependencies(instance).iter().map(Address::to_string).collect::<Vec<_>>()
    };
    assert_eq!(dependencies("vpc"), Vec::<String>::new());
    assert_eq!(dependencies("subnet[\"a\"]"), ["vpc"]);
    assert_eq!(dependencies("first"), ["subnet[\"a\"]"]);
    assert_eq!(dependencies("all"), ["subnet[\"a\"]", "subnet[\"b\"]"]);
    assert_eq!(dependencies("twin[\"b\"]"), ["first", "subnet[\"b\"]"]);
}

#[test]
fn an_output_waits_for_what_it_names() {
    let outputs = expand(NETWORK).outputs(&TestLookup::default()).unwrap();
    assert_eq!(outputs[0], ("names".into(), Value::List(vec!["a".into(), "b".into()])));
    assert_eq!(outputs[1], ("vpc".into(), Value::unknown("vpc.id")));
}

#[test]
fn documents_are_structured_inside_and_text_outside() {
    let expanded = expand(&file(
        "resources:
  role:
    type: aws_iam_role
    properties:
      name: r
      assume_role_policy: {Version: \"2012-10-17\", Statement: [{Effect: Allow}]}
  other:
    type: aws_iam_role
    properties: {name: o, assume_role_policy: '{\"a\": [1, null]}'}
outputs:
  policy: ${role.assume_role_policy}
",
    ));
    let nothing = TestLookup::default();
    let role = properties(&expanded, "role", &nothing);
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]});
    assert_eq!(role["assume_role_policy"].to_json(), Some(document.clone()));
    let other = properties(&expanded, "other", &nothing);
    assert_eq!(other["assume_role_policy"].to_json(), Some(json!({"a": [1, null]})));
    let known = nothing.with("role", json!({"assume_role_policy": document}));
    let outputs = expanded.outputs(&known).unwrap();
    assert_eq!(outputs[0].1, Value::from(r#"{"Statement":[{"Effect":"Allow"}],"Version":"2012-10-17"}"#));
}

#[test]
fn a_block_is_one_mapping_or_a_list() {
    for action in ["{type: forward, forward: {weight: \"10\"}}", "[{type: forward, forward: [{weight: 10}]}]"]
    {
        let expanded = expand(&file(&format!(
            "resources:\n  l: {{type: aws_lb_listener, properties: {{load_balancer_arn: x, port: '80', default_action: {action}}}}}\n"
        )));
        let listener = Value::Map(properties(&expanded, "l", &TestLookup::default()));
        let action = json!([{"type": "forward", "forward": [{"weight": 10}]}]);
        assert_eq!(
            listener.to_json(),
            Some(json!({"load_balancer_arn": "x", "port": 80, "default_action": action}))
        );
    }
}
