//! A few resource types, and shortcuts from text to results.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use wharf_core::{Address, Diagnostics, Field, Map, Schema, Sources, Type, Value};
use wharf_stack::{Environment, Expanded, Files, Inputs, Lookup, Stack, Types};

/// The resource types of the tests.
pub(crate) struct TestTypes(HashMap<&'static str, Arc<Schema>>);

fn string_map() -> Type {
    Type::Map(Box::new(Type::String))
}

fn required(name: &str, ty: Type) -> Field {
    Field { required: true, ..Field::new(name, ty) }
}

fn computed(name: &str, ty: Type) -> Field {
    Field { computed: true, ..Field::new(name, ty) }
}

fn schema(fields: Vec<Field>) -> Schema {
    let mut fields = fields;
    fields.push(computed("id", Type::String));
    fields.push(computed("arn", Type::String));
    Schema { description: "A test type.".into(), fields, unsupported: vec!["ipv4_ipam_pool_id".into()] }
}

fn block(fields: Vec<Field>, max: Option<usize>) -> Type {
    Type::Block { schema: Arc::new(Schema { fields, ..Schema::default() }), max, set: false }
}

impl Default for TestTypes {
    fn default() -> Self {
        let vpc = schema(vec![
            required("cidr_block", Type::String),
            Field::new("enable_dns_hostnames", Type::Bool),
            Field {
                allowed: vec!["default".into(), "dedicated".into()],
                ..Field::new("instance_tenancy", Type::String)
            },
            Field::new("tags", string_map()),
        ]);
        let subnet = schema(vec![
            required("vpc_id", Type::String),
            required("cidr_block", Type::String),
            Field::new("availability_zone", Type::String),
            Field::new("map_public_ip_on_launch", Type::Bool),
            Field::new("tags", string_map()),
        ]);
        let role = schema(vec![
            required("name", Type::String),
            required("assume_role_policy", Type::Json),
            Field::new("max_session_duration", Type::Integer),
            Field::new("tags", string_map()),
        ]);
        let listener = schema(vec![
            required("load_balancer_arn", Type::String),
            Field::new("port", Type::Integer),
            Field {
                required: true,
                ..Field::new(
                    "default_action",
                    block(
                        vec![
                            required("type", Type::String),
                            Field::new("target_group_arn", Type::String),
                            Field::new("forward", block(vec![required("weight", Type::Integer)], Some(1))),
                        ],
                        None,
                    ),
                )
            },
        ]);
        let balancer = schema(vec![
            required("name", Type::String),
            Field::new("subnets", Type::Set(Box::new(Type::String))),
            Field { sensitive: true, ..Field::new("secret", Type::String) },
            computed("dns_name", Type::String),
            computed("settings", Type::Object(Arc::new(schema(vec![Field::new("mode", Type::String)])))),
        ]);
        let strings = || Type::List(Box::new(Type::String));
        let rule = || {
            block(
                vec![
                    required("from_port", Type::Integer),
                    required("to_port", Type::Integer),
                    required("protocol", Type::String),
                    Field::new("cidr_blocks", strings()),
                    Field::new("security_groups", strings()),
                ],
                None,
            )
        };
        let group = schema(vec![
            Field::new("name", Type::String),
            Field::new("description", Type::String),
            Field::new("vpc_id", Type::String),
            Field::new("ingress", rule()),
            Field::new("egress", rule()),
        ]);
        let task = schema(vec![
            required("family", Type::String),
            Field { required: true, ..Field::new("container_definitions", Type::Json) },
        ]);
        let variable = block(
            vec![
                required("name", Type::String),
                required("value", Type::String),
                Field::new("type", Type::String),
            ],
            None,
        );
        let build = schema(vec![Field::new(
            "environment",
            block(vec![Field::new("environment_variable", variable)], Some(1)),
        )]);
        TestTypes(HashMap::from([
            ("aws_ecs_task_definition", Arc::new(task)),
            ("aws_codebuild_project", Arc::new(build)),
            ("aws_security_group", Arc::new(group)),
            ("aws_s3_bucket", Arc::new(schema(vec![Field::new("bucket", Type::String)]))),
            ("aws_vpc", Arc::new(vpc)),
            ("aws_subnet", Arc::new(subnet)),
            ("aws_iam_role", Arc::new(role)),
            ("aws_lb_listener", Arc::new(listener)),
            ("aws_lb", Arc::new(balancer)),
        ]))
    }
}

impl Types for TestTypes {
    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>> {
        self.0.get(resource_type).cloned()
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }
}

/// Files in memory.
#[derive(Default)]
pub(crate) struct TestFiles(pub(crate) HashMap<String, Vec<u8>>);

impl Files for TestFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path.trim_start_matches("./")).cloned().ok_or_else(|| format!("there is no file `{path}`"))
    }

    fn directory(&self) -> &Path {
        Path::new(".")
    }
}

