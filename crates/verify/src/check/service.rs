//! Whether service, deployment group and pipeline are there, and tasks serve.

use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem, not_seen};

const PLAN: &str = "`wharf plan` shows what an apply would do about it";

pub(super) fn check(facts: &Facts) -> Finding {
    let report = match &facts.release {
        Ok(report) => report,
        Err(unseen) => return Finding::unseen(Check::Service, unseen),
    };
    let (target, subject) = (&facts.subject.target, &facts.subject);
    let mut problems = Vec::new();
    let primary = report.primary();
    let known = facts.service.as_ref().map(Option::as_deref);
    let status = known.unwrap_or(Some("ACTIVE"));
    match primary.filter(|_| status == Some("ACTIVE")) {
        None => {
            let how = match (status, primary) {
                (Some("ACTIVE"), _) => "has no tasks that serve",
                (Some("DRAINING"), Some(_)) => "is being deleted",
                _ => "is gone",
            };
            let what = format!("the service {} in the cluster {} {how}", target.service, target.cluster);
            let hint = subject.mend("aws_ecs_service", &target.service, PLAN);
            problems.push(Problem::failed(what).hint(hint));
        }
        Some(set) if set.desired == 0 => {
            problems.push(
                Problem::warning(format!("nobody serves: {} has a desired count of 0", target.service))
                    .hint("a release starts as many tasks as there should be: none"),
            );
        }
        Some(set) => {
            let why = || {
                let reasons = set.health.iter().flat_map(|health| &health.reasons);
                let reasons = reasons.cloned().collect::<Vec<_>>().join("; ");
                if reasons.is_empty() { reasons } else { format!(": {reasons}") }
            };
            let hint = "`wharf release status` tells why";
            if set.running < set.desired {
                let what = format!("{} of {} tasks of {} run", set.running, set.desired, set.task_definition);
                problems.push(Problem::warning(what).hint(hint));
            } else if let Some(health) = set.health.as_ref().filter(|health| health.healthy == 0) {
                let group = set.target_group.as_deref().unwrap_or("its target group");
                let all = health.unhealthy + health.other;
                let what = format!("none of {all} targets in {group} is healthy{}", why());
                problems.push(Problem::warning(what).hint(hint));
            }
        }
    }
    match &facts.group {
        Ok(None) => {
            if let Some((application, group)) = subject.group() {
                let what = format!("the deployment group {group} of the application {application} is gone");
                let hint = subject.mend("aws_codedeploy_deployment_group", group, PLAN);
                problems.push(Problem::failed(what).hint(hint));
            }
        }
        Ok(Some(_)) => {}
        Err(unseen) => problems.extend(not_seen([unseen])),
    }
    if let Some(pipeline) = &target.pipeline {
        problems.extend(of_pipeline(facts, &pipeline.name));
    }
    let serves =
        primary.map(|set| format!(": {}, {} of {} tasks", set.task_definition, set.running, set.desired));
    let what = format!("{} in {}{}", target.service, target.cluster, serves.unwrap_or_default());
    Finding::new(Check::Service, what, problems)
}

fn of_pipeline(facts: &Facts, name: &str) -> Option<Problem> {
    match &facts.pipeline {
        Err(unseen) => not_seen([unseen]),
        Ok(None) => {
            let hint = facts.subject.mend("aws_codepipeline", name, PLAN);
            Some(Problem::failed(format!("the pipeline {name} is gone")).hint(hint))
        }
        Ok(Some(state)) => {
            let stage = state.closed.first()?;
            let what = format!(
                "the transition into the stage {stage} of the pipeline {name} is disabled: nothing gets past it"
            );
            Some(Problem::warning(what).hint("`aws codepipeline enable-stage-transition` opens it again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::PipelineState;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told, with_report};

    #[test]
    fn a_service_that_serves_is_fine() {
        let finding = check(&facts());
        assert_eq!((finding.result, finding.problems), (Outcome::Ok, vec![]));
        assert_eq!(finding.what, "web in shop: web:7, 2 of 2 tasks");
    }

    #[test]
    fn what_is_gone_fails() {
        let mut gone = with_report(|report| report.task_sets.clear());
        gone.pipeline = Ok(None);
        assert_eq!(
            told(&check(&gone)),
            [
                "failed: the service web in the cluster shop has no tasks that serve",
                "failed: the pipeline shop is gone"
            ]
        );
        for (status, how) in
            [(None, "is gone"), (Some("INACTIVE"), "is gone"), (Some("DRAINING"), "is being deleted")]
        {
            let mut facts = facts();
            facts.service = Ok(status.map(str::to_owned));
            assert_eq!(told(&check(&facts)), [format!("failed: the service web in the cluster shop {how}")]);
        }
        let mut facts = facts();
        facts.group = Ok(None);
        assert_eq!(
            told(&check(&facts)),
            ["failed: the deployment group group of the application shop is gone"]
        );
    }

    #[test]
    fn a_pipeline_that_lets_nothing_through_is_a_warning() {
        let mut facts = facts();
        facts.pipeline = Ok(Some(PipelineState { closed: vec!["Deploy".into()] }));
        let told = told(&check(&facts));
        assert_eq!(
            told,
            [
                "warning: the transition into the stage Deploy of the pipeline shop is disabled: nothing gets past it"
            ]
        );
    }

    #[test]
    fn a_service_that_nobody_serves_is_a_warning() {
        let told = |change: fn(&mut wharf_release::TaskSet)| {
            told(&check(&with_report(|report| report.task_sets.iter_mut().for_each(change))))
        };
        assert_eq!(told(|set| set.desired = 0), ["warning: nobody serves: web has a desired count of 0"]);
        assert_eq!(told(|set| set.running = 1), ["warning: 1 of 2 tasks of web:7 run"]);
        let unhealthy = told(|set| {
            if let Some(health) = &mut set.health {
                (health.healthy, health.unhealthy) = (0, 2);
                health.reasons = vec!["Target.Timeout".into()];
            }
        });
        assert_eq!(unhealthy, ["warning: none of 2 targets in blue is healthy: Target.Timeout"]);
    }
}
