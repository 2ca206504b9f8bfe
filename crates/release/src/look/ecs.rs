//! A service that ECS itself deploys: its newest deployment, and its tasks as if they were task sets.

use super::codedeploy::Seen;
use crate::phase;
use crate::report::{Deployment, DeploymentError, LifecycleEvent, OnTimeout, Phase};
use crate::service_deployments as deployments;
use crate::target::Target;
use crate::time::Time;
use aws_sdk_ecs::types as sdk;
use std::collections::BTreeMap;
use wharf_aws::Clients;
use wharf_provider::Result;

/// The stages of a deployment, in their order.
const STAGES: &[&str] = &[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
];

/// The newest deployment, or this one, and what is known of its revisions.
#[derive(Debug, Default)]
pub(super) struct Rollout {
    pub(super) seen: Seen,
    deployment: Option<sdk::ServiceDeployment>,
    revisions: BTreeMap<String, sdk::ServiceRevision>,
}

/// The newest deployment of a service, or the one asked for.
pub(super) async fn rollout(clients: &Clients, target: &Target, id: Option<&str>) -> Result<Rollout> {
    let arn = match id {
        Some(id) => Some(deployments::arn(clients, target, id).await?),
        None => {
            let newest = deployments::list(clients, target, 1).await?.into_iter().next();
            newest.and_then(|brief| brief.service_deployment_arn)
        }
    };
    let Some(arn) = arn else { return Ok(Rollout::default()) };
    let Some(deployment) = deployments::describe(clients, &arn).await? else {
        let missing = vec![format!("the deployment {} is gone", deployments::id(&arn))];
        return Ok(Rollout { seen: Seen { missing, ..Seen::default() }, ..Rollout::default() });
    };
    let both = deployment.source_service_revisions().iter().chain(deployment.target_service_revision());
    let arns = both.filter_map(|revision| revision.arn.clone()).collect();
    let revisions = deployments::revisions(clients, arns).await?;
    let seen = Seen { deployment: Some(shown(&arn, &deployment)), ..Seen::default() };
    Ok(Rollout { seen, deployment: Some(deployment), revisions })
}

impl Rollout {
    /// The tasks of a service by revision, as a service under CodeDeploy has them: the one that serves is the primary one.
    pub(super) fn task_sets(&mut self, service: &sdk::Service) -> Vec<sdk::TaskSet> {
        let Some(deployment) = &self.deployment else { return Vec::new() };
        let phase = self.seen.deployment.as_ref().map(|deployment| deployment.phase);
        let has_moved = matches!(phase, Some(Phase::Rerouted | Phase::Done));
        let source = deployment.source_service_revisions().first();
        let target = deployment.target_service_revision();
        let (serves, other) = if has_moved || source.is_none() { (target, source) } else { (source, target) };
        let is_over = phase.is_none_or(Phase::has_ended);
        let other = other.filter(|_| !is_over);
        let mut sets = Vec::new();
        for (summary, status) in [(serves, "PRIMARY"), (other, "ACTIVE")] {
            let Some((summary, revision)) =
                summary.and_then(|summary| Some((summary, self.revisions.get(summary.arn()?)?)))
            else {
                continue;
            };
            let definition = revision.task_definition().unwrap_or_default();
            let running = service.deployments().iter().find(|one| one.task_definition() == Some(definition));
            let id = running.and_then(sdk::Deployment::id).or(summary.arn()).unwrap_or_default().to_owned();
            let is_target = summary.arn() == target.and_then(|target| target.arn());
            if !is_over {
                let color = if is_target { "Green" } else { "Blue" };
                self.seen.colors.insert(id.clone(), color.to_owned());
            }
            // What ended says nothing of now.
            let counts = running.filter(|_| is_over).map_or(
                (summary.requested_task_count, summary.running_task_count, summary.pending_task_count),
                |one| (one.desired_count, one.running_count, one.pending_count),
            );
            let resolved = revision.resolved_configuration().map(sdk::ResolvedConfiguration::load_balancers);
            let groups = resolved.unwrap_or_default().iter().filter_map(|one| one.target_group_arn.clone());
            let balancers = revision.load_balancers().iter().zip(groups).map(|(balancer, group)| {
                sdk::LoadBalancer::builder()
                    .target_group_arn(group)
                    .set_container_name(balancer.container_name.clone())
                    .set_container_port(balancer.container_port)
                    .build()
            });
            sets.push(
                sdk::TaskSet::builder()
                    .id(id)
                    .status(status)
                    .task_definition(definition)
                    .computed_desired_count(counts.0)
                    .running_count(counts.1)
                    .pending_count(counts.2)
                    .set_load_balancers(Some(balancers.collect()))
                    .build(),
            );
        }
        sets
    }
}

