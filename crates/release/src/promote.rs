//! Letting the new tasks take over: what a report says may be done. No I/O.

use crate::report::{Deployment, Listener, Phase, Report, Role, TaskSet};

/// What a promotion comes to, or has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is no deployment.
    Never,
    /// Its tasks are being started: it cannot take over yet.
    Prepare,
    /// It waits for somebody to let it take over: [`obstacles`], then `ContinueDeployment`.
    Check,
    /// The traffic is on its way.
    Reroute,
    /// The new tasks serve; the ones before are still there.
    Serves,
    /// It has succeeded, and the tasks before are gone.
    Done,
    /// It failed, or was stopped; perhaps CodeDeploy has gone back since then.
    Failed,
}

/// What is next on the way to a promotion.
pub fn step(report: &Report) -> Step {
    // What was to take over is taken back: there is nothing to promote in that.
    if report.goes_back() {
        return Step::Failed;
    }
    match report.deployment.as_ref().map(|deployment| deployment.phase) {
        None => Step::Never,
        Some(Phase::Preparing) => Step::Prepare,
        Some(Phase::Ready) => Step::Check,
        Some(Phase::Rerouting) => Step::Reroute,
        Some(Phase::Rerouted) => Step::Serves,
        Some(Phase::Done) => Step::Done,
        Some(Phase::Failed) => Step::Failed,
    }
}

/// The task set that is about to take over: the green one, or the one beside the primary. The first ones of a service that
/// ECS itself deploys are alone.
pub fn green(report: &Report) -> Option<&TaskSet> {
    let is_green = |set: &&TaskSet| set.color.as_deref() == Some("Green");
    let sets = || report.task_sets.iter().filter(|set| set.role == Role::Other);
    sets().find(is_green).or_else(|| sets().next()).or_else(|| report.task_sets.iter().find(is_green))
}

/// The task set that serves.
pub fn serving(report: &Report) -> Option<&TaskSet> {
    report.task_sets.iter().find(|set| set.role == Role::Primary)
}

/// The listeners for tests.
pub fn test_listeners(report: &Report) -> impl Iterator<Item = &Listener> {
    report.listeners.iter().filter(|listener| !listener.production)
}

/// Whether what a deployment waits with is starting its tasks: there is nothing to see of it before.
pub(crate) fn starts_tasks(deployment: &Deployment) -> bool {
    matches!(deployment.at(), Some("RECONCILE_SERVICE" | "PRE_SCALE_UP"))
}

/// Whether test traffic goes to the new tasks: ECS can be told to wait before it does.
pub fn is_tested(report: &Report) -> bool {
    let deployment = report.deployment.as_ref();
    deployment.is_none_or(|found| !starts_tasks(found) && found.at() != Some("POST_SCALE_UP"))
}

/// Why the new tasks should not take over, each reason in a line; empty if they may.
pub fn obstacles(report: &Report) -> Vec<String> {
    if report.deployment.as_ref().is_some_and(starts_tasks) {
        return Vec::new();
    }
    let Some(green) = green(report) else {
        return vec!["there are no tasks beside those that serve".to_owned()];
    };
    let mut reasons = Vec::new();
    let wanted = usize::try_from(green.desired).unwrap_or_default();
    if wanted == 0 {
        reasons.push(format!("{} has no tasks: its desired count is 0", green.task_definition));
    } else if green.running < green.desired {
        let (running, desired) = (green.running, green.desired);
        reasons.push(format!("{running} of {desired} tasks of {} run", green.task_definition));
    }
    let group = green.target_group.as_deref().unwrap_or("its target group");
    match &green.health {
        None => reasons.push(format!("the health of {group} is not known")),
        Some(health) if health.healthy < wanted || health.unhealthy > 0 => {
            let all = health.healthy + health.unhealthy + health.other;
            let mut line =
                format!("{} of {} targets in {group} are healthy", health.healthy, all.max(wanted));
            if !health.reasons.is_empty() {
                line.push_str(": ");
                line.push_str(&health.reasons.join("; "));
            }
            reasons.push(line);
        }
        Some(_) => {}
    }
    reasons
}

