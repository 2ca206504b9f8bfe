//! What there is to go back to, and going there.

use super::step::{Choice, Past, Wanted, description};
use crate::appspec::AppSpec;
use crate::deploy::{Started, start_revision};
use crate::deployments::{Group, is_active, rolls_back};
use crate::history::AT_ONCE;
use crate::revision::{self, Revision};
use crate::serving::{Serving, name, serving};
use crate::target::{Controller, Target};
use aws_sdk_codedeploy::types as sdk;
use futures::stream::{self, StreamExt, TryStreamExt};
use wharf_aws::{Clients, Named};
use wharf_core::Value;
use wharf_provider::{Absent, Error, ErrorKind, Result};
use wharf_state::Snapshot;

/// How many deployments are looked through for a good one.
const DEPTH: usize = 25;

/// The deployments there were, with what each brought, and what serves.
#[derive(Debug)]
pub struct Candidates {
    /// The newest first.
    pub past: Vec<Past>,
    pub(super) revisions: Vec<Option<Revision>>,
    pub(super) previous: Option<Revision>,
    pub(super) serving: Option<Serving>,
    pub(super) own: Option<String>,
}

/// Reads what there is to go back to.
///
/// # Errors
///
/// Those of AWS.
pub async fn read(clients: &Clients, target: &Target, snapshot: &Snapshot) -> Result<Candidates> {
    if target.controller == Controller::Ecs {
        return super::of_ecs::read(clients, target).await;
    }
    let group = Group::of(target)?;
    let (deployments, serving) =
        futures::try_join!(group.deployments(clients, &[], DEPTH), serving(clients, target))?;
    let revision = |location: Option<sdk::RevisionLocation>| async move {
        match location {
            Some(location) => revision::read(clients, group.application, &location).await.map(Some),
            None => Ok(None),
        }
    };
    let of_interest = |info: &&sdk::DeploymentInfo| {
        is_active(info) || info.status() == Some(&sdk::DeploymentStatus::Succeeded)
    };
    let read = deployments.iter().map(|info| {
        let location = Some(info).filter(of_interest).and_then(|info| info.revision.clone());
        revision(location)
    });
    let revisions: Vec<Option<Revision>> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    // What CodeDeploy went back to replaced nothing.
    let brought = |info: &&sdk::DeploymentInfo| {
        info.status() == Some(&sdk::DeploymentStatus::Succeeded)
            && info.creator() != Some(&sdk::DeploymentCreator::CodeDeployRollback)
    };
    let newest = deployments.iter().find(brought);
    let previous = revision(newest.and_then(|info| info.previous_revision.clone())).await?;
    let past = deployments.into_iter().zip(&revisions);
    Ok(Candidates {
        past: past.map(|(info, revision)| seen(info, revision.as_ref())).collect(),
        revisions,
        previous: previous.filter(|revision| revision.location.revision_type().is_some()),
        serving,
        own: own(snapshot, target),
    })
}

fn seen(info: sdk::DeploymentInfo, revision: Option<&Revision>) -> Past {
    Past {
        is_active: is_active(&info),
        rolls_back: rolls_back(&info),
        status: info.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned()),
        description: info.description,
        creator: info.creator.map(|creator| creator.as_str().to_owned()),
        task_definition: revision.and_then(Revision::task_definition).map(str::to_owned),
        id: info.deployment_id.unwrap_or_default(),
    }
}

/// The ARN of the task definition that the stack's own service was given last.
fn own(snapshot: &Snapshot, target: &Target) -> Option<String> {
    let services = snapshot.resources.values().filter(|record| record.resource_type == "aws_ecs_service");
    let text = |record: &wharf_state::Record, property: &str| {
        record.attributes.get(property).and_then(Value::as_str).map(str::to_owned)
    };
    let ours = |record: &&wharf_state::Record| {
        text(record, "name").as_deref() == Some(target.service.as_str())
            && text(record, "cluster").is_none_or(|cluster| name(&cluster) == target.cluster)
    };
    let own = services.into_iter().find(ours).and_then(|record| text(record, "task_definition"))?;
    // A family alone is whatever was registered last.
    name(&own).contains(':').then_some(own)
}

