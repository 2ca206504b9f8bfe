//! Files and folders as git identifies them. No I/O.
//!
//! Source: <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>.

use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What kind of file it is, as git knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Normal,
    Executable,
    Symlink,
}

impl Mode {
    fn octal(self) -> &'static str {
        match self {
            Mode::Normal => "100644",
            Mode::Executable => "100755",
            Mode::Symlink => "120000",
        }
    }
}

/// A file, by what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) mode: Mode,
    /// The id of its content, in hexadecimal.
    pub(crate) blob: String,
    /// In bytes; not known of files that are not here.
    pub(crate) size: u64,
}

/// Files by their paths, with `/` between the parts.
pub(crate) type Files = BTreeMap<String, File>;

/// The id of a content.
pub(crate) fn blob(content: &[u8]) -> String {
    hex(&object("blob", content))
}

/// The ids of all folders, by their paths; the one of them all is that of the empty path.
pub(crate) fn folders(files: &Files) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    let entries: Vec<(&str, &File)> = files.iter().map(|(path, file)| (path.as_str(), file)).collect();
    folder("", &entries, &mut ids);
    ids
}

/// The id of a folder, whose entries have paths from there.
fn folder(path: &str, entries: &[(&str, &File)], ids: &mut BTreeMap<String, String>) -> [u8; 20] {
    let mut below: BTreeMap<&str, Vec<(&str, &File)>> = BTreeMap::new();
    // Git sorts a folder as if its name ended in a slash.
    let mut lines: BTreeMap<String, (&str, &str, Vec<u8>)> = BTreeMap::new();
    for (name, file) in entries {
        match name.split_once('/') {
            Some((first, rest)) => below.entry(first).or_default().push((rest, file)),
            None => {
                lines.insert((*name).to_owned(), (file.mode.octal(), name, bytes(&file.blob)));
            }
        }
    }
    for (name, entries) in below {
        let inner = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let id = folder(&inner, &entries, ids);
        lines.insert(format!("{name}/"), ("40000", name, id.to_vec()));
    }
    let mut content = Vec::new();
    for (mode, name, id) in lines.into_values() {
        content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        content.extend_from_slice(&id);
    }
    let id = object("tree", &content);
    ids.insert(path.to_owned(), hex(&id));
    id
}

fn object(kind: &str, content: &[u8]) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", content.len()).as_bytes());
    hash.update(content);
    hash.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: Mode, content: &[u8]) -> File {
        File { mode, blob: blob(content), size: content.len() as u64 }
    }

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(blob(b"what is up, doc?"), "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
        let files: Files = [
            ("a/x/f", file(Mode::Normal, b"one")),
            ("a.b/g", file(Mode::Normal, b"two")),
            ("run", file(Mode::Executable, b"#!/bin/sh\n")),
            ("link", file(Mode::Symlink, b"run")),
            ("a-c", file(Mode::Normal, b"three")),
        ]
        .map(|(path, file)| (path.to_owned(), file))
        .into();
        let ids = folders(&files);
        // What `git write-tree` says of the same files.
        assert_eq!(ids[""], "d6635ef16a82ee0c4a04d771921e815411a0301c");
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["", "a", "a.b", "a/x"]);
        assert_eq!(folders(&Files::new())[""], "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }
}
