//! `jsonencode` and `jsondecode`.

use super::Arguments;
use crate::expression::{Fault, NOT_KNOWN, check_text};
use wharf_core::{Unknown, Value};

type Result<T = Value> = std::result::Result<T, Fault>;

/// Text of a JSON document; with unknowns in it the text shows where they are.
pub(super) fn jsonencode(arguments: &Arguments<'_, '_>) -> Result {
    let value = arguments.value(0);
    let text = encode(value)?;
    let encoded = match value.first_unknown() {
        Some(unknown) => Value::Unknown(Unknown { of: unknown.of.clone(), text: Some(text) }),
        None => Value::String(text),
    };
    Ok(if value.has_sensitive() { encoded.sensitive() } else { encoded })
}

pub(super) fn jsondecode(arguments: &Arguments<'_, '_>) -> Result {
    parse(&arguments.text(0)?).map_err(|message| arguments.fault(0, message))
}

/// Reads JSON text.
pub(crate) fn parse(text: &str) -> std::result::Result<Value, String> {
    serde_json::from_str::<serde_json::Value>(text)
        .map(Value::from)
        .map_err(|error| format!("this is not JSON: {error}"))
}

/// Compact JSON with sorted keys, as Go writes it: `<`, `>`, `&` and the line separators are escaped.
pub(crate) fn encode(value: &Value) -> Result<String> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Value, out: &mut String) -> Result<()> {
    check_text(out.len())?;
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::Unknown(unknown) => write_text(unknown.text.as_deref().unwrap_or(NOT_KNOWN), out),
        Value::Sensitive(inner) => write(inner, out)?,
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..'\u{20}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
