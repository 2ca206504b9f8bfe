//! `yamlencode` and `yamldecode`.

use super::Arguments;
use crate::expression::Fault;
use crate::written::Written;
use crate::yaml;
use wharf_core::{Sources, Value};

type Result<T = Value> = std::result::Result<T, Fault>;

/// Block style with every string in double quotes, as Terraform writes it.
pub(super) fn yamlencode(arguments: &Arguments<'_, '_>) -> Result {
    let mut text = String::new();
    write(arguments.value(0), 0, &mut text)?;
    Ok(text.into())
}

pub(super) fn yamldecode(arguments: &Arguments<'_, '_>) -> Result {
    parse(&arguments.text(0)?).map_err(|message| arguments.fault(0, message))
}

/// Reads YAML text as plain data.
pub(crate) fn parse(text: &str) -> std::result::Result<Value, String> {
    let mut sources = Sources::default();
    let id = sources.add("yamldecode", text);
    match yaml::parse(&sources, id) {
        Ok(node) => Ok(Written::data(&node)),
        Err(error) => {
            let line = error.span.and_then(|span| sources.position(&span)).map(|(line, _)| line);
            Err(match line {
                Some(line) => format!("this is not YAML: line {line}: {error}"),
                None => format!("this is not YAML: {error}"),
            })
        }
    }
}

fn write(value: &Value, indent: usize, out: &mut String) -> Result<()> {
    crate::expression::check_text(out.len())?;
    let pad = "  ".repeat(indent);
    match value {
        Value::List(list) if !list.is_empty() => {
            for item in list {
                out.push_str(&pad);
                out.push('-');
                write_behind(item, indent, true, out)?;
            }
        }
        Value::Map(map) if !map.is_empty() => {
            for (key, item) in map {
                out.push_str(&pad);
                out.push_str(&quoted(key));
                out.push(':');
                write_behind(item, indent, false, out)?;
            }
        }
        scalar => {
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
    Ok(())
}

/// What stands behind `-` or `key:`: on the same line if it is short, else on the lines below. A list under a key is
/// not indented further; the first line of anything behind `-` follows it directly.
fn write_behind(item: &Value, indent: usize, is_item: bool, out: &mut String) -> Result<()> {
    let nested = match item {
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        _ => false,
    };
    if !nested {
        out.push(' ');
        out.push_str(&inline(item));
        out.push('\n');
    } else if is_item {
        let mut inner = String::new();
        write(item, indent + 1, &mut inner)?;
        out.push(' ');
        out.push_str(inner.trim_start_matches(' '));
    } else {
        out.push('\n');
        let deeper = usize::from(matches!(item, Value::Map(_)));
        write(item, indent + deeper, out)?;
    }
    Ok(())
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::List(_) => "[]".into(),
        Value::Map(_) => "{}".into(),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
