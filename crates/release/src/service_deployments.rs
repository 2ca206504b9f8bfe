//! The deployments of a service that ECS itself deploys, blue to green.
//!
//! Sources: `ecs:ListServiceDeployments`, `DescribeServiceDeployments`, `DescribeServiceRevisions`,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html>.

use crate::target::Target;
use aws_sdk_ecs::types as sdk;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Error, ErrorKind, Result};

/// How many deployments or revisions ECS describes in one answer.
const AT_ONCE: usize = 20;

/// Whether a deployment in this state has not ended.
pub(crate) fn is_active(status: Option<&sdk::ServiceDeploymentStatus>) -> bool {
    use sdk::ServiceDeploymentStatus as Status;
    matches!(
        status,
        Some(
            Status::Pending
                | Status::InProgress
                | Status::StopRequested
                | Status::RollbackRequested
                | Status::RollbackInProgress
        )
    )
}

/// The newest deployments of a service, `limit` at most, the newest first; none if the service is gone.
pub(crate) async fn list(
    clients: &Clients,
    target: &Target,
    limit: usize,
) -> Result<Vec<sdk::ServiceDeploymentBrief>> {
    let mut found: Vec<sdk::ServiceDeploymentBrief> = Vec::new();
    let mut page = None;
    while found.len() < limit {
        let request = clients
            .ecs()
            .list_service_deployments()
            .cluster(&target.cluster)
            .service(&target.service)
            .set_next_token(page.take());
        let answer = request.send().await.named("ecs:ListServiceDeployments").or_absent()?;
        let Some(answer) = answer else { break };
        found.extend(answer.service_deployments.unwrap_or_default());
        page = answer.next_token.filter(|token| !token.is_empty());
        if page.is_none() {
            break;
        }
    }
    found
        .sort_by_key(|brief| std::cmp::Reverse(brief.created_at().map(aws_smithy_types::DateTime::as_nanos)));
    found.truncate(limit);
    Ok(found)
}

/// One deployment, by its ARN; none if it is gone.
pub(crate) async fn describe(clients: &Clients, arn: &str) -> Result<Option<sdk::ServiceDeployment>> {
    Ok(described(clients, vec![arn.to_owned()]).await?.into_values().next())
}

/// Deployments, by their ARNs; without those that are gone.
pub(crate) async fn described(
    clients: &Clients,
    arns: Vec<String>,
) -> Result<BTreeMap<String, sdk::ServiceDeployment>> {
    let each = arns.chunks(AT_ONCE).map(|arns| async move {
        let request = clients.ecs().describe_service_deployments();
        let request = request.set_service_deployment_arns(Some(arns.to_vec()));
        request.send().await.named("ecs:DescribeServiceDeployments").or_absent()
    });
    let answers = try_join_all(each).await?.into_iter().flatten();
    let found = answers.flat_map(|answer| answer.service_deployments.unwrap_or_default());
    Ok(found.filter_map(|found| Some((found.service_deployment_arn.clone()?, found))).collect())
}

/// How much of the production traffic a deployment's tasks have, in percent.
pub(crate) fn weight(deployment: &sdk::ServiceDeployment) -> f64 {
    let brought = deployment.target_service_revision();
    brought.and_then(|one| one.requested_production_traffic_weight).unwrap_or_default()
}

/// Whether a deployment was stopped without a rollback when it had all of the production traffic: that stays with it.
pub(crate) fn was_left(deployment: &sdk::ServiceDeployment) -> bool {
    deployment.status() == Some(&sdk::ServiceDeploymentStatus::Stopped) && weight(deployment) >= 100.0
}

/// Revisions of services, by their ARNs; without those that are gone.
pub(crate) async fn revisions(
    clients: &Clients,
    arns: Vec<String>,
) -> Result<BTreeMap<String, sdk::ServiceRevision>> {
    let each = arns.chunks(AT_ONCE).map(|arns| async move {
        let request =
            clients.ecs().describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
        request.send().await.named("ecs:DescribeServiceRevisions").or_absent()
    });
    let answers = try_join_all(each).await?.into_iter().flatten();
    let found = answers.flat_map(|answer| answer.service_revisions.unwrap_or_default());
    Ok(found.filter_map(|revision| Some((revision.service_revision_arn.clone()?, revision))).collect())
}

