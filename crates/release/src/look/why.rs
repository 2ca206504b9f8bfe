//! What may tell why something is not well. Asked for only then.
//!
//! A caller who may not read one of these sees the rest.

use super::memory::Memory;
use super::service::Seen;
use super::{builds, tasks};
use crate::evidence::{Build, Evidence, Stopped};
use crate::report::{Deployment, Phase, Report};
use crate::target::Target;
use crate::time::Time;
use std::collections::BTreeMap;
use wharf_aws::Clients;
use wharf_provider::{ErrorKind, Result};

/// How old what a service says may be where there is no deployment to blame.
const RECENT: i64 = 15;

/// How many of a service's events are of interest.
const EVENTS: usize = 3;

/// What there is to say why, and what could not be seen. `colors` are those of the deployment that is to blame.
pub(super) async fn evidence(
    clients: &Clients,
    memory: &Memory,
    target: &Target,
    report: &Report,
    seen: &Seen,
    colors: &BTreeMap<String, String>,
) -> Result<(Evidence, Vec<String>)> {
    let newest = report.deployment.as_ref().filter(|deployment| is_to_blame(report, deployment));
    let undone = report.rolled_back.as_ref().filter(|_| !report.deployment_is_to_come());
    let deployment = undone.or(newest);
    let unwell =
        deployment.is_some() || report.task_sets.iter().any(|set| !set.is_complete() || set.unhealthy() > 0);
    let since = match deployment {
        Some(deployment) => deployment.created,
        None => Some(report.looked.plus_minutes(-RECENT)),
    };
    let green = colors.iter().find(|(_, color)| *color == "Green").map(|(id, _)| id.as_str());
    let which = tasks::Which { since, set: green.filter(|_| deployment.is_some()) };
    let (stopped, builds) = futures::try_join!(
        async {
            if unwell {
                noted(tasks::failed(clients, memory, target, which).await, "why tasks stopped")
            } else {
                Ok((Vec::<Stopped>::new(), None))
            }
        },
        async { noted(builds::failed(clients, failed_builds(report)).await, "why a build failed") },
    )?;
    let ((tasks, no_tasks), (builds, no_builds)): (_, (Vec<Build>, _)) = (stopped, builds);
    let events = if unwell { events(&seen.events, since) } else { Vec::new() };
    Ok((Evidence { tasks, events, builds }, [no_tasks, no_builds].into_iter().flatten().collect()))
}

/// Whether a deployment is what goes wrong now: it has failed, and is not past, or it is under way.
fn is_to_blame(report: &Report, deployment: &Deployment) -> bool {
    match deployment.phase {
        Phase::Done => false,
        Phase::Failed => !report.deployment_is_to_come(),
        _ => report.task_sets.iter().any(|set| !set.is_complete() || set.unhealthy() > 0),
    }
}

/// The builds of the pipeline that failed, unless that is past.
fn failed_builds(report: &Report) -> Vec<String> {
    let Some(pipeline) = report.pipeline.as_ref().filter(|_| !report.pipeline_is_past()) else {
        return Vec::new();
    };
    let failed = pipeline.actions().map(|(_, action)| action).filter(|action| {
        action.status.as_deref() == Some("Failed") && action.provider.as_deref() == Some("CodeBuild")
    });
    failed.filter_map(|action| action.external_id.clone()).collect()
}

/// What a service said since then that sounds like trouble.
fn events(all: &[(Time, String)], since: Option<Time>) -> Vec<String> {
    const TROUBLE: &[&str] = &["unable", "unhealthy", "fail", "error"];
    let recent = all.iter().filter(|(time, _)| since.is_none_or(|since| *time >= since));
    let words = recent.map(|(_, message)| message);
    let bad = words.filter(|message| TROUBLE.iter().any(|word| message.to_lowercase().contains(word)));
    bad.take(EVENTS).cloned().collect()
}

/// What was read; or that the caller may not read it.
pub(super) fn noted<T: Default>(result: Result<T>, what: &str) -> Result<(T, Option<String>)> {
    match result {
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            Ok((T::default(), Some(format!("{what} could not be seen: {error}"))))
        }
        result => Ok((result?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trouble_since_the_deployment_counts() {
        let all = [
            (Time(30), "(service web) has reached a steady state.".to_owned()),
            (Time(20), "(service web) was unable to place a task.".to_owned()),
            (Time(5), "(service web) (port 80) is unhealthy in (target-group blue)".to_owned()),
        ];
        assert_eq!(events(&all, Some(Time(10))), [all[1].1.clone()]);
        assert_eq!(events(&all, None).len(), 2);
    }

    #[test]
    fn what_is_denied_is_noted_and_what_fails_is_an_error() {
        use wharf_provider::Error;
        let denied: Result<Vec<u8>> = Err(Error::new(ErrorKind::AccessDenied, "no"));
        let (none, note) = noted(denied, "why tasks stopped").unwrap();
        assert!(none.is_empty() && note.is_some_and(|note| note.starts_with("why tasks stopped could not")));
        let failed: Result<Vec<u8>> = Err(Error::new(ErrorKind::Unreachable, "no"));
        assert!(noted(failed, "why").is_err());
    }
}