impl Candidates {
    /// What the steps are decided by. `to` is a task definition: an ARN, `family:revision`, or the number of a revision.
    pub fn wanted(&self, to: Option<&str>) -> Wanted {
        let serving = self.serving.as_ref().map(|serving| serving.task_definition().to_owned());
        let family = serving.as_deref().and_then(|name| name.split(':').next());
        let to = to.map(|to| match (to.parse::<u64>(), family) {
            (Ok(number), Some(family)) => format!("{family}:{number}"),
            _ => name(to).to_owned(),
        });
        Wanted {
            to,
            previous: self.previous.as_ref().map(|found| found.task_definition().map(str::to_owned)),
            brought: self.serving.as_ref().and_then(|serving| serving.deployment.clone()),
            own: self.own.as_deref().map(|own| name(own).to_owned()),
            is_divided: false,
            serving,
        }
    }

    /// Starts the deployment that goes back.
    ///
    /// # Errors
    ///
    /// Those of AWS; a task definition that is gone, or was deregistered.
    pub async fn release(
        &self,
        clients: &Clients,
        target: &Target,
        undone: &str,
        choice: &Choice,
    ) -> Result<Started> {
        if target.controller == Controller::Ecs {
            let previous = self.previous.as_ref().and_then(Revision::task_definition);
            return super::of_ecs::release(clients, target, previous, choice).await;
        }
        let revision = self.revision(choice)?;
        if let Some(spec) = &revision.spec {
            check(clients, &spec.task_definition).await?;
        }
        start_revision(clients, target, &revision, &description(undone)).await
    }

    fn revision(&self, choice: &Choice) -> Result<Revision> {
        let found = match choice {
            Choice::Deployment { id, .. } => {
                let place = self.past.iter().position(|past| past.id == *id);
                place.and_then(|place| self.revisions.get(place)?.clone())
            }
            Choice::Previous => self.previous.clone(),
            Choice::TaskDefinition(definition) => {
                let Some(serving) = &self.serving else {
                    let message =
                        "the service has no tasks that serve: its container and network are not known";
                    return Err(Error::new(ErrorKind::NotFound, message));
                };
                // The name of the stack's own is a part of its ARN; another one is taken by name.
                let own = self.own.as_ref().filter(|own| name(own) == definition);
                let mut spec: AppSpec = serving.spec.clone();
                spec.task_definition = match own {
                    Some(own) => own.clone(),
                    None => beside(&serving.spec.task_definition, definition),
                };
                Some(Revision::of(&spec))
            }
        };
        found.ok_or_else(|| Error::internal("a revision was chosen that is not there"))
    }
}

/// The ARN of a task definition in the account of another one.
fn beside(arn: &str, definition: &str) -> String {
    match arn.rsplit_once('/') {
        Some((prefix, _)) => format!("{prefix}/{definition}"),
        None => definition.to_owned(),
    }
}

/// A task definition that was deregistered starts no more tasks.
pub(super) async fn check(clients: &Clients, definition: &str) -> Result<()> {
    let request = clients.ecs().describe_task_definition().task_definition(definition);
    let status = match request.send().await.named("ecs:DescribeTaskDefinition").or_absent() {
        // What ECS says of one that was deleted, or never was.
        Err(error) if error.is_code("ClientException") => None,
        answer => answer?.and_then(|answer| answer.task_definition?.status),
    };
    match status {
        Some(aws_sdk_ecs::types::TaskDefinitionStatus::Active) => Ok(()),
        status => {
            let what = status.map_or("gone", |_| "deregistered");
            let message = format!(
                "the task definition {} is {what}, and starts no tasks any more: choose another one with `--to`",
                name(definition)
            );
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}
