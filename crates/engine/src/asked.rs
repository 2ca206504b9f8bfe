use crate::prepare::Context;
use crate::recover::Recorded;
use wharf_core::{Address, Diagnostics, Map};
use wharf_plan::resolve;
use wharf_state::Snapshot;

/// What the stack file asks of an instance after an apply, in canonical form, with the values that the state has.
///
/// # Errors
///
/// Expressions that fail.
pub fn asked_for(
    context: &Context,
    snapshot: &Snapshot,
    address: &Address,
) -> Result<Option<Map>, Diagnostics> {
    let expanded = &context.expanded;
    let Some(instance) = expanded.instance(address) else { return Ok(None) };
    let resolved =
        resolve(expanded, &*context.provider, &snapshot.lineage, instance, &Recorded { snapshot })?;
    Ok(Some(resolved.desired))
}
