//! The part of a stack file that says what imported objects are. Pure.

use std::collections::{BTreeMap, HashMap};
use wharf_core::{Address, Field, Map, Schema, Type, Value};

/// Which text stands for which attribute of which object.
pub(super) type References = HashMap<String, (Address, String)>;

/// The mistakes of properties of a type, each with the property it is about.
pub(super) type Check<'a> = dyn Fn(&str, &Map) -> Vec<(String, String)> + 'a;

/// An object to be written.
pub(super) struct Written<'a> {
    pub(super) address: &'a Address,
    pub(super) resource_type: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) attributes: &'a Map,
}

/// The entries of `resources:` for these objects. `references` says which text stands for which expression: the id of
/// an object for `vpc.id`.
///
/// `check` tells the mistakes of properties of a type: what AWS tells in two ways can be written in one only.
pub(super) fn resources(objects: &[Written<'_>], references: &References, check: &Check<'_>) -> String {
    let mut by_name: BTreeMap<&str, Vec<&Written<'_>>> = BTreeMap::new();
    for object in objects {
        by_name.entry(&object.address.name).or_default().push(object);
    }
    let mut entries = serde_json::Map::new();
    for (name, instances) in by_name {
        entries.insert(name.to_owned(), entry(&instances, references, check));
    }
    serde_yaml::to_string(&serde_json::json!({"resources": entries})).unwrap_or_default()
}

fn entry(instances: &[&Written<'_>], references: &References, check: &Check<'_>) -> serde_json::Value {
    let mut entry = serde_json::Map::new();
    let written: Vec<(Option<&str>, BTreeMap<&str, serde_json::Value>)> = instances
        .iter()
        .map(|object| (object.address.key.as_deref(), properties(object, references, check)))
        .collect();
    let Some(((first_key, first), object)) = written.first().zip(instances.first()) else {
        return entry.into();
    };
    entry.insert("type".to_owned(), object.resource_type.into());
    let mut properties = serde_json::Map::new();
    if first_key.is_none() {
        properties.extend(first.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    } else {
        // What all instances share is written once; the rest of each is behind its key.
        let names: std::collections::BTreeSet<&str> =
            written.iter().flat_map(|(_, properties)| properties.keys().copied()).collect();
        let mut each: BTreeMap<&str, serde_json::Map<String, serde_json::Value>> = BTreeMap::new();
        for (key, _) in &written {
            each.entry(key.unwrap_or_default()).or_default();
        }
        for name in names {
            let value = first.get(name);
            if value.is_some() && written.iter().all(|(_, properties)| properties.get(name) == value) {
                properties.insert(name.to_owned(), value.cloned().unwrap_or_default());
                continue;
            }
            for (key, own) in &written {
                let own = own.get(name).cloned().unwrap_or_default();
                each.entry(key.unwrap_or_default()).or_default().insert(name.to_owned(), own);
            }
            properties.insert(name.to_owned(), format!("${{each.value.{name}}}").into());
        }
        entry.insert("for_each".to_owned(), serde_json::json!(each));
    }
    if !properties.is_empty() {
        entry.insert("properties".to_owned(), properties.into());
    }
    entry.into()
}

/// What the stack file has to set so that a plan finds nothing to do.
fn properties<'a>(
    object: &'a Written<'_>,
    references: &References,
    check: &Check<'_>,
) -> BTreeMap<&'a str, serde_json::Value> {
    let mut properties = BTreeMap::new();
    let mut wanted: Map = object
        .schema
        .properties()
        .filter_map(|field| Some((field, object.attributes.get(&field.name)?)))
        .filter(|(field, value)| is_wanted(field, value))
        .map(|(field, value)| (field.name.clone(), value.clone()))
        .collect();
    // Until nothing is wrong any more, or nothing can be left out.
    loop {
        let can_go = |name: &String| object.schema.field(name).is_some_and(|field| !field.required);
        let mistakes = check(object.resource_type, &wanted);
        let Some(name) = mistakes.into_iter().map(|(name, _)| name).find(|name| can_go(name)) else { break };
        if wanted.remove(&name).is_none() {
            break;
        }
    }
    for field in object.schema.properties() {
        if let Some(value) = wanted.get(&field.name) {
            let value = if field.sensitive || value.has_sensitive() {
                serde_json::Value::from(format!(
                    "${{var.{}_{}}}",
                    object.address.name.replace('-', "_"),
                    field.name
                ))
            } else {
                expression(value, &field.ty, object.address, references)
            };
            properties.insert(field.name.as_str(), value);
        }
    }
    properties
}

fn is_wanted(field: &Field, value: &Value) -> bool {
    let is_empty = match value.bare() {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::String(text) => text.is_empty() && !field.required,
        _ => false,
    };
    !is_empty && field.default.as_ref() != Some(value)
}

fn expression(value: &Value, ty: &Type, own: &Address, references: &References) -> serde_json::Value {
    match value {
        Value::String(text) => match references.get(text) {
            Some((address, attribute)) if address.name != own.name => {
                format!("${{{address}.{attribute}}}").into()
            }
            _ => escaped(text).into(),
        },
        Value::List(list) => {
            let fields = match ty {
                Type::Block { schema, .. } => Some(schema),
                _ => None,
            };
            let items = list.iter().map(|item| match (fields, item) {
                (Some(schema), Value::Map(map)) => block(map, schema, own, references),
                _ => expression(item, &Type::Any, own, references),
            });
            items.collect::<Vec<_>>().into()
        }
        Value::Map(map) => {
            let entries = map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (escaped(key), expression(value, &Type::Any, own, references)));
            serde_json::Value::Object(entries.collect())
        }
        other => other.to_json().unwrap_or_default(),
    }
}

