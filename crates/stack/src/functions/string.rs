//! Functions on text.

use super::Arguments;
use crate::expression::{Fault, check_text};
use wharf_core::Value;

type Result = std::result::Result<Value, Fault>;

pub(super) fn lower(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.to_lowercase().into())
}

pub(super) fn upper(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.to_uppercase().into())
}

/// Every word's first letter in upper case; the rest stays.
pub(super) fn title(arguments: &Arguments<'_, '_>) -> Result {
    let text = arguments.text(0)?;
    let mut titled = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars() {
        if starts {
            titled.extend(c.to_uppercase());
        } else {
            titled.push(c);
        }
        starts = !(c.is_alphanumeric() || c == '_' || c == '\'');
    }
    Ok(titled.into())
}

pub(super) fn trimspace(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.trim().into())
}

pub(super) fn trim(arguments: &Arguments<'_, '_>) -> Result {
    let cut: Vec<char> = arguments.text(1)?.chars().collect();
    Ok(arguments.text(0)?.trim_matches(cut.as_slice()).into())
}

pub(super) fn trimprefix(arguments: &Arguments<'_, '_>) -> Result {
    let (text, prefix) = (arguments.text(0)?, arguments.text(1)?);
    Ok(text.strip_prefix(&*prefix).unwrap_or(&text).into())
}

pub(super) fn trimsuffix(arguments: &Arguments<'_, '_>) -> Result {
    let (text, suffix) = (arguments.text(0)?, arguments.text(1)?);
    Ok(text.strip_suffix(&*suffix).unwrap_or(&text).into())
}

/// Without line breaks at the end.
pub(super) fn chomp(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.trim_end_matches(['\n', '\r']).into())
}

pub(super) fn startswith(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.starts_with(&*arguments.text(1)?).into())
}

pub(super) fn endswith(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.ends_with(&*arguments.text(1)?).into())
}

pub(super) fn strcontains(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.contains(&*arguments.text(1)?).into())
}

pub(super) fn strrev(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.text(0)?.chars().rev().collect::<String>().into())
}

/// `substr(text, offset, length)`, counted in characters; a negative offset counts from the end, a negative length
/// means all that is left.
pub(super) fn substr(arguments: &Arguments<'_, '_>) -> Result {
    let chars: Vec<char> = arguments.text(0)?.chars().collect();
    let (offset, length) = (arguments.integer(1)?, arguments.integer(2)?);
    let count = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let start = if offset < 0 { (count.saturating_add(offset)).max(0) } else { offset.min(count) };
    let end = if length < 0 { count } else { start.saturating_add(length).min(count) };
    let index = |at: i64| usize::try_from(at).unwrap_or(0);
    Ok(chars.get(index(start)..index(end)).unwrap_or_default().iter().collect::<String>().into())
}

/// Spaces before every line but the first.
pub(super) fn indent(arguments: &Arguments<'_, '_>) -> Result {
    let spaces = usize::try_from(arguments.integer(0)?)
        .map_err(|_| arguments.fault(0, "the indentation cannot be negative"))?;
    let text = arguments.text(1)?;
    let lines = text.matches('\n').count();
    check_text(lines.saturating_mul(spaces).saturating_add(text.len()).saturating_add(spaces))?;
    Ok(text.replace('\n', &format!("\n{}", " ".repeat(spaces))).into())
}

/// `join(separator, list...)`
pub(super) fn join(arguments: &Arguments<'_, '_>) -> Result {
    let separator = arguments.text(0)?;
    let mut parts = Vec::new();
    for position in 1..arguments.len() {
        parts.extend(arguments.texts(position)?);
    }
    let length: usize = parts.iter().map(|part| part.len()).sum();
    check_text(length.saturating_add(separator.len().saturating_mul(parts.len())))?;
    Ok(parts.join(&*separator).into())
}

/// `split(separator, text)`; without a separator, every character.
pub(super) fn split(arguments: &Arguments<'_, '_>) -> Result {
    let (separator, text) = (arguments.text(0)?, arguments.text(1)?);
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| Value::String(c.into())).collect()
    } else {
        text.split(&*separator).map(Value::from).collect()
    };
    Ok(Value::List(parts))
}
