//! Stacks from text, with no file on any disk.

use std::path::Path;
use std::sync::Arc;
use wharf_core::{Diagnostics, Sources};
use wharf_stack::{Environment, Expanded, Files, Inputs, Types};

/// A folder without files.
struct Nothing;

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no file `{path}`"))
    }

    fn directory(&self) -> &Path {
        Path::new(".")
    }
}

/// The stack that `text` describes, named `test` unless the text says otherwise.
///
/// # Errors
/// What is wrong with it.
pub fn expand(types: &dyn Types, text: &str) -> Result<Arc<Expanded>, Diagnostics> {
    let text = if text.contains("stack: ") { text.to_owned() } else { format!("stack: test\n{text}") };
    let mut sources = Sources::default();
    let id = sources.add("stack.yaml", text);
    let stack = Arc::new(wharf_stack::parse(&sources, id, types)?);
    let environment = Environment {
        region: Some("zone".into()),
        account_id: Some("000000000000".into()),
        partition: Some("fake".into()),
    };
    stack.expand(&Inputs::default(), &environment, Arc::new(Nothing)).map(Arc::new)
}
