use crate::args::Validate;
use crate::error::{self, CommandError};
use crate::session;
use crate::terminal;
use serde_json::json;
use wharf_aws::Aws;
use wharf_stack::Environment;

/// Checks everything that can be checked without AWS.
pub(crate) fn run(args: &Validate) -> Result<u8, CommandError> {
    let result = check(args);
    if args.json {
        let errors: Vec<String> =
            result.as_ref().err().map(|error| error.details.clone()).unwrap_or_default();
        terminal::out(&json!({"valid": result.is_ok(), "errors": errors}).to_string());
        return Ok(if result.is_ok() { 0 } else { error::ERROR });
    }
    let (name, count) = result?;
    let resources = if count == 1 { "resource" } else { "resources" };
    terminal::out(&format!("The stack `{name}` is valid: {count} {resources}."));
    Ok(0)
}

fn check(args: &Validate) -> Result<(String, usize), CommandError> {
    let provider = Aws::offline();
    let loaded = session::load(&args.stack, &provider)?;
    let expanded = loaded.expand(&Environment::default())?;
    let problems = wharf_plan::check(&expanded, &provider);
    if problems.has_errors() {
        return Err(error::mistakes(problems, &loaded.sources));
    }
    error::warn(&expanded.exposed(), &loaded.sources);
    Ok((loaded.stack.name.clone(), expanded.instances().len()))
}
