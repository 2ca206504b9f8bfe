//! The deployment group.
//!
//! Source: `codedeploy:GetDeploymentGroup`.

use crate::facts::{DeploymentGroup, Look, seen as or_unseen};
use crate::subject::Subject;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// The deployment group; none if it is gone, or ECS deploys itself.
pub(super) async fn seen(clients: &Clients, subject: &Subject) -> Result<Look<Option<DeploymentGroup>>> {
    let Some((application, name)) = subject.group() else { return Ok(Ok(None)) };
    let request =
        clients.codedeploy().get_deployment_group().application_name(application).deployment_group_name(name);
    let answer = or_unseen(request.send().await.named("codedeploy:GetDeploymentGroup").or_absent())?;
    Ok(answer.map(|answer| {
        let found = answer?.deployment_group_info?;
        Some(DeploymentGroup {
            role: found.service_role_arn.unwrap_or_default(),
            configuration: found.deployment_config_name.unwrap_or_default(),
        })
    }))
}
