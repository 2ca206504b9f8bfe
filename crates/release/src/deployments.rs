//! The deployments of a deployment group.
//!
//! Sources: `codedeploy:ListDeployments`, `BatchGetDeployments`.

use crate::target::{Controller, Target};
use aws_sdk_codedeploy::types as sdk;
use futures::future::try_join_all;
use wharf_aws::{Clients, Named};
use wharf_provider::{Error, ErrorKind, Result};

/// How many deployments CodeDeploy describes in one answer.
const AT_ONCE: usize = 25;

/// The states of a deployment that has not ended.
pub(crate) const ACTIVE: &[sdk::DeploymentStatus] = &[
    sdk::DeploymentStatus::Created,
    sdk::DeploymentStatus::Queued,
    sdk::DeploymentStatus::InProgress,
    sdk::DeploymentStatus::Baking,
    sdk::DeploymentStatus::Ready,
];

/// A deployment group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group<'a> {
    pub(crate) application: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Group<'a> {
    /// The group that deploys a target.
    pub(crate) fn of(target: &'a Target) -> Result<Self> {
        match &target.controller {
            Controller::CodeDeploy { application, group } => Ok(Group { application, name: group }),
            Controller::Ecs => {
                let message = format!("`{}` is deployed by ECS itself, not by CodeDeploy", target.address);
                Err(Error::new(ErrorKind::Invalid, message))
            }
        }
    }

    /// Its deployments, the newest first, `limit` at most; those in one of these states, or all.
    pub(crate) async fn deployments(
        self,
        clients: &Clients,
        states: &[sdk::DeploymentStatus],
        limit: usize,
    ) -> Result<Vec<sdk::DeploymentInfo>> {
        let mut ids: Vec<String> = Vec::new();
        let mut page = None;
        while ids.len() < limit {
            let request = clients
                .codedeploy()
                .list_deployments()
                .application_name(self.application)
                .deployment_group_name(self.name)
                .set_include_only_statuses((!states.is_empty()).then(|| states.to_vec()))
                .set_next_token(page.take());
            let answer = request.send().await.named("codedeploy:ListDeployments")?;
            ids.extend(answer.deployments.unwrap_or_default());
            page = answer.next_token.filter(|token| !token.is_empty());
            if page.is_none() {
                break;
            }
        }
        ids.truncate(limit);
        let each = ids.chunks(AT_ONCE).map(|ids| described(clients, ids));
        let mut found: Vec<_> = try_join_all(each).await?.into_iter().flatten().collect();
        // CodeDeploy lists the newest first, and describes in any order.
        let place =
            |info: &sdk::DeploymentInfo| ids.iter().position(|id| Some(id.as_str()) == info.deployment_id());
        found.sort_by_key(|info| (info.create_time().map(|time| -time.secs()), place(info)));
        Ok(found)
    }
}

async fn described(clients: &Clients, ids: &[String]) -> Result<Vec<sdk::DeploymentInfo>> {
    let request = clients.codedeploy().batch_get_deployments().set_deployment_ids(Some(ids.to_vec()));
    let answer = request.send().await.named("codedeploy:BatchGetDeployments")?;
    Ok(answer.deployments_info.unwrap_or_default())
}

/// The deployment that this one takes back: CodeDeploy makes one of its own for a rollback.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html>.
pub(crate) fn rolls_back(info: &sdk::DeploymentInfo) -> Option<String> {
    let undone = info.rollback_info()?.rollback_triggering_deployment_id()?;
    (info.deployment_id() != Some(undone)).then(|| undone.to_owned())
}

/// Whether a deployment has not ended.
pub(crate) fn is_active(info: &sdk::DeploymentInfo) -> bool {
    info.status().is_some_and(|status| ACTIVE.contains(status))
}
