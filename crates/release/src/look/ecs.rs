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
    /// Reads what runs where ECS lists no deployment, which it does for 90 days.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment.html>.
    pub(super) async fn complete(&mut self, clients: &Clients, service: &sdk::Service) -> Result<()> {
        if self.deployment.is_none() {
            let current = service.current_service_revisions().iter();
            let arns = current.filter_map(|revision| revision.arn.clone()).collect();
            self.revisions = deployments::revisions(clients, arns).await?;
        }
        Ok(())
    }

    /// The tasks of a service by revision, as a service under CodeDeploy has them: the one that serves is the primary one.
    pub(super) fn task_sets(&mut self, service: &sdk::Service) -> Vec<sdk::TaskSet> {
        let Some(deployment) = &self.deployment else { return self.at_rest(service) };
        let phase = self.seen.deployment.as_ref().map(|deployment| deployment.phase);
        let was_left = deployments::was_left(deployment);
        let has_moved = matches!(phase, Some(Phase::Rerouted | Phase::Done)) || was_left;
        let source = deployment.source_service_revisions().first();
        let target = deployment.target_service_revision();
        let (serves, other) = if has_moved || source.is_none() { (target, source) } else { (source, target) };
        let is_over = phase.is_none_or(Phase::has_ended);
        let other = other.filter(|_| !is_over || was_left);
        let definition = |summary: Option<&sdk::ServiceRevisionSummary>| {
            summary.and_then(|summary| self.revisions.get(summary.arn()?)?.task_definition())
        };
        let is_alike = other.is_some() && definition(serves) == definition(other);
        let mut sets = Vec::new();
        for (summary, status) in [(serves, "PRIMARY"), (other, "ACTIVE")] {
            let Some((summary, revision)) =
                summary.and_then(|summary| Some((summary, self.revisions.get(summary.arn()?)?)))
            else {
                continue;
            };
            let definition = revision.task_definition().unwrap_or_default();
            let is_target = summary.arn() == target.and_then(|target| target.arn());
            // Two revisions of one task definition are told apart by which deployment is the newer.
            let is_newer = if is_over { status == "PRIMARY" } else { is_target };
            let newer = if is_newer { "PRIMARY" } else { "ACTIVE" };
            let of_definition =
                || service.deployments().iter().filter(|one| one.task_definition() == Some(definition));
            let running = of_definition().find(|one| one.status() == Some(newer));
            let running = running.or_else(|| of_definition().find(|_| !is_alike));
            let id = running.and_then(sdk::Deployment::id).or(summary.arn()).unwrap_or_default().to_owned();
            if !is_over || was_left {
                let color = if is_target { "Green" } else { "Blue" };
                self.seen.colors.insert(id.clone(), color.to_owned());
            }
            // What ended says nothing of now: then all tasks are the service's.
            let counts = if is_over && !was_left {
                counts(service)
            } else {
                (summary.requested_task_count, summary.running_task_count, summary.pending_task_count)
            };
            sets.push(task_set(id, status, revision, counts));
        }
        sets
    }

    /// The only one, where nothing was deployed for long.
    fn at_rest(&self, service: &sdk::Service) -> Vec<sdk::TaskSet> {
        let arns = service.current_service_revisions().iter().filter_map(|revision| revision.arn());
        let mut known = arns.filter_map(|arn| Some((arn, self.revisions.get(arn)?)));
        let only = known.next().filter(|_| known.next().is_none());
        let set = |(arn, revision): (&str, _)| task_set(arn.to_owned(), "PRIMARY", revision, counts(service));
        only.map(set).into_iter().collect()
    }
}

/// How many tasks of a service are wanted, run, and are about to.
fn counts(service: &sdk::Service) -> (i32, i32, i32) {
    (service.desired_count, service.running_count, service.pending_count)
}