/// The short name of a deployment: the last part of its ARN.
pub(crate) fn id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The ARN of a deployment of a target's service, by its short name.
pub(crate) async fn arn(clients: &Clients, target: &Target, id: &str) -> Result<String> {
    let identity = clients.identity().await?;
    let Target { cluster, service, .. } = target;
    let (partition, account) = (&identity.partition, &identity.account_id);
    let region = clients.region();
    Ok(format!("arn:{partition}:ecs:{region}:{account}:service-deployment/{cluster}/{service}/{id}"))
}

/// The hook at which a deployment waits for somebody.
pub(crate) fn waits_at(deployment: &sdk::ServiceDeployment) -> Option<&sdk::DeploymentLifecycleHookDetail> {
    let waits = |hook: &&sdk::DeploymentLifecycleHookDetail| {
        hook.status() == Some(&sdk::DeploymentLifecycleHookStatus::AwaitingAction)
    };
    deployment.lifecycle_hook_details().iter().find(waits)
}

/// Lets a deployment go on from the hook at which it waits, and tells whether it did wait. One that waits no more is no error.
///
/// Source: `ecs:ContinueServiceDeployment`.
pub(crate) async fn proceed(clients: &Clients, target: &Target, id: &str) -> Result<bool> {
    let arn = arn(clients, target, id).await?;
    let deployment = describe(clients, &arn).await?;
    let Some(hook) = deployment.as_ref().and_then(waits_at).and_then(|hook| hook.hook_id()) else {
        return Ok(false);
    };
    let request = clients.ecs().continue_service_deployment().service_deployment_arn(&arn).hook_id(hook);
    let request = request.action(sdk::DeploymentLifecycleHookAction::Continue);
    match request.send().await.named("ecs:ContinueServiceDeployment") {
        Err(error) if error.kind == ErrorKind::Invalid => {
            // Somebody else may have let it go on meanwhile.
            let now = describe(clients, &arn).await?;
            let waits = now.as_ref().and_then(waits_at).and_then(|hook| hook.hook_id()) == Some(hook);
            if waits { Err(error) } else { Ok(true) }
        }
        answer => answer.map(|_| true),
    }
}

/// Asks to stop a deployment and to send the traffic back. One that has ended, or is being stopped, is no error.
///
/// Source: `ecs:StopServiceDeployment`.
pub(crate) async fn stop(clients: &Clients, target: &Target, id: &str) -> Result<()> {
    let arn = arn(clients, target, id).await?;
    let request = clients.ecs().stop_service_deployment().service_deployment_arn(&arn);
    let request = request.stop_type(sdk::StopServiceDeploymentStopType::Rollback);
    match request.send().await.named("ecs:StopServiceDeployment") {
        Ok(_) => Ok(()),
        Err(error) => {
            use sdk::ServiceDeploymentStatus as Status;
            let now = describe(clients, &arn).await?;
            // Nobody has asked for its end yet.
            let goes_on = |status: &Status| matches!(status, Status::Pending | Status::InProgress);
            if now.as_ref().and_then(|deployment| deployment.status()).is_some_and(goes_on) {
                Err(error)
            } else {
                Ok(())
            }
        }
    }
}

/// Deploys another task definition. The id of the deployment that ECS starts for it.
///
/// Source: `ecs:UpdateService`, which starts nothing where the service has it already.
pub(crate) async fn update(clients: &Clients, target: &Target, definition: &str) -> Result<String> {
    let before =
        list(clients, target, 1).await?.into_iter().next().and_then(|brief| brief.service_deployment_arn);
    let request = clients.ecs().update_service().cluster(&target.cluster).service(&target.service);
    request.task_definition(definition).send().await.named("ecs:UpdateService")?;
    let wait = wharf_provider::wait::Wait::minutes("the deployment to be listed", 2);
    wait.until(|| async {
        let newest = list(clients, target, 1).await?.into_iter().next();
        let newest = newest.and_then(|brief| brief.service_deployment_arn);
        Ok(newest.filter(|newest| Some(newest) != before.as_ref()).map(|arn| id(&arn).to_owned()))
    })
    .await
    .map_err(|error| match error.kind {
        ErrorKind::Timeout => {
            Error::new(ErrorKind::Timeout, "ECS has begun no deployment: the service runs it already")
        }
        _ => error,
    })
}
