use crate::in_the_way::{self, InTheWay};
use crate::recover::{Recovered, recover};
use crate::{Event, Pace, Reporter, Stop, refresh};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use wharf_core::{Address, Diagnostics};
use wharf_plan::{Inputs, Mode, Observed, Plan, apply_moves, depose_other_types, plan};
use wharf_provider::{Error, Provider};
use wharf_stack::Expanded;
use wharf_state::{Home, Snapshot, Store, StoreError};

/// Everything a run works with.
#[derive(Clone)]
pub struct Context {
    /// The stack file, with its inputs.
    pub expanded: Arc<Expanded>,
    /// The cloud.
    pub provider: Arc<dyn Provider>,
    /// Where the state is.
    pub store: Arc<dyn Store>,
    /// The account and region it works in.
    pub home: Home,
    /// Who is told what happens.
    pub reporter: Arc<dyn Reporter>,
    /// Says when to stop.
    pub stop: Stop,
    /// How quickly what failed is tried again.
    pub pace: Pace,
    /// Whether what waits for a release is released after an apply.
    pub releases: bool,
}

/// Why a run could not get as far as a plan, or not keep what it did.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something in the stack file.
    #[error("{0}")]
    Stack(Diagnostics),
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Live objects that could not be read.
    #[error("live objects could not be read")]
    Refresh(Vec<(Vec<Address>, Error)>),
    /// Operations of an earlier run that could not be looked up.
    #[error("what an earlier run left unfinished could not be looked up: {0}")]
    Recover(Error),
    /// Whether something is in the way of a create could not be looked up.
    #[error("whether the names of new resources are taken could not be looked up: {0}")]
    Look(Error),
    /// Objects of others have names that the plan wants.
    #[error("names of new resources are taken")]
    InTheWay(Vec<InTheWay>),
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Failure::Stack(diagnostics)
    }
}

/// A plan and what it was made of.
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The state it starts from: as stored, after recovery and moves.
    pub snapshot: Snapshot,
    /// What AWS said.
    pub observed: Observed,
    /// What became of operations that an earlier run left without a result.
    pub recovered: Vec<Recovered>,
    /// Whether the state has to be written even if there is nothing to do.
    pub must_save: bool,
}

/// Reads the state and what is live, and makes the plan. Changes nothing anywhere.
pub async fn prepare(
    context: &Context,
    stored: Option<Snapshot>,
    mode: Mode,
    targets: &[Address],
) -> Result<Prepared, Failure> {
    // A state that was never written is none: it only has the lineage that a saved plan speaks of.
    let is_new = stored.as_ref().is_none_or(|stored| stored.serial == 0);
    let mut snapshot = stored.unwrap_or_else(|| Snapshot::new(&context.expanded.stack().name));
    snapshot.check_home(&context.home)?;
    snapshot.home = Some(context.home.clone());
    // First: what an earlier run was doing has the names that it knew.
    let recovered = recover(context, &mut snapshot).await.map_err(Failure::Recover)?;
    for item in &recovered {
        context.reporter.event(Event::Recovered(item.clone()));
    }
    let mut moved = apply_moves(&mut snapshot, &context.expanded.stack().moved);
    let retyped = depose_other_types(&mut snapshot, &context.expanded);
    let mut observed = observe(context, &snapshot).await?;
    for (address, id) in &observed.deposed_gone {
        if let Some(record) = snapshot.resources.get_mut(address) {
            record.deposed.retain(|deposed| deposed.id != *id);
        }
    }
    let mut plan = plan_of(context, &snapshot, &observed, &moved, mode, targets)?;
    let looked = in_the_way::look(context, &plan, &mut snapshot, &mut observed).await;
    let looked = looked.map_err(Failure::Look)?;
    if !looked.foreign.is_empty() {
        return Err(Failure::InTheWay(looked.foreign));
    }
    moved.extend(looked.moved.clone());
    if !looked.adopted.is_empty() || !looked.moved.is_empty() {
        for (address, id) in &looked.adopted {
            context.reporter.event(Event::Adopted { address: address.clone(), id: id.clone() });
        }
        plan = plan_of(context, &snapshot, &observed, &moved, mode, targets)?;
        for (address, id) in &looked.adopted {
            let adopted = plan.changes.iter_mut().find(|change| change.address == *address);
            if let Some(change) = adopted {
                change.importing = Some(id.clone());
            }
        }
    }
    let must_save = !looked.adopted.is_empty()
        || !moved.is_empty()
        || !recovered.is_empty()
        || retyped
        || !observed.deposed_gone.is_empty();
    Ok(Prepared { plan, snapshot, observed, recovered, must_save: must_save && !is_new })
}

pub(crate) async fn observe(context: &Context, snapshot: &Snapshot) -> Result<Observed, Failure> {
    let start = Instant::now();
    context.reporter.event(Event::Refreshing { objects: snapshot.resources.len() });
    let observed = refresh(&*context.provider, snapshot).await.map_err(Failure::Refresh)?;
    context.reporter.event(Event::Refreshed { elapsed: start.elapsed() });
    Ok(observed)
}

fn plan_of(
    context: &Context,
    snapshot: &Snapshot,
    observed: &Observed,
    moved: &BTreeMap<Address, Address>,
    mode: Mode,
    targets: &[Address],
) -> Result<Plan, Failure> {
    let inputs = Inputs {
        expanded: &context.expanded,
        provider: &*context.provider,
        snapshot,
        observed,
        moved,
        mode,
        targets,
        releases: context.releases,
    };
    Ok(plan(&inputs)?)
}
