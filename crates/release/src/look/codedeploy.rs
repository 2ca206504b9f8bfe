//! A deployment group's newest deployment: its steps, how far it is, and what it waits for.
//!
//! Sources: `codedeploy:GetDeploymentGroup`, `GetDeployment`, `BatchGetDeploymentTargets` and `GetDeploymentConfig`.

use super::memory::Memory;
use crate::deployments::rolls_back;
use crate::phase;
use crate::report::{Deployment, DeploymentError, LifecycleEvent, OnTimeout, Phase};
use crate::shift::Shift;
use crate::time::Time;
use aws_sdk_codedeploy::types as sdk;
use std::collections::BTreeMap;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, ErrorKind, Result};

/// What there is of deployments.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The one that was asked for.
    pub(super) deployment: Option<Deployment>,
    /// The deployment that it takes back.
    pub(super) rolled_back: Option<Box<Seen>>,
    /// The steps in which production traffic moves now, if it does so in steps.
    pub(super) shift: Option<Shift>,
    /// `Blue` and `Green`, by the ids of their task sets.
    pub(super) colors: BTreeMap<String, String>,
    /// Whether the deployment group is gone.
    pub(super) group_is_gone: bool,
    /// What is gone.
    pub(super) missing: Vec<String>,
}

/// The newest deployment of a group. `target` is what it deploys to: `CLUSTER:SERVICE`.
pub(super) async fn newest(
    clients: &Clients,
    memory: &Memory,
    application: &str,
    group: &str,
    target: &str,
) -> Result<Seen> {
    let request = clients
        .codedeploy()
        .get_deployment_group()
        .application_name(application)
        .deployment_group_name(group);
    let answer = request.send().await.named("codedeploy:GetDeploymentGroup").or_absent()?;
    let Some(found) = answer.and_then(|answer| answer.deployment_group_info) else {
        let missing = vec![format!("the deployment group {group} of the application {application} is gone")];
        return Ok(Seen { missing, group_is_gone: true, ..Seen::default() });
    };
    let Some(id) = found.last_attempted_deployment.and_then(|last| last.deployment_id) else {
        return Ok(Seen::default());
    };
    let seen = one(clients, memory, &id, target).await?;
    // The group may not know yet of the rollback that its deployment names.
    let by = seen.deployment.as_ref().and_then(|deployment| deployment.rolled_back_by.clone());
    if let Some(by) = by {
        let rollback = one(clients, memory, &by, target).await?;
        if rollback.deployment.is_some() {
            return Ok(rollback);
        }
    }
    Ok(seen)
}

/// How many rollbacks of rollbacks are looked through for what they take back.
const CHAIN: usize = 5;

/// A deployment, with the one that it takes back if it was made for that.
pub(super) async fn one(clients: &Clients, memory: &Memory, id: &str, target: &str) -> Result<Seen> {
    let rolls_back =
        |seen: &Seen| seen.deployment.as_ref().and_then(|deployment| deployment.rolls_back.clone());
    let mut seen = deployment(clients, memory, id, target).await?;
    let mut next = rolls_back(&seen);
    for _ in 0..CHAIN {
        let Some(before) = next else { break };
        let undone = deployment(clients, memory, &before, target).await?;
        next = rolls_back(&undone);
        seen.rolled_back = Some(Box::new(undone));
    }
    Ok(seen)
}

async fn deployment(clients: &Clients, memory: &Memory, id: &str, target: &str) -> Result<Seen> {
    let codedeploy = clients.codedeploy();
    let (deployment, targets) = futures::try_join!(
        async {
            let answer = codedeploy.get_deployment().deployment_id(id).send().await;
            known(answer.named("codedeploy:GetDeployment"))
        },
        async {
            let request = codedeploy.batch_get_deployment_targets().deployment_id(id).target_ids(target);
            // There is none before the deployment has begun.
            known(request.send().await.named("codedeploy:BatchGetDeploymentTargets"))
        },
    )?;
    let Some(info) = deployment.and_then(|answer| answer.deployment_info) else {
        return Ok(Seen { missing: vec![format!("the deployment {id} is gone")], ..Seen::default() });
    };
    let mut targets = targets.and_then(|answer| answer.deployment_targets).into_iter().flatten();
    let target = targets.find_map(|target| target.ecs_target);
    let (events, sets) = match target {
        Some(target) => (target.lifecycle_events, target.task_sets_info),
        None => (None, None),
    };
    let color = |set: sdk::EcsTaskSet| Some((set.identifer?, set.task_set_label?.as_str().to_owned()));
    let configuration = info.deployment_config_name.clone();
    let deployment = shown(id, info, events.into_iter().flatten().map(event).collect());
    let moves = phase::allow_traffic(&deployment.events).filter(|_| deployment.phase == Phase::Rerouting);
    let shift = match moves.zip(configuration) {
        Some((since, configuration)) => memory.shift(clients, &configuration, since).await?,
        None => None,
    };
    Ok(Seen {
        deployment: Some(deployment),
        shift,
        colors: sets.into_iter().flatten().filter_map(color).collect(),
        ..Seen::default()
    })
}