fn task_set(
    id: String,
    status: &str,
    revision: &sdk::ServiceRevision,
    counts: (i32, i32, i32),
) -> sdk::TaskSet {
    let resolved = revision.resolved_configuration().map(sdk::ResolvedConfiguration::load_balancers);
    let groups = resolved.unwrap_or_default().iter().filter_map(|one| one.target_group_arn.clone());
    let balancers = revision.load_balancers().iter().zip(groups).map(|(balancer, group)| {
        sdk::LoadBalancer::builder()
            .target_group_arn(group)
            .set_container_name(balancer.container_name.clone())
            .set_container_port(balancer.container_port)
            .build()
    });
    sdk::TaskSet::builder()
        .id(id)
        .status(status)
        .task_definition(revision.task_definition().unwrap_or_default())
        .computed_desired_count(counts.0)
        .running_count(counts.1)
        .pending_count(counts.2)
        .set_load_balancers(Some(balancers.collect()))
        .build()
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
        on_timeout: match hook {
            Some(hook) => hook.timeout_action().map(|action| match action {
                sdk::DeploymentLifecycleHookAction::Continue => OnTimeout::ContinueDeployment,
                _ => OnTimeout::StopDeployment,
            }),
            // Without a pause on its way it asks nobody.
            None => {
                (phase == Phase::Preparing && !pauses(found, stage)).then_some(OnTimeout::ContinueDeployment)
            }
        },
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

/// Whether a deployment is to wait for somebody between its present stage and the production traffic.
fn pauses(found: &sdk::ServiceDeployment, stage: Option<&str>) -> bool {
    let place = |name: &str| match name {
        "PRE_PRODUCTION_TRAFFIC_SHIFT" => Some(production()),
        name => STAGES.iter().position(|known| *known == name),
    };
    let now = stage.and_then(place).unwrap_or_default();
    let hooks = found.deployment_configuration().map(sdk::DeploymentConfiguration::lifecycle_hooks);
    let pauses = hooks
        .unwrap_or_default()
        .iter()
        .filter(|hook| hook.target_type() == Some(&sdk::DeploymentLifecycleHookTargetType::Pause));
    let mut stages = pauses.flat_map(sdk::DeploymentLifecycleHook::lifecycle_stages);
    stages.any(|hook| place(hook.as_str()).is_some_and(|place| (now..=production()).contains(&place)))
}

fn production() -> usize {
    STAGES.iter().position(|known| *known == "PRODUCTION_TRAFFIC_SHIFT").unwrap_or(STAGES.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stages: &[&str]) -> sdk::ServiceDeployment {
        let hook = sdk::DeploymentLifecycleHook::builder()
            .target_type(sdk::DeploymentLifecycleHookTargetType::Pause)
            .set_lifecycle_stages(Some(stages.iter().map(|stage| (*stage).into()).collect()))
            .build();
        let function =
            sdk::DeploymentLifecycleHook::builder().lifecycle_stages("POST_SCALE_UP".into()).build();
        let settings =
            sdk::DeploymentConfiguration::builder().lifecycle_hooks(hook).lifecycle_hooks(function);
        sdk::ServiceDeployment::builder().deployment_configuration(settings.build()).build()
    }

    #[test]
    fn a_pause_counts_until_it_is_past() {
        let all = ["PRE_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT"];
        for (pauses_at, stage, pauses) in [
            (&all[..], None, true),
            (&all, Some("POST_TEST_TRAFFIC_SHIFT"), true),
            (&all[..1], Some("SCALE_UP"), false),
            (&["POST_PRODUCTION_TRAFFIC_SHIFT"], Some("SCALE_UP"), false),
            (&[], None, false),
        ] {
            assert_eq!(super::pauses(&found(pauses_at), stage), pauses, "{pauses_at:?} {stage:?}");
        }
    }

    fn summary(arn: &str, weight: f64) -> sdk::ServiceRevisionSummary {
        let of =
            sdk::ServiceRevisionSummary::builder().arn(arn).requested_task_count(2).running_task_count(2);
        of.requested_production_traffic_weight(weight).build()
    }

    /// A deployment that brings `new` in the place of `old`, both of one task definition.
    fn rollout(status: sdk::ServiceDeploymentStatus, phase: Phase, weight: f64) -> Rollout {
        let deployment = sdk::ServiceDeployment::builder()
            .status(status)
            .source_service_revisions(summary("old", 100.0 - weight))
            .target_service_revision(summary("new", weight))
            .build();
        let revision = |arn: &str| {
            let of = sdk::ServiceRevision::builder().service_revision_arn(arn);
            (arn.to_owned(), of.task_definition("web:1").build())
        };
        let shown = Deployment { phase, ..shown("a/b", &deployment) };
        Rollout {
            seen: Seen { deployment: Some(shown), ..Seen::default() },
            deployment: Some(deployment),
            revisions: [revision("old"), revision("new")].into(),
        }
    }

    fn service() -> sdk::Service {
        let of = |id: &str, status: &str| {
            let of = sdk::Deployment::builder().id(id).status(status).task_definition("web:1");
            of.desired_count(2).running_count(2).build()
        };
        sdk::Service::builder().deployments(of("n", "PRIMARY")).deployments(of("o", "ACTIVE")).build()
    }

    fn sets(rollout: &mut Rollout) -> Vec<(String, String)> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        rollout.task_sets(&service()).iter().map(|set| (text(set.id()), text(set.status()))).collect()
    }

    #[test]
    fn revisions_of_one_task_definition_are_told_apart() {
        let pair = |id: &str, status: &str| (id.to_owned(), status.to_owned());
        let mut under_way = rollout(sdk::ServiceDeploymentStatus::InProgress, Phase::Preparing, 0.0);
        assert_eq!(sets(&mut under_way), [pair("o", "PRIMARY"), pair("n", "ACTIVE")]);
        let color = |id: &str| under_way.seen.colors.get(id).map(String::as_str);
        assert_eq!((color("o"), color("n")), (Some("Blue"), Some("Green")));
    }

    #[test]
    fn what_was_rolled_until_now_is_not_taken_for_what_is_new() {
        let mut first = rollout(sdk::ServiceDeploymentStatus::InProgress, Phase::Preparing, 0.0);
        let mut service = service();
        service.deployments.as_mut().unwrap().truncate(1);
        let ids: Vec<_> = first.task_sets(&service).into_iter().filter_map(|set| set.id).collect();
        assert_eq!(ids, ["old", "n"]);
        // And once it came back, its tasks are the service's.
        (service.desired_count, service.running_count) = (3, 3);
        let mut back = rollout(sdk::ServiceDeploymentStatus::RollbackSuccessful, Phase::Failed, 0.0);
        assert_eq!(back.task_sets(&service)[0].computed_desired_count, 3);
    }

    #[test]
    fn what_is_stopped_without_a_rollback_serves_on() {
        let stopped =
            |weight| sets(&mut rollout(sdk::ServiceDeploymentStatus::Stopped, Phase::Failed, weight));
        assert_eq!(stopped(100.0).len(), 2);
        assert_eq!(stopped(100.0)[0].0, "n");
        assert_eq!(stopped(0.0).len(), 1);
    }
}
