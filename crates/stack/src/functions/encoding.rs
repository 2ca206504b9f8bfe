//! Base64 and URLs.

use super::Arguments;
use crate::expression::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_core::Value;

type Result = std::result::Result<Value, Fault>;

pub(super) fn base64encode(arguments: &Arguments<'_, '_>) -> Result {
    Ok(encode(arguments.text(0)?.as_bytes()))
}

pub(super) fn base64decode(arguments: &Arguments<'_, '_>) -> Result {
    let bytes = STANDARD
        .decode(&*arguments.text(0)?)
        .map_err(|error| arguments.fault(0, format!("this is not base64: {error}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err(arguments.fault(0, "the decoded bytes are not UTF-8 text")),
    }
}

/// Bytes as base64.
pub(super) fn encode(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

/// For a query string: everything but letters, digits and `-_.~` is escaped, a space becomes `+`.
pub(super) fn urlencode(arguments: &Arguments<'_, '_>) -> Result {
    let mut encoded = String::new();
    for byte in arguments.text(0)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    Ok(encoded.into())
}
