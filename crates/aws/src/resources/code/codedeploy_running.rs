//! Deployments that are under way when their deployment group goes.

use super::codedeploy_deployment_group::describe;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_codedeploy::types::DeploymentGroupInfo;
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

/// Stops what runs, with a rollback: traffic goes to the tasks that served before, the new ones go. So nothing deploys
/// any more when the service is scaled down.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html>.
pub(super) async fn stop(cloud: &Clients, application: &str, group: &str) -> Result<()> {
    let mut stopped: Vec<String> = Vec::new();
    loop {
        let found = describe(cloud, application, vec![group.to_owned()]).await?.into_iter().next();
        let Some((id, status)) = found.as_ref().and_then(running) else { return Ok(()) };
        // A rollback may be a deployment of its own. It is let run, unless it waits for somebody.
        let is_first = stopped.is_empty();
        if is_first || (status == "Ready" && !stopped.iter().any(|stopped| stopped == id)) {
            let request = cloud.codedeploy().stop_deployment().deployment_id(id);
            let sent = request.auto_rollback_enabled(is_first).send().await;
            match sent.named("codedeploy:StopDeployment") {
                Err(error) if has_ended(&error) => {}
                other => drop(other?),
            }
            stopped.push(id.to_owned());
        }
        let id = id.to_owned();
        let wait = Wait::minutes("the deployment to stop", 30);
        wait.until(|| async {
            let found = describe(cloud, application, vec![group.to_owned()]).await?.into_iter().next();
            let goes_on =
                found.as_ref().and_then(running).is_some_and(|(now, status)| now == id && status != "Ready");
            Ok((!goes_on).then_some(()))
        })
        .await?;
    }
}

fn has_ended(error: &Error) -> bool {
    error.is_code("DeploymentAlreadyCompletedException") || error.is_code("DeploymentDoesNotExistException")
}
