//! Whether the listeners agree with the primary task set.

use crate::arn;
use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem};
use wharf_release::{Listener, Report};

const PLAN: &str = "`wharf plan` shows what an apply would do about it";

pub(super) fn check(facts: &Facts) -> Finding {
    let report = match &facts.release {
        Ok(report) => report,
        Err(unseen) => return Finding::unseen(Check::Listeners, unseen),
    };
    let target = &facts.subject.target;
    let mut problems = Vec::new();
    for wanted in target.production.iter().chain(&target.test) {
        if report.listeners.iter().all(|listener| !arn::is_of_listener(&listener.arn, wanted)) {
            let is_rule = wanted.contains(":listener-rule/");
            let (kind, what) = if is_rule {
                ("aws_lb_listener_rule", "listener's rule")
            } else {
                ("aws_lb_listener", "listener")
            };
            let name = facts.subject.address(kind, wanted);
            let name = name.map_or_else(|| wanted.clone(), |address| format!("`{address}`"));
            let hint = facts.subject.mend(kind, wanted, PLAN);
            problems.push(Problem::failed(format!("the {what} {name} is gone")).hint(hint));
        }
    }
    if let Some(both) = target.test.iter().find(|arn| target.production.contains(arn)) {
        let what = format!("{both} is the listener for production and for tests");
        problems
            .push(Problem::failed(what).hint("a new version would be shown to everybody: name another one"));
    }
    if target.production.is_empty() {
        let what = format!("`{}` names no listener for production", target.address);
        let place =
            if facts.subject.group().is_some() { "prod_traffic_route" } else { "production_listener_rule" };
        problems.push(Problem::failed(what).hint(format!("name it in `{place}`")));
    }
    for listener in &report.listeners {
        problems.extend(of_listener(facts, report, listener));
    }
    let shown = report.listeners.iter().map(|listener| {
        let weights = listener.weights.iter().map(|(name, weight)| format!("{name} {weight}"));
        format!("{}: {}", listener.port, weights.collect::<Vec<_>>().join(", "))
    });
    let mut what = shown.collect::<Vec<_>>().join("; ");
    if target.test.is_empty() {
        what.push_str("; none for tests");
    }
    Finding::new(Check::Listeners, what, problems)
}

fn of_listener(facts: &Facts, report: &Report, listener: &Listener) -> Option<Problem> {
    let pair = &facts.subject.target.target_groups;
    let purpose = if listener.production { "production" } else { "tests" };
    let name = format!("the listener for {purpose} (port {})", listener.port);
    // Tests may go nowhere, and while a deployment is under way traffic is between two places.
    let is_under_way = report.deployment.as_ref().is_some_and(|deployment| !deployment.phase.has_ended());
    let bad = |what: String| {
        let problem = if listener.production && !is_under_way { Problem::failed } else { Problem::warning };
        Some(problem(what).hint(PLAN))
    };
    let outside = listener.weights.iter().find(|(group, _)| !pair.contains(group));
    if let Some((group, _)) = outside {
        return bad(format!("{name} forwards to {group}, which is neither of {}", pair.join(" and ")));
    }
    if listener.weights.is_empty() {
        return bad(format!("{name} forwards to no target group"));
    }
    if !listener.production {
        return None;
    }
    if listener.weights.iter().all(|(_, weight)| *weight == 0) {
        return bad(format!("{name} sends nobody anywhere: all its weights are 0"));
    }
    let primary = report.primary()?;
    let serves = primary.target_group.as_ref()?;
    let reached = listener.weights.iter().any(|(group, weight)| group == serves && *weight > 0);
    if reached {
        return None;
    }
    bad(format!("{name} does not forward to {serves}, where the tasks of {} serve", primary.task_definition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{deployment, facts, told, with_report};
    use wharf_release::Phase;

    fn with_weights(index: usize, weights: &[(&str, i64)]) -> Vec<String> {
        let weights = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        told(&check(&with_report(|report| report.listeners[index].weights = weights)))
    }

    #[test]
    fn production_goes_to_who_serves() {
        let finding = check(&facts());
        assert_eq!((finding.result, finding.what.as_str()), (Outcome::Ok, "80: blue 1; 8080: green 1"));
        let fine = Vec::<String>::new();
        assert_eq!(with_weights(0, &[("blue", 100), ("green", 0)]), fine);
        assert_eq!(with_weights(0, &[("green", 90), ("blue", 10)]), fine);
        let name = "failed: the listener for production (port 80)";
        assert_eq!(
            with_weights(0, &[("green", 100), ("blue", 0)]),
            [format!("{name} does not forward to blue, where the tasks of web:7 serve")]
        );
        let nobody = [format!("{name} sends nobody anywhere: all its weights are 0")];
        assert_eq!(with_weights(0, &[("green", 0), ("blue", 0)]), nobody);
        assert_eq!(
            with_weights(0, &[("blue", 1), ("other", 0)]),
            [format!("{name} forwards to other, which is neither of blue and green")]
        );
        assert_eq!(with_weights(0, &[]), [format!("{name} forwards to no target group")]);
    }

    #[test]
    fn tests_may_go_to_either_and_elsewhere_is_a_warning() {
        assert_eq!(with_weights(1, &[("blue", 1)]), Vec::<String>::new());
        assert_eq!(
            with_weights(1, &[("other", 1)]),
            [
                "warning: the listener for tests (port 8080) forwards to other, which is neither of blue and green"
            ]
        );
    }

    #[test]
    fn traffic_that_is_moving_is_no_failure() {
        let finding = check(&with_report(|report| {
            report.deployment = Some(deployment("InProgress", Phase::Rerouting));
            report.listeners[0].weights = vec![("green".into(), 100), ("blue".into(), 0)];
        }));
        assert_eq!(finding.result, Outcome::Warning);
    }

    #[test]
    fn both_listeners_have_to_be_there_and_to_differ() {
        let gone = with_report(|report| report.listeners.truncate(1));
        let test = &gone.subject.target.test[0];
        assert_eq!(told(&check(&gone)), [format!("failed: the listener {test} is gone")]);
        let mut same = facts();
        same.subject.target.test = same.subject.target.production.clone();
        assert_eq!(check(&same).result, Outcome::Failed);
        let mut none = facts();
        none.subject.target.test.clear();
        if let Ok(report) = &mut none.release {
            report.listeners.truncate(1);
        }
        assert_eq!(
            (check(&none).result, check(&none).what.as_str()),
            (Outcome::Ok, "80: blue 1; none for tests")
        );
    }
}
