//! The values that conftest's rules have.

use serde_json::{Map, Value};

/// One message of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Result {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// What else the rule says.
    pub(crate) fields: Map<String, Value>,
}

/// The messages of a rule: a set of texts, or of objects with `msg`. Anything else is a mistake in the policy. conftest
/// passes there; whoever wrote `deny := true` means something else.
pub(crate) fn results(value: Option<&Value>) -> std::result::Result<Vec<Result>, String> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(other) => {
            return Err(format!(
                "has to be a set of messages (`deny contains msg if ...`), and is {}",
                kind(other)
            ));
        }
    };
    items.iter().map(result).collect()
}

fn result(item: &Value) -> std::result::Result<Result, String> {
    match item {
        Value::String(message) => Ok(Result { message: said(message), help: None, fields: Map::new() }),
        Value::Object(fields) => match fields.get("msg") {
            Some(Value::String(message)) => {
                let help = ["help", "remediation"].into_iter().find_map(|key| fields.get(key)?.as_str());
                Ok(Result { message: said(message), help: help.map(str::to_owned), fields: fields.clone() })
            }
            _ => Err("has an object without the text `msg` among its messages".to_owned()),
        },
        other => {
            Err(format!("has {} among its messages, which are texts or objects with `msg`", kind(other)))
        }
    }
}

/// A rule that says nothing has found something all the same.
fn said(message: &str) -> String {
    if message.trim().is_empty() { "(the policy gives no message)".to_owned() } else { message.to_owned() }
}

/// Whether exceptions excuse a rule: lists of names, without `deny_`, `violation_` or `warn_`; the empty name is that of
/// `deny`, `violation` and `warn` themselves.
pub(crate) fn excused(rule: &str, exceptions: Option<&Value>) -> std::result::Result<bool, String> {
    let wrong = |value: &Value| format!("has to be a set of lists of rule names, and has {}", kind(value));
    let lists = match exceptions {
        None => return Ok(false),
        Some(Value::Array(lists)) => lists,
        Some(other) => return Err(wrong(other)),
    };
    let bare = ["deny", "violation", "warn"].into_iter().find_map(|prefix| rule.strip_prefix(prefix));
    let bare = bare.map_or(rule, |rest| rest.strip_prefix('_').unwrap_or(rest));
    let mut is_excused = false;
    for list in lists {
        for name in list.as_array().ok_or_else(|| wrong(list))? {
            let name = name.as_str().ok_or_else(|| wrong(name))?;
            is_excused |= name == bare || (bare.is_empty() && name == rule);
        }
    }
    Ok(is_excused)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
