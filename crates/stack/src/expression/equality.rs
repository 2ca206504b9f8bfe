use wharf_core::{Unknown, Value};

/// Whether two values are equal; `Err` names what it depends on.
///
/// As in Terraform, `1` and `"1"` differ.
pub(crate) fn equal<'v>(a: &'v Value, b: &'v Value) -> Result<bool, &'v Unknown> {
    match (a.bare(), b.bare()) {
        (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => Err(unknown),
        (Value::List(a), Value::List(b)) if a.len() == b.len() => all(a.iter().zip(b)),
        (Value::Map(a), Value::Map(b)) if a.len() == b.len() && a.keys().eq(b.keys()) => {
            all(a.values().zip(b.values()))
        }
        (Value::List(_) | Value::Map(_), _) => Ok(false),
        (a, b) => Ok(a == b),
    }
}

/// One known difference decides, whatever is unknown elsewhere.
fn all<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Result<bool, &'v Unknown> {
    let mut unknown = None;
    for (a, b) in pairs {
        match equal(a, b) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(of) => {
                unknown.get_or_insert(of);
            }
        }
    }
    unknown.map_or(Ok(true), Err)
}
