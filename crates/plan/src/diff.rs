//! What differs between desired and live. Only what is declared is compared.

use wharf_core::{Field, Map, PropertyPath, Schema, Type, Value};
use wharf_state::matches;

/// One property that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: PropertyPath,
    /// What AWS has, if anything.
    pub before: Option<Value>,
    /// What is asked for.
    pub after: Value,
    /// Whether it cannot be changed in place.
    pub forces_replacement: bool,
    /// Whether AWS differs from what was last applied: somebody changed it behind wharf's back.
    pub drifted: bool,
}

/// What `desired` declares that `live` has otherwise. Both in canonical form.
///
/// `recorded` is what was last applied: what counts for write-only properties, which AWS does not tell. Sensitive ones
/// among them are hashes, made with `salt`.
pub fn differences(
    schema: &Schema,
    desired: &Map,
    live: &Map,
    recorded: &Map,
    salt: &str,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for field in &schema.fields {
        let Some(after) = desired.get(&field.name) else { continue };
        let before_recorded = recorded.get(&field.name);
        if field.write_only {
            let same = match before_recorded {
                Some(before) => matches(before, after, salt),
                // Never applied: it counts what an import can tell of it, or else the default.
                None => {
                    live.get(&field.name).or(field.default.as_ref()).map(Value::bare) == Some(after.bare())
                }
            };
            if !same {
                found.push(Difference {
                    path: PropertyPath::of(&field.name),
                    before: before_recorded.cloned(),
                    after: after.clone(),
                    forces_replacement: field.forces_replacement,
                    drifted: false,
                });
            }
            continue;
        }
        let path = PropertyPath::of(&field.name);
        let start = found.len();
        compare(field, after, live.get(&field.name), &path, field.forces_replacement, &mut found);
        for difference in &mut found[start..] {
            let last = before_recorded.and_then(|value| value.at(&difference.path.0[1..]));
            difference.drifted = last.is_some_and(|last| matches(last, &difference.after, salt));
        }
    }
    found
}

/// Adds the differences of one field; what `desired` does not declare inside it does not count.
pub(crate) fn compare(
    field: &Field,
    desired: &Value,
    live: Option<&Value>,
    path: &PropertyPath,
    forces: bool,
    found: &mut Vec<Difference>,
) {
    let differs = |found: &mut Vec<Difference>| {
        found.push(Difference {
            path: path.clone(),
            before: live.cloned(),
            after: desired.clone(),
            forces_replacement: forces,
            drifted: false,
        });
    };
    match (&field.ty, desired.bare(), live) {
        (_, desired, Some(live)) if desired == live.bare() => {}
        // An empty list or map is the same as nothing there.
        (_, Value::List(list), None) if list.is_empty() => {}
        (_, Value::Map(map), None) if map.is_empty() => {}
        (Type::Object(schema), Value::Map(desired), Some(Value::Map(live))) => {
            fields(schema, desired, live, path, forces, found);
        }
        (Type::Block { schema, set, .. }, Value::List(desired), Some(Value::List(live)))
            if desired.len() == live.len() =>
        {
            if *set {
                if !pairs_up(schema, desired, live) {
                    differs(found);
                }
            } else {
                for (index, (desired, live)) in desired.iter().zip(live).enumerate() {
                    if let (Value::Map(desired), Value::Map(live)) = (desired.bare(), live.bare()) {
                        fields(schema, desired, live, &path.index(index), forces, found);
                    }
                }
            }
        }
        (Type::Map(_), Value::Map(wanted), Some(Value::Map(there))) if !wanted.is_empty() => {
            // Shown entry by entry; one that is to go shows as null.
            for (key, value) in wanted {
                if there.get(key).map(Value::bare) != Some(value.bare()) {
                    found.push(Difference {
                        path: path.key(key),
                        before: there.get(key).cloned(),
                        after: value.clone(),
                        forces_replacement: forces,
                        drifted: false,
                    });
                }
            }
            for (key, value) in there.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                found.push(Difference {
                    path: path.key(key),
                    before: Some(value.clone()),
                    after: Value::Null,
                    forces_replacement: forces,
                    drifted: false,
                });
            }
        }
        _ => differs(found),
    }
}

