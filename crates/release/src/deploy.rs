//! Starting a deployment, and moving one on.
//!
//! CodeDeploy takes no token that would make a repeated request harmless, so wharf looks: a deployment of the same
//! content with the same description is the one that was meant.

use crate::appspec::AppSpec;
use crate::busy::is_refused;
use crate::deployments::{ACTIVE, Group};
use crate::revision::{self, Revision};
use crate::service_deployments;
use crate::target::{Controller, Target};
use aws_sdk_codedeploy::types as sdk;
use std::time::Duration;
use wharf_aws::{Clients, Named};
use wharf_provider::wait::Wait;
use wharf_provider::{Error, ErrorKind, Result};

/// A deployment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: String,
    /// Whether it was under way already: an earlier run had started it.
    pub adopted: bool,
}

/// What a deployment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// That somebody lets the new tasks take over.
    Ready,
    /// That the tasks which served before may go.
    Termination,
}

/// How often a deployment is asked for whose answer gets lost.
const ATTEMPTS: usize = 3;

/// How long CodeDeploy may take to list a deployment whose answer got lost.
const LISTED: Wait = Wait {
    what: "the deployment to be listed",
    timeout: Duration::from_secs(4),
    pause: Duration::from_secs(1),
};

/// Starts a deployment of an AppSpec. One that is active with the same AppSpec and description is taken instead.
///
/// # Errors
///
/// Those of `codedeploy:CreateDeployment`: one that [`is_refused`] where another one is active.
pub async fn start(clients: &Clients, target: &Target, spec: &AppSpec, description: &str) -> Result<Started> {
    start_revision(clients, target, &Revision::of(spec), description).await
}

/// The functions that the last successful deployment called on its way, each with its lifecycle event: the next one calls
/// them as well.
///
/// # Errors
///
/// Those of AWS.
pub async fn last_hooks(clients: &Clients, target: &Target) -> Result<Vec<(String, String)>> {
    let group = Group::of(target)?;
    let last = group.deployments(clients, &[sdk::DeploymentStatus::Succeeded], 1).await?;
    let Some(location) = last.into_iter().next().and_then(|info| info.revision) else {
        return Ok(Vec::new());
    };
    let revision = revision::read(clients, group.application, &location).await?;
    Ok(revision.spec.map(|spec| spec.hooks).unwrap_or_default())
}

/// Starts a deployment of a revision, as [`start`] does.
pub(crate) async fn start_revision(
    clients: &Clients,
    target: &Target,
    revision: &Revision,
    description: &str,
) -> Result<Started> {
    let group = Group::of(target)?;
    let same = |info: &sdk::DeploymentInfo| is_same(info, revision, description);
    let active = group.deployments(clients, ACTIVE, 1).await?;
    if let Some(id) = active.into_iter().find(same).and_then(|info| info.deployment_id) {
        return Ok(Started { id, adopted: true });
    }
    // What has been deployed before with the same words is not what is being asked for now.
    let newest = group.deployments(clients, &[], 1).await?;
    let newest = newest.into_iter().next().and_then(|info| info.deployment_id);
    let mut attempt = 1;
    loop {
        let request = clients
            .codedeploy_once()
            .create_deployment()
            .application_name(group.application)
            .deployment_group_name(group.name)
            .revision(revision.location.clone())
            .description(description);
        let error = match request.send().await.named("codedeploy:CreateDeployment") {
            Ok(answer) => {
                let id = answer.deployment_id;
                let id =
                    id.ok_or_else(|| Error::internal("codedeploy:CreateDeployment answered without an id"))?;
                return Ok(Started { id, adopted: false });
            }
            Err(error) => error,
        };
        let is_lost = matches!(error.kind, ErrorKind::Ambiguous);
        if is_lost || is_refused(&error) {
            let made = || async {
                let found = group.deployments(clients, &[], 1).await?;
                let found = found.into_iter().find(|info| info.deployment_id != newest && same(info));
                Ok(found.and_then(|info| info.deployment_id))
            };
            let made = if is_lost { waited(LISTED.until(made).await)? } else { made().await? };
            if let Some(id) = made {
                return Ok(Started { id, adopted: false });
            }
        }
        let may_help =
            matches!(error.kind, ErrorKind::Ambiguous | ErrorKind::Throttled | ErrorKind::Unreachable);
        if !may_help || attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// What did not come in time is not there.
fn waited<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if error.kind == ErrorKind::Timeout => Ok(None),
        result => result.map(Some),
    }
}

