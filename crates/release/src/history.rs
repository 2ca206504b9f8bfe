//! The deployments there were: what each brought, when, by whom, and which serves.

use crate::deployments::{Group, rolls_back};
use crate::revision;
use crate::service_deployments;
use crate::serving::serving;
use crate::target::{Controller, Target};
use crate::time::Time;
use aws_sdk_codedeploy::types as sdk;
use aws_sdk_ecs::types as ecs;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, ErrorKind, Result};

/// How many requests for revisions are under way at once.
pub(crate) const AT_ONCE: usize = 4;

/// A deployment of the past, or the one under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// As AWS says: `Succeeded`, `Failed`, `Stopped`, `InProgress`, …
    pub status: String,
    /// When it was asked for.
    pub created: Option<Time>,
    /// When it ended.
    pub completed: Option<Time>,
    /// The task definition that it brought up: `family:revision`. None where AWS does not know any more.
    pub task_definition: Option<String>,
    /// The image of its container behind the load balancer.
    pub image: Option<String>,
    /// What it was said to be for.
    pub description: Option<String>,
    /// `user`, `autoscaling`, `codeDeployRollback`.
    pub creator: Option<String>,
    /// The deployment that it takes back, if CodeDeploy made it for that.
    pub rolls_back: Option<String>,
    /// Why it failed, in AWS's words.
    pub error: Option<String>,
    /// Whether its tasks are the ones that serve.
    pub serves: bool,
}

/// The newest deployments of a target, `limit` at most, the newest first.
///
/// # Errors
///
/// Those of AWS. What may not be read of a deployment, or is gone, is left out of it.
pub async fn history(clients: &Clients, target: &Target, limit: usize) -> Result<Vec<Entry>> {
    match &target.controller {
        Controller::CodeDeploy { .. } => of_group(clients, target, limit).await,
        Controller::Ecs => of_service(clients, target, limit).await,
    }
}

async fn of_service(clients: &Clients, target: &Target, limit: usize) -> Result<Vec<Entry>> {
    let found = service_deployments::list(clients, target, limit).await?;
    let arns: BTreeSet<String> =
        found.iter().filter_map(|brief| brief.target_service_revision_arn.clone()).collect();
    let revisions = service_deployments::revisions(clients, arns.into_iter().collect()).await?;
    let mut nobody = true;
    let entry = |brief: ecs::ServiceDeploymentBrief| {
        let revision = brief.target_service_revision_arn().and_then(|arn| revisions.get(arn));
        let images = revision.map(ecs::ServiceRevision::container_images).unwrap_or_default();
        let delivered = images.iter().find(|image| image.container_name() == target.container.as_deref());
        let definition = revision.and_then(ecs::ServiceRevision::task_definition);
        let succeeded = brief.status() == Some(&ecs::ServiceDeploymentStatus::Successful);
        Entry {
            id: service_deployments::id(brief.service_deployment_arn().unwrap_or_default()).to_owned(),
            status: brief.status().map_or_else(|| "UNKNOWN".to_owned(), |status| status.as_str().to_owned()),
            created: brief.created_at.map(Time::from),
            completed: brief.finished_at.map(Time::from),
            task_definition: definition.map(|arn| crate::serving::name(arn).to_owned()),
            image: delivered.or(images.first()).and_then(|image| image.image.clone()),
            description: None,
            creator: None,
            rolls_back: None,
            error: brief.status_reason.filter(|_| !succeeded),
            serves: succeeded && std::mem::take(&mut nobody),
        }
    };
    Ok(found.into_iter().map(entry).collect())
}

async fn of_group(clients: &Clients, target: &Target, limit: usize) -> Result<Vec<Entry>> {
    let group = Group::of(target)?;
    let (deployments, serving) =
        futures::try_join!(group.deployments(clients, &[], limit), serving(clients, target))?;
    let specs = specs(clients, group.application, &deployments).await?;
    let definitions: BTreeSet<String> = specs.values().map(|(definition, _)| definition.clone()).collect();
    let images = images(clients, definitions).await?;
    let serves = serving.as_ref().and_then(|serving| serving.deployment.as_deref());
    Ok(deployments
        .into_iter()
        .map(|info| {
            let rolls_back = rolls_back(&info);
            let id = info.deployment_id.unwrap_or_default();
            let spec = specs.get(&id);
            let image = spec.and_then(|(definition, container)| {
                let containers = images.get(definition)?;
                containers.iter().find(|(name, _)| name == container).map(|(_, image)| image.clone())
            });
            Entry {
                serves: serves == Some(id.as_str()),
                rolls_back,
                status: info.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
                created: info.create_time.map(Time::from),
                completed: info.complete_time.map(Time::from),
                task_definition: spec.map(|(definition, _)| definition.clone()),
                image,
                description: info.description.filter(|text| !text.is_empty()),
                creator: info.creator.map(|creator| creator.as_str().to_owned()),
                error: info.error_information.and_then(|error| error.message),
                id,
            }
        })
        .collect())
}

/// Task definition and container of each deployment, by its id. Each text is asked for once.
async fn specs(
    clients: &Clients,
    application: &str,
    deployments: &[sdk::DeploymentInfo],
) -> Result<BTreeMap<String, (String, String)>> {
    let mut locations: Vec<&sdk::RevisionLocation> = Vec::new();
    for location in deployments.iter().filter_map(sdk::DeploymentInfo::revision) {
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    let read = locations.iter().map(|location| async move {
        match revision::read(clients, application, location).await {
            Err(error) if error.kind == ErrorKind::AccessDenied => Ok(None),
            answer => answer.map(Some),
        }
    });
    let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    let mut found = BTreeMap::new();
    for info in deployments {
        let (Some(id), Some(location)) = (&info.deployment_id, &info.revision) else { continue };
        let place = locations.iter().position(|other| *other == location);
        let revision = place.and_then(|place| read.get(place)?.as_ref());
        let spec = revision.and_then(|revision| {
            let container = &revision.spec.as_ref()?.container;
            Some((revision.task_definition()?.to_owned(), container.clone()))
        });
        found.extend(spec.map(|spec| (id.clone(), spec)));
    }
    Ok(found)
}

/// The containers of task definitions with their images.
async fn images(
    clients: &Clients,
    definitions: BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<(String, String)>>> {
    let asked = definitions.into_iter().map(|definition| async move {
        let request = clients.ecs().describe_task_definition().task_definition(&definition);
        let answer = match request.send().await.named("ecs:DescribeTaskDefinition").or_absent() {
            // What ECS says of one that was deleted.
            Err(error) if error.is_code("ClientException") => None,
            answer => answer?,
        };
        let containers = answer
            .and_then(|answer| answer.task_definition?.container_definitions)
            .into_iter()
            .flatten()
            .filter_map(|container| Some((container.name?, container.image?)))
            .collect();
        Ok((definition, containers))
    });
    stream::iter(asked).buffered(AT_ONCE).try_collect().await
}