fn shown(arn: &str, found: &sdk::ServiceDeployment) -> Deployment {
    let status = found.status().map_or("UNKNOWN", sdk::ServiceDeploymentStatus::as_str);
    let stage = found.lifecycle_stage().map(sdk::ServiceDeploymentLifecycleStage::as_str);
    let hook = deployments::waits_at(found);
    let phase = phase::of_ecs(status, stage, hook.is_some());
    let baked = found.deployment_configuration().and_then(|settings| settings.bake_time_in_minutes);
    let bakes = stage == Some("BAKE_TIME");
    let failed = phase == Phase::Failed || status.starts_with("ROLLBACK") || status.starts_with("STOP");
    let alarms = found.alarms().map(sdk::ServiceDeploymentAlarms::triggered_alarm_names).unwrap_or_default();
    let code = if alarms.is_empty() { status.to_owned() } else { "ALARM_ACTIVE".to_owned() };
    let reason = found.status_reason().map(str::to_owned);
    let reason = if alarms.is_empty() { reason } else { Some(format!("{} went off", alarms.join(", "))) };
    Deployment {
        id: deployments::id(arn).to_owned(),
        status: status.to_owned(),
        phase,
        created: found.created_at.map(Time::from),
        completed: found.finished_at.or(found.stopped_at).map(Time::from),
        description: None,
        events: events(status, stage, failed, found),
        ready_until: hook.and_then(|hook| hook.expires_at).map(Time::from),
        on_timeout: hook.and_then(|hook| match hook.timeout_action()? {
            sdk::DeploymentLifecycleHookAction::Continue => Some(OnTimeout::ContinueDeployment),
            _ => Some(OnTimeout::StopDeployment),
        }),
        terminates: found
            .updated_at
            .filter(|_| bakes)
            .zip(baked)
            .map(|(since, minutes)| Time::from(since).plus_minutes(minutes.into())),
        error: reason.filter(|_| failed).map(|message| DeploymentError { code, message }),
        rolls_back: None,
        rolled_back_by: None,
        rollback: found.rollback().and_then(|rollback| rollback.reason.clone()),
    }
}

/// The stages, as far as the present one tells of the others.
fn events(
    status: &str,
    stage: Option<&str>,
    failed: bool,
    found: &sdk::ServiceDeployment,
) -> Vec<LifecycleEvent> {
    let at = stage.and_then(|stage| STAGES.iter().position(|known| *known == stage));
    let hook = found.lifecycle_hook_details().iter().find(|hook| {
        use sdk::DeploymentLifecycleHookStatus as Status;
        matches!(hook.status(), Some(Status::Failed | Status::TimedOut))
    });
    let said = |hook: &sdk::DeploymentLifecycleHookDetail| {
        let parts = [hook.target_arn(), hook.status().map(sdk::DeploymentLifecycleHookStatus::as_str)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    };
    let event = |(index, name): (usize, &&str)| {
        let state = match at.map(|at| index.cmp(&at)) {
            _ if status == "SUCCESSFUL" => "Succeeded",
            Some(std::cmp::Ordering::Less) => "Succeeded",
            Some(std::cmp::Ordering::Equal) if failed => "Failed",
            Some(std::cmp::Ordering::Equal) => "InProgress",
            _ => "Pending",
        };
        LifecycleEvent {
            name: (*name).to_owned(),
            status: state.to_owned(),
            started: None,
            ended: None,
            diagnostics: hook.filter(|_| state == "Failed").map(said),
        }
    };
    if at.is_none() && status != "SUCCESSFUL" {
        return Vec::new();
    }
    STAGES.iter().enumerate().map(event).collect()
}
