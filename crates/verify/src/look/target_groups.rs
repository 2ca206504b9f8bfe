//! The pair of target groups.
//!
//! Sources: `elasticloadbalancing:DescribeTargetGroups`, `DescribeTargetHealth`.

use crate::facts::{Look, TargetGroup, seen as or_unseen};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures::future::try_join_all;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// Those of these names that are there.
pub(super) async fn seen(clients: &Clients, names: &[String]) -> Result<Look<Vec<TargetGroup>>> {
    or_unseen(groups(clients, names).await)
}

async fn groups(clients: &Clients, names: &[String]) -> Result<Vec<TargetGroup>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = match described(clients, names.to_vec()).await? {
        Some(found) => found,
        // One that is gone spoils the answer for all.
        None => {
            let each = names.iter().map(|name| described(clients, vec![name.clone()]));
            try_join_all(each).await?.into_iter().flatten().flatten().collect()
        }
    };
    try_join_all(found.into_iter().map(|group| with_health(clients, group))).await
}

async fn described(clients: &Clients, names: Vec<String>) -> Result<Option<Vec<sdk::TargetGroup>>> {
    let request = clients.elasticloadbalancing().describe_target_groups().set_names(Some(names));
    let answer = request.send().await.named("elasticloadbalancing:DescribeTargetGroups").or_absent()?;
    Ok(answer.map(|answer| answer.target_groups.unwrap_or_default()))
}

async fn with_health(clients: &Clients, group: sdk::TargetGroup) -> Result<TargetGroup> {
    let request = clients
        .elasticloadbalancing()
        .describe_target_health()
        .set_target_group_arn(group.target_group_arn.clone());
    let answer = request.send().await.named("elasticloadbalancing:DescribeTargetHealth").or_absent()?;
    let targets = answer.and_then(|answer| answer.target_health_descriptions).unwrap_or_default();
    let healthy = targets.iter().filter_map(|target| target.target_health()?.state());
    Ok(TargetGroup {
        healthy: healthy.filter(|state| **state == sdk::TargetHealthStateEnum::Healthy).count(),
        arn: group.target_group_arn.unwrap_or_default(),
        name: group.target_group_name.unwrap_or_default(),
        load_balancers: group.load_balancer_arns.unwrap_or_default(),
        vpc: group.vpc_id,
        target_type: group.target_type.map(|kind| kind.as_str().to_owned()),
        protocol: group.protocol.map(|protocol| protocol.as_str().to_owned()),
    })
}
