use super::busy::{self, Unlisted};
use super::follow::{Follower, SHOWN, STEPS, is_over, phase_of, serves};
use super::promote::is_at_another;
use super::subject::Subject;
use super::wait::failed;
use crate::args::{ReleaseRollback, WhenBusy};
use crate::error::{self, CommandError};
use crate::terminal;
use std::time::Duration;
use wharf_provider::Error as CloudError;
use wharf_release::deploy::{Hold, proceed};
use wharf_release::promote::{self, Step as Way};
use wharf_release::rollback::{self, Choice, Nothing, Step};
use wharf_release::{Deployment, Report};

/// How long CodeDeploy may take to send the traffic back.
const BACK: Duration = Duration::from_mins(30);
/// How long after the end of a deployment that may go on. One that is stopped without a rollback sends nothing back.
const AFTER: Duration = Duration::from_mins(5);

pub(crate) async fn run(args: &ReleaseRollback) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let follower = Follower::new(&subject);
    let clients = &subject.session.clients;
    let argument = &subject.argument();
    let cloud = |problem: CloudError| subject.cloud(&problem);
    // What this run has stopped, or has waited for.
    let mut stopped: Option<String> = None;
    let mut waited = false;
    let mut unlisted = Unlisted::default();
    loop {
        let found = rollback::read(clients, &subject.target, &subject.snapshot).await.map_err(cloud)?;
        let mut wanted = found.wanted(args.to.as_deref());
        let mut step = rollback::step(&found.past, &wanted);
        let mut report = None;
        // A run before this one may have left while the traffic was on its way back.
        if matches!(step, Step::Nothing(Nothing::NotReleased { .. })) {
            let seen = back(&follower).await?;
            wanted.is_divided = promote::is_divided(&seen);
            step = rollback::step(&found.past, &wanted);
            report = Some(seen);
        }
        match step {
            Step::Nothing(nothing) => {
                let report = match report {
                    Some(report) => report,
                    None => follower.look().await?,
                };
                if let Some(id) = stopped.filter(|id| has_undone(&nothing, id)) {
                    terminal::out(&format!("{id} is stopped and rolled back; {}.", serves(&report)));
                    return Ok(0);
                }
                terminal::out(&format!("{}; {}.", said(&nothing, waited), serves(&report)));
                if matches!(nothing, Nothing::NotReleased { .. } | Nothing::RolledBack { .. }) {
                    terminal::note(&format!(
                        "hint: `wharf release history{argument}` lists what there was; `--to REVISION` goes further back"
                    ));
                }
                return Ok(0);
            }
            Step::Stop { id } => {
                busy::clear(&subject, &follower, args.when_busy, &id, false).await?;
                stopped = (args.when_busy == WhenBusy::Stop).then_some(id);
            }
            Step::Wait { id } => {
                terminal::note(&format!("CodeDeploy goes back by itself, with {id}"));
                follower.until("the rollback to end", STEPS, |report| is_over(report, &id)).await?;
                waited = true;
            }
            Step::Resume { id, undone } => {
                terminal::note(&format!("{id} rolls back {undone} already"));
                return finish(&subject, &follower, &id, &undone).await;
            }
            Step::Release { undone, choice } => {
                let started = match found.release(clients, &subject.target, &undone, &choice).await {
                    // Somebody has started another one meanwhile: look again.
                    Err(problem) if wharf_release::busy::is_refused(&problem) => {
                        unlisted.wait(problem).await.map_err(cloud)?;
                        continue;
                    }
                    started => started.map_err(cloud)?,
                };
                terminal::note(&format!("{}: {}", started.id, chosen(&choice, &undone)));
                return finish(&subject, &follower, &started.id, &undone).await;
            }
        }
    }
}

/// Whether there is nothing to do because this deployment is taken back.
fn has_undone(nothing: &Nothing, id: &str) -> bool {
    match nothing {
        Nothing::RolledBack { undone, .. } => undone.as_deref() == Some(id),
        Nothing::NotReleased { id: last, .. } => last == id,
        _ => false,
    }
}

