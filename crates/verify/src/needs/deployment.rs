//! What the roles need that move traffic: CodeDeploy's, and that of ECS itself.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html>.

use crate::facts::Facts;
use crate::right::Right;
use std::collections::BTreeSet;

const MOVED: &str = "the traffic cannot be moved";

/// What the role of the deployment group needs.
pub(crate) fn rights(facts: &Facts) -> Vec<Right> {
    let subject = &facts.subject;
    let (cluster, service) = (&subject.target.cluster, &subject.target.service);
    let cluster_arn = subject.arn("ecs", &format!("cluster/{cluster}"));
    let service_arn = subject.arn("ecs", &format!("service/{cluster}/{service}"));
    let task_set = subject.arn("ecs", &format!("task-set/{cluster}/{service}/ecs-svc/0000000000000000000"));
    let of_service = |right: Right| right.with("ecs:cluster", &cluster_arn).with("ecs:service", &service_arn);
    let all = || ["*".to_owned()];
    let new = "CodeDeploy cannot start the new tasks";
    let service_needs = ["ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet"];
    let balancer_needs = [
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
    ];
    let mut rights = vec![
        of_service(Right::new(&["ecs:CreateTaskSet"], all(), new)),
        of_service(Right::new(
            &service_needs,
            [service_arn.clone()],
            "CodeDeploy cannot let the new tasks take over",
        )),
        of_service(Right::new(
            &["ecs:DeleteTaskSet"],
            [task_set],
            "CodeDeploy cannot stop the tasks of the version before",
        )),
        Right::new(&balancer_needs, all(), MOVED),
    ];
    rights.extend(traffic(facts));
    let passed: BTreeSet<String> = facts
        .definitions()
        .iter()
        .filter(|definition| definition.live)
        .flat_map(|definition| [&definition.execution_role, &definition.task_role])
        .flatten()
        .cloned()
        .collect();
    if !passed.is_empty() {
        let right = Right::new(&["iam:PassRole"], passed, "CodeDeploy cannot give the new tasks their roles");
        rights.push(right.with("iam:PassedToService", "ecs-tasks.amazonaws.com"));
    }
    rights
}

/// What the role needs with which ECS itself moves traffic.
pub(crate) fn infrastructure(facts: &Facts) -> Vec<Right> {
    let looks = [
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ];
    let registers = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"];
    let groups = facts.target_groups.iter().flatten().map(|group| group.arn.clone()).collect::<Vec<_>>();
    let mut rights = vec![Right::new(&looks, ["*".to_owned()], MOVED)];
    if !groups.is_empty() {
        rights.push(Right::new(&registers, groups, "ECS cannot put the new tasks behind the load balancer"));
    }
    rights.extend(traffic(facts));
    rights
}

/// To change where listeners and rules forward to.
fn traffic(facts: &Facts) -> Vec<Right> {
    let (listeners, rules) = moved_arns(facts);
    let right = |action: &'static str, arns: Vec<String>| {
        (!arns.is_empty()).then(|| Right::new(&[action], arns, MOVED))
    };
    let both = [
        right("elasticloadbalancing:ModifyListener", listeners),
        right("elasticloadbalancing:ModifyRule", rules),
    ];
    both.into_iter().flatten().collect()
}

/// The listeners and the rules that a deployment changes.
fn moved_arns(facts: &Facts) -> (Vec<String>, Vec<String>) {
    let target = &facts.subject.target;
    let seen: Vec<String> = facts
        .report()
        .into_iter()
        .flat_map(|report| &report.listeners)
        .map(|listener| listener.arn.clone())
        .collect();
    let known =
        if seen.is_empty() { [target.production.clone(), target.test.clone()].concat() } else { seen };
    known.into_iter().partition(|arn| !arn.contains(":listener-rule/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::facts;
    use crate::right::flat;

    #[test]
    fn codedeploy_passes_the_roles_of_what_serves_and_changes_rules_where_those_move_traffic() {
        let mut facts = facts();
        let all = flat(&rights(&facts));
        let has = |all: &[String], text: &str| all.iter().any(|line| line.starts_with(text));
        assert!(has(&all, "iam:PassRole arn:aws:iam::123456789012:role/execution"), "{all:?}");
        assert!(
            has(&all, "elasticloadbalancing:ModifyListener arn:")
                && !has(&all, "elasticloadbalancing:ModifyRule")
        );
        if let Ok(report) = &mut facts.release {
            for listener in &mut report.listeners {
                listener.arn = format!("{}/0c", listener.arn.replace(":listener/", ":listener-rule/"));
            }
        }
        let all = flat(&rights(&facts));
        assert!(
            has(&all, "elasticloadbalancing:ModifyRule arn:")
                && !has(&all, "elasticloadbalancing:ModifyListener")
        );
    }

    #[test]
    fn ecs_itself_puts_tasks_behind_the_load_balancer_and_moves_the_traffic() {
        let all = flat(&infrastructure(&facts()));
        for action in ["RegisterTargets", "DeregisterTargets", "ModifyListener"] {
            let action = format!("elasticloadbalancing:{action} arn:");
            assert!(all.iter().any(|line| line.starts_with(&action)), "{action}: {all:?}");
        }
        assert!(all.iter().all(|line| line.starts_with("elasticloadbalancing:")), "{all:?}");
    }
}
