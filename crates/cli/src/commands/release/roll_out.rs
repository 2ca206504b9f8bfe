//! `apply --release`: what waits for a release is rolled out by a deployment.

use super::busy::{self, Unlisted};
use super::follow::{Follower, STEPS, phase_of, serves};
use super::subject::Subject;
use super::wait::failed;
use crate::args::WhenBusy;
use crate::error::{self, CommandError, mistakes};
use crate::session::Session;
use crate::terminal;
use std::sync::Arc;
use wharf_core::{Address, Map, Value};
use wharf_engine::asked_for;
use wharf_plan::{Plan, Route};
use wharf_release::appspec::{AppSpec, CapacityProvider, NetworkConfiguration};
use wharf_release::look::Memory;
use wharf_release::promote::{self, Step as Way};
use wharf_release::{Phase, Report, choose, deploy};
use wharf_state::Snapshot;

/// What the deployments are said to be for. The same every time, so that a run after one that was killed takes up what that
/// had begun.
const DESCRIPTION: &str = "wharf apply --release";

/// A service whose properties wait for a release.
pub(crate) struct Waiting {
    service: Address,
    properties: Vec<String>,
    /// The service as it is.
    live: Arc<Map>,
}

/// The services of a plan that wait.
pub(crate) fn waiting(plan: &Plan) -> Vec<Waiting> {
    let waits = plan.changes.iter().filter_map(|change| {
        let (_, properties) = change.routes().into_iter().find(|(route, _)| *route == Route::Release)?;
        Some(Waiting { service: change.address.clone(), properties, live: change.before.clone()? })
    });
    waits.collect()
}

/// Releases each of them: starts a deployment, and waits until it is ready, or has taken over.
pub(crate) async fn run(
    session: Session,
    snapshot: Snapshot,
    waiting: Vec<Waiting>,
    when_busy: WhenBusy,
) -> Result<(), CommandError> {
    if waiting.is_empty() {
        terminal::out("Nothing waits for a release.");
        return Ok(());
    }
    let mut session = session;
    for one in waiting {
        let asked = asked_for(&session.context, &snapshot, &one.service)
            .map_err(|problems| mistakes(problems, &session.loaded.sources))?;
        let target = choose(&snapshot, Some(&one.service)).map_err(|_| {
            let message = format!("`{}` waits for a release, and has no deployment group", one.service);
            CommandError::new(message)
                .hint("everything else is applied; add an `aws_codedeploy_deployment_group`")
        })?;
        let hooks = deploy::last_hooks(&session.clients, &target).await;
        let hooks = hooks.map_err(|problem| error::cloud(&problem))?;
        let spec = one.spec(&asked.unwrap_or_default(), &session)?;
        let subject = Subject { session, target, snapshot: snapshot.clone(), memory: Memory::default() };
        release(&subject, &AppSpec { hooks, ..spec }, when_busy).await?;
        session = subject.session;
    }
    Ok(())
}

