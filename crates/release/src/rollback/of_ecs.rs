//! Going back where ECS itself deploys: the service gets the task definition of before.
//!
//! ECS keeps no words with a deployment. One that brings what was there before the one before it is a rollback.

use super::candidates::{Candidates, check};
use super::step::{Choice, Past, description};
use crate::appspec::AppSpec;
use crate::deploy::Started;
use crate::revision::Revision;
use crate::service_deployments as deployments;
use crate::serving::{Serving, name};
use crate::target::Target;
use aws_sdk_ecs::types::{self as sdk, ServiceDeploymentStatus as Status};
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::Clients;
use wharf_provider::{Error, ErrorKind, Result};

/// How many deployments are looked through for a good one.
const DEPTH: usize = 25;

pub(super) async fn read(clients: &Clients, target: &Target) -> Result<Candidates> {
    let found = deployments::list(clients, target, DEPTH).await?;
    let details = details(clients, &found).await?;
    let replaced = found.last().filter(|_| found.len() < DEPTH).and_then(|oldest| details.replaced(oldest));
    let brought = found.iter().filter_map(|brief| brief.target_service_revision_arn());
    let arns: BTreeSet<String> = brought.chain(replaced).map(str::to_owned).collect();
    let revisions = deployments::revisions(clients, arns.into_iter().collect()).await?;
    let of_revision = |arn: &str| revisions.get(arn)?.task_definition.clone();
    let definition = |brief: &sdk::ServiceDeploymentBrief| of_revision(brief.target_service_revision_arn()?);
    let spec = |definition| AppSpec::new(definition, target.container.clone().unwrap_or_default(), 0);
    let newest = found.first().filter(|brief| details.has_all(brief));
    let good = || found.iter().find(|brief| brief.status() == Some(&Status::Successful));
    let serving = newest.or_else(good).and_then(|brief| {
        Some(Serving { deployment: Some(short(brief).to_owned()), spec: spec(definition(brief)?) })
    });
    let previous = replaced.and_then(of_revision).map(|definition| Revision::of(&spec(definition)));
    let mut past: Vec<Past> = found
        .iter()
        .map(|brief| Past {
            id: short(brief).to_owned(),
            status: status(brief),
            is_active: deployments::is_active(brief.status()),
            description: None,
            creator: None,
            rolls_back: None,
            task_definition: definition(brief).map(|arn| name(&arn).to_owned()),
        })
        .collect();
    let served = found.iter().map(|brief| details.has_served(brief)).collect::<Vec<_>>();
    describe(&mut past, &served, previous.as_ref().and_then(Revision::task_definition));
    let revisions = past.iter().map(|_| None).collect();
    Ok(Candidates { past, revisions, previous, serving, own: None })
}

fn short(brief: &sdk::ServiceDeploymentBrief) -> &str {
    deployments::id(brief.service_deployment_arn().unwrap_or_default())
}

/// What the list of deployments does not tell, by ARN.
struct Details(BTreeMap<String, sdk::ServiceDeployment>);

/// Reads it: how much traffic those have that were stopped without a rollback, and what the oldest replaced. ECS lists no
/// deployment that is older than 90 days: before that one there may have been others.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment.html>.
async fn details(clients: &Clients, found: &[sdk::ServiceDeploymentBrief]) -> Result<Details> {
    let stopped = found.iter().filter(|brief| brief.status() == Some(&Status::Stopped));
    let wanted = stopped.chain(found.last()).filter_map(|brief| brief.service_deployment_arn.clone());
    let wanted: BTreeSet<String> = wanted.collect();
    Ok(Details(deployments::described(clients, wanted.into_iter().collect()).await?))
}

impl Details {
    fn of(&self, brief: &sdk::ServiceDeploymentBrief) -> Option<&sdk::ServiceDeployment> {
        self.0.get(brief.service_deployment_arn()?)
    }

    /// The ARN of the service revision that a deployment replaced.
    fn replaced(&self, brief: &sdk::ServiceDeploymentBrief) -> Option<&str> {
        self.of(brief)?.source_service_revisions().first()?.arn()
    }

    /// Whether a deployment was stopped when it had all of the traffic: its tasks serve.
    fn has_all(&self, brief: &sdk::ServiceDeploymentBrief) -> bool {
        self.of(brief).is_some_and(deployments::was_left)
    }

    /// Whether a deployment came to serve: wholly, or a part of the traffic was left to it.
    fn has_served(&self, brief: &sdk::ServiceDeploymentBrief) -> bool {
        let left = self.of(brief).filter(|found| found.status() == Some(&Status::Stopped));
        brief.status() == Some(&Status::Successful)
            || left.is_some_and(|found| deployments::weight(found) > 0.0)
    }
}

