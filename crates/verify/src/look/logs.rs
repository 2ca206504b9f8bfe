//! Whether log groups exist.
//!
//! Source: `logs:DescribeLogGroups`.

use crate::facts::{Facts, LogGroup, Look, seen as or_unseen};
use aws_sdk_cloudwatchlogs::config::{Builder, Region};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::{Clients, Named};
use wharf_provider::Result;

/// The log groups of all containers, a request for each region.
pub(super) async fn seen(clients: &Clients, facts: &Facts) -> Result<BTreeMap<LogGroup, Look<bool>>> {
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for log in facts.containers().filter_map(|(_, container)| container.log.as_ref()) {
        regions.entry(log.group.region.clone()).or_default().insert(log.group.name.clone());
    }
    let each = try_join_all(regions.into_iter().map(|(region, names)| async move {
        let found = or_unseen(existing(clients, &region, &names).await)?;
        let group = |name: String| {
            let is_there = found.as_ref().map(|found| found.contains(&name)).map_err(Clone::clone);
            (LogGroup { region: region.clone(), name }, is_there)
        };
        Result::<Vec<_>>::Ok(names.into_iter().map(group).collect())
    }));
    Ok(each.await?.into_iter().flatten().collect())
}

async fn existing(clients: &Clients, region: &str, names: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let request = clients
        .logs()
        .describe_log_groups()
        .set_log_group_identifiers(Some(names.iter().cloned().collect()))
        .customize()
        .config_override(Builder::new().region(Region::new(region.to_owned())));
    let answer = request.send().await.named("logs:DescribeLogGroups")?;
    Ok(answer.log_groups.into_iter().flatten().filter_map(|group| group.log_group_name).collect())
}
