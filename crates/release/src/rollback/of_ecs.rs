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
use std::collections::BTreeSet;
use wharf_aws::Clients;
use wharf_provider::{Error, ErrorKind, Result};

/// How many deployments are looked through for a good one.
const DEPTH: usize = 25;

pub(super) async fn read(clients: &Clients, target: &Target) -> Result<Candidates> {
    let found = deployments::list(clients, target, DEPTH).await?;
    let mut good = found.iter().filter(|brief| brief.status() == Some(&Status::Successful));
    let (newest, oldest) = (good.clone().next(), good.next_back());
    let replaced = replaced(clients, oldest.filter(|_| found.len() < DEPTH)).await?;
    let brought = found.iter().filter_map(|brief| brief.target_service_revision_arn.clone());
    let arns: BTreeSet<String> = brought.chain(replaced.clone()).collect();
    let revisions = deployments::revisions(clients, arns.into_iter().collect()).await?;
    let of_revision = |arn: &str| revisions.get(arn)?.task_definition.clone();
    let definition = |brief: &sdk::ServiceDeploymentBrief| of_revision(brief.target_service_revision_arn()?);
    let spec = |definition| AppSpec::new(definition, target.container.clone().unwrap_or_default(), 0);
    let serving = newest.and_then(|brief| {
        Some(Serving {
            deployment: brief.service_deployment_arn().map(|arn| deployments::id(arn).to_owned()),
            spec: spec(definition(brief)?),
        })
    });
    let previous =
        replaced.as_deref().and_then(of_revision).map(|definition| Revision::of(&spec(definition)));
    let mut past: Vec<Past> = found
        .iter()
        .map(|brief| Past {
            id: deployments::id(brief.service_deployment_arn().unwrap_or_default()).to_owned(),
            status: status(brief),
            is_active: deployments::is_active(brief.status()),
            description: None,
            creator: None,
            rolls_back: None,
            task_definition: definition(brief).map(|arn| name(&arn).to_owned()),
        })
        .collect();
    describe(&mut past, previous.as_ref().and_then(Revision::task_definition));
    let revisions = past.iter().map(|_| None).collect();
    Ok(Candidates { past, revisions, previous, serving, own: None })
}

/// The ARN of the service revision that a deployment replaced. ECS lists no deployment that is older than 90 days: before the
/// oldest that is listed there may have been others.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment.html>.
async fn replaced(clients: &Clients, brief: Option<&sdk::ServiceDeploymentBrief>) -> Result<Option<String>> {
    let Some(arn) = brief.and_then(sdk::ServiceDeploymentBrief::service_deployment_arn) else {
        return Ok(None);
    };
    let found = deployments::describe(clients, arn).await?;
    let source = found.and_then(|found| found.source_service_revisions?.into_iter().next());
    Ok(source.and_then(|source| source.arn))
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

/// Says of each deployment that brings again what was there before the one before it, which one it undoes. `replaced` is what was
/// there before all of them.
fn describe(past: &mut [Past], replaced: Option<&str>) {
    for index in 0..past.len() {
        let (newer, older) = past.split_at(index + 1);
        let Some(now) = newer.last() else { continue };
        let mut good = older.iter().filter(|past| past.status == "Succeeded");
        let undone = good.next().filter(|undone| undone.task_definition != now.task_definition);
        let Some(undone) = undone.map(|undone| (undone.id.clone(), undone.task_definition.clone())) else {
            continue;
        };
        let before = good.find(|past| past.task_definition != undone.1);
        let before = before.map_or(replaced, |before| before.task_definition.as_deref());
        if before.is_some() && before == now.task_definition.as_deref() {
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

    #[test]
    fn what_brings_back_what_was_is_a_rollback() {
        let mut back = [past("c", "web:1"), past("b", "web:2"), past("a", "web:1")];
        describe(&mut back, None);
        assert_eq!(back[0].description, Some(description("b")));
        assert_eq!(back[1].description, None);
        let nothing = Nothing::RolledBack { id: "c".into(), undone: Some("b".into()) };
        assert_eq!(step(&back, &Wanted::default()), Step::Nothing(nothing));
        let mut forth = [past("c", "web:3"), past("b", "web:2"), past("a", "web:1")];
        describe(&mut forth, None);
        assert!(forth.iter().all(|past| past.description.is_none()));
    }

    #[test]
    fn what_was_there_before_all_that_ecs_lists_counts() {
        let wanted = Wanted { previous: Some(Some("web:1".into())), ..Wanted::default() };
        let mut once = [past("b", "web:2")];
        describe(&mut once, Some("web:1"));
        let choice = Choice::Previous;
        assert_eq!(step(&once, &wanted), Step::Release { undone: "b".into(), choice });
        // Having gone back, that is not undone.
        let mut back = [past("c", "web:1"), past("b", "web:2")];
        describe(&mut back, Some("web:1"));
        let nothing = Nothing::RolledBack { id: "c".into(), undone: Some("b".into()) };
        assert_eq!(step(&back, &wanted), Step::Nothing(nothing));
    }
}
