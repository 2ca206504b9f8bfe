use super::{Fault, Index, operators};
use std::borrow::Cow;
use wharf_core::Value;

/// Takes one step into a value, without copying what is only borrowed.
pub(crate) fn step<'v>(value: Cow<'v, Value>, index: &Index<'_>) -> Result<Cow<'v, Value>, Fault> {
    match index {
        Index::Attribute(name) => attribute(value, name),
        Index::Key(key) => index_into(value, key),
    }
}

/// `value.name`
pub(crate) fn attribute<'v>(value: Cow<'v, Value>, name: &str) -> Result<Cow<'v, Value>, Fault> {
    match value {
        Cow::Borrowed(Value::Map(map)) => match map.get(name) {
            Some(found) => Ok(Cow::Borrowed(found)),
            None => Err(no_attribute(map.keys(), name)),
        },
        Cow::Owned(Value::Map(mut map)) => match map.remove(name) {
            Some(found) => Ok(Cow::Owned(found)),
            None => Err(no_attribute(map.keys(), name)),
        },
        other => through(
            other,
            |value| attribute(value, name),
            |value| {
                let fault = Fault::new(format!("{} has no attribute `{name}`", value.kind()));
                match value {
                    Value::List(_) => {
                        fault.help(format!("write `[0].{name}` for one element, `[*].{name}` for all"))
                    }
                    Value::Null => fault.help("the value is not set; `try(..., null)` allows for that"),
                    _ => fault,
                }
            },
        ),
    }
}

/// `value[key]`
pub(crate) fn index_into<'v>(value: Cow<'v, Value>, key: &Value) -> Result<Cow<'v, Value>, Fault> {
    match key {
        Value::Sensitive(key) => return Ok(Cow::Owned(index_into(value, key)?.into_owned().sensitive())),
        Value::Unknown(unknown) => {
            let secret = matches!(&*value, Value::Sensitive(_));
            let unknown = Value::unknown(&unknown.of);
            return Ok(Cow::Owned(if secret { unknown.sensitive() } else { unknown }));
        }
        _ => {}
    }
    match value {
        Cow::Borrowed(Value::List(list)) => Ok(Cow::Borrowed(&list[position(list.len(), key)?])),
        Cow::Owned(Value::List(mut list)) => {
            let position = position(list.len(), key)?;
            Ok(Cow::Owned(list.swap_remove(position)))
        }
        value if matches!(&*value, Value::Map(_)) => match operators::text(key) {
            Some(name) => attribute(value, &name),
            None => Err(Fault::new(format!("a mapping is indexed by a string, not {}", key.kind()))),
        },
        other => through(
            other,
            |value| index_into(value, key),
            |value| Fault::new(format!("{} cannot be indexed", value.kind())),
        ),
    }
}

/// Steps into unknown and sensitive values; anything else has nothing inside.
fn through<'v>(
    value: Cow<'v, Value>,
    again: impl Fn(Cow<'v, Value>) -> Result<Cow<'v, Value>, Fault>,
    refuse: impl Fn(&Value) -> Fault,
) -> Result<Cow<'v, Value>, Fault> {
    match value {
        Cow::Borrowed(Value::Unknown(unknown)) => Ok(Cow::Owned(Value::unknown(&unknown.of))),
        Cow::Owned(Value::Unknown(unknown)) => Ok(Cow::Owned(Value::unknown(unknown.of))),
        Cow::Borrowed(Value::Sensitive(inner)) => {
            Ok(Cow::Owned(again(Cow::Borrowed(&**inner))?.into_owned().sensitive()))
        }
        Cow::Owned(Value::Sensitive(inner)) => {
            Ok(Cow::Owned(again(Cow::Owned(*inner))?.into_owned().sensitive()))
        }
        other => Err(refuse(&other)),
    }
}

fn no_attribute<'k>(names: impl Iterator<Item = &'k String> + Clone, name: &str) -> Fault {
    let fault = Fault::new(format!("there is no `{name}` in the mapping"));
    match wharf_core::suggest(name, names.clone().map(String::as_str)) {
        Some(candidate) => fault.help(format!("did you mean `{candidate}`?")),
        None => {
            let some: Vec<&str> = names.map(String::as_str).take(10).collect();
            if some.is_empty() {
                return fault.help("the mapping is empty");
            }
            fault.help(format!("it has: {}", some.join(", ")))
        }
    }
}

fn position(length: usize, key: &Value) -> Result<usize, Fault> {
    let Some(number) = operators::number(key) else {
        return Err(Fault::new(format!("a list is indexed by a number, not {}", key.kind())));
    };
    number.as_i64().and_then(|index| usize::try_from(index).ok()).filter(|index| *index < length).ok_or_else(
        || {
            let fault = Fault::new(format!("index {number} is outside a list of {length}"));
            if length == 0 { fault } else { fault.help(format!("indices go from 0 to {}", length - 1)) }
        },
    )
}