/// The steps of a deployment configuration, if it has some. Who may not read it does without.
pub(super) async fn shift(clients: &Clients, configuration: &str, since: Time) -> Result<Option<Shift>> {
    let request = clients.codedeploy().get_deployment_config().deployment_config_name(configuration);
    let answer = match request.send().await.named("codedeploy:GetDeploymentConfig") {
        Err(error) if error.kind == ErrorKind::AccessDenied => None,
        Err(error) if error.is_code("DeploymentConfigDoesNotExistException") => None,
        answer => Some(answer?),
    };
    let routing = answer.and_then(|answer| answer.deployment_config_info?.traffic_routing_config);
    Ok(routing.and_then(|routing| match (routing.time_based_canary, routing.time_based_linear) {
        (Some(canary), _) => Some(Shift {
            percent: canary.canary_percentage.into(),
            minutes: canary.canary_interval.into(),
            is_linear: false,
            since,
        }),
        (None, Some(linear)) => Some(Shift {
            percent: linear.linear_percentage.into(),
            minutes: linear.linear_interval.into(),
            is_linear: true,
            since,
        }),
        (None, None) => None,
    }))
}

/// A deployment, or a target of one, that CodeDeploy does not know is none.
fn known<T>(result: Result<T>) -> Result<Option<T>> {
    const UNKNOWN: &[&str] = &[
        "DeploymentDoesNotExistException",
        "DeploymentTargetDoesNotExistException",
        "DeploymentNotStartedException",
        "InvalidDeploymentTargetIdException",
    ];
    match result {
        Err(error) if UNKNOWN.iter().any(|code| error.is_code(code)) => Ok(None),
        result => result.map(Some),
    }
}

fn event(event: sdk::LifecycleEvent) -> LifecycleEvent {
    let status = event.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned());
    LifecycleEvent {
        name: event.lifecycle_event_name.unwrap_or_default(),
        status,
        started: event.start_time.map(Time::from),
        ended: event.end_time.map(Time::from),
        diagnostics: event.diagnostics.and_then(diagnostics),
    }
}

/// What a hook said in a line, and below it what it wrote last.
fn diagnostics(said: sdk::Diagnostics) -> Option<String> {
    let code = said.error_code.map(|code| code.as_str().to_owned()).filter(|code| code != "Success");
    let line = [code, said.script_name, said.message].into_iter().flatten();
    let line = line.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let log = said.log_tail.filter(|log| !log.is_empty());
    match (line.is_empty(), log) {
        (true, None) => None,
        (_, None) => Some(line),
        (_, Some(log)) => Some(format!("{line}\n{log}")),
    }
}

fn shown(id: &str, info: sdk::DeploymentInfo, events: Vec<LifecycleEvent>) -> Deployment {
    let rolls_back = rolls_back(&info);
    let status = info.status.map_or_else(|| "Unknown".to_owned(), |status| status.as_str().to_owned());
    let other = |by: &String| by != id;
    let rolled_back_by =
        info.rollback_info.as_ref().and_then(|info| info.rollback_deployment_id.clone()).filter(other);
    let terminating = info.instance_termination_wait_time_started;
    let phase = phase::of_codedeploy(&status, &events, terminating, rolls_back.is_some());
    let settings = info.blue_green_deployment_configuration;
    let (ready, end) = match settings {
        Some(settings) => {
            (settings.deployment_ready_option, settings.terminate_blue_instances_on_deployment_success)
        }
        None => (None, None),
    };
    let end = end.filter(|end| {
        phase == Phase::Rerouted && end.action.as_ref() != Some(&sdk::InstanceAction::KeepAlive)
    });
    Deployment {
        id: id.to_owned(),
        phase,
        created: info.create_time.map(Time::from),
        completed: info.complete_time.map(Time::from),
        description: info.description.filter(|text| !text.is_empty()),
        ready_until: ready.as_ref().filter(|_| phase == Phase::Ready).and_then(|ready| {
            Some(phase::last_before_traffic(&events)?.plus_minutes(ready.wait_time_in_minutes.into()))
        }),
        on_timeout: ready.and_then(|ready| match ready.action_on_timeout? {
            sdk::DeploymentReadyAction::ContinueDeployment => Some(OnTimeout::ContinueDeployment),
            sdk::DeploymentReadyAction::StopDeployment => Some(OnTimeout::StopDeployment),
            _ => None,
        }),
        terminates: end.and_then(|end| {
            Some(phase::traffic_moved(&events)?.plus_minutes(end.termination_wait_time_in_minutes.into()))
        }),
        error: info.error_information.map(|error| DeploymentError {
            code: error.code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
            message: error.message.unwrap_or_default(),
        }),
        rolls_back,
        rolled_back_by,
        rollback: info.rollback_info.and_then(rollback),
        status,
        events,
    }
}

fn rollback(info: sdk::RollbackInfo) -> Option<String> {
    let by = info.rollback_deployment_id.map(|id| format!("it is rolled back by {id}"));
    let of = info.rollback_triggering_deployment_id.map(|id| format!("it rolls back {id}"));
    let parts: Vec<String> = [by, of, info.rollback_message].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
