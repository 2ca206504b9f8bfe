//! Checksums.

use super::{Arguments, encoding};
use crate::expression::Fault;
use md5::Md5;
use sha2::{Digest, Sha256};
use wharf_core::Value;

type Result = std::result::Result<Value, Fault>;

pub(super) fn sha256(arguments: &Arguments<'_, '_>) -> Result {
    Ok(hex(&Sha256::digest(arguments.text(0)?.as_bytes())))
}

pub(super) fn base64sha256(arguments: &Arguments<'_, '_>) -> Result {
    Ok(encoding::encode(&Sha256::digest(arguments.text(0)?.as_bytes())))
}

pub(super) fn md5(arguments: &Arguments<'_, '_>) -> Result {
    Ok(hex(&Md5::digest(arguments.text(0)?.as_bytes())))
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> Value {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        digits.push_str(&format!("{byte:02x}"));
    }
    digits.into()
}
