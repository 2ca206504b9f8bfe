//! Whether the log groups of containers exist: without, a task does not start.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>.

use crate::facts::Facts;
use crate::finding::{Check, Finding, Problem, not_seen};
use std::collections::BTreeMap;

pub(super) fn check(facts: &Facts) -> Finding {
    if let Err(unseen) = &facts.definitions {
        return Finding::unseen(Check::LogGroups, unseen);
    }
    // Whether ECS makes it.
    let mut groups = BTreeMap::new();
    for log in facts.containers().filter_map(|(_, container)| container.log.as_ref()) {
        *groups.entry(&log.group).or_insert(true) &= log.creates;
    }
    let mut problems = Vec::new();
    let mut unseen = Vec::new();
    for (group, creates) in &groups {
        match facts.log_groups.get(*group) {
            Some(Ok(false)) if !creates => {
                let what = format!(
                    "the log group {} is gone: tasks cannot write their logs, and do not start",
                    group.name
                );
                let otherwise = "make it, or set `awslogs-create-group` in the container's log configuration";
                let hint = facts.subject.mend("aws_cloudwatch_log_group", &group.name, otherwise);
                problems.push(Problem::failed(what).hint(hint));
            }
            Some(Err(denied)) if !creates => unseen.push(denied),
            _ => {}
        }
    }
    problems.extend(not_seen(unseen));
    let names: Vec<&str> = groups.keys().map(|group| group.name.as_str()).collect();
    let what = if names.is_empty() { "no container logs to CloudWatch".to_owned() } else { names.join(", ") };
    Finding::new(Check::LogGroups, what, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    fn without_group(creates: bool) -> Facts {
        let mut facts = facts();
        facts.log_groups.values_mut().for_each(|found| *found = Ok(false));
        for container in facts.definitions.iter_mut().flatten().flat_map(|found| &mut found.containers) {
            if let Some(log) = &mut container.log {
                log.creates = creates;
            }
        }
        facts
    }

    #[test]
    fn a_log_group_that_is_gone_fails_unless_ecs_makes_it() {
        assert_eq!((check(&facts()).result, check(&facts()).what.as_str()), (Outcome::Ok, "/ecs/web"));
        assert_eq!(
            told(&check(&without_group(false))),
            ["failed: the log group /ecs/web is gone: tasks cannot write their logs, and do not start"]
        );
        assert_eq!(check(&without_group(true)).result, Outcome::Ok);
    }
}
