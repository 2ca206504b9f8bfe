use crate::dispatcher::{Ended, dispatch};
use crate::executor::Executor;
use crate::prepare::{Context, Prepared};
use crate::writer::Writer;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use wharf_core::{Action, Address, Map, Span, Value};
use wharf_plan::{Counts, Delegated, Kind, Plan, remember_delegations};
use wharf_provider::Error;
use wharf_state::{Entry, Intent, Journal, Lock, Output, Snapshot, StoreError, matches, random_id};

/// How to carry out a plan.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many operations run at once.
    pub parallelism: usize,
    /// What is run, for the journal: `apply`, `destroy`.
    pub command: String,
}

/// What came of an apply.
#[derive(Debug)]
pub struct Outcome {
    /// How many changes were carried out, by kind.
    pub done: Counts,
    /// Operations that failed.
    pub failed: Vec<Failed>,
    /// Operations that were not tried because of those.
    pub skipped: Vec<Skipped>,
    /// How many operations were not started because somebody asked to stop.
    pub not_started: usize,
    /// The outputs, as far as they are known.
    pub outputs: BTreeMap<String, Output>,
    /// How often the state was written.
    pub writes: u64,
    /// The state afterwards.
    pub snapshot: Snapshot,
    /// Why the last state could not be written.
    pub not_saved: Option<StoreError>,
    /// Why nothing more was started: the lock was lost.
    pub lock_lost: Option<StoreError>,
}

/// An operation that failed.
#[derive(Debug, Clone)]
pub struct Failed {
    /// The address.
    pub address: Address,
    /// What was tried.
    pub kind: Kind,
    /// Why it failed.
    pub error: Error,
    /// Where the stack file declares it.
    pub span: Option<Span>,
}

/// An operation that was not tried.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// The address.
    pub address: Address,
    /// The one whose failure prevents it.
    pub because: Address,
}

/// Carries out a plan under a lock; once that is lost, nothing more is started or written.
///
/// Failures stop only what depends on them; the outcome lists them. The state is written before the first operation
/// (with the journal) and as results arrive.
pub async fn apply(context: &Context, lock: Arc<dyn Lock>, prepared: Prepared, options: &Options) -> Outcome {
    let Prepared { plan, mut snapshot, must_save, .. } = prepared;
    let held = lock.clone();
    context.provider.hold(Arc::new(move || held.is_current()));
    lock.id().clone_into(&mut snapshot.writer);
    let plan = Arc::new(plan);
    for address in &plan.gone {
        snapshot.resources.remove(address);
    }
    for change in plan.changes.iter().filter(|change| change.id.is_none()) {
        // Its object is gone from AWS; a new one, if any, is recorded when it is there.
        if let Some(record) = snapshot.resources.get_mut(&change.address) {
            record.id = None;
        }
    }
    let must_save = describe_unchanged(&plan, &mut snapshot) || must_save;
    if plan.is_empty() && !must_save {
        let outputs = snapshot.outputs.clone();
        return Outcome { outputs, ..Outcome::nothing(snapshot) };
    }
    let journal = journal(&plan, options);
    let creates: HashMap<Address, (usize, String)> = journal
        .entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.intent == Intent::Create)
        .map(|(place, entry)| (entry.address.clone(), (place, entry.token.clone())))
        .collect();
    snapshot.journal = Some(journal).filter(|journal| !journal.entries.is_empty());
    let writer = Arc::new(Writer::start(
        snapshot,
        context.store.clone(),
        lock.clone(),
        context.reporter.clone(),
        context.pace,
    ));
    // The one write that everything waits for: what is about to be done.
    writer.change(|_| ());
    writer.flush().await;
    let executor = Arc::new(Executor::new(context.clone(), plan.clone(), lock, writer.clone(), creates));
    let ended = if writer.has_failed() {
        vec![Ended::NotStarted; plan.operations.len()]
    } else {
        dispatch(&executor, options.parallelism, context.stop.clone()).await
    };
    let complete = ended.iter().all(|ended| matches!(ended, Ended::Done));
    record_outputs(&executor, &plan, complete);
    writer.change(|snapshot| {
        // Every result is recorded; what was not started needs no look-up.
        let unsure = snapshot.journal.take().map(|mut journal| {
            let Journal { entries, done, .. } = &mut journal;
            entries.retain(|entry| {
                !done.contains(&(entry.address.clone(), entry.intent)) && unsure(&executor, &ended, entry)
            });
            journal
        });
        snapshot.journal = unsure.filter(|journal| !journal.entries.is_empty());
        remember_delegations(&*context.provider, snapshot);
    });
    let mut outcome = Outcome::of(&plan, &ended);
    outcome.lock_lost = executor.take_lock_lost();
    drop(executor);
    match Arc::try_unwrap(writer) {
        Ok(writer) => {
            let (snapshot, writes, result) = writer.finish().await;
            outcome.outputs.clone_from(&snapshot.outputs);
            outcome.snapshot = snapshot;
            outcome.writes = writes;
            outcome.not_saved = result.err();
        }
        // Unreachable while every task of the dispatcher has ended; the state is saved all the same.
        Err(writer) => {
            writer.flush().await;
            outcome.snapshot = writer.read(Clone::clone);
        }
    }
    outcome
}

