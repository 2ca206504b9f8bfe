//! Starts operations when all they wait for is done, until none is left or somebody asks to stop.

use crate::executor::Executor;
use crate::{Event, Stop};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;
use wharf_provider::{Error, Result};

/// What became of an operation.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    Done,
    Failed(Error),
    /// Not tried; the index of the failed operation that it needs.
    Skipped(usize),
    /// Not tried, because somebody asked to stop.
    NotStarted,
    /// Started, and not (yet) ended: its task broke off, which is our own fault.
    Lost,
}

/// Runs all operations of the executor's plan; what became of each, in their order.
pub(crate) async fn dispatch(executor: &Arc<Executor>, parallelism: usize, mut stop: Stop) -> Vec<Ended> {
    let operations = &executor.plan.operations;
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); operations.len()];
    let mut open: Vec<usize> = Vec::with_capacity(operations.len());
    for (index, operation) in operations.iter().enumerate() {
        open.push(operation.depends_on.len());
        for &before in &operation.depends_on {
            dependents[before].push(index);
        }
    }
    let mut ended = vec![Ended::NotStarted; operations.len()];
    // Operations are sorted by wave, then file order, so the first index is the one to start next.
    let mut ready: BTreeSet<usize> = (0..operations.len()).filter(|&index| open[index] == 0).collect();
    let mut running: JoinSet<(usize, Result<Option<String>>)> = JoinSet::new();
    let mut stopping = false;
    loop {
        while !stopping && running.len() < parallelism.max(1) {
            // Whoever has the lock now may be at work on the same objects.
            if ready.is_empty() {
                break;
            }
            if let Err(error) = executor.lock.check().await {
                executor.lost_lock(error);
                stopping = true;
                break;
            }
            let Some(index) = ready.pop_first() else { break };
            ended[index] = Ended::Lost;
            start(executor, &mut running, index);
        }
        if running.is_empty() {
            return ended;
        }
        tokio::select! {
            joined = running.join_next() => {
                // A task that broke off leaves its operation marked as lost.
                let Some(Ok((index, result))) = joined else { continue };
                match result {
                    Ok(_) => {
                        ended[index] = Ended::Done;
                        for &dependent in &dependents[index] {
                            open[dependent] -= 1;
                            if open[dependent] == 0 {
                                ready.insert(dependent);
                            }
                        }
                    }
                    Err(error) => {
                        ended[index] = Ended::Failed(error);
                        skip(executor, &dependents, &mut ended, index);
                    }
                }
            }
            () = stop.wait(), if !stopping => {
                stopping = true;
                executor.context.reporter.event(Event::Stopping { running: running.len() });
            }
        }
        // What cannot be remembered must not be done.
        stopping = stopping || executor.writer.has_failed();
    }
}

fn start(executor: &Arc<Executor>, running: &mut JoinSet<(usize, Result<Option<String>>)>, index: usize) {
    let executor = executor.clone();
    running.spawn(async move {
        let operation = &executor.plan.operations[index];
        let (address, kind) = (operation.address.clone(), operation.kind.clone());
        let reporter = &executor.context.reporter;
        let resource_type = executor.plan.changes[operation.change].resource_type.clone();
        reporter.event(Event::Started { address: address.clone(), resource_type, kind: kind.clone() });
        let start = Instant::now();
        let result = executor.run(operation).await;
        let elapsed = start.elapsed();
        reporter.event(match &result {
            Ok(id) => Event::Finished { address, kind, id: id.clone(), elapsed },
            Err(error) => Event::Failed { address, kind, error: error.clone(), elapsed },
        });
        (index, result)
    });
}

/// Marks everything that waits for a failed operation, directly or not.
fn skip(executor: &Executor, dependents: &[Vec<usize>], ended: &mut [Ended], failed: usize) {
    let operations = &executor.plan.operations;
    let mut stack = vec![failed];
    while let Some(index) = stack.pop() {
        for &dependent in &dependents[index] {
            if matches!(ended[dependent], Ended::NotStarted) {
                ended[dependent] = Ended::Skipped(failed);
                executor.context.reporter.event(Event::Skipped {
                    address: operations[dependent].address.clone(),
                    kind: operations[dependent].kind.clone(),
                    because: operations[failed].address.clone(),
                });
                stack.push(dependent);
            }
        }
    }
}
