//! A deployment that is active is in the way of the next: a deployment group has one at a time.

use crate::deployments::{ACTIVE, Group, rolls_back};
use crate::service_deployments;
use crate::target::{Controller, Target};
use serde::Serialize;
use wharf_aws::{Clients, Named};
use wharf_provider::{Error, Result};

/// A deployment that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Active {
    /// Its id.
    pub id: String,
    /// As AWS says: `Created`, `Queued`, `InProgress`, `Ready`.
    pub status: String,
    /// What it was said to be for.
    pub description: Option<String>,
    /// The deployment that it takes back, if it is CodeDeploy's own.
    pub rolls_back: Option<String>,
}

/// Whether CodeDeploy has refused a deployment as there are others: one of the group, or too many in the account.
///
/// Source: `codedeploy:CreateDeployment`, `DeploymentLimitExceededException`.
pub fn is_refused(error: &Error) -> bool {
    error.is_code("DeploymentLimitExceededException")
}

/// The deployment of a target that has not ended, if there is one.
///
/// # Errors
///
/// Those of `codedeploy:ListDeployments` and `BatchGetDeployments`.
pub async fn active(clients: &Clients, target: &Target) -> Result<Option<Active>> {
    if target.controller == Controller::Ecs {
        let newest = service_deployments::list(clients, target, 1).await?.into_iter().next();
        let active = newest.filter(|brief| service_deployments::is_active(brief.status()));
        return Ok(active.and_then(|brief| {
            let id = service_deployments::id(brief.service_deployment_arn()?).to_owned();
            Some(Active {
                id,
                status: brief.status()?.as_str().to_owned(),
                description: None,
                rolls_back: None,
            })
        }));
    }
    let found = Group::of(target)?.deployments(clients, ACTIVE, 1).await?;
    Ok(found.into_iter().next().and_then(|info| {
        Some(Active {
            rolls_back: rolls_back(&info),
            id: info.deployment_id?,
            status: info.status?.as_str().to_owned(),
            description: info.description.filter(|text| !text.is_empty()),
        })
    }))
}

/// Asks to stop a deployment and to send the traffic back to where it was. One that has ended is no error.
///
/// Source: `codedeploy:StopDeployment`, `ecs:StopServiceDeployment`.
///
/// # Errors
///
/// Those of AWS.
pub async fn stop(clients: &Clients, target: &Target, id: &str) -> Result<()> {
    if target.controller == Controller::Ecs {
        return service_deployments::stop(clients, target, id).await;
    }
    let request = clients.codedeploy().stop_deployment().deployment_id(id).auto_rollback_enabled(true);
    match request.send().await.named("codedeploy:StopDeployment") {
        Err(error) if error.is_code("DeploymentAlreadyCompletedException") => Ok(()),
        answer => answer.map(drop),
    }
}
