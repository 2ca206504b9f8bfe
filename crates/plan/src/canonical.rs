//! The one form in which desired and live values are compared.

use wharf_core::{Map, Schema, Type, Value};

/// Brings a resource's properties (or a block's) to canonical form, by what the schema says of each.
///
/// Sets are sorted and lose repeats, JSON documents become structured and IAM policies among them lose what means
/// nothing. Unknown values stay where they are.
pub fn canonical(schema: &Schema, properties: &mut Map) {
    for field in &schema.fields {
        if let Some(value) = properties.get_mut(&field.name) {
            one(&field.ty, value);
        }
    }
}

fn one(ty: &Type, value: &mut Value) {
    if let Value::Sensitive(inner) = value {
        return one(ty, inner);
    }
    match (ty, value) {
        (Type::Json, value) => {
            let json = std::mem::take(value);
            *value = canonical_json(json);
        }
        (Type::Set(item), Value::List(list)) => {
            for value in &mut *list {
                one(item, value);
            }
            sort(list);
            list.dedup();
        }
        (Type::List(item), Value::List(list)) => list.iter_mut().for_each(|value| one(item, value)),
        (Type::Map(item), Value::Map(map)) => map.values_mut().for_each(|value| one(item, value)),
        (Type::Object(schema), Value::Map(map)) => canonical(schema, map),
        (Type::Block { schema, .. }, Value::List(list)) => {
            for block in list {
                if let Value::Map(map) = block {
                    canonical(schema, map);
                }
            }
        }
        _ => {}
    }
}

/// Sorts values of any kind, by how they are written.
fn sort(list: &mut [Value]) {
    if list.iter().all(|value| matches!(value, Value::String(_))) {
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    } else {
        list.sort_by_cached_key(ToString::to_string);
    }
}

/// A JSON document in structured form; an IAM policy without what means nothing to IAM.
///
/// In a policy a list of one is the same as its element, and the order of actions, resources and principals means
/// nothing ([IAM JSON policy grammar]).
///
/// [IAM JSON policy grammar]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
pub fn canonical_json(value: Value) -> Value {
    let structured = match value {
        Value::String(text) => match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(json) => Value::from(json),
            Err(_) => Value::String(text),
        },
        other => other,
    };
    match structured {
        Value::Map(mut map) if map.contains_key("Statement") => {
            if let Some(statement) = map.remove("Statement") {
                let statements = match statement {
                    Value::List(list) => list,
                    single => vec![single],
                };
                map.insert(
                    "Statement".into(),
                    Value::List(statements.into_iter().map(self::statement).collect()),
                );
            }
            Value::Map(map)
        }
        other => other,
    }
}

fn statement(value: Value) -> Value {
    let Value::Map(mut map) = value else { return value };
    // An empty Sid is the same as none.
    if map.get("Sid").and_then(Value::as_str) == Some("") {
        map.remove("Sid");
    }
    for (key, value) in &mut map {
        match key.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => unordered(value),
            "Principal" | "NotPrincipal" => {
                if let Value::Map(kinds) = value {
                    kinds.values_mut().for_each(unordered);
                    // `{"AWS": "*"}` and `"*"` differ to IAM for some services, so they stay apart.
                }
            }
            "Condition" => {
                if let Value::Map(operators) = value {
                    for operator in operators.values_mut() {
                        if let Value::Map(keys) = operator {
                            keys.values_mut().for_each(condition_values);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Value::Map(map)
}

/// Condition values are text to IAM: `true` and `"true"` are the same.
fn condition_values(value: &mut Value) {
    match value {
        Value::List(list) => list.iter_mut().for_each(condition_values),
        Value::Bool(b) => *value = Value::from(b.to_string()),
        Value::Number(n) => *value = Value::from(n.to_string()),
        _ => {}
    }
    unordered(value);
}

fn unordered(value: &mut Value) {
    if let Value::List(list) = value {
        sort(list);
        list.dedup();
        if list.len() == 1 {
            *value = list.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn same(a: serde_json::Value, b: serde_json::Value) -> bool {
        canonical_json(a.into()) == canonical_json(b.into())
    }

    #[test]
    fn policies_that_mean_the_same_are_the_same() {
        assert!(same(
            json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["b:X", "a:Y"], "Resource": "*"}}),
            json!({"Statement": [{"Action": ["a:Y", "b:X"], "Effect": "Allow", "Resource": ["*"], "Sid": ""}], "Version": "2012-10-17"}),
        ));
        assert!(same(
            json!({"Statement": [{"Condition": {"Bool": {"aws:SecureTransport": false}}}]}),
            json!({"Statement": [{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}),
        ));
        assert!(same(json!("{\"a\": [1, 2]}"), json!({"a": [1, 2]})));
    }

    #[test]
    fn documents_that_differ_stay_apart() {
        assert!(!same(json!({"a": [1, 2]}), json!({"a": [2, 1]})));
        assert!(!same(
            json!({"Statement": [{"Action": "a"}, {"Action": "b"}]}),
            json!({"Statement": [{"Action": "b"}, {"Action": "a"}]}),
        ));
    }
}
