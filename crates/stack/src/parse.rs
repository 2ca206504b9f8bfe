use crate::sections::{self, Reader};
use crate::stack::{Names, Stack};
use crate::types::Types;
use crate::{graph, moved, references, yaml};
use wharf_core::{Diagnostics, SourceId, Sources};

/// Reads and validates a stack file: everything that needs no inputs.
///
/// # Errors
/// Every mistake found, in the order of the file. A file that is no YAML gives one.
pub fn parse(sources: &Sources, source: SourceId, types: &dyn Types) -> Result<Stack, Diagnostics> {
    let root = yaml::parse(sources, source)?;
    let text = sources.text(source).cloned().unwrap_or_else(|| "".into());
    let mut reader = Reader { source: text, types, errors: Diagnostics::default() };
    let mut stack = sections::read(&mut reader, &root);
    let mut errors = reader.errors;
    stack.names = Names::of(&stack);
    // names of resources that could not be read are no mistakes of those who use them
    references::resolve(&mut stack, &root, types, &mut errors);
    graph::connect(&mut stack, &mut errors);
    moved::check(&stack, &mut errors);
    if errors.has_errors() { Err(errors.sorted()) } else { Ok(stack) }
}
