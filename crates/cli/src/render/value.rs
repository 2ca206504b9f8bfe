//! Values as lines.

use wharf_core::{Unknown, Value};

/// What stands for a value that is not known.
pub(crate) const UNKNOWN: &str = "(known after apply)";

/// What stands for a value that may not be shown.
pub(crate) const SENSITIVE: &str = "(sensitive value)";

/// A value, over several lines if it is a collection; lines after the first are indented by `indent`.
pub(crate) fn pretty(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::List(list) if list.is_empty() => "[]".to_owned(),
        Value::List(list) => {
            let short = format!("{value}");
            if short.len() <= 72 && list.iter().all(|item| !matches!(item, Value::List(_) | Value::Map(_))) {
                return short;
            }
            let items: Vec<String> =
                list.iter().map(|item| format!("{pad}  {},", pretty(item, indent + 2))).collect();
            format!("[\n{}\n{pad}]", items.join("\n"))
        }
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => {
            let width = map.keys().map(String::len).max().unwrap_or_default();
            let items: Vec<String> = map
                .iter()
                .map(|(key, item)| format!("{pad}  {:width$} = {}", key_text(key), pretty(item, indent + 2)))
                .collect();
            format!("{{\n{}\n{pad}}}", items.join("\n"))
        }
        Value::String(text) if text.contains('\n') => {
            let lines: Vec<String> =
                text.trim_end_matches('\n').lines().map(|line| format!("{pad}  {line}")).collect();
            format!("<<-EOT\n{}\n{pad}EOT", lines.join("\n"))
        }
        Value::Unknown(Unknown { text: Some(text), .. }) => format!("{text:?}"),
        // An archive in base64, say: nobody reads it here.
        Value::String(text) if text.len() > LONG && !text.contains(' ') => {
            let start: String = text.chars().take(40).collect();
            format!("\"{start}...\" ({} characters)", text.chars().count())
        }
        other => other.to_string(),
    }
}

/// Text without a space that is longer than this is shown by its beginning.
const LONG: usize = 300;

fn key_text(key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c)) && !key.is_empty();
    if plain { key.to_owned() } else { format!("{key:?}") }
}

/// A JSON document as indented text, for a diff.
pub(crate) fn document(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(&document_json(other)).unwrap_or_default(),
    }
}

/// A JSON document in which `(known after apply)` and `(sensitive value)` stand for what cannot be shown.
pub(crate) fn document_json(value: &Value) -> serde_json::Value {
    match value {
        value if wharf_state::is_hash(value) => SENSITIVE.into(),
        Value::List(list) => list.iter().map(document_json).collect(),
        Value::Map(map) => {
            serde_json::Value::Object(map.iter().map(|(k, v)| (k.clone(), document_json(v))).collect())
        }
        Value::Unknown(Unknown { text: Some(text), .. }) => text.as_str().into(),
        Value::Unknown(_) => UNKNOWN.into(),
        Value::Sensitive(_) => SENSITIVE.into(),
        other => other.to_json().unwrap_or_default(),
    }
}
