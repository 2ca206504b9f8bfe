//! Why something failed, from what was seen: a decision without I/O.

use crate::evidence::{Evidence, Stopped, Tail};
use crate::report::{Cause, Deployment, LifecycleEvent, Phase, PipelineAction, PipelineStage, Report};

/// The lifecycle events that are CodeDeploy's own work; the others are hooks.
const OWN: &[&str] = &["Install", "AllowTestTraffic", "AllowTraffic"];

/// Why what failed did, the most telling first. What is past is left out: a deployment that failed before the pipeline began
/// anew, a pipeline that failed before somebody deployed by hand.
pub(crate) fn causes(report: &Report, evidence: &Evidence) -> Vec<Cause> {
    let mut causes = Vec::new();
    let current = [&report.rolled_back, &report.deployment].into_iter().flatten();
    let deployments: Vec<&Deployment> = current.filter(|_| !report.deployment_is_to_come()).collect();
    if !report.pipeline_is_past() {
        builds(&mut causes, evidence);
    }
    for deployment in &deployments {
        alarm(&mut causes, deployment);
        hooks(&mut causes, deployment);
    }
    causes.extend(evidence.tasks.iter().map(tasks));
    health(&mut causes, report);
    // What a service says is what the tasks and targets have said, in other words.
    if causes.is_empty() {
        causes.extend(evidence.events.iter().map(|event| said(event.clone())));
    }
    for deployment in &deployments {
        ended(&mut causes, deployment);
    }
    if !report.pipeline_is_past() {
        pipeline(&mut causes, report);
    }
    causes
}

fn said(what: String) -> Cause {
    Cause { what, source: None, log: Vec::new() }
}

fn with_log(what: String, log: Option<&Tail>) -> Cause {
    let lines = log.map(|log| log.lines.clone()).unwrap_or_default();
    Cause { what, source: log.map(|log| log.source.clone()), log: lines }
}

fn builds(causes: &mut Vec<Cause>, evidence: &Evidence) {
    for build in &evidence.builds {
        let phase = build.phase.as_ref().map(|phase| format!(" in its phase {phase}")).unwrap_or_default();
        let reasons = match build.reasons.as_slice() {
            [] => String::new(),
            reasons => format!(": {}", reasons.join("; ")),
        };
        causes.push(with_log(format!("the build {} failed{phase}{reasons}", build.id), build.log.as_ref()));
    }
}

fn alarm(causes: &mut Vec<Cause>, deployment: &Deployment) {
    if let Some(error) = deployment.error.as_ref().filter(|error| error.code == "ALARM_ACTIVE") {
        causes.push(said(format!("an alarm stopped the deployment {}: {}", deployment.id, error.message)));
    }
}

fn hooks(causes: &mut Vec<Cause>, deployment: &Deployment) {
    let failed = |event: &&LifecycleEvent| event.status == "Failed" && !OWN.contains(&event.name.as_str());
    for event in deployment.events.iter().filter(failed) {
        let mut lines = event.diagnostics.as_deref().unwrap_or_default().lines();
        let why = lines.next().filter(|line| !line.is_empty()).map(|line| format!(": {line}"));
        causes.push(Cause {
            what: format!("the hook of {} failed{}", event.name, why.unwrap_or_default()),
            source: None,
            log: lines.map(str::to_owned).collect(),
        });
    }
}

/// `2 tasks of web:7 stopped: Essential container in task exited (web: exit code 1)`
fn tasks(stopped: &Stopped) -> Cause {
    let who = match stopped.count {
        1 => format!("the task {} of {}", stopped.task, stopped.revision),
        count => format!("{count} tasks of {}", stopped.revision),
    };
    let containers = match stopped.containers.as_slice() {
        [] => String::new(),
        containers => format!(" ({})", containers.join("; ")),
    };
    with_log(format!("{who} stopped: {}{containers}", stopped.reason), stopped.log.as_ref())
}

/// Targets that fail their health checks, behind whichever task set.
fn health(causes: &mut Vec<Cause>, report: &Report) {
    for set in &report.task_sets {
        let (Some(health), Some(group)) = (&set.health, &set.target_group) else { continue };
        if health.unhealthy == 0 {
            continue;
        }
        let (number, all) = (health.unhealthy, health.healthy + health.unhealthy + health.other);
        let why = match health.reasons.as_slice() {
            [] => String::new(),
            reasons => format!(": {}", reasons.join("; ")),
        };
        causes.push(said(format!(
            "{number} of {all} targets of {group} ({}) are not healthy{why}",
            set.task_definition
        )));
    }
}

/// What the deployment itself says, where that is more than what was told.
fn ended(causes: &mut Vec<Cause>, deployment: &Deployment) {
    if deployment.phase != Phase::Failed {
        return;
    }
    let Some(error) = deployment.error.as_ref().filter(|error| error.code != "ALARM_ACTIVE") else {
        if causes.is_empty() {
            causes.push(said(format!("the deployment {} was stopped", deployment.id)));
        }
        return;
    };
    let told = |cause: &Cause| !error.message.is_empty() && cause.what.contains(&error.message);
    if causes.iter().any(told) {
        return;
    }
    let how = if deployment.status == "Stopped" { "was stopped" } else { "failed" };
    causes.push(said(format!("the deployment {} {how}: {}: {}", deployment.id, error.code, error.message)));
}