/// Whether all production traffic goes to the tasks that serve, as far as can be seen.
pub fn is_settled(report: &Report) -> bool {
    let Some(serving) = serving(report) else { return false };
    serving.shares.iter().filter(|share| share.production).all(|share| share.percent == 100)
}

/// Whether production traffic goes to other tasks beside those that serve.
pub fn is_divided(report: &Report) -> bool {
    let others = report.task_sets.iter().filter(|set| set.role != Role::Primary);
    others.flat_map(|set| &set.shares).any(|share| share.production && share.percent > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{deployment, event, failed_deployment, report, rollback_of, task_set};
    use crate::report::{Share, TargetHealth};

    /// Tasks that serve, and beside them others.
    fn with(running: i32, health: Option<TargetHealth>) -> Report {
        let mut report = report();
        let green = TaskSet { running, health, ..task_set("web:2", "green", 2) };
        report.task_sets.push(green);
        report
    }

    fn health(healthy: usize, unhealthy: usize, other: usize) -> TargetHealth {
        let reasons = if unhealthy > 0 { vec!["Target.FailedHealthChecks".to_owned()] } else { Vec::new() };
        TargetHealth { healthy, unhealthy, other, reasons }
    }

    #[test]
    fn only_healthy_tasks_take_over() {
        for (running, health, reasons) in [
            (2, Some(health(2, 0, 0)), &[][..]),
            // Targets of before that are on their way out do not matter.
            (2, Some(health(2, 0, 3)), &[]),
            (2, Some(health(1, 1, 0)), &["1 of 2 targets in green are healthy: Target.FailedHealthChecks"]),
            (2, Some(health(1, 0, 1)), &["1 of 2 targets in green are healthy"]),
            (1, Some(health(1, 0, 0)), &["1 of 2 tasks of web:2 run", "1 of 2 targets in green are healthy"]),
            (2, None, &["the health of green is not known"]),
        ] {
            assert_eq!(obstacles(&with(running, health)), reasons);
        }
        assert_eq!(obstacles(&report()), ["there are no tasks beside those that serve"]);
        let mut first = report();
        first.task_sets[0] = TaskSet { color: Some("Green".into()), ..first.task_sets[0].clone() };
        first.task_sets[0].health = Some(health(2, 0, 0));
        assert_eq!(obstacles(&first), [""; 0]);
    }

    #[test]
    fn before_there_are_tasks_nothing_is_in_the_way() {
        for (stage, reasons, tested) in
            [("PRE_SCALE_UP", 0, false), ("POST_SCALE_UP", 1, false), ("POST_TEST_TRAFFIC_SHIFT", 1, true)]
        {
            let mut report = with(2, Some(health(0, 2, 0)));
            let events = vec![event(stage, "InProgress", None)];
            report.deployment = Some(Deployment { events, ..deployment("IN_PROGRESS", Phase::Ready) });
            assert_eq!((obstacles(&report).len(), is_tested(&report)), (reasons, tested), "{stage}");
        }
    }

    #[test]
    fn a_rollback_by_codedeploy_is_not_promoted() {
        for (status, phase) in [("Created", Phase::Rerouting), ("Succeeded", Phase::Done)] {
            let report = rollback_of(failed_deployment("TIMEOUT", "too late"), status, phase);
            assert_eq!(step(&report), Step::Failed, "{status}");
        }
    }

    #[test]
    fn traffic_is_back_when_all_of_it_goes_to_who_serves() {
        let mut report = report();
        report.task_sets[0].shares = vec![Share { port: 80, production: true, percent: 100 }];
        assert!(is_settled(&report));
        report.task_sets[0].shares[0].percent = 90;
        assert!(!is_settled(&report));
        report.task_sets.clear();
        assert!(!is_settled(&report));
    }
}
