//! Going back where ECS itself deploys: the service gets the task definition of before.
//!
//! ECS keeps no words with a deployment. One that brings what was there before the one before it is a rollback.

use super::candidates::{Candidates, check};
use super::step::{Choice, Past, description};
use crate::appspec::AppSpec;
use crate::deploy::Started;
use crate::service_deployments as deployments;
use crate::serving::{Serving, name};
use crate::target::Target;
use aws_sdk_ecs::types as sdk;
use std::collections::BTreeSet;
use wharf_aws::Clients;
use wharf_provider::{Error, ErrorKind, Result};

/// How many deployments are looked through for a good one.
const DEPTH: usize = 25;

pub(super) async fn read(clients: &Clients, target: &Target) -> Result<Candidates> {
    let found = deployments::list(clients, target, DEPTH).await?;
    let arns: BTreeSet<String> =
        found.iter().filter_map(|brief| brief.target_service_revision_arn.clone()).collect();
    let revisions = deployments::revisions(clients, arns.into_iter().collect()).await?;
    let definition = |brief: &sdk::ServiceDeploymentBrief| {
        let revision = brief.target_service_revision_arn().and_then(|arn| revisions.get(arn));
        revision.and_then(|revision| revision.task_definition.clone())
    };
    let serves = found.iter().find(|brief| brief.status() == Some(&sdk::ServiceDeploymentStatus::Successful));
    let serving = serves.and_then(|brief| {
        let spec = AppSpec::new(definition(brief)?, target.container.clone().unwrap_or_default(), 0);
        Some(Serving {
            deployment: brief.service_deployment_arn().map(|arn| deployments::id(arn).to_owned()),
            spec,
        })
    });
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
    describe(&mut past);
    let revisions = past.iter().map(|_| None).collect();
    Ok(Candidates { past, revisions, previous: None, serving, own: None })
}

/// In CodeDeploy's words.
fn status(brief: &sdk::ServiceDeploymentBrief) -> String {
    use sdk::ServiceDeploymentStatus as Status;
    match brief.status() {
        Some(Status::Successful) => "Succeeded".to_owned(),
        Some(Status::Stopped | Status::RollbackSuccessful) => "Stopped".to_owned(),
        Some(Status::RollbackFailed) => "Failed".to_owned(),
        other => other.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
    }
}

/// Says of each deployment that brings again what was there before the one before it, which one it undoes.
fn describe(past: &mut [Past]) {
    for index in 0..past.len() {
        let (newer, older) = past.split_at(index + 1);
        let Some(now) = newer.last() else { continue };
        let mut good = older.iter().filter(|past| past.status == "Succeeded");
        let undone = good.next().filter(|undone| undone.task_definition != now.task_definition);
        let Some(undone) = undone.map(|undone| (undone.id.clone(), undone.task_definition.clone())) else {
            continue;
        };
        let before = good.find(|past| past.task_definition != undone.1);
        if before.is_some_and(|before| before.task_definition == now.task_definition) {
            past[index].description = Some(description(&undone.0));
        }
    }
}

/// Gives the service the task definition of before.
pub(super) async fn release(clients: &Clients, target: &Target, choice: &Choice) -> Result<Started> {
    let definition = match choice {
        Choice::Deployment { task_definition: Some(definition), .. } | Choice::TaskDefinition(definition) => {
            definition
        }
        Choice::Deployment { task_definition: None, .. } | Choice::Previous => {
            let message =
                "ECS does not know any more what was there before: choose a task definition with `--to`";
            return Err(Error::new(ErrorKind::NotFound, message));
        }
    };
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
        describe(&mut back);
        assert_eq!(back[0].description, Some(description("b")));
        assert_eq!(back[1].description, None);
        let nothing = Nothing::RolledBack { id: "c".into(), undone: Some("b".into()) };
        assert_eq!(step(&back, &Wanted::default()), Step::Nothing(nothing));
        let mut forth = [past("c", "web:3"), past("b", "web:2"), past("a", "web:1")];
        describe(&mut forth);
        assert!(forth.iter().all(|past| past.description.is_none()));
    }
}
