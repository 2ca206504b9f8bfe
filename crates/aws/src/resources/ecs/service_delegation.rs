//! What only a deployment changes on a service under `CODE_DEPLOY`.

use super::blue_green_delegation;
use crate::arn;
use wharf_core::{Map, Value};
use wharf_provider::{Delegation, InForce};

/// These properties, and each deployment may change them. Of the others, `UpdateService` takes any.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.
pub(crate) const BY_DEPLOYMENT: &[&str] = &[
    "task_definition",
    "load_balancer",
    "network_configuration",
    "platform_version",
    "capacity_provider_strategy",
];

/// What each deployment moves within them: the target groups change places.
pub(crate) const MOVED_WITHIN: &[&str] = &["target_group_arn"];

/// Whether the service of these attributes is deployed by CodeDeploy.
pub(super) fn is_by_code_deploy(attributes: &Map) -> bool {
    let controller = attributes.get("deployment_controller").and_then(Value::as_list).unwrap_or_default();
    let kind = controller.first().and_then(|controller| controller.as_map()?.get("type")?.as_str());
    kind == Some("CODE_DEPLOY")
}

/// Also without a deployment group, nobody else can change these.
pub(super) fn delegates(attributes: &Map) -> Vec<Delegation> {
    let arn = attributes.get("arn").and_then(Value::as_str);
    let own = arn.filter(|_| is_by_code_deploy(attributes)).map(|arn| Delegation {
        resource_type: "aws_ecs_service",
        known_by: vec![("arn", arn.to_owned())],
        properties: BY_DEPLOYMENT,
        exclusive: true,
        yields: false,
        mentions: Vec::new(),
        moved_within: MOVED_WITHIN,
    });
    own.into_iter().collect()
}

/// The task definition that the service runs. Deployments go back to revisions of before, so these stay. Under CodeDeploy a
/// pipeline registers one for each release, with an image of its own.
pub(super) fn in_force(attributes: &Map) -> Vec<InForce> {
    let running = attributes.get("task_definition").and_then(Value::as_str);
    let has_own_parts = is_by_code_deploy(attributes);
    let is_deployed = has_own_parts || blue_green_delegation::is_blue_green(attributes);
    let revision = running.filter(|_| is_deployed).and_then(|running| {
        let (family, _) = arn::last(running).split_once(':')?;
        Some(InForce {
            property: "task_definition",
            resource_type: "aws_ecs_task_definition",
            known_by: ("family", family.to_owned()),
            id: running.to_owned(),
            has_own_parts,
        })
    });
    revision.into_iter().collect()
}

/// The names of the containers behind the service's load balancer: their images are the pipeline's.
pub(super) fn delivered(service: &Map) -> impl Iterator<Item = &str> {
    let balancers = service.get("load_balancer").and_then(Value::as_list).unwrap_or_default();
    balancers.iter().filter_map(|balancer| balancer.as_map()?.get("container_name")?.as_str())
}

/// The target groups that its tasks are behind: under `CODE_DEPLOY`, those of the primary task set.
pub(super) fn serves(service: &Map) -> impl Iterator<Item = &str> {
    let balancers = service.get("load_balancer").and_then(Value::as_list).unwrap_or_default();
    balancers.iter().filter_map(|balancer| balancer.as_map()?.get("target_group_arn")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(controller: &str) -> Map {
        let service = json!({
            "arn": "arn:aws:ecs:eu-central-1:1:service/shop/web",
            "deployment_controller": [{"type": controller}],
            "task_definition": "arn:aws:ecs:eu-central-1:1:task-definition/web:23",
            "load_balancer": [{"container_name": "app"}],
        });
        Value::from(service).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn only_under_code_deploy() {
        assert!(delegates(&service("ECS")).is_empty() && in_force(&service("ECS")).is_empty());
        let of: Vec<_> = delegates(&service("CODE_DEPLOY")).into_iter().map(|d| d.properties).collect();
        assert_eq!(of, [BY_DEPLOYMENT]);
        let in_force = in_force(&service("CODE_DEPLOY"));
        assert_eq!(in_force.len(), 1);
        assert_eq!(in_force[0].known_by, ("family", "web".to_owned()));
        assert_eq!(delivered(&service("ECS")).collect::<Vec<_>>(), ["app"]);
    }
}
