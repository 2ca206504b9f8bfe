//! What serves: the primary task set of the service.
//!
//! Source: `ecs:DescribeServices`.

use crate::appspec::{AppSpec, NetworkConfiguration};
use crate::target::Target;
use aws_sdk_ecs::types as sdk;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// The tasks that serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Serving {
    /// The deployment that brought them; none if they came with the service.
    pub(crate) deployment: Option<String>,
    /// What would bring up the same again.
    pub(crate) spec: AppSpec,
}

impl Serving {
    /// `family:revision`.
    pub(crate) fn task_definition(&self) -> &str {
        name(&self.spec.task_definition)
    }
}

/// `family:revision`, from an ARN.
pub(crate) fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What serves now; none if the service is gone, or nothing of it is behind a load balancer.
pub(crate) async fn serving(clients: &Clients, target: &Target) -> Result<Option<Serving>> {
    let request = clients.ecs().describe_services().cluster(&target.cluster).services(&target.service);
    let answer = request.send().await.named("ecs:DescribeServices").or_absent()?;
    let services = answer.and_then(|answer| answer.services).into_iter().flatten();
    Ok(services.filter(|service| service.status() == Some("ACTIVE")).find_map(of))
}

fn of(service: sdk::Service) -> Option<Serving> {
    let sets = service.task_sets.into_iter().flatten();
    let primary = sets.into_iter().find(|set| set.status() == Some("PRIMARY"))?;
    let balancer = primary.load_balancers?.into_iter().next()?;
    let mut spec = AppSpec::new(primary.task_definition?, balancer.container_name?, balancer.container_port?);
    spec.platform_version = primary.platform_version;
    let network = primary.network_configuration.and_then(|network| network.awsvpc_configuration);
    spec.network_configuration = network.map(|network| NetworkConfiguration {
        assign_public_ip: network.assign_public_ip == Some(sdk::AssignPublicIp::Enabled),
        subnets: network.subnets,
        security_groups: network.security_groups.unwrap_or_default(),
    });
    let deployment = primary.external_id.filter(|id| id.starts_with("d-"));
    Some(Serving { deployment, spec })
}
