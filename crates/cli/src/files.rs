//! The files a stack is made of, with a note of what was in them: a saved plan holds only for the same ones.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use wharf_stack::{Files, StackDirectory};

/// Reads files, and keeps the SHA-256 of each.
pub(crate) struct Recorded {
    directory: StackDirectory,
    seen: Mutex<BTreeMap<String, String>>,
}

impl Recorded {
    pub(crate) fn new(directory: StackDirectory) -> Self {
        Recorded { directory, seen: Mutex::default() }
    }

    /// What was read so far, by path from the stack's folder: hexadecimal SHA-256.
    pub(crate) fn seen(&self) -> BTreeMap<String, String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Files for Recorded {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.directory.read(path)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(path.to_owned(), sha256(&bytes));
        Ok(bytes)
    }

    fn directory(&self) -> &Path {
        self.directory.directory()
    }
}

/// SHA-256 as hexadecimal text.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}