/// Actions that failed, but for a build or deployment that has been told of.
fn pipeline(causes: &mut Vec<Cause>, report: &Report) {
    let Some(pipeline) = &report.pipeline else { return };
    let deployments = [&report.rolled_back, &report.deployment].into_iter().flatten();
    let deployments: Vec<&str> = deployments.map(|deployment| deployment.id.as_str()).collect();
    let failed = pipeline.actions().filter(|(_, action)| action.status.as_deref() == Some("Failed"));
    for (stage, action) in failed {
        let id = action.external_id.as_deref();
        let told = id.is_some_and(|id| causes.iter().any(|cause| cause.what.contains(id)))
            || (id.is_some_and(|id| deployments.contains(&id)) && !causes.is_empty());
        if !told {
            causes.push(said(failure(stage, action)));
        }
    }
    let named = pipeline.actions().any(|(_, action)| action.status.as_deref() == Some("Failed"));
    if pipeline.has_failed() && !named && causes.is_empty() {
        let status = pipeline.status.as_deref().unwrap_or_default().to_lowercase();
        causes.push(said(
            format!("the pipeline {} was {status}", pipeline.name).replace("was failed", "failed"),
        ));
    }
}

fn failure(stage: &PipelineStage, action: &PipelineAction) -> String {
    let provider = action.provider.as_ref().map(|provider| format!(" ({provider})")).unwrap_or_default();
    let why = action.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    format!("the action {}{provider} of the stage {} failed{why}", action.name, stage.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Build;
    use crate::fixtures::{
        deployment, event, failed_deployment, pipeline_failed_at, report, rollback_of, task_set,
    };
    use crate::report::{DeploymentError, TargetHealth};

    fn whats(report: &Report, evidence: &Evidence) -> Vec<String> {
        causes(report, evidence).into_iter().map(|cause| cause.what).collect()
    }

    fn exited(log: &[&str]) -> Stopped {
        Stopped {
            revision: "web:7".into(),
            task: "0a1b".into(),
            count: 1,
            reason: "Essential container in task exited".into(),
            containers: vec!["web: exit code 1".into()],
            log: Some(Tail {
                source: "/ecs/shop httpd/web/0a1b".into(),
                lines: log.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    #[test]
    fn nothing_is_wrong_where_nothing_failed() {
        let mut well = report();
        assert_eq!(whats(&well, &Evidence::default()), [""; 0]);
        well.deployment = Some(deployment("InProgress", Phase::Preparing));
        assert_eq!(whats(&well, &Evidence::default()), [""; 0]);
    }

    #[test]
    fn tasks_say_more_than_the_deployment() {
        let failed = report().with(failed_deployment("HEALTH_CONSTRAINTS", "The deployment timed out"));
        let evidence = Evidence {
            tasks: vec![exited(&["no such table: users"])],
            events: vec!["(service web) was unable to place a task".into()],
            builds: Vec::new(),
        };
        let causes = causes(&failed, &evidence);
        assert_eq!(
            causes[0].what,
            "the task 0a1b of web:7 stopped: Essential container in task exited (web: exit code 1)"
        );
        assert_eq!(causes[0].source.as_deref(), Some("/ecs/shop httpd/web/0a1b"));
        assert_eq!(causes[0].log, ["no such table: users"]);
        assert_eq!(causes[1].what, "the deployment d-1 failed: HEALTH_CONSTRAINTS: The deployment timed out");
        assert_eq!(causes.len(), 2);
        // What the service says counts where nothing else does.
        let evidence = Evidence { tasks: Vec::new(), ..evidence };
        assert!(whats(&failed, &evidence)[0].contains("unable to place"));
    }

    #[test]
    fn several_tasks_are_counted() {
        let what = tasks(&Stopped { count: 3, containers: Vec::new(), ..exited(&[]) }).what;
        assert_eq!(what, "3 tasks of web:7 stopped: Essential container in task exited");
    }

    #[test]
    fn an_alarm_is_named_once() {
        let failed = report().with(failed_deployment("ALARM_ACTIVE", "Activated alarms: web-errors"));
        assert_eq!(
            whats(&failed, &Evidence::default()),
            ["an alarm stopped the deployment d-1: Activated alarms: web-errors"]
        );
    }

    #[test]
    fn a_rollback_has_the_causes_of_what_it_takes_back() {
        let why = ["the deployment d-1 failed: HOOK_EXECUTION_FAILURE: it said no"];
        let failed = failed_deployment("HOOK_EXECUTION_FAILURE", "it said no");
        for (status, phase) in [("InProgress", Phase::Rerouting), ("Succeeded", Phase::Done)] {
            let mut now = rollback_of(failed.clone(), status, phase);
            assert_eq!(whats(&now, &Evidence::default()), why);
            // The pipeline that started it has nothing to add.
            let mut pipeline = pipeline_failed_at("CodeDeployToECS", "d-1");
            pipeline.started = now.asked_for();
            now.pipeline = Some(pipeline);
            assert_eq!(whats(&now, &Evidence::default()), why);
            // When the pipeline is on its way again, that is past.
            let mut pipeline = pipeline_failed_at("CodeBuild", "shop:1");
            pipeline.stages.clear();
            pipeline.status = Some("InProgress".into());
            pipeline.started = now.asked_for().map(|asked| asked.plus_minutes(2));
            now.pipeline = Some(pipeline);
            assert_eq!(whats(&now, &Evidence::default()), [""; 0]);
        }
        // Where the rollback fails as well, both are told.
        let mut both = rollback_of(failed, "Failed", Phase::Failed);
        both.deployment.as_mut().unwrap().error =
            Some(DeploymentError { code: "ECS_UPDATE_ERROR".into(), message: "no tasks".into() });
        assert_eq!(
            whats(&both, &Evidence::default())[1],
            "the deployment d-2 failed: ECS_UPDATE_ERROR: no tasks"
        );
    }

    #[test]
    fn a_hook_has_its_log() {
        let mut failed = failed_deployment("HOOK_EXECUTION_FAILURE", "ScriptFailed: it said no");
        failed.events =
            vec![event("AfterAllowTestTraffic", "Failed", Some("ScriptFailed: it said no\nGET / 500\n"))];
        let causes = causes(&report().with(failed), &Evidence::default());
        assert_eq!(causes[0].what, "the hook of AfterAllowTestTraffic failed: ScriptFailed: it said no");
        assert_eq!(causes[0].log, ["GET / 500"]);
        assert_eq!(causes.len(), 1, "what the deployment repeats is told once");
    }

    #[test]
    fn targets_say_why_they_are_not_healthy() {
        let mut waiting = report().with(deployment("InProgress", Phase::Preparing));
        let mut green = task_set("web:8", "green", 2);
        green.health = Some(TargetHealth {
            unhealthy: 2,
            reasons: vec!["Target.Timeout: Request timed out".into()],
            ..TargetHealth::default()
        });
        waiting.task_sets.push(green);
        assert_eq!(
            whats(&waiting, &Evidence::default()),
            ["2 of 2 targets of green (web:8) are not healthy: Target.Timeout: Request timed out"]
        );
    }

    #[test]
    fn a_build_is_told_of_once() {
        let mut failed = report();
        failed.pipeline = Some(pipeline_failed_at("CodeBuild", "shop:1"));
        let build = Build {
            id: "shop:1".into(),
            phase: Some("BUILD".into()),
            reasons: vec!["COMMAND_EXECUTION_ERROR: exit status 1".into()],
            log: Some(Tail { source: "/aws/codebuild/shop 1".into(), lines: vec!["make: *** [all]".into()] }),
        };
        let evidence = Evidence { builds: vec![build], ..Evidence::default() };
        let causes = causes(&failed, &evidence);
        assert_eq!(
            causes[0].what,
            "the build shop:1 failed in its phase BUILD: COMMAND_EXECUTION_ERROR: exit status 1"
        );
        assert_eq!((causes[0].log.len(), causes.len()), (1, 1));
        // Where the build could not be read, the pipeline's own words have to do.
        assert_eq!(
            whats(&failed, &Evidence::default()),
            ["the action image (CodeBuild) of the stage build failed: it did not work"]
        );
    }

    #[test]
    fn what_is_past_is_left_out() {
        // The pipeline began anew after a deployment that failed.
        let mut again = report().with(failed_deployment("TIMEOUT", "too late"));
        let mut pipeline = pipeline_failed_at("CodeBuild", "shop:1");
        for stage in &mut pipeline.stages {
            stage.actions.clear();
        }
        pipeline.status = Some("InProgress".into());
        pipeline.started =
            again.deployment.as_ref().and_then(|deployment| deployment.created?.plus_minutes(5).into());
        again.pipeline = Some(pipeline);
        assert_eq!(whats(&again, &Evidence::default()), [""; 0]);
        // Somebody deployed by hand after the pipeline had failed.
        let mut by_hand = report().with(deployment("Succeeded", Phase::Done));
        let mut pipeline = pipeline_failed_at("CodeBuild", "shop:1");
        let created = by_hand.deployment.as_ref().and_then(|deployment| deployment.created);
        pipeline.started = created.map(|created| created.plus_minutes(-30));
        for stage in &mut pipeline.stages {
            for action in &mut stage.actions {
                action.updated = created.map(|created| created.plus_minutes(-20));
            }
        }
        by_hand.pipeline = Some(pipeline);
        assert_eq!(whats(&by_hand, &Evidence::default()), [""; 0]);
    }
}
