use crate::error::CommandError;
use crate::session::ProviderTypes;
use crate::terminal;
use wharf_aws::Aws;

/// Prints the JSON Schema of stack files.
#[expect(clippy::unnecessary_wraps, reason = "all commands have one shape")]
pub(crate) fn run() -> Result<u8, CommandError> {
    let schema = wharf_stack::json_schema(&ProviderTypes(&Aws::offline()));
    terminal::out(&format!("{schema:#}"));
    Ok(0)
}
