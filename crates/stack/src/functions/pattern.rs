//! Functions that take patterns. The syntax is RE2's, as in Go.

use super::Arguments;
use crate::expression::{Fault, check_text};
use regex::{Captures, Regex, RegexBuilder};
use wharf_core::Value;

type Result<T = Value> = std::result::Result<T, Fault>;

/// `replace(text, search, replacement)`; `/search/` is a pattern.
pub(super) fn replace(arguments: &Arguments<'_, '_>) -> Result {
    let (text, search, with) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    if let Some(pattern) = search.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let pattern = compile(arguments, 1, pattern)?;
        let mut replaced = String::new();
        let mut end = 0;
        for captures in pattern.captures_iter(&text) {
            let Some(found) = captures.get(0) else { continue };
            replaced.push_str(&text[end..found.start()]);
            captures.expand(&with, &mut replaced);
            check_text(replaced.len())?;
            end = found.end();
        }
        replaced.push_str(&text[end..]);
        return Ok(replaced.into());
    }
    let count = text.matches(&*search).count();
    check_text(text.len().saturating_add(count.saturating_mul(with.len())))?;
    Ok(text.replace(&*search, &with).into())
}

/// `regex(pattern, text)`: the first match; a text, a list of groups, or a mapping of named groups.
pub(super) fn regex(arguments: &Arguments<'_, '_>) -> Result {
    let (pattern, text) = (compile(arguments, 0, &arguments.text(0)?)?, arguments.text(1)?);
    match pattern.captures(&text) {
        Some(captures) => Ok(groups(&pattern, &captures)),
        None => Err(arguments
            .fault(1, "the pattern does not match")
            .help("`try(regex(...), ...)` allows for that")),
    }
}

/// `regexall(pattern, text)`: every match.
pub(super) fn regexall(arguments: &Arguments<'_, '_>) -> Result {
    let (pattern, text) = (compile(arguments, 0, &arguments.text(0)?)?, arguments.text(1)?);
    Ok(Value::List(pattern.captures_iter(&text).map(|captures| groups(&pattern, &captures)).collect()))
}

fn groups(pattern: &Regex, captures: &Captures<'_>) -> Value {
    let group = |i: usize| captures.get(i).map_or(Value::Null, |found| found.as_str().into());
    if pattern.captures_len() == 1 {
        return group(0);
    }
    let named: Vec<(usize, &str)> =
        pattern.capture_names().enumerate().filter_map(|(i, name)| Some((i, name?))).collect();
    if named.is_empty() {
        Value::List((1..pattern.captures_len()).map(group).collect())
    } else {
        Value::Map(named.into_iter().map(|(i, name)| (name.to_owned(), group(i))).collect())
    }
}

fn compile(arguments: &Arguments<'_, '_>, position: usize, pattern: &str) -> Result<Regex> {
    RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
        let message = error.to_string();
        let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        arguments.fault(position, format!("this pattern cannot be used: {last}"))
    })
}
