//! JSON documents, as ECS takes and gives them.

use aws_smithy_types::{Document, Number};
use serde_json::Value;
use wharf_provider::Json;

/// A document for a request; one that is written as text is taken apart.
pub(super) fn to_document(json: &Json) -> Document {
    match &json.0 {
        Value::String(text) => document(&Json::parse(text).0),
        value => document(value),
    }
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(positive), _) => Number::PosInt(positive),
            (None, Some(negative)) => Number::NegInt(negative),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => {
            Document::Object(members.iter().map(|(name, value)| (name.clone(), document(value))).collect())
        }
    }
}

/// A document of an answer.
pub(super) fn from_document(document: &Document) -> Json {
    Json(value(document))
}

fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::from(*value),
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(items) => items.iter().map(value).collect(),
        Document::Object(members) => {
            Value::Object(members.iter().map(|(name, item)| (name.clone(), value(item))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_come_back_as_they_were() {
        let all = json!({"text": "a", "list": [1, -2, 2.5, true, null], "inner": {"deep": []}});
        assert_eq!(from_document(&to_document(&Json(all.clone()))), Json(all.clone()));
        assert_eq!(to_document(&Json(Value::from(all.to_string()))), to_document(&Json(all)));
    }
}