/// Attributes by address, as text.
#[derive(Default)]
pub(crate) struct TestLookup(pub(crate) HashMap<Address, Map>);

impl TestLookup {
    pub(crate) fn with(mut self, address: &str, attributes: serde_json::Value) -> Self {
        let Value::Map(map) = Value::from(attributes) else { panic!("a mapping") };
        self.0.insert(address.parse().expect("an address"), map);
        self
    }
}

impl Lookup for TestLookup {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        self.0.get(address)
    }
}

/// A stack file with `text` behind its name.
pub(crate) fn file(text: &str) -> String {
    format!("stack: test\n{text}")
}

pub(crate) fn parse_text(text: &str) -> (Sources, Result<Stack, Diagnostics>) {
    let mut sources = Sources::default();
    let id = sources.add("stack.yaml", text);
    let stack = wharf_stack::parse(&sources, id, &TestTypes::default());
    (sources, stack)
}

pub(crate) fn expand_with(
    text: &str,
    inputs: &Inputs,
    files: TestFiles,
) -> (Sources, Result<Expanded, Diagnostics>) {
    let (sources, stack) = parse_text(text);
    let environment =
        Environment { region: Some("eu-central-1".into()), account_id: None, partition: Some("aws".into()) };
    let expanded = stack.and_then(|stack| Arc::new(stack).expand(inputs, &environment, Arc::new(files)));
    (sources, expanded)
}

/// Everything that must go well.
pub(crate) fn expand(text: &str) -> Expanded {
    let (sources, expanded) = expand_with(text, &Inputs::default(), TestFiles::default());
    expanded.unwrap_or_else(|errors| panic!("{}", render(&sources, &errors)))
}

pub(crate) fn properties(expanded: &Expanded, address: &str, lookup: &dyn Lookup) -> Map {
    let address = address.parse().expect("an address");
    let instance = expanded.instance(&address).expect("an instance");
    expanded.properties(instance, lookup).unwrap_or_else(|errors| panic!("{errors}"))
}

/// One line per mistake: `line:column message [label] (help; help)`.
pub(crate) fn render(sources: &Sources, errors: &Diagnostics) -> String {
    let mut out = String::new();
    for error in &errors.0 {
        let place = match error.span.and_then(|span| sources.position(&span)) {
            Some((line, column)) => format!("{line}:{column}"),
            None => "-".into(),
        };
        out.push_str(&format!("{place} {}", error.message));
        for (span, words) in &error.secondary {
            let (line, column) = sources.position(span).expect("a place");
            out.push_str(&format!(" <{line}:{column} {words}>"));
        }
        if !error.help.is_empty() {
            out.push_str(&format!(" ({})", error.help.join("; ")));
        }
        out.push('\n');
    }
    out
}

/// The mistakes of a file, each on its line; nothing if it has none.
pub(crate) fn mistakes(text: &str) -> String {
    mistakes_with(text, &Inputs::default())
}

pub(crate) fn mistakes_with(text: &str, inputs: &Inputs) -> String {
    let (sources, expanded) = expand_with(text, inputs, TestFiles::default());
    expanded.err().map(|errors| render(&sources, &errors)).unwrap_or_default()
}

/// The value of an expression, as an output sees it.
pub(crate) fn value(expression: &str) -> Value {
    let expanded = expand(&file(&format!("outputs:\n  out: {}\n", serde_json::Value::from(expression))));
    let mut outputs = expanded.outputs(&TestLookup::default()).expect("evaluates");
    outputs.pop().expect("an output").1
}
