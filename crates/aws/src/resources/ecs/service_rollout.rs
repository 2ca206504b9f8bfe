//! How ECS's own deployment of a service stands: which one is under way, and which target groups serve.
//!
//! What `DescribeServices` tells of load balancers stays as it was declared; which of the two target groups a revision
//! uses is told by `DescribeServiceRevisions`, as its resolved configuration.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ResolvedConfiguration.html>.

use super::deployment_configuration::SHIFTING;
use super::service_place::{Place, describe};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::traffic::name;
use aws_sdk_ecs::types as ecs;
use futures::future::try_join_all;
use std::collections::HashMap;
use wharf_provider::wait::Wait;
use wharf_provider::{Error, ErrorKind, Result};

/// The most revisions that one `DescribeServiceRevisions` takes.
const DESCRIBED: usize = 20;

/// Whether ECS deploys a service by a strategy that has two revisions.
pub(super) fn shifts(service: &ecs::Service) -> bool {
    let strategy = service.deployment_configuration().and_then(ecs::DeploymentConfiguration::strategy);
    strategy.is_some_and(|strategy| SHIFTING.contains(&strategy.as_str()))
}

/// How far the deployments of a service are: `IN_PROGRESS` while one of them is, else how the last one ended.
pub(super) fn state(service: &ecs::Service) -> Option<&ecs::DeploymentRolloutState> {
    let busy = ecs::DeploymentRolloutState::InProgress;
    let states = || service.deployments().iter().filter_map(ecs::Deployment::rollout_state);
    states().find(|state| **state == busy).or_else(|| {
        let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        primary.and_then(ecs::Deployment::rollout_state)
    })
}

/// Whether a service runs what it should and nothing else; `wanted` is its task definition.
///
/// # Errors
///
/// The last deployment has failed, or gone back.
pub(super) async fn is_steady(cloud: &Clients, service: &ecs::Service, wanted: Option<&str>) -> Result<bool> {
    let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let failed = ecs::DeploymentRolloutState::Failed;
    if let Some(deployment) = primary.filter(|deployment| deployment.rollout_state() == Some(&failed)) {
        let reason = deployment.rollout_state_reason().unwrap_or("ECS gives no reason");
        return Err(Error::new(ErrorKind::Invalid, format!("the deployment failed: {reason}")));
    }
    let steady = |set: &ecs::TaskSet| set.stability_status() == Some(&ecs::StabilityStatus::SteadyState);
    let runs = service.running_count == service.desired_count
        && service.deployments().len() <= 1
        && service.task_sets().iter().all(steady);
    Ok(runs && (!shifts(service) || has_brought(cloud, service, wanted).await?))
}

/// Whether the last deployment is over, and has brought the task definition that is wanted.
async fn has_brought(cloud: &Clients, service: &ecs::Service, wanted: Option<&str>) -> Result<bool> {
    if state(service) == Some(&ecs::DeploymentRolloutState::InProgress) {
        return Ok(false);
    }
    // A family alone means whichever revision is the newest.
    let wanted = wanted.map(arn::last).filter(|wanted| wanted.contains(':'));
    let live = service.task_definition().map(arn::last);
    if wanted.is_none() || wanted == live {
        return Ok(true);
    }
    // Either it has not begun for this look at ECS, or it went back.
    let Some(last) = service.current_service_deployment() else { return Ok(false) };
    let request = cloud.ecs().describe_service_deployments().service_deployment_arns(last);
    let answer = request.send().await.named("ecs:DescribeServiceDeployments")?;
    let ended = answer.service_deployments().first().filter(|deployment| {
        let status = deployment.status().map_or("", ecs::ServiceDeploymentStatus::as_str);
        status == "STOPPED" || status.starts_with("ROLLBACK_")
    });
    ended.map_or(Ok(false), |deployment| {
        let reason = deployment.status_reason().unwrap_or("ECS gives no reason");
        let message = format!(
            "ECS gave deployment {} up, and {} serves: {reason}",
            arn::last(last),
            live.unwrap_or("what served before")
        );
        Err(Error::new(ErrorKind::Invalid, message))
    })
}

