use crate::settings::{aws_schema, s3_schema};
use crate::types::Types;
use serde_json::{Map, Value, json};
use wharf_core::{Field, Schema, Type};

/// What a string must hold to be an expression.
const EXPRESSION: &str = r"\$\{";

/// JSON Schema (2020-12) of the stack file, for editors and CI.
///
/// The properties of a resource depend on its `type`: that is written as one `if`/`then` per type, never as `oneOf`,
/// because editors then say what is wrong instead of "not valid under any schema".
pub fn json_schema(types: &dyn Types) -> Value {
    let mut names = types.names();
    names.sort_unstable();
    let mut definitions = Map::new();
    let mut cases = Vec::new();
    for name in &names {
        let Some(schema) = types.schema(name) else { continue };
        definitions.insert((*name).to_owned(), object(&schema, true));
        let requires: Vec<&str> =
            if schema.properties().any(|field| field.required) { vec!["properties"] } else { Vec::new() };
        cases.push(json!({
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"properties": {"$ref": format!("#/$defs/{name}")}}, "required": requires},
        }));
    }
    definitions.insert("resource".into(), resource(&names, cases));
    definitions.insert("variable".into(), variable());
    let name = "^[A-Za-z_][A-Za-z0-9_-]*$";
    let named = |value: Value| json!({"type": ["object", "null"], "propertyNames": {"pattern": name}, "additionalProperties": value});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wharf stack file",
        "type": "object",
        "required": ["stack"],
        "additionalProperties": false,
        "properties": {
            "stack": {
                "description": "The stack's name.",
                "type": "string",
                "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
            },
            "description": {"description": "What the stack is for.", "type": "string"},
            "aws": object(&aws_schema(), true),
            "state": state(),
            "variables": named(json!({"$ref": "#/$defs/variable"})),
            "locals": named(json!({"description": "A value with a name, for use as `${local.<name>}`."})),
            "resources": named(json!({"$ref": "#/$defs/resource"})),
            "outputs": named(json!({"description": "A value to show after an apply."})),
            "moved": {
                "description": "Resources that have another name than in the state.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["from", "to"],
                    "additionalProperties": false,
                    "properties": {
                        "from": {"description": "The old address.", "type": "string"},
                        "to": {"description": "The new address.", "type": "string"},
                    },
                },
            },
        },
        "$defs": definitions,
    })
}

fn resource(names: &[&'static str], cases: Vec<Value>) -> Value {
    json!({
        "type": "object",
        "required": ["type"],
        "additionalProperties": false,
        "properties": {
            "type": {"description": "The kind of resource, under Terraform's name.", "enum": names},
            "properties": {"description": "What the resource should be.", "type": "object"},
            "for_each": {
                "description": "A mapping or a set: one instance for each entry.",
                "anyOf": [{"type": "object"}, expression()],
            },
            "depends_on": {
                "description": "Resources that must be there first.",
                "type": "array",
                "items": {"type": "string"},
            },
            "lifecycle": {
                "description": "How changes are made.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "prevent_destroy": {"description": "Refuse any plan that deletes it.", "type": "boolean"},
                    "create_before_destroy": {
                        "description": "Make the replacement before the old one is deleted.",
                        "type": "boolean",
                    },
                    "ignore_changes": {
                        "description": "Properties that may differ without being a change, or `all`.",
                        "anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}],
                    },
                    "retain": {"description": "Leave it in AWS when it leaves the stack.", "type": "boolean"},
                },
            },
        },
        "allOf": cases,
    })
}

fn variable() -> Value {
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "type": {
                "description": "string, number, bool, any, list, set, map, or a type like map(object({a = string})).",
                "type": "string",
            },
            "default": {"description": "What counts when no value is given."},
            "description": {"description": "What it is for.", "type": "string"},
            "sensitive": {"description": "Never show it, nor anything made of it.", "type": "boolean"},
        },
    })
}

fn state() -> Value {
    json!({
        "description": "Where the state is kept; left out, a local file under .wharf/.",
        "anyOf": [
            {"const": "local"},
            {"type": "object", "additionalProperties": false, "properties": {"s3": object(&s3_schema(), true), "local": {}}},
        ],
    })
}

/// The properties of a resource, a block or an object.
fn object(schema: &Schema, described: bool) -> Value {
    let mut properties = Map::new();
    for field in schema.properties() {
        properties.insert(field.name.clone(), property(field));
    }
    let required: Vec<&str> =
        schema.properties().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let mut object = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    if described && !schema.description.is_empty() {
        object["description"] = json!(schema.description);
    }
    object
}

fn property(field: &Field) -> Value {
    let mut property = if field.allowed.is_empty() {
        value(&field.ty)
    } else {
        json!({"anyOf": [{"enum": field.allowed}, expression()]})
    };
    if !field.description.is_empty() {
        property["description"] = json!(field.description);
    }
    if let Some(default) = field.default.as_ref().and_then(wharf_core::Value::to_json) {
        property["default"] = default;
    }
    property
}

/// A value, or an expression that gives one. A plain string admits every expression already; plain numbers and
/// booleans are text where text is wanted.
fn value(ty: &Type) -> Value {
    let literal = match ty {
        Type::String => return json!({"type": ["string", "number", "boolean"]}),
        Type::Any => return json!({}),
        Type::Json => return json!({"type": ["object", "array", "string"]}),
        Type::Integer => json!({"type": "integer"}),
        Type::Number => json!({"type": "number"}),
        Type::Bool => json!({"type": "boolean"}),
        Type::List(item) => json!({"type": "array", "items": value(item)}),
        Type::Set(item) => json!({"type": "array", "items": value(item), "uniqueItems": true}),
        Type::Map(item) => json!({"type": "object", "additionalProperties": value(item)}),
        Type::Object(schema) => object(schema, true),
        Type::Block { schema, max, .. } => {
            let one = object(schema, true);
            let mut list = json!({"type": "array", "items": one});
            if let Some(max) = max {
                list["maxItems"] = json!(max);
            }
            return json!({"anyOf": [one, list, expression()]});
        }
    };
    json!({"anyOf": [literal, expression()]})
}

fn expression() -> Value {
    json!({"type": "string", "pattern": EXPRESSION})
}
