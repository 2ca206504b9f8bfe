//! What whoever releases needs.

use crate::facts::Facts;
use crate::right::Right;
use wharf_aws::policy::Place;
use wharf_release::Known;

/// Stands for an id that AWS makes: IAM's simulator takes resources, not patterns of them.
const ANY_ID: &str = "00000000000000000000000000000000";

/// What whoever runs `wharf release` needs.
pub(crate) fn rights(facts: &Facts) -> Vec<Right> {
    let subject = &facts.subject;
    let place = Place {
        partition: subject.partition.clone(),
        region: subject.region.clone(),
        account: subject.account.clone(),
    };
    let logs = facts.containers().filter_map(|(_, container)| container.log.as_ref());
    let known = Known {
        place: &place,
        configuration: facts.group.iter().flatten().next().map(|group| group.configuration.as_str()),
        logs: logs.map(|log| (log.group.name.clone(), log.stream.clone())).collect(),
    };
    wharf_release::rights(&subject.target, &known).into_iter().map(of_caller).collect()
}

fn of_caller(needed: wharf_release::Right) -> Right {
    let known = |resource: String| if resource == "*" { resource } else { resource.replace('*', ANY_ID) };
    let right = Right::new(needed.actions, needed.resources.into_iter().map(known), needed.without);
    match needed.cluster {
        Some(cluster) => right.with("ecs:cluster", cluster),
        None => right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::facts;
    use crate::right::flat;

    #[test]
    fn what_moves_a_deployment_cannot_be_limited_to_its_group() {
        let all = flat(&rights(&facts()));
        let group = "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/group";
        assert!(all.contains(&"codedeploy:StopDeployment *".to_owned()), "{all:?}");
        assert!(all.contains(&format!("codedeploy:CreateDeployment {group}")), "{all:?}");
    }

    #[test]
    fn the_simulator_is_asked_about_resources() {
        let all = flat(&rights(&facts()));
        let task = format!("ecs:DescribeTasks arn:aws:ecs:eu-central-1:123456789012:task/shop/{ANY_ID}");
        assert!(all.contains(&task), "{all:?}");
        assert!(all.iter().all(|one| one.ends_with(" *") || !one.contains('*')), "{all:?}");
    }
}