async fn release(subject: &Subject, spec: &AppSpec, when_busy: WhenBusy) -> Result<(), CommandError> {
    let (clients, target) = (&subject.session.clients, &subject.target);
    let follower = Follower::new(subject);
    let mut unlisted = Unlisted::default();
    let started = loop {
        let error = match deploy::start(clients, target, spec, DESCRIPTION).await {
            Ok(started) => break started,
            Err(error) => error,
        };
        if !wharf_release::busy::is_refused(&error) {
            return Err(error::cloud(&error));
        }
        let active = wharf_release::busy::active(clients, target).await;
        match active.map_err(|problem| error::cloud(&problem))? {
            Some(active) => {
                let goes_back = active.rolls_back.is_some();
                busy::clear(subject, &follower, when_busy, &active.id, goes_back).await?;
            }
            None => unlisted.wait(error).await.map_err(|problem| error::cloud(&problem))?,
        }
    };
    let revision = spec.task_definition.rsplit('/').next().unwrap_or_default();
    let how = if started.adopted { "is under way already" } else { "is started" };
    terminal::note(&format!("{}: {how}; it brings {revision} to `{}`", started.id, target.service));
    let is_there = |report: &Report| {
        phase_of(report, &started.id)
            .is_some_and(|phase| !matches!(phase, Phase::Preparing | Phase::Rerouting))
    };
    let report = follower.until("the deployment to be ready", STEPS, is_there).await?;
    let argument = &subject.argument();
    match &report.deployment {
        _ if promote::step(&report) == Way::Failed => return Err(failed(&report, argument)),
        Some(deployment) if deployment.phase == Phase::Ready => {
            let test = report.listeners.iter().find(|listener| !listener.production);
            let at = test.map(|listener| format!(" at {}", listener.url)).unwrap_or_default();
            terminal::out(&format!(
                "{revision} is ready{at}; `wharf release promote{argument}` lets it take over."
            ));
        }
        _ => terminal::out(&format!("{} has taken over; {}.", started.id, serves(&report))),
    }
    Ok(())
}

impl Waiting {
    fn waits(&self, property: &str) -> bool {
        self.properties.iter().any(|waiting| waiting == property)
    }

    /// What is to be deployed: what waits as the stack file has it, the rest as it is.
    fn spec(&self, asked: &Map, session: &Session) -> Result<AppSpec, CommandError> {
        let of =
            |property: &str| if self.waits(property) { asked.get(property) } else { self.live.get(property) };
        let missing = |what: &str| {
            CommandError::new(format!("`{}` has no {what}, so it cannot be released", self.service))
        };
        let definition = of("task_definition").and_then(text).ok_or_else(|| missing("task definition"))?;
        let balancer = first(of("load_balancer")).ok_or_else(|| missing("load balancer"))?;
        let container = balancer.get("container_name").and_then(text).ok_or_else(|| missing("container"))?;
        let port = balancer.get("container_port").and_then(Value::as_i64);
        let port = port.and_then(|port| i32::try_from(port).ok()).ok_or_else(|| missing("container port"))?;
        let mut spec = AppSpec::new(arn(&definition, session), container, port);
        if self.waits("platform_version") {
            spec.platform_version = asked.get("platform_version").and_then(text);
        }
        if self.waits("network_configuration") {
            spec.network_configuration = first(asked.get("network_configuration")).map(network);
        }
        if self.waits("capacity_provider_strategy") {
            let strategy =
                asked.get("capacity_provider_strategy").and_then(Value::as_list).unwrap_or_default();
            spec.capacity_provider_strategy =
                strategy.iter().filter_map(Value::as_map).filter_map(provider).collect();
        }
        Ok(spec)
    }
}

/// The ARN of a task definition, which is what an AppSpec names.
fn arn(definition: &str, session: &Session) -> String {
    if definition.starts_with("arn:") {
        return definition.to_owned();
    }
    let (identity, region) = (&session.identity, session.clients.region());
    format!("arn:{}:ecs:{region}:{}:task-definition/{definition}", identity.partition, identity.account_id)
}

fn network(block: &Map) -> NetworkConfiguration {
    let texts = |name: &str| {
        let list = block.get(name).and_then(Value::as_list).unwrap_or_default();
        list.iter().filter_map(text).collect()
    };
    NetworkConfiguration {
        subnets: texts("subnets"),
        security_groups: texts("security_groups"),
        assign_public_ip: block.get("assign_public_ip").and_then(Value::as_bool) == Some(true),
    }
}

fn provider(block: &Map) -> Option<CapacityProvider> {
    let number = |name: &str| block.get(name).and_then(Value::as_i64).unwrap_or_default();
    let name = text(block.get("capacity_provider")?)?;
    Some(CapacityProvider { name, base: number("base"), weight: number("weight") })
}

fn first(blocks: Option<&Value>) -> Option<&Map> {
    blocks?.as_list()?.first()?.as_map()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
