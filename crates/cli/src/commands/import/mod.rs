//! `import`: takes over what somebody else made. Changes nothing in AWS.

mod names;
mod one;
mod terraform;
mod terraform_state;
mod yaml;

use crate::args::{Import, StackArgs};
use crate::error::CommandError;
use std::path::PathBuf;
use wharf_core::Address;

/// Takes over an object, or a Terraform state.
pub(crate) async fn run(args: &Import) -> Result<u8, CommandError> {
    let stack = |path: Option<&String>| StackArgs {
        stack: PathBuf::from(path.map_or(".", String::as_str)),
        inputs: args.inputs.clone(),
    };
    match (&args.terraform, args.positional.as_slice()) {
        (None, [address, id, rest @ ..]) => {
            let address: Address = address.parse().map_err(|problem| {
                CommandError::new(format!("`{address}` is no address: {problem}"))
                    .hint("an address is `vpc`, or `subnet[\"a\"]` for one of a `for_each`")
            })?;
            one::run(&address, id, &stack(rest.first()), args.lock).await
        }
        (Some(file), [] | [_]) => terraform::run(file, &stack(args.positional.first()), args.lock).await,
        (None, _) => Err(CommandError::new("an ADDRESS and an ID are missing")
            .hint("wharf import ADDRESS ID [STACK], or wharf import --terraform FILE [STACK]")),
        (Some(_), _) => {
            Err(CommandError::new("--terraform takes over everything: name no ADDRESS and no ID"))
        }
    }
}