/// Stops the deployment of a service that is under way, with a rollback, so that nothing deploys any more when the service
/// is scaled down: ECS deletes none that is being deployed, and a pause may last for days.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html>.
pub(super) async fn stop(cloud: &Clients, place: &Place) -> Result<()> {
    let services = describe(cloud, &place.cluster, vec![place.name.clone()]).await?;
    let Some(service) = services.first().filter(|service| shifts(service)) else { return Ok(()) };
    let Some(deployment) = service.current_service_deployment() else { return Ok(()) };
    if goes_on(status(cloud, deployment).await?.as_ref()) {
        let request = cloud.ecs().stop_service_deployment().service_deployment_arn(deployment);
        let request = request.stop_type(ecs::StopServiceDeploymentStopType::Rollback);
        // It may have ended meanwhile, or somebody else may have stopped it.
        if let Err(error) = request.send().await.named("ecs:StopServiceDeployment")
            && goes_on(status(cloud, deployment).await?.as_ref())
        {
            return Err(error);
        }
    }
    let wait = Wait::minutes("the deployment to stop", 30);
    wait.until(|| async { Ok(has_ended(status(cloud, deployment).await?.as_ref()).then_some(())) }).await
}

/// Refuses to let a service be rolled again whose tasks are not where it would be rolled: its rules would be the stack's
/// again, and send everybody to a target group without tasks.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/migrate-deployment-strategies.html>.
pub(super) async fn check_leaving(cloud: &Clients, place: &Place, declared: &[&str]) -> Result<()> {
    let services = describe(cloud, &place.cluster, vec![place.name.clone()]).await?;
    let groups = target_groups(cloud, &services).await?;
    let serving = services.first().map(|service| serving(service, &groups)).unwrap_or_default();
    let Some(group) = serving.iter().find(|group| !declared.contains(&group.as_str())) else {
        return Ok(());
    };
    let message = format!(
        "{} serves from {}, which is not the `target_group_arn` of its `load_balancer`: with the strategy ROLLING its \
         rules would go to a target group without tasks. Deploy once more, so that the other one serves, or name this one \
         there and in the rules",
        place.name,
        name(group)
    );
    Err(Error::new(ErrorKind::Invalid, message))
}

/// How far a deployment is; none if ECS does not know it any more.
async fn status(cloud: &Clients, arn: &str) -> Result<Option<ecs::ServiceDeploymentStatus>> {
    let request = cloud.ecs().describe_service_deployments().service_deployment_arns(arn);
    let answer = request.send().await.named("ecs:DescribeServiceDeployments")?;
    Ok(answer.service_deployments.into_iter().flatten().next().and_then(|found| found.status))
}

/// Whether a deployment goes on, and nobody has asked for its end.
fn goes_on(status: Option<&ecs::ServiceDeploymentStatus>) -> bool {
    use ecs::ServiceDeploymentStatus as Status;
    matches!(status, Some(Status::Pending | Status::InProgress))
}

fn has_ended(status: Option<&ecs::ServiceDeploymentStatus>) -> bool {
    use ecs::ServiceDeploymentStatus as Status;
    let ended = [Status::Successful, Status::Stopped, Status::RollbackSuccessful, Status::RollbackFailed];
    status.is_none_or(|status| ended.contains(status))
}

/// The target groups of the revisions that run, by the revisions' ARNs; of services that ECS deploys blue/green.
pub(super) async fn target_groups(
    cloud: &Clients,
    services: impl IntoIterator<Item = &ecs::Service>,
) -> Result<HashMap<String, Vec<String>>> {
    let arns: Vec<String> = services
        .into_iter()
        .filter(|service| shifts(service))
        .flat_map(ecs::Service::current_service_revisions)
        .filter_map(|revision| revision.arn().map(str::to_owned))
        .collect();
    let requests = arns.chunks(DESCRIBED).map(|arns| async {
        let request = cloud.ecs().describe_service_revisions().set_service_revision_arns(Some(arns.to_vec()));
        request.send().await.named("ecs:DescribeServiceRevisions")
    });
    let revisions = try_join_all(requests).await?.into_iter().filter_map(|answer| answer.service_revisions);
    let used = revisions.flatten().filter_map(|revision| {
        let resolved = revision.resolved_configuration?;
        let groups = resolved.load_balancers.into_iter().flatten().filter_map(|group| group.target_group_arn);
        Some((revision.service_revision_arn?, groups.collect()))
    });
    Ok(used.collect())
}

/// The target groups that serve, where only one revision runs.
pub(super) fn serving(service: &ecs::Service, used: &HashMap<String, Vec<String>>) -> Vec<String> {
    match service.current_service_revisions() {
        [only] => only.arn().and_then(|arn| used.get(arn)).cloned().unwrap_or_default(),
        _ => Vec::new(),
    }
}