/// Brings what the state says of objects that do not change up to date with the stack file: what it declares of them,
/// what they depend on, how they may go. What somebody changed of them behind wharf's back without contradicting the
/// stack file counts as accepted. Whether anything differed.
fn describe_unchanged(plan: &Plan, snapshot: &mut Snapshot) -> bool {
    let mut differed = false;
    let drifted: HashSet<&Address> = plan.drift.iter().map(|drift| &drift.address).collect();
    for change in plan.changes.iter().filter(|change| change.action == Action::None) {
        let (Some(desired), Some(record)) = (&change.desired, snapshot.resources.get_mut(&change.address))
        else {
            continue;
        };
        let desired = match &change.delegated {
            Some(delegated) => &Arc::new(delegated.to_record(desired, Some(&record.properties))),
            None => desired,
        };
        let remembered = change.delegated.as_deref().and_then(Delegated::to_remember);
        let same = record.dependencies == change.dependencies
            && record.delegated == remembered
            && record.retain == change.retain
            && desired.len() == record.properties.len()
            && desired.iter().all(|(key, value)| {
                record.properties.get(key).is_some_and(|recorded| matches(recorded, value, &plan.lineage))
            });
        if !same {
            record.dependencies.clone_from(&change.dependencies);
            record.retain = change.retain;
            record.delegated = remembered;
            record.properties = Map::clone(desired);
            differed = true;
        }
        if let (true, Some(live)) = (drifted.contains(&change.address), &change.before) {
            record.attributes = Map::clone(live);
            if live.contains_key("tags_all") {
                // Those of the user only: made of all tags whenever somebody looks.
                record.attributes.remove("tags");
            }
            differed = true;
        }
    }
    differed
}

/// Whether a create may have had an effect that is not recorded.
fn unsure(executor: &Executor, ended: &[Ended], entry: &Entry) -> bool {
    let is_lost = || {
        executor.plan.operations.iter().zip(ended).any(|(operation, ended)| {
            matches!(ended, Ended::Lost)
                && operation.address == entry.address
                && operation.kind == Kind::Create
        })
    };
    entry.intent == Intent::Create && (executor.is_unsure(&entry.address) || is_lost())
}

fn journal(plan: &Plan, options: &Options) -> Journal {
    let entries = plan.operations.iter().filter_map(|operation| {
        let change = &plan.changes[operation.change];
        let intent = match operation.kind {
            Kind::Create => Intent::Create,
            Kind::Update => Intent::Update,
            Kind::Delete | Kind::DeleteDeposed { .. } => Intent::Delete,
            Kind::Forget => return None,
        };
        let create = intent == Intent::Create;
        Some(Entry {
            address: operation.address.clone(),
            resource_type: change.resource_type.clone(),
            intent,
            token: if create { random_id() } else { String::new() },
            properties: change.desired.as_deref().filter(|_| create).cloned().unwrap_or_default(),
            dependencies: if create { change.dependencies.clone() } else { Vec::new() },
            retain: create && change.retain,
        })
    });
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Journal {
        run: random_id(),
        command: options.command.clone(),
        started,
        entries: entries.collect(),
        ..Journal::default()
    }
}

fn record_outputs(executor: &Executor, plan: &Plan, complete: bool) {
    // A value that cannot be told because something failed keeps what it was.
    let known = executor.outputs().unwrap_or_default().into_iter().filter(|(_, value)| value.is_known());
    let known: BTreeMap<String, Output> = known
        .map(|(name, value)| {
            let sensitive = value.has_sensitive();
            (name, Output { value, sensitive })
        })
        .collect();
    executor.writer.change(|snapshot| {
        for output in &plan.outputs {
            match (&output.after, known.get(&output.name)) {
                (Some(_), Some(value)) => drop(snapshot.outputs.insert(output.name.clone(), value.clone())),
                (None, _) if complete => drop(snapshot.outputs.remove(&output.name)),
                _ => {}
            }
        }
    });
}

impl Outcome {
    fn nothing(snapshot: Snapshot) -> Self {
        Outcome {
            done: Counts::default(),
            failed: Vec::new(),
            skipped: Vec::new(),
            not_started: 0,
            outputs: BTreeMap::new(),
            writes: 0,
            snapshot,
            not_saved: None,
            lock_lost: None,
        }
    }

    fn of(plan: &Plan, ended: &[Ended]) -> Self {
        let mut outcome = Outcome::nothing(Snapshot::new(""));
        let mut complete = vec![true; plan.changes.len()];
        for (operation, ended) in plan.operations.iter().zip(ended) {
            let change = &plan.changes[operation.change];
            match ended {
                Ended::Done => continue,
                Ended::Failed(error) => outcome.failed.push(Failed {
                    address: operation.address.clone(),
                    kind: operation.kind.clone(),
                    error: error.clone(),
                    span: change.span,
                }),
                Ended::Skipped(failed) => outcome.skipped.push(Skipped {
                    address: operation.address.clone(),
                    because: plan.operations[*failed].address.clone(),
                }),
                Ended::NotStarted => outcome.not_started += 1,
                Ended::Lost => outcome.failed.push(Failed {
                    address: operation.address.clone(),
                    kind: operation.kind.clone(),
                    error: Error::internal(
                        "the operation broke off; run the command again, and please report this",
                    ),
                    span: change.span,
                }),
            }
            complete[operation.change] = false;
        }
        for (change, complete) in plan.changes.iter().zip(complete) {
            if complete {
                match change.action {
                    Action::Create => outcome.done.create += 1,
                    Action::Update => outcome.done.update += 1,
                    Action::Replace => outcome.done.replace += 1,
                    Action::Delete => outcome.done.delete += 1,
                    Action::Forget => outcome.done.forget += 1,
                    Action::None | Action::Read => {}
                }
            }
        }
        outcome
    }

    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.not_started == 0 && self.not_saved.is_none()
    }

    /// The value of an output.
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.outputs.get(name).map(|output| &output.value)
    }
}
