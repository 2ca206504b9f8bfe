//! Deployments that are under way when their deployment group goes.

use super::codedeploy_deployment_group::describe;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_codedeploy::types::{DeploymentCreator, DeploymentGroupInfo};
use wharf_provider::wait::Wait;
use wharf_provider::{Error, Result};

/// The states of a deployment that has not ended.
pub(super) const RUNNING: &[&str] = &["Created", "Queued", "InProgress", "Baking", "Ready"];

/// The deployment of a group that has not ended, with its state.
fn running(group: &DeploymentGroupInfo) -> Option<(&str, &str)> {
    let last = group.last_attempted_deployment()?;
    let status = last.status()?.as_str();
    RUNNING.contains(&status).then_some((last.deployment_id()?, status))
}

/// Stops what runs, with a rollback: traffic goes to the tasks that served before, the new ones go. The rollback is a
/// deployment of its own, which is let run to its end. So nothing deploys any more when the service is scaled down.
///
/// Sources: <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html>,
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html>.
pub(super) async fn stop(cloud: &Clients, application: &str, group: &str) -> Result<()> {
    let mut stopped: Vec<String> = Vec::new();
    loop {
        let found = describe(cloud, application, vec![group.to_owned()]).await?.into_iter().next();
        let Some((id, status)) = found.as_ref().and_then(running) else { return Ok(()) };
        let is_known = stopped.iter().any(|stopped| stopped == id);
        // A rollback is stopped only if it waits for somebody, and then it is not rolled back itself.
        let goes_back = !stopped.is_empty() || goes_back(cloud, id).await?;
        if !is_known && (!goes_back || status == "Ready") {
            let request = cloud.codedeploy().stop_deployment().deployment_id(id);
            let sent = request.auto_rollback_enabled(!goes_back).send().await;
            match sent.named("codedeploy:StopDeployment") {
                Err(error) if has_ended(&error) => {}
                other => drop(other?),
            }
            stopped.push(id.to_owned());
        }
        let id = id.to_owned();
        // AWS may go on for a moment to show as ready what is being stopped.
        let is_stopped = stopped.contains(&id);
        let wait = Wait::minutes("the deployment to stop", 30);
        wait.until(|| async {
            let found = describe(cloud, application, vec![group.to_owned()]).await?.into_iter().next();
            let goes_on = found
                .as_ref()
                .and_then(running)
                .is_some_and(|(now, status)| now == id && (is_stopped || status != "Ready"));
            Ok((!goes_on).then_some(()))
        })
        .await?;
    }
}

/// Whether a deployment is CodeDeploy's own, which takes back another one.
async fn goes_back(cloud: &Clients, id: &str) -> Result<bool> {
    let answer = cloud.codedeploy().get_deployment().deployment_id(id).send().await;
    let info = match answer.named("codedeploy:GetDeployment") {
        Err(error) if has_ended(&error) => None,
        other => other?.deployment_info,
    };
    let creator = info.and_then(|info| info.creator);
    Ok(creator == Some(DeploymentCreator::CodeDeployRollback))
}

fn has_ended(error: &Error) -> bool {
    error.is_code("DeploymentAlreadyCompletedException") || error.is_code("DeploymentDoesNotExistException")
}
