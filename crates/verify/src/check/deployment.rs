//! Whether a deployment is under way, or the last one left something half done.

use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem};
use wharf_release::{Deployment, Phase, Report, Role};

pub(super) fn check(facts: &Facts) -> Finding {
    let report = match &facts.release {
        Ok(report) => report,
        Err(unseen) => return Finding::unseen(Check::Deployment, unseen),
    };
    let deployment = report.deployment.as_ref();
    let by_ecs = report.controller == "ECS";
    let mut problems: Vec<Problem> =
        deployment.and_then(|deployment| under_way(deployment, by_ecs)).into_iter().collect();
    if let Some(pipeline) = report.pipeline.as_ref().filter(|_| report.deployment_is_to_come()) {
        let what = format!("the pipeline {} is under way: a deployment follows", pipeline.name);
        problems.push(Problem::warning(what).hint("`wharf release status --watch` follows it"));
    }
    if deployment.is_none_or(|deployment| deployment.phase.has_ended()) {
        problems.extend(left_over(report));
    }
    let what = match deployment {
        Some(deployment) => format!("{} {}", deployment.id, deployment.status),
        None if by_ecs => "none in the last 90 days".to_owned(),
        None => "none yet".to_owned(),
    };
    Finding::new(Check::Deployment, what, problems)
}

fn under_way(deployment: &Deployment, by_ecs: bool) -> Option<Problem> {
    let id = &deployment.id;
    let problem = |what: String, hint: &str| Some(Problem::warning(what).hint(hint));
    match deployment.phase {
        Phase::Preparing | Phase::Rerouting => problem(
            format!("{id} is under way ({}): the next one has to wait", deployment.status),
            "`wharf release wait --until done` waits for it, `wharf release rollback` stops it",
        ),
        Phase::Ready => problem(
            format!("{id} waits to take over: the next one has to wait"),
            "promote it or roll it back first: `wharf release promote`, `wharf release rollback`",
        ),
        Phase::Rerouted => problem(
            format!(
                "{id} has taken over, and the tasks from before are still there: the next one has to wait"
            ),
            // The bake time of ECS's own deployments has no early end.
            if by_ecs && deployment.ready_until.is_none() {
                "`wharf release wait --until done` waits for it"
            } else {
                "`wharf release promote --finish` ends that wait"
            },
        ),
        Phase::Done | Phase::Failed => None,
    }
}

/// Task sets that no deployment works with any more.
fn left_over(report: &Report) -> Option<Problem> {
    let others = report.task_sets.iter().filter(|set| set.role == Role::Other);
    let others: Vec<String> =
        others.map(|set| format!("{} ({}, {} running)", set.id, set.task_definition, set.running)).collect();
    let what = format!("left over of an earlier deployment: {}", others.join(", "));
    let hint = "the next deployment removes what is left over; until then it costs what running tasks cost";
    (!others.is_empty()).then(|| Problem::warning(what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{deployment, facts, task_set, told, with_report};

    #[test]
    fn nothing_is_in_the_way_of_the_first_nor_after_one_that_ended() {
        assert_eq!((check(&facts()).result, check(&facts()).what.as_str()), (Outcome::Ok, "none yet"));
        for (status, phase) in [("Succeeded", Phase::Done), ("Failed", Phase::Failed)] {
            let finding = check(&with_report(|report| report.deployment = Some(deployment(status, phase))));
            assert_eq!((finding.result, finding.what), (Outcome::Ok, format!("d-1 {status}")));
        }
    }

    #[test]
    fn one_that_has_not_ended_is_a_warning() {
        for (status, phase, words) in [
            ("InProgress", Phase::Preparing, "d-1 is under way (InProgress)"),
            ("Ready", Phase::Ready, "d-1 waits to take over"),
            ("InProgress", Phase::Rerouting, "d-1 is under way (InProgress)"),
            ("InProgress", Phase::Rerouted, "d-1 has taken over"),
        ] {
            // The tasks beside those that serve are its own.
            let finding = check(&with_report(|report| {
                report.deployment = Some(deployment(status, phase));
                report.task_sets.push(task_set("web:8", "green"));
            }));
            let told = told(&finding);
            assert!(told.len() == 1 && told[0].starts_with(&format!("warning: {words}")), "{told:?}");
        }
    }

    #[test]
    fn tasks_that_nobody_needs_are_a_warning() {
        let finding = check(&with_report(|report| {
            report.deployment = Some(deployment("Stopped", Phase::Failed));
            report.task_sets.push(task_set("web:8", "green"));
        }));
        assert_eq!(
            told(&finding),
            ["warning: left over of an earlier deployment: ecs-svc/green (web:8, 2 running)"]
        );
    }
}