/// `waited` says that a rollback by CodeDeploy has ended just now.
fn said(nothing: &Nothing, waited: bool) -> String {
    match nothing {
        Nothing::Never => "AWS knows of no deployment, so there is nothing to roll back".to_owned(),
        Nothing::RolledBack { id, undone: Some(undone) } => {
            let already = if waited { "" } else { "already " };
            format!("{undone} is {already}rolled back, by {id}")
        }
        Nothing::RolledBack { id, undone: None } => format!("CodeDeploy has rolled back already, by {id}"),
        Nothing::NotReleased { id, status } => {
            let what = if status == "Stopped" { "was stopped" } else { "has failed" };
            format!("The last deployment, {id}, {what}, so there is nothing to roll back")
        }
        Nothing::Serves { task_definition } => format!("{task_definition} is what serves"),
        Nothing::NothingBefore { id } => format!("There is nothing to go back to: {id} was the first"),
    }
}

fn chosen(choice: &Choice, undone: &str) -> String {
    match choice {
        Choice::Deployment { id, task_definition: Some(name) } => {
            format!("rolls back {undone} to {name}, as {id} brought it")
        }
        Choice::Deployment { id, task_definition: None } => {
            format!("rolls back {undone} to what {id} brought")
        }
        Choice::Previous => format!("rolls back {undone} to what it replaced"),
        Choice::TaskDefinition(name) => format!("rolls back {undone} to {name}"),
    }
}

/// Waits until all traffic goes to the tasks that serve. If it does not although the deployment has ended, it stays as it is.
async fn back(follower: &Follower<'_>) -> Result<Report, CommandError> {
    let has_ended =
        |report: &Report| report.deployment.as_ref().is_none_or(|deployment| deployment.phase.has_ended());
    let ended = follower.until("the traffic to be back", BACK, has_ended).await?;
    if promote::is_settled(&ended) {
        return Ok(ended);
    }
    let at = ended.deployment.as_ref().and_then(|deployment| deployment.completed);
    let ago = at.and_then(|at| u64::try_from(ended.looked.since(at)).ok()).unwrap_or_default();
    let left = AFTER.saturating_sub(Duration::from_secs(ago));
    let settled = follower.within(left, promote::is_settled).await?;
    Ok(settled.unwrap_or(ended))
}

/// Takes a rollback to where its tasks serve. They have served before, so nobody is asked.
async fn finish(
    subject: &Subject,
    follower: &Follower<'_>,
    id: &str,
    undone: &str,
) -> Result<u8, CommandError> {
    let argument = &subject.argument();
    let is_shown = |report: &Report| phase_of(report, id).is_some();
    let mut report = follower.until("the deployment to be listed", SHOWN, is_shown).await?;
    loop {
        let way = promote::step(&report);
        let moved = |report: &Report| promote::step(report) != way;
        report = match way {
            Way::Prepare => follower.until("the deployment to be ready", STEPS, moved).await?,
            Way::Check => {
                let reasons = promote::obstacles(&report);
                if !reasons.is_empty() {
                    let message = format!("{id} is not healthy, so it does not take over");
                    return Err(CommandError {
                        details: reasons.into_iter().map(|reason| format!("  {reason}")).collect(),
                        ..CommandError::new(message).hint(format!(
                            "`wharf release promote --force{argument}` lets it take over all the same"
                        ))
                    });
                }
                let clients = &subject.session.clients;
                proceed(clients, &subject.target, id, Hold::Ready)
                    .await
                    .map_err(|problem| error::cloud(&problem))?;
                let before = report.deployment.as_ref().and_then(Deployment::at);
                let goes_on = |report: &Report| moved(report) || is_at_another(report, before);
                follower.until("the deployment to go on", SHOWN, goes_on).await?
            }
            Way::Reroute => follower.until("the traffic to move", STEPS, moved).await?,
            Way::Failed => return Err(failed(&report, argument)),
            _ => {
                terminal::out(&format!("{undone} is rolled back, by {id}; {}.", serves(&report)));
                return Ok(0);
            }
        };
    }
}