fn fields(
    schema: &Schema,
    desired: &Map,
    live: &Map,
    path: &PropertyPath,
    forces: bool,
    found: &mut Vec<Difference>,
) {
    for field in &schema.fields {
        let Some(value) = desired.get(&field.name) else { continue };
        if field.write_only {
            continue;
        }
        let forces = forces || field.forces_replacement;
        compare(field, value, live.get(&field.name), &path.key(&field.name), forces, found);
    }
}

/// Whether each desired block has a live one of its own that agrees in all it declares.
fn pairs_up(schema: &Schema, desired: &[Value], live: &[Value]) -> bool {
    let mut free: Vec<&Value> = live.iter().collect();
    desired.iter().all(|wanted| {
        let agrees = |candidate: &&Value| match (wanted.bare(), candidate.bare()) {
            (Value::Map(wanted), Value::Map(candidate)) => {
                let mut found = Vec::new();
                fields(schema, wanted, candidate, &PropertyPath::default(), false, &mut found);
                found.is_empty()
            }
            (wanted, candidate) => wanted == candidate,
        };
        match free.iter().position(agrees) {
            Some(index) => {
                free.swap_remove(index);
                true
            }
            None => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            _ => Map::new(),
        }
    }

    fn schema() -> Schema {
        let rule = Schema {
            fields: vec![Field::new("port", Type::Integer), Field::new("note", Type::String)],
            ..Schema::default()
        };
        Schema {
            fields: vec![
                Field { forces_replacement: true, ..Field::new("cidr", Type::String) },
                Field::new("name", Type::String),
                Field::new("tags", Type::Map(Box::new(Type::String))),
                Field::new("rule", Type::Block { schema: Arc::new(rule), max: None, set: true }),
                Field { write_only: true, ..Field::new("secret", Type::String) },
            ],
            ..Schema::default()
        }
    }

    fn paths(
        desired: serde_json::Value,
        live: serde_json::Value,
        recorded: serde_json::Value,
    ) -> Vec<String> {
        let found = differences(&schema(), &map(desired), &map(live), &map(recorded), "salt");
        let show = |d: &Difference| {
            format!(
                "{}{}{}",
                d.path,
                if d.forces_replacement { "!" } else { "" },
                if d.drifted { "?" } else { "" }
            )
        };
        found.iter().map(show).collect()
    }

    #[test]
    fn only_what_is_declared_counts() {
        let live = json!({"cidr": "a", "name": "n", "tags": {"x": "1"}});
        assert!(paths(json!({"cidr": "a"}), live.clone(), json!({})).is_empty());
        assert_eq!(
            paths(json!({"cidr": "b", "name": "m"}), live.clone(), json!({"name": "m"})),
            ["cidr!", "name?"]
        );
        assert_eq!(paths(json!({"tags": {"y": "2"}}), live, json!({})), ["tags.y", "tags.x"]);
    }

    #[test]
    fn sets_of_blocks_pair_up_in_any_order() {
        let live = json!({"rule": [{"port": 1, "note": "a"}, {"port": 2}]});
        assert!(paths(json!({"rule": [{"port": 2}, {"port": 1}]}), live.clone(), json!({})).is_empty());
        assert_eq!(paths(json!({"rule": [{"port": 2}, {"port": 3}]}), live, json!({})), ["rule"]);
        assert!(paths(json!({"rule": []}), json!({}), json!({})).is_empty());
    }

    #[test]
    fn write_only_is_compared_with_what_was_applied() {
        assert_eq!(paths(json!({"secret": "a"}), json!({}), json!({})), ["secret"]);
        assert!(paths(json!({"secret": "a"}), json!({}), json!({"secret": "a"})).is_empty());
        assert_eq!(paths(json!({"secret": "b"}), json!({}), json!({"secret": "a"})), ["secret"]);
        assert!(paths(json!({"secret": "a"}), json!({"secret": "a"}), json!({})).is_empty());
    }
}
