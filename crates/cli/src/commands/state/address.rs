//! `state mv` and `state rm`.

use super::{must_be_finished, no_such_address, replace, whole};
use crate::args::{StateMv, StateRm};
use crate::error::CommandError;
use crate::terminal;
use wharf_core::Address;
use wharf_plan::move_address;
use wharf_state::Snapshot;

/// Renames an address.
pub(super) async fn mv(args: &StateMv) -> Result<u8, CommandError> {
    let StateMv { from, to, .. } = args;
    let renamed = replace(&args.stack, args.lock, "state mv", async |_, present| {
        let mut snapshot = whole(present)?;
        must_be_finished(&snapshot)?;
        let taken = meant(&snapshot, to);
        if let Some(taken) = taken.first() {
            return Err(CommandError::new(format!("the state has `{taken}` already"))
                .hint("`wharf state rm` forgets it; nothing was changed"));
        }
        let renamed = move_address(&mut snapshot, from, to);
        if renamed.is_empty() {
            return Err(no_such_address(&snapshot, from));
        }
        snapshot.serial += 1;
        Ok((Some(snapshot), renamed))
    })
    .await?;
    for (old, new) in &renamed {
        terminal::out(&format!("{old} is {new} now"));
    }
    terminal::note("in the stack file, write it under its new name: a plan deletes what is not there");
    Ok(0)
}

/// Forgets an address.
pub(super) async fn rm(args: &StateRm) -> Result<u8, CommandError> {
    let forgotten = replace(&args.stack, args.lock, "state rm", async |_, present| {
        let mut snapshot = whole(present)?;
        must_be_finished(&snapshot)?;
        let addresses = meant(&snapshot, &args.address);
        if addresses.is_empty() {
            return Err(no_such_address(&snapshot, &args.address));
        }
        let mut forgotten = Vec::new();
        for address in addresses {
            let Some(record) = snapshot.resources.remove(&address) else { continue };
            let deposed = record.deposed.into_iter().map(|deposed| deposed.id);
            let ids = record.id.into_iter().chain(deposed).collect::<Vec<_>>().join(", ");
            forgotten.push(format!("forgot {address}: {} {ids} stays in AWS", record.resource_type));
        }
        for record in snapshot.resources.values_mut() {
            record.dependencies.retain(|dependency| !is_meant(&args.address, dependency));
        }
        snapshot.serial += 1;
        Ok((Some(snapshot), forgotten))
    })
    .await?;
    for line in forgotten {
        terminal::out(&line);
    }
    terminal::note("take it out of the stack file, too: apply would make it anew");
    Ok(0)
}

/// The addresses that a command means: one, or all instances of a resource.
fn meant(snapshot: &Snapshot, address: &Address) -> Vec<Address> {
    snapshot.resources.keys().filter(|other| is_meant(address, other)).cloned().collect()
}

fn is_meant(address: &Address, other: &Address) -> bool {
    other == address || (address.key.is_none() && other.name == address.name)
}
