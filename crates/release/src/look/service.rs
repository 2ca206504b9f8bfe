//! A service's task sets, and what their revisions are made of.
//!
//! Sources: `ecs:DescribeServices`, `DescribeTaskDefinition`.

use super::memory::{Containers, Memory};
use crate::time::Time;
use aws_sdk_ecs::types as sdk;
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// What there is of a service.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Its task sets, the primary one first, the newest before older ones.
    pub(super) sets: Vec<sdk::TaskSet>,
    /// What it said of itself, the newest first.
    pub(super) events: Vec<(Time, String)>,
    /// The revisions of its task sets, by ARN.
    pub(super) revisions: BTreeMap<String, Containers>,
    /// What is gone.
    pub(super) missing: Vec<String>,
    /// The service as ECS tells of it.
    pub(super) described: Option<sdk::Service>,
}

impl Seen {
    /// Takes task sets, and reads their revisions.
    pub(super) async fn hold(
        &mut self,
        clients: &Clients,
        memory: &Memory,
        sets: Vec<sdk::TaskSet>,
    ) -> Result<()> {
        let arns: BTreeSet<String> = sets.iter().filter_map(|set| set.task_definition.clone()).collect();
        let revisions = try_join_all(arns.into_iter().map(|arn| async move {
            let containers = memory.containers(clients, &arn).await?;
            Ok((arn, containers))
        }));
        let revisions = revisions.await?.into_iter();
        self.revisions.extend(revisions.filter_map(|(arn, found)| Some((arn, found?))));
        self.sets = sets;
        Ok(())
    }

    /// The image of a task set's container behind the load balancer; of its first one, where it has none there.
    pub(super) fn image(&self, set: &sdk::TaskSet, container: Option<&str>) -> Option<String> {
        let containers = self.revisions.get(set.task_definition()?)?;
        let balanced = set.load_balancers().first().and_then(sdk::LoadBalancer::container_name).or(container);
        let named = containers.iter().find(|found| balanced.is_some() && found.name() == balanced);
        named.or(containers.first())?.image().map(str::to_owned)
    }
}

/// A service as it is now.
pub(super) async fn seen(clients: &Clients, memory: &Memory, cluster: &str, name: &str) -> Result<Seen> {
    let request = clients.ecs().describe_services().cluster(cluster).services(name);
    let answer = request.send().await.named("ecs:DescribeServices").or_absent()?;
    let mut services = answer.and_then(|answer| answer.services).into_iter().flatten();
    let Some(service) = services.find(|service| service.status() != Some("INACTIVE")) else {
        let missing = vec![format!("the service {name} in the cluster {cluster} is gone")];
        return Ok(Seen { missing, ..Seen::default() });
    };
    let status = service.status().unwrap_or_default();
    let missing = match status {
        "ACTIVE" => Vec::new(),
        status => vec![format!("the service {name} is {status}: it was deleted, and its tasks are going")],
    };
    let described = service.clone();
    let mut sets = service.task_sets.unwrap_or_default();
    sets.sort_by_key(|set| (set.status() != Some("PRIMARY"), set.created_at().map(|time| -time.secs())));
    let event = |event: sdk::ServiceEvent| Some((Time::from(event.created_at?), event.message?));
    let mut seen = Seen {
        events: service.events.into_iter().flatten().filter_map(event).collect(),
        missing,
        described: Some(described),
        ..Seen::default()
    };
    seen.hold(clients, memory, sets).await?;
    Ok(seen)
}

/// The containers of a revision; none if it is gone.
pub(super) async fn containers(
    clients: &Clients,
    arn: &str,
) -> Result<Option<Vec<sdk::ContainerDefinition>>> {
    let request = clients.ecs().describe_task_definition().task_definition(arn);
    match request.send().await.named("ecs:DescribeTaskDefinition").or_absent() {
        // What ECS says of one that was deleted.
        Err(error) if error.is_code("ClientException") => Ok(None),
        answer => Ok(answer?
            .and_then(|answer| answer.task_definition)
            .map(|found| found.container_definitions.unwrap_or_default())),
    }
}
