//! What the stack file asks of one instance, evaluated, completed and in canonical form.

use crate::canonical::canonical;
use wharf_core::{Address, Diagnostics, Map, Schema, Type, Value};
use wharf_provider::{Provider, ownership};
use wharf_stack::{Expanded, Instance, Lookup};

/// What the stack file asks of one instance.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// As written, with defaults.
    pub written: Map,
    /// In canonical form, with all tags in `tags_all`: what is compared, sent and recorded.
    pub desired: Map,
}

/// Evaluates an instance with the values that `lookup` knows.
///
/// # Errors
///
/// Expressions that fail, values that do not fit.
pub fn resolve(
    expanded: &Expanded,
    provider: &dyn Provider,
    lineage: &str,
    instance: &Instance,
    lookup: &dyn Lookup,
) -> Result<Resolved, Diagnostics> {
    let resource = &expanded.stack().resources[instance.resource];
    let schema = &resource.schema;
    let mut written = expanded.properties(instance, lookup)?;
    fill_defaults(schema, &mut written);
    mark_sensitive(schema, &mut written);
    let mut desired = written.clone();
    if schema.field("tags_all").is_some() {
        let tags = desired.remove("tags").unwrap_or_default();
        desired.insert(
            "tags_all".into(),
            all_tags(tags, &expanded.aws().default_tags, lineage, &instance.address),
        );
    }
    canonical(schema, &mut desired);
    provider.canonical(&resource.type_name, &mut desired);
    Ok(Resolved { written, desired })
}

fn all_tags(
    tags: Value,
    defaults: &std::collections::BTreeMap<String, String>,
    lineage: &str,
    address: &Address,
) -> Value {
    if let Value::Unknown(_) = tags.bare() {
        return tags;
    }
    let mut all: Map =
        defaults.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    let (tags, sensitive) = tags.into_bare();
    if let Value::Map(tags) = tags {
        let mark = |value: Value| if sensitive { value.sensitive() } else { value };
        all.extend(tags.into_iter().map(|(key, value)| (key, mark(value))));
    }
    all.extend(ownership::tags(lineage, address).into_iter().map(|(key, value)| (key, Value::from(value))));
    Value::Map(all)
}

/// Live attributes as people and expressions see them: `tags` are those of `tags_all` that neither wharf nor
/// `default_tags` put there.
pub(crate) fn with_own_tags(
    live: &mut Map,
    written: Option<&Map>,
    defaults: &std::collections::BTreeMap<String, String>,
) {
    let Some(Value::Map(all)) = live.get("tags_all") else { return };
    let declared = written.and_then(|written| written.get("tags")).and_then(Value::as_map);
    let own = all.iter().filter(|(key, value)| {
        let declared = declared.is_some_and(|tags| tags.contains_key(*key));
        let default = defaults.get(*key).is_some_and(|default| value.as_str() == Some(default));
        declared || !(ownership::is_ours(key) || default)
    });
    let own: Map = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    live.insert("tags".into(), Value::Map(own));
}

fn fill_defaults(schema: &Schema, map: &mut Map) {
    for field in schema.properties() {
        match (map.get_mut(&field.name), &field.default) {
            (None, Some(default)) => {
                map.insert(field.name.clone(), default.clone());
            }
            (Some(value), _) => fill_inside(&field.ty, value),
            (None, None) => {}
        }
    }
}

fn fill_inside(ty: &Type, value: &mut Value) {
    match (ty, value) {
        (ty, Value::Sensitive(inner)) => fill_inside(ty, inner),
        (Type::Object(schema), Value::Map(map)) => fill_defaults(schema, map),
        (Type::Block { schema, .. }, Value::List(list)) => {
            for block in list {
                if let Value::Map(map) = block {
                    fill_defaults(schema, map);
                }
            }
        }
        _ => {}
    }
}

/// Marks what the schema calls sensitive, at any depth.
pub(crate) fn mark_sensitive(schema: &Schema, map: &mut Map) {
    for field in &schema.fields {
        let Some(value) = map.get_mut(&field.name) else { continue };
        if field.sensitive {
            *value = std::mem::take(value).sensitive();
            continue;
        }
        match (&field.ty, value) {
            (Type::Object(schema), Value::Map(map)) => mark_sensitive(schema, map),
            (Type::Block { schema, .. }, Value::List(list)) => {
                for block in list {
                    if let Value::Map(map) = block {
                        mark_sensitive(schema, map);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The values that others may refer to once an object is as asked for: what was written, what AWS has for the rest,
/// and unknowns for what only the operation will tell. `live` is none for an object still to be made.
pub fn values_after(
    schema: &Schema,
    address: &Address,
    resolved: &Resolved,
    live: Option<&Map>,
    changes: bool,
) -> Map {
    let mut values = match live {
        Some(live) => live.clone(),
        None => Map::new(),
    };
    for field in &schema.fields {
        let waits = match live {
            None => true,
            Some(_) => changes && field.volatile,
        };
        if waits {
            values.insert(field.name.clone(), Value::unknown(format!("{address}.{}", field.name)));
        }
    }
    for (name, value) in &resolved.written {
        values.insert(name.clone(), value.clone());
    }
    if let Some(tags) = resolved.desired.get("tags_all") {
        values.insert("tags_all".into(), tags.clone());
    }
    values
}
