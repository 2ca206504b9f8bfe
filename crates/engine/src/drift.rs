use crate::prepare::{Context, Failure, observe};
use wharf_plan::{Drift, apply_moves, drift};
use wharf_state::Snapshot;

/// Reads every object of a state and says what moved behind wharf's back. Changes nothing in AWS, and in the snapshot
/// only the names that the stack file's `moved:` gives to addresses.
///
/// # Errors
///
/// A state whose objects are in another account or region, and live objects that could not be read.
pub async fn look_for_drift(context: &Context, snapshot: &mut Snapshot) -> Result<Vec<Drift>, Failure> {
    snapshot.check_home(&context.home)?;
    apply_moves(snapshot, &context.expanded.stack().moved);
    let observed = observe(context, snapshot).await?;
    Ok(drift(&context.expanded, &*context.provider, snapshot, &observed))
}