/// A block without what has its default.
fn block(map: &Map, schema: &Schema, own: &Address, references: &References) -> serde_json::Value {
    let entries = schema.properties().filter_map(|field| {
        let value = map.get(&field.name).filter(|value| is_wanted(field, value))?;
        Some((field.name.clone(), expression(value, &field.ty, own, references)))
    });
    serde_json::Value::Object(entries.collect())
}

/// A text that has no expression in it.
fn escaped(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema {
            fields: vec![
                Field { required: true, ..Field::new("cidr_block", Type::String) },
                Field { default: Some(false.into()), ..Field::new("map_public_ip_on_launch", Type::Bool) },
                Field::new("vpc_id", Type::String),
                Field { computed: true, ..Field::new("arn", Type::String) },
            ],
            ..Schema::default()
        }
    }

    #[test]
    fn what_is_shared_is_written_once() {
        let schema = schema();
        let of = |cidr: &str| {
            Map::from([
                ("cidr_block".to_owned(), Value::from(cidr)),
                ("vpc_id".to_owned(), "vpc-1".into()),
                ("map_public_ip_on_launch".to_owned(), false.into()),
                ("arn".to_owned(), "arn:x".into()),
            ])
        };
        let (a, b) = (of("10.0.0.0/24"), of("10.0.1.0/24"));
        let addresses = [Address::instance("subnet", "a"), Address::instance("subnet", "b")];
        let objects = [(&addresses[0], &a), (&addresses[1], &b)].map(|(address, attributes)| Written {
            address,
            resource_type: "aws_subnet",
            schema: &schema,
            attributes,
        });
        let references = HashMap::from([("vpc-1".to_owned(), (Address::single("vpc"), "id".to_owned()))]);
        assert_eq!(
            resources(&objects, &references, &|_, _| Vec::new()),
            "resources:\n  subnet:\n    type: aws_subnet\n    for_each:\n      a:\n        cidr_block: 10.0.0.0/24\n      b:\n        cidr_block: 10.0.1.0/24\n    properties:\n      cidr_block: ${each.value.cidr_block}\n      vpc_id: ${vpc.id}\n"
        );
    }

    #[test]
    fn text_that_looks_like_an_expression_stays_text() {
        assert_eq!(escaped("${aws:username}"), "$${aws:username}");
    }
}
