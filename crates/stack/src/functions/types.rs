//! Conversions and marks.

use super::Arguments;
use super::set::{from_set, to_set};
use crate::expression::{Fault, boolean, number, text};
use wharf_core::Value;

type Result = std::result::Result<Value, Fault>;

/// The functions whose result is a set, which `for_each` takes.
pub(crate) const SET_FUNCTIONS: [&str; 4] = ["toset", "setunion", "setintersection", "setsubtract"];

pub(super) fn tostring(arguments: &Arguments<'_, '_>) -> Result {
    match arguments.value(0) {
        Value::Null => Ok(Value::Null),
        value => match text(value) {
            Some(text) => Ok(Value::String(text.into_owned())),
            None => Err(arguments.wrong(0, "a string, a number or a boolean")),
        },
    }
}

pub(super) fn tonumber(arguments: &Arguments<'_, '_>) -> Result {
    match arguments.value(0) {
        Value::Null => Ok(Value::Null),
        value => match number(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(arguments.wrong(0, "a number, or text that is one")),
        },
    }
}

pub(super) fn tobool(arguments: &Arguments<'_, '_>) -> Result {
    match arguments.value(0) {
        Value::Null => Ok(Value::Null),
        value => match boolean(value) {
            Some(boolean) => Ok(Value::Bool(boolean)),
            None => Err(arguments.wrong(0, "a boolean, \"true\" or \"false\"")),
        },
    }
}

pub(super) fn tolist(arguments: &Arguments<'_, '_>) -> Result {
    arguments.list(0)?;
    arguments.owned(0)
}

pub(super) fn tomap(arguments: &Arguments<'_, '_>) -> Result {
    arguments.map(0)?;
    arguments.owned(0)
}

pub(super) fn toset(arguments: &Arguments<'_, '_>) -> Result {
    Ok(from_set(to_set(arguments.list(0)?)))
}

pub(super) fn sensitive(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.owned(0)?.sensitive())
}

/// Shows what was marked sensitive. The mark of the argument itself is put back by whoever calls a function, so this
/// one is asked before.
pub(super) fn nonsensitive(arguments: &Arguments<'_, '_>) -> Result {
    Ok(arguments.owned(0)?.without_marks())
}
