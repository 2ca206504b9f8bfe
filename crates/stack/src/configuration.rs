//! The stack file in the representation that Terraform has for configurations: constants, and what the rest refers to.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation>.

use crate::expression::{ExprKind, Expression, Mention, MentionPart, mentions};
use crate::stack::{Resource, Stack};
use crate::written::{Written, WrittenKind};
use serde_json::{Map as JsonMap, Value as Json, json};
use wharf_core::{Address, Field, Schema, Type, Value};

/// The provider's name in Terraform, and the address that tools know its types by.
const PROVIDER: (&str, &str) = ("aws", "registry.terraform.io/hashicorp/aws");

/// The configuration. Constants of sensitive properties and variables are left out.
pub fn configuration(stack: &Stack) -> Json {
    let mut provider = json!({"name": PROVIDER.0, "full_name": PROVIDER.1});
    let settings = object(&stack.aws.value, stack);
    if !settings.is_empty() {
        provider["expressions"] = Json::Object(settings);
    }
    let resources: Vec<Json> =
        stack.resources.iter().map(|resource| self::resource(resource, stack)).collect();
    let outputs = stack
        .outputs
        .iter()
        .map(|output| (output.name.clone(), json!({"expression": expression(&output.value, stack, false)})));
    let variables = stack.variables.iter().map(|variable| {
        let mut described = JsonMap::new();
        if variable.sensitive {
            described.insert("sensitive".into(), true.into());
        } else if let Some(default) = variable.default.as_ref().and_then(constant) {
            described.insert("default".into(), default);
        }
        (variable.name.clone(), Json::Object(described))
    });
    let mut root = JsonMap::new();
    root.insert("outputs".into(), Json::Object(outputs.collect()));
    root.insert("resources".into(), resources.into());
    root.insert("variables".into(), Json::Object(variables.collect()));
    json!({"provider_config": {PROVIDER.0: provider}, "root_module": root})
}

fn resource(resource: &Resource, stack: &Stack) -> Json {
    let mut described = json!({
        "address": format!("{}.{}", resource.type_name, resource.name),
        "mode": "managed",
        "type": resource.type_name,
        "name": resource.name,
        "provider_config_key": PROVIDER.0,
        "expressions": block(&resource.properties, &resource.schema, stack),
        "schema_version": 0,
    });
    if let Some(for_each) = &resource.for_each {
        described["for_each_expression"] = expression(for_each, stack, false);
    }
    if !resource.depends_on.is_empty() {
        let names = resource.depends_on.iter().map(|depends| in_terraform(&depends.address, stack));
        described["depends_on"] = names.collect();
    }
    described
}

/// The properties of a block: those that are blocks themselves as lists, the rest as expressions.
fn block(written: &Written, schema: &Schema, stack: &Stack) -> Json {
    let WrittenKind::Map(entries) = &written.kind else { return expression(written, stack, false) };
    let described = entries.iter().filter_map(|entry| {
        let WrittenKind::Literal(Value::String(name)) = &entry.key.kind else { return None };
        Some((name.clone(), property(&entry.value, schema.field(name), stack)))
    });
    Json::Object(described.collect())
}

fn property(written: &Written, field: Option<&Field>, stack: &Stack) -> Json {
    let hidden = field.is_some_and(|field| field.sensitive);
    match field.map(|field| &field.ty) {
        Some(Type::Block { schema, .. }) if !hidden => match &written.kind {
            WrittenKind::List(items) => items.iter().map(|item| block(item, schema, stack)).collect(),
            WrittenKind::Map(_) => Json::Array(vec![block(written, schema, stack)]),
            _ => expression(written, stack, false),
        },
        _ => expression(written, stack, hidden),
    }
}

/// `{"constant_value": ...}`, or `{"references": [...]}`.
fn expression(written: &Written, stack: &Stack, hidden: bool) -> Json {
    if let Some(value) = constant(written) {
        return if hidden { json!({}) } else { json!({"constant_value": value}) };
    }
    let mut references: Vec<String> = Vec::new();
    written.expressions(&mut |expression| {
        for mention in mentions(&expression.root) {
            for reference in named(&mention, stack) {
                if !references.contains(&reference) {
                    references.push(reference);
                }
            }
        }
    });
    if references.is_empty() { json!({}) } else { json!({"references": references}) }
}

fn object(written: &Written, stack: &Stack) -> JsonMap<String, Json> {
    let WrittenKind::Map(entries) = &written.kind else { return JsonMap::new() };
    let described = entries.iter().filter_map(|entry| match &entry.key.kind {
        WrittenKind::Literal(Value::String(name)) => {
            Some((name.clone(), expression(&entry.value, stack, false)))
        }
        _ => None,
    });
    described.collect()
}

/// The value, if it is written out whole.
fn constant(written: &Written) -> Option<Json> {
    match &written.kind {
        WrittenKind::Literal(value) => value.to_json(),
        WrittenKind::Expression(expression) => literal(expression),
        WrittenKind::List(items) => items.iter().map(constant).collect::<Option<Vec<_>>>().map(Json::from),
        WrittenKind::Map(entries) => {
            let entries = entries.iter().map(|entry| {
                let key = constant(&entry.key)?;
                Some((key.as_str()?.to_owned(), constant(&entry.value)?))
            });
            entries.collect::<Option<JsonMap<_, _>>>().map(Json::Object)
        }
    }
}

fn literal(expression: &Expression) -> Option<Json> {
    match &expression.root.kind {
        ExprKind::Literal(value) => value.to_json(),
        _ => None,
    }
}

/// What Terraform lists for a use: the attribute, the instance, the resource, as far as they are written out.
fn named(mention: &Mention<'_>, stack: &Stack) -> Vec<String> {
    let Some(resource) = stack.names.resources.get(mention.name) else {
        let next = mention.path.first().map(|part| match part {
            MentionPart::Attribute(name, _) | MentionPart::Key(name, _) => format!(".{name}"),
            _ => String::new(),
        });
        return vec![format!("{}{}", mention.name, next.unwrap_or_default())];
    };
    let resource = &stack.resources[*resource];
    let whole = format!("{}.{}", resource.type_name, resource.name);
    let mut names = vec![whole.clone()];
    let mut path = mention.path.as_slice();
    let mut at = whole;
    if resource.for_each.is_some() {
        let [MentionPart::Key(key, _) | MentionPart::Attribute(key, _), rest @ ..] = path else {
            return names;
        };
        at = Address::instance(&resource.name, *key).terraform(&resource.type_name);
        names.insert(0, at.clone());
        path = rest;
    }
    if let Some(MentionPart::Attribute(attribute, _) | MentionPart::Key(attribute, _)) = path.first() {
        names.insert(0, format!("{at}.{attribute}"));
    }
    names
}

fn in_terraform(address: &Address, stack: &Stack) -> Json {
    let resource = stack.names.resources.get(&address.name).map(|index| &stack.resources[*index]);
    resource.map_or_else(|| address.to_string(), |resource| address.terraform(&resource.type_name)).into()
}
