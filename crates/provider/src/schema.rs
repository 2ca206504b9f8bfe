//! From the Rust types of a resource to [`wharf_core::Schema`], by way of the JSON schema that schemars derives.

use crate::ResourceType;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use wharf_core::{Field, Schema, Type, Value};

/// The schema of a resource type: its properties, then its computed attributes, then `tags_all` if it has tags.
pub fn schema_of<T: ResourceType>() -> Schema {
    let properties = generate::<T::Properties>();
    let attributes = generate::<T::Attributes>();
    let mut schema = object(&properties);
    let tagged = schema.fields.iter().position(|field| field.name == "tags");
    for mut field in object(&attributes).fields {
        field.computed = true;
        field.required = false;
        field.default = None;
        schema.fields.push(field);
    }
    if let Some(tags) = tagged {
        schema.fields[tags].default = Some(Value::Map(wharf_core::Map::new()));
        schema.fields.push(Field {
            description: "All tags of the object: `tags`, the `default_tags` of the stack, and wharf's own."
                .into(),
            computed: true,
            ..Field::new("tags_all", Type::Map(Box::new(Type::String)))
        });
    }
    schema
}

fn generate<T: schemars::JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

fn object(json: &Json) -> Schema {
    let required: Vec<&str> =
        json["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let fields = json["properties"].as_object().into_iter().flatten();
    Schema {
        description: text(json, "description"),
        fields: fields
            .map(|(name, field)| self::field(name, field, required.contains(&name.as_str())))
            .collect(),
        unsupported: texts(&json["unsupported"]),
    }
}

fn field(name: &str, json: &Json, required: bool) -> Field {
    let mark = |name: &str| json[name].as_bool() == Some(true);
    let default = json.get("default").filter(|default| !default.is_null()).cloned().map(Value::from);
    let ty = ty(json);
    // An empty block or list as serde's default only says that it may be left out.
    let empty = |value: &Value| value.as_list().is_some_and(<[Value]>::is_empty);
    let declared = mark("default_empty");
    Field {
        name: name.to_owned(),
        description: text(json, "description"),
        required,
        computed: false,
        forces_replacement: mark("forces_replacement"),
        sensitive: mark("sensitive"),
        write_only: mark("write_only"),
        volatile: mark("volatile"),
        derived_from: texts(&json["derived_from"]),
        shared: mark("shared"),
        default: default.filter(|value| declared || !empty(value)).or(declared.then(|| Value::List(vec![]))),
        allowed: texts(&json["enum"]),
        ty,
    }
}

fn text(json: &Json, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

fn ty(json: &Json) -> Type {
    let Some(json) = json.as_object() else { return Type::Any };
    if json.contains_key("json") {
        return Type::Json;
    }
    if let Some(inner) = optional(json) {
        return ty(inner);
    }
    match type_name(json) {
        Some("string") => Type::String,
        Some("integer") => Type::Integer,
        Some("number") => Type::Number,
        Some("boolean") => Type::Bool,
        Some("array") => {
            let items = json.get("items").unwrap_or(&Json::Null);
            let set = json.get("uniqueItems").is_some_and(|u| u == true);
            if json.contains_key("block") {
                let max =
                    json.get("maxItems").and_then(Json::as_u64).and_then(|max| usize::try_from(max).ok());
                Type::Block { schema: Arc::new(object(items)), max, set }
            } else if set {
                Type::Set(Box::new(ty(items)))
            } else {
                Type::List(Box::new(ty(items)))
            }
        }
        Some("object") if json.contains_key("properties") => {
            Type::Object(Arc::new(object(&Json::Object(json.clone()))))
        }
        Some("object") => Type::Map(Box::new(json.get("additionalProperties").map_or(Type::Any, ty))),
        _ => Type::Any,
    }
}

/// The `T` of what schemars makes of an `Option<T>` that is no plain type.
fn optional(json: &Map<String, Json>) -> Option<&Json> {
    let options = json.get("anyOf")?.as_array()?;
    options.iter().find(|option| option["type"] != "null")
}

fn type_name(json: &Map<String, Json>) -> Option<&str> {
    match json.get("type")? {
        Json::String(name) => Some(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        _ => None,
    }
}