fn is_same(info: &sdk::DeploymentInfo, revision: &Revision, description: &str) -> bool {
    let same_content = match info.revision() {
        None => false,
        Some(location) => match (location.s3_location(), revision.location.s3_location()) {
            (Some(one), Some(other)) => one.bucket == other.bucket && one.key == other.key,
            (None, None) => {
                let hash = revision::hash(location);
                hash.is_some() && hash == revision::hash(&revision.location)
            }
            _ => false,
        },
    };
    // Nobody asked for what CodeDeploy makes itself.
    let is_asked_for = info.creator() != Some(&sdk::DeploymentCreator::CodeDeployRollback);
    same_content && is_asked_for && info.description() == Some(description)
}

/// Lets a deployment go on from where it waits. One that does not wait there (any more) is no error: look again.
///
/// Source: `codedeploy:ContinueDeployment`.
///
/// # Errors
///
/// Those of AWS.
pub async fn proceed(clients: &Clients, target: &Target, id: &str, from: Hold) -> Result<()> {
    match (&target.controller, from) {
        (Controller::CodeDeploy { .. }, _) => {}
        (Controller::Ecs, Hold::Ready) => {
            return service_deployments::proceed(clients, target, id).await.map(drop);
        }
        (Controller::Ecs, Hold::Termination) => {
            if service_deployments::proceed(clients, target, id).await? {
                return Ok(());
            }
            let message = "ECS keeps the tasks that served before for the whole bake time: there is no way to end it early";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
    }
    /// What it says of a deployment that has gone on, or has ended.
    const PAST: &[&str] = &[
        "DeploymentIsNotInReadyStateException",
        "DeploymentAlreadyCompletedException",
        "InvalidDeploymentStatusException",
    ];
    let kind = match from {
        Hold::Ready => sdk::DeploymentWaitType::ReadyWait,
        Hold::Termination => sdk::DeploymentWaitType::TerminationWait,
    };
    let request = clients.codedeploy().continue_deployment().deployment_id(id).deployment_wait_type(kind);
    match request.send().await.named("codedeploy:ContinueDeployment") {
        Err(error) if PAST.iter().any(|code| error.is_code(code)) => Ok(()),
        answer => answer.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_content_and_words() {
        let revision = Revision::of(&AppSpec::new("web:3", "web", 80));
        let shown = |text: &str, words: &str| {
            let content = sdk::AppSpecContent::builder().sha256(revision::sha256(text)).build();
            let location = sdk::RevisionLocation::builder()
                .revision_type(sdk::RevisionLocationType::AppSpecContent)
                .app_spec_content(content);
            sdk::DeploymentInfo::builder().revision(location.build()).description(words).build()
        };
        let text = AppSpec::new("web:3", "web", 80).to_json();
        assert!(is_same(&shown(&text, "a"), &revision, "a"));
        assert!(!is_same(&shown(&text, "b"), &revision, "a"));
        let mut automatic = shown(&text, "a");
        automatic.creator = Some(sdk::DeploymentCreator::CodeDeployRollback);
        assert!(!is_same(&automatic, &revision, "a"));
        assert!(!is_same(&shown("else", "a"), &revision, "a"));
        assert!(!is_same(&sdk::DeploymentInfo::builder().description("a").build(), &revision, "a"));
    }
}
