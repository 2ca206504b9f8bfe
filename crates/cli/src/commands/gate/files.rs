//! The files of policies.

use crate::error::CommandError;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wharf_gate::Text;

/// The policies in folders and below: `*.rego`, but not `*_test.rego`; sorted by their paths, each once.
pub(crate) fn policies(folders: &[PathBuf]) -> Result<Vec<Text>, CommandError> {
    let mut found = BTreeSet::new();
    for folder in folders {
        // One that was named is one, whatever it is called.
        if folder.is_file() {
            found.insert(folder.clone());
            continue;
        }
        collect(folder, &mut BTreeSet::new(), &mut found).map_err(|problem| {
            CommandError::new(format!("cannot read the policies in {}: {problem}", folder.display()))
                .hint("name a folder with `*.rego` files: --policy DIR")
        })?;
    }
    found.iter().map(|path| text(path)).collect()
}

fn collect(folder: &Path, seen: &mut BTreeSet<PathBuf>, found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    // A link may lead back to where it is.
    if !seen.insert(fs::canonicalize(folder)?) {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            collect(&path, seen, found)?;
        } else if name.ends_with(".rego") && !name.ends_with("_test.rego") {
            found.insert(path);
        }
    }
    Ok(())
}

/// A file as text.
pub(crate) fn text(path: &Path) -> Result<Text, CommandError> {
    let text = fs::read_to_string(path)
        .map_err(|problem| CommandError::new(format!("cannot read {}: {problem}", path.display())))?;
    Ok(Text { path: path.display().to_string(), text })
}
