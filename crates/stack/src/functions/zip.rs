//! `zip_base64`: an archive whose bytes depend on nothing but its content.

use super::{Arguments, encoding};
use crate::expression::{Fault, text};
use std::io::{Cursor, Write as _};
use wharf_core::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// `zip_base64({name = content})`
pub(super) fn zip_base64(arguments: &Arguments<'_, '_>) -> Result<Value, Fault> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, content) in arguments.map(0)? {
        if name.is_empty() || name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(arguments.fault(0, format!("`{name}` is no name for a file in an archive")));
        }
        let content = text(content).ok_or_else(|| {
            arguments.fault(0, format!("the content of `{name}` must be a string, not {}", content.kind()))
        })?;
        let failed = |error: String| arguments.fault(0, format!("`{name}` cannot be archived: {error}"));
        archive.start_file(name.as_str(), options).map_err(|error| failed(error.to_string()))?;
        archive.write_all(content.as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    let bytes =
        archive.finish().map_err(|error| Fault::new(format!("the archive cannot be made: {error}")))?;
    Ok(encoding::encode(bytes.get_ref()))
}