/// In CodeDeploy's words.
fn status(brief: &sdk::ServiceDeploymentBrief) -> String {
    match brief.status() {
        Some(Status::Successful) => "Succeeded".to_owned(),
        Some(Status::Stopped | Status::RollbackSuccessful) => "Stopped".to_owned(),
        Some(Status::RollbackFailed) => "Failed".to_owned(),
        other => other.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
    }
}

/// Says of each deployment that brings again what was there before the one before it, which one it undoes. `served` says which
/// of them came to serve, and `replaced` what was there before all of them.
fn describe(past: &mut [Past], served: &[bool], replaced: Option<&str>) {
    for index in 0..past.len() {
        let (newer, older) = past.split_at(index + 1);
        let Some(now) = newer.last() else { continue };
        let before = older.iter().zip(served.iter().skip(index + 1));
        let mut before = before.filter(|(_, served)| **served).map(|(past, _)| past);
        let undone = before.next().filter(|undone| undone.task_definition != now.task_definition);
        let Some(undone) = undone.map(|undone| (undone.id.clone(), undone.task_definition.clone())) else {
            continue;
        };
        let good = before.find(|past| past.succeeded() && past.task_definition != undone.1);
        let good = good.map_or(replaced, |good| good.task_definition.as_deref());
        if good.is_some() && good == now.task_definition.as_deref() {
            past[index].description = Some(description(&undone.0));
        }
    }
}

/// Gives the service the task definition of before; `previous` is what was there before all deployments.
pub(super) async fn release(
    clients: &Clients,
    target: &Target,
    previous: Option<&str>,
    choice: &Choice,
) -> Result<Started> {
    let definition = match choice {
        Choice::Deployment { task_definition, .. } => task_definition.as_deref(),
        Choice::TaskDefinition(definition) => Some(definition.as_str()),
        Choice::Previous => previous,
    };
    let definition = definition.ok_or_else(|| {
        let message =
            "ECS does not know any more what was there before: choose a task definition with `--to`";
        Error::new(ErrorKind::NotFound, message)
    })?;
    check(clients, definition).await?;
    let id = deployments::update(clients, target, definition).await?;
    Ok(Started { id, adopted: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::{Nothing, Step, Wanted, step};

    fn past(id: &str, definition: &str) -> Past {
        Past {
            id: id.into(),
            status: "Succeeded".into(),
            task_definition: Some(definition.into()),
            ..Past::default()
        }
    }

    fn described<const N: usize>(mut past: [Past; N], replaced: Option<&str>) -> [Past; N] {
        // Each of the test's that was stopped was left with traffic.
        describe(&mut past, &[true; N], replaced);
        past
    }

    fn rolled_back(id: &str, undone: &str) -> Step {
        Step::Nothing(Nothing::RolledBack { id: id.into(), undone: Some(undone.into()) })
    }

    #[test]
    fn what_brings_back_what_was_is_a_rollback() {
        let back = described([past("c", "web:1"), past("b", "web:2"), past("a", "web:1")], None);
        assert_eq!(back[0].description, Some(description("b")));
        assert_eq!(back[1].description, None);
        assert_eq!(step(&back, &Wanted::default()), rolled_back("c", "b"));
        let forth = described([past("c", "web:3"), past("b", "web:2"), past("a", "web:1")], None);
        assert!(forth.iter().all(|past| past.description.is_none()));
    }

    #[test]
    fn what_was_there_before_all_that_ecs_lists_counts() {
        let wanted = Wanted { previous: Some(Some("web:1".into())), ..Wanted::default() };
        let once = described([past("b", "web:2")], Some("web:1"));
        assert_eq!(step(&once, &wanted), Step::Release { undone: "b".into(), choice: Choice::Previous });
        // Having gone back, that is not undone.
        let back = described([past("c", "web:1"), past("b", "web:2")], Some("web:1"));
        assert_eq!(step(&back, &wanted), rolled_back("c", "b"));
    }

    #[test]
    fn what_was_stopped_and_serves_is_undone_once() {
        let stopped = Past { status: "Stopped".into(), ..past("b", "web:2") };
        let wanted = Wanted { brought: Some("b".into()), ..Wanted::default() };
        let left = described([stopped.clone(), past("a", "web:1"), past("0", "web:0")], None);
        let choice = Choice::Deployment { id: "a".into(), task_definition: Some("web:1".into()) };
        assert_eq!(step(&left, &wanted), Step::Release { undone: "b".into(), choice });
        let back = described([past("c", "web:1"), stopped, past("a", "web:1"), past("0", "web:0")], None);
        assert_eq!(step(&back, &Wanted::default()), rolled_back("c", "b"));
    }
}
