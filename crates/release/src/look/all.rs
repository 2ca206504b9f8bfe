//! All that there is to see of a release, put together.

use super::memory::Memory;
use super::{codedeploy, ecs, pipeline, service, traffic, why};
use crate::cause::causes;
use crate::next::next;
use crate::pipeline::PipelineTarget;
use crate::report::{Listener, Pipeline, Report, Role, Share, TaskSet};
use crate::target::{Controller, Target};
use crate::time::Time;
use aws_sdk_ecs::types as sdk;
use std::collections::BTreeMap;
use wharf_aws::Clients;
use wharf_provider::Result;

/// How a release stands. What is gone is no error: it is listed as missing. Who looks again with the same memory reads less.
///
/// # Errors
///
/// Those of AWS.
pub async fn report(clients: &Clients, memory: &Memory, target: &Target) -> Result<Report> {
    whole(clients, memory, target, None).await
}

/// How a release stands, with this deployment instead of the newest.
///
/// # Errors
///
/// Those of AWS.
pub async fn report_of(
    clients: &Clients,
    memory: &Memory,
    target: &Target,
    deployment: &str,
) -> Result<Report> {
    whole(clients, memory, target, Some(deployment)).await
}

async fn whole(clients: &Clients, memory: &Memory, target: &Target, id: Option<&str>) -> Result<Report> {
    let looked = Time::now();
    let (deployed, mut service, traffic, (pipeline, unseen_pipeline)) = futures::try_join!(
        deployment(clients, memory, target, id),
        service::seen(clients, memory, &target.cluster, &target.service),
        traffic::seen(clients, target),
        async { why::noted(pipeline(clients, target).await, "the pipeline") },
    )?;
    let mut deployed = match deployed {
        Deployed::CodeDeploy(deployed) => *deployed,
        Deployed::Ecs(mut rollout) => {
            if let Some(described) = &service.described {
                rollout.complete(clients, described).await?;
                let sets = rollout.task_sets(described);
                service.hold(clients, memory, sets).await?;
            }
            rollout.seen
        }
    };
    let shift = deployed.shift;
    // Whoever looks knows blue and green as the deployment that is taken back calls them.
    let colors = match &mut deployed.rolled_back {
        Some(before) if !before.colors.is_empty() => std::mem::take(&mut before.colors),
        _ => std::mem::take(&mut deployed.colors),
    };
    let task_sets =
        service.sets.iter().map(|set| task_set(set, target, &colors, &service, &traffic)).collect();
    let gone = |known: &PipelineTarget| format!("the pipeline {} is gone", known.name);
    let no_pipeline = target.pipeline.as_ref().filter(|_| pipeline.is_none()).map(gone);
    let no_pipeline = unseen_pipeline.or(no_pipeline);
    let mut missing = [deployed.missing, service.missing.clone(), traffic.missing].concat();
    missing.extend(no_pipeline);
    let mut report = Report {
        stack: target.stack.clone(),
        address: target.address.clone(),
        controller: target.controller.name(),
        cluster: target.cluster.clone(),
        service: target.service.clone(),
        looked,
        pipeline,
        deployment: deployed.deployment,
        rolled_back: deployed.rolled_back.as_mut().and_then(|before| before.deployment.take()),
        task_sets,
        listeners: traffic.listeners,
        group_is_gone: deployed.group_is_gone,
        missing,
        causes: Vec::new(),
        next: Vec::new(),
    };
    let (evidence, unseen) = why::evidence(clients, memory, target, &report, &service, &colors).await?;
    report.missing.extend(unseen);
    report.causes = causes(&report, &evidence);
    report.next = next(&report, shift);
    Ok(report)
}

async fn pipeline(clients: &Clients, target: &Target) -> Result<Option<Pipeline>> {
    match &target.pipeline {
        Some(known) => pipeline::seen(clients, &known.name).await,
        None => Ok(None),
    }
}

/// What a controller tells of its deployments.
enum Deployed {
    CodeDeploy(Box<codedeploy::Seen>),
    Ecs(Box<ecs::Rollout>),
}

async fn deployment(
    clients: &Clients,
    memory: &Memory,
    target: &Target,
    id: Option<&str>,
) -> Result<Deployed> {
    match &target.controller {
        Controller::CodeDeploy { application, group } => {
            let deploys_to = format!("{}:{}", target.cluster, target.service);
            let seen = match id {
                Some(id) => codedeploy::one(clients, memory, id, &deploys_to).await,
                None => codedeploy::newest(clients, memory, application, group, &deploys_to).await,
            };
            seen.map(|seen| Deployed::CodeDeploy(Box::new(seen)))
        }
        Controller::Ecs => Ok(Deployed::Ecs(Box::new(ecs::rollout(clients, target, id).await?))),
    }
}

fn task_set(
    set: &sdk::TaskSet,
    target: &Target,
    colors: &BTreeMap<String, String>,
    service: &service::Seen,
    traffic: &traffic::Seen,
) -> TaskSet {
    let id = set.id().unwrap_or_default().to_owned();
    let group = set.load_balancers().first().and_then(sdk::LoadBalancer::target_group_arn);
    let group = group.map(|arn| traffic::group_name(arn).to_owned());
    TaskSet {
        color: colors.get(&id).cloned(),
        role: if set.status() == Some("PRIMARY") { Role::Primary } else { Role::Other },
        task_definition: revision(set.task_definition().unwrap_or_default()).to_owned(),
        image: service.image(set, target.container.as_deref()),
        desired: set.computed_desired_count(),
        running: set.running_count(),
        pending: set.pending_count(),
        health: group.as_ref().and_then(|group| traffic.health.get(group)).cloned(),
        shares: group.as_ref().map(|group| shares(group, &traffic.listeners)).unwrap_or_default(),
        target_group: group,
        id,
    }
}

/// What a target group gets of each listener.
fn shares(group: &str, listeners: &[Listener]) -> Vec<Share> {
    let share = |listener: &Listener| {
        let all: i64 = listener.weights.iter().map(|(_, weight)| weight).sum();
        let own: i64 =
            listener.weights.iter().filter(|(name, _)| name == group).map(|(_, weight)| weight).sum();
        let percent = if all == 0 { 0 } else { own * 100 / all };
        Share { port: listener.port, production: listener.production, percent }
    };
    listeners.iter().map(share).collect()
}

/// `family:revision`, from an ARN.
fn revision(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
