//! Whether both target groups can take the tasks.

use crate::arn;
use crate::facts::{Facts, TargetGroup};
use crate::finding::{Check, Finding, Problem};

pub(super) fn check(facts: &Facts) -> Finding {
    let groups = match &facts.target_groups {
        Ok(groups) => groups,
        Err(unseen) => return Finding::unseen(Check::TargetGroups, unseen),
    };
    let names = &facts.subject.target.target_groups;
    let mut problems = Vec::new();
    if let [first, second] = names.as_slice() {
        if first == second {
            let what = format!("both target groups are {first}");
            problems.push(Problem::failed(what).hint("a blue/green deployment needs two: name another one"));
        }
    } else {
        let what = format!("there are {} target groups, not two", names.len());
        problems.push(Problem::failed(what).hint(format!("name two in `{}`", facts.subject.target.address)));
    }
    for name in names.iter().filter(|name| groups.iter().all(|group| group.name != **name)) {
        let hint = facts.subject.mend("aws_lb_target_group", name, "make it again");
        problems.push(Problem::failed(format!("the target group {name} is gone")).hint(hint));
    }
    problems.extend(differences(groups));
    problems.extend(groups.iter().filter_map(|group| attached(facts, group)));
    problems.extend(groups.iter().filter_map(|group| foreign(facts, group)));
    Finding::new(Check::TargetGroups, names.join(", "), problems)
}

/// What has to be the same of both: the same tasks are behind one today and behind the other tomorrow.
fn differences(groups: &[TargetGroup]) -> Vec<Problem> {
    let [first, second] = groups else { return Vec::new() };
    let differs = |what: &str, one: &Option<String>, other: &Option<String>| {
        let (one, other) = (one.as_deref().unwrap_or("none"), other.as_deref().unwrap_or("none"));
        let words = format!("{} and {} differ in their {what}: {one}, {other}", first.name, second.name);
        (one != other)
            .then(|| Problem::failed(words).hint("the same tasks have to fit both: make them alike"))
    };
    [
        differs("VPC", &first.vpc, &second.vpc),
        differs("target type", &first.target_type, &second.target_type),
        differs("protocol", &first.protocol, &second.protocol),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What serves has to be behind the load balancer; the other one is put there by a deployment, and must not be elsewhere.
fn attached(facts: &Facts, group: &TargetGroup) -> Option<Problem> {
    let target = &facts.subject.target;
    let balancers: Vec<String> = target.production.iter().filter_map(|arn| arn::load_balancer(arn)).collect();
    if balancers.is_empty() || group.load_balancers.iter().any(|arn| balancers.contains(arn)) {
        return None;
    }
    if let Some(other) = group.load_balancers.first() {
        let what = format!("{} is attached to another load balancer: {}", group.name, arn::resource(other)?);
        return Some(
            Problem::failed(what).hint("a target group is behind one load balancer only: detach it there"),
        );
    }
    let serves = facts.report()?.primary()?.target_group.as_ref() == Some(&group.name);
    let what = format!("{} has the tasks that serve, and no listener forwards to it", group.name);
    serves.then(|| Problem::failed(what).hint("`wharf plan` shows what an apply would do about it"))
}

/// Targets that get traffic as soon as a deployment moves it, though no task set of the service is behind the group.
fn foreign(facts: &Facts, group: &TargetGroup) -> Option<Problem> {
    let report = facts.report()?;
    let has_tasks = report.task_sets.iter().any(|set| set.target_group.as_ref() == Some(&group.name));
    let targets =
        if group.healthy == 1 { "1 healthy target" } else { &format!("{} healthy targets", group.healthy) };
    let what =
        format!("{} has {targets} that no task of {} is behind", group.name, facts.subject.target.service);
    let hint = "they will share the traffic of the next release: deregister them";
    (group.healthy > 0 && !has_tasks).then(|| Problem::warning(what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    fn with(change: impl FnOnce(&mut Vec<TargetGroup>)) -> Vec<String> {
        let mut facts = facts();
        if let Ok(groups) = &mut facts.target_groups {
            change(groups);
        }
        told(&check(&facts))
    }

    #[test]
    fn a_pair_that_fits_is_fine() {
        let finding = check(&facts());
        assert_eq!((finding.result, finding.what.as_str()), (Outcome::Ok, "blue, green"));
        // A deployment puts the other one behind the listeners.
        assert_eq!(with(|groups| groups[1].load_balancers.clear()), Vec::<String>::new());
    }

    #[test]
    fn a_pair_is_two_that_are_alike() {
        assert_eq!(with(|groups| drop(groups.pop())), ["failed: the target group green is gone"]);
        for (change, words) in [
            ((|group| group.vpc = Some("vpc-2".into())) as fn(&mut TargetGroup), "VPC: vpc-1, vpc-2"),
            (|group| group.protocol = Some("HTTPS".into()), "protocol: HTTP, HTTPS"),
            (|group| group.target_type = Some("instance".into()), "target type: ip, instance"),
        ] {
            assert_eq!(
                with(|groups| change(&mut groups[1])),
                [format!("failed: blue and green differ in their {words}")]
            );
        }
        let mut facts = facts();
        facts.subject.target.target_groups = vec!["blue".into(), "blue".into()];
        assert_eq!(told(&check(&facts)), ["failed: both target groups are blue"]);
        facts.subject.target.target_groups = vec!["blue".into()];
        assert_eq!(told(&check(&facts)), ["failed: there are 1 target groups, not two"]);
    }

    #[test]
    fn what_serves_is_behind_the_load_balancer_and_the_other_behind_no_other() {
        assert_eq!(
            with(|groups| groups[0].load_balancers.clear()),
            ["failed: blue has the tasks that serve, and no listener forwards to it"]
        );
        let other = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/other/0a";
        assert_eq!(
            with(|groups| groups[1].load_balancers = vec![other.into()]),
            ["failed: green is attached to another load balancer: loadbalancer/app/other/0a"]
        );
    }

    #[test]
    fn targets_of_others_are_a_warning() {
        assert_eq!(
            with(|groups| groups[1].healthy = 2),
            ["warning: green has 2 healthy targets that no task of web is behind"]
        );
    }
}
