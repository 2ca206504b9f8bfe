//! Functions that pick a value out of others.

use super::Arguments;
use crate::expression::{Fault, equal};
use wharf_core::Value;

type Result = std::result::Result<Value, Fault>;

/// The first that is neither null nor an empty string.
pub(super) fn coalesce(arguments: &Arguments<'_, '_>) -> Result {
    for value in arguments.all() {
        match value {
            Value::Unknown(unknown) => return Ok(Value::unknown(&unknown.of)),
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            other => return Ok(other.clone()),
        }
    }
    Err(Fault::new("every argument of `coalesce` is null or empty"))
}

/// The first list that is not empty.
pub(super) fn coalescelist(arguments: &Arguments<'_, '_>) -> Result {
    for position in 0..arguments.len() {
        if !arguments.value(position).is_null() && !arguments.list(position)?.is_empty() {
            return arguments.owned(position);
        }
    }
    Err(Fault::new("every argument of `coalescelist` is empty"))
}

pub(super) fn contains(arguments: &Arguments<'_, '_>) -> Result {
    let wanted = arguments.value(1);
    let list = arguments.list(0)?;
    let secret = list.iter().any(|item| matches!(item, Value::Sensitive(_))) || wanted.has_sensitive();
    let mut unknown = None;
    let mut found = false;
    for item in list {
        match equal(item, wanted) {
            Ok(true) => {
                found = true;
                break;
            }
            Ok(false) => {}
            Err(of) => {
                unknown.get_or_insert(of);
            }
        }
    }
    let value = match unknown {
        Some(unknown) if !found => Value::unknown(&unknown.of),
        _ => Value::Bool(found),
    };
    Ok(if secret { value.sensitive() } else { value })
}

/// `element(list, index)`; an index behind the end starts again at the front.
pub(super) fn element(arguments: &Arguments<'_, '_>) -> Result {
    let list = arguments.list(0)?;
    let index = arguments.integer(1)?;
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Err(arguments.fault(0, "`element` needs a list with at least one element"));
    }
    let index = usize::try_from(index.rem_euclid(count)).unwrap_or(0);
    Ok(list.get(index).cloned().unwrap_or_default())
}

/// `index(list, value)`: where the value is.
pub(super) fn index(arguments: &Arguments<'_, '_>) -> Result {
    match arguments.list(0)?.iter().position(|item| equal(item, arguments.value(1)) == Ok(true)) {
        Some(position) => Ok(i64::try_from(position).unwrap_or(i64::MAX).into()),
        None => Err(arguments.fault(1, "the value is not in the list")),
    }
}

/// `lookup(map, key, default)`
pub(super) fn lookup(arguments: &Arguments<'_, '_>) -> Result {
    let key = arguments.text(1)?;
    match arguments.map(0)?.get(&*key) {
        Some(found) => Ok(found.clone()),
        None if arguments.len() == 3 => arguments.owned(2),
        None => Err(arguments
            .fault(1, format!("the mapping has no `{key}`"))
            .suggest(&key, arguments.map(0)?.keys().map(String::as_str))
            .help("a third argument is what counts when the key is missing")),
    }
}

/// The only element of a list of at most one; null for none.
pub(super) fn one(arguments: &Arguments<'_, '_>) -> Result {
    match arguments.list(0)? {
        [] => Ok(Value::Null),
        [only] => Ok(only.clone()),
        more => Err(arguments.fault(0, format!("`one` takes at most one element, not {}", more.len()))),
    }
}
