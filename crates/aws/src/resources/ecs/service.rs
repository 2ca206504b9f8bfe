use super::cluster::is_name;
use super::deployment_configuration::{self, DeploymentConfiguration};
use super::service_delegation;
use super::service_live::live;
use super::service_parts::{
    Alarms, CapacityProviderStrategy, CircuitBreaker, DeploymentController, LoadBalancer,
    NetworkConfiguration, PlacementConstraint, PlacementStrategy, ServiceRegistry,
};
use super::service_place::{Place, describe};
use super::service_request::{changes, creation};
use super::service_rollout;
use super::support::{SERVICE_LINKED_ROLE, from_aws, update_tags};
use super::{blue_green_delegation, deployment_checks};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ecs::types as ecs;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Block, BlockSet, Blocks, Delegation, Error, ErrorKind, Found, InForce, LiveOf, NewOf, ObjectOf,
    Permissions, ResourceType, Result, Scope, Standing, Tags, UpdateOf, WantedOf,
};

/// A service of ECS. Terraform: `aws_ecs_service`; AWS: `CreateService`.
pub(crate) struct Service;

/// An ECS service: a number of tasks that ECS keeps running.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "iam_role", "service_connect_configuration", "sigint_rollback", "timeouts", "volume_configuration",
    "vpc_lattice_configurations",
]))]
pub(crate) struct Properties {
    /// The name, unique in the cluster: up to 255 letters, digits, underscores and hyphens.
    #[schemars(extend("forces_replacement" = true))]
    pub(super) name: String,
    /// The cluster, by name or ARN; `default` if it is left out.
    #[schemars(extend("forces_replacement" = true))]
    pub(super) cluster: Option<String>,
    /// The task definition: an ARN, `family:revision`, or a family for its newest revision.
    #[schemars(extend("shared" = true))]
    pub(super) task_definition: Option<String>,
    /// How many tasks run; none at first if it is left out. Not for the scheduling strategy `DAEMON`.
    #[schemars(extend("shared" = true))]
    pub(super) desired_count: Option<i32>,
    /// What the tasks run on.
    #[schemars(extend("forces_replacement" = true, "enum" = ["EC2", "FARGATE", "EXTERNAL"]))]
    pub(super) launch_type: Option<String>,
    /// What the tasks run on, by shares, instead of a launch type.
    #[serde(default)]
    pub(super) capacity_provider_strategy: BlockSet<CapacityProviderStrategy>,
    /// Fargate's platform version: `LATEST`, `1.4.0`.
    pub(super) platform_version: Option<String>,
    /// Whether a number of tasks runs, or one on each container instance.
    #[serde(default = "replica")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["REPLICA", "DAEMON"]))]
    pub(super) scheduling_strategy: String,
    /// Who deploys. Under `CODE_DEPLOY`, only a deployment changes the task definition and the network.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    pub(super) deployment_controller: Block<DeploymentController>,
    /// How ECS deploys, if it is ECS who does: in place, or blue/green.
    #[serde(default)]
    pub(super) deployment_configuration: Block<DeploymentConfiguration>,
    /// How many tasks may run during a deployment, in percent of `desired_count`.
    #[serde(default = "two_hundred")]
    pub(super) deployment_maximum_percent: i32,
    /// How many tasks must run during a deployment, in percent of `desired_count`.
    #[serde(default = "one_hundred")]
    pub(super) deployment_minimum_healthy_percent: i32,
    /// When a deployment has failed.
    #[serde(default)]
    pub(super) deployment_circuit_breaker: Block<CircuitBreaker>,
    /// Alarms that fail a deployment.
    #[serde(default)]
    pub(super) alarms: Block<Alarms>,
    /// Where the tasks are, for the network mode `awsvpc`.
    #[serde(default)]
    pub(super) network_configuration: Block<NetworkConfiguration>,
    /// The target groups that the tasks register in; under `CODE_DEPLOY`, one at first.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    pub(super) load_balancer: BlockSet<LoadBalancer>,
    /// How long a new task may fail the load balancer's health checks, in seconds.
    pub(super) health_check_grace_period_seconds: Option<i32>,
    /// The registry of Cloud Map that the tasks register in.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    pub(super) service_registries: Block<ServiceRegistry>,
    /// How tasks are spread over container instances, the most important first.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    pub(super) ordered_placement_strategy: Blocks<PlacementStrategy>,
    /// On which container instances tasks may be placed.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    pub(super) placement_constraints: BlockSet<PlacementConstraint>,
    /// Whether `ecs execute-command` works.
    #[serde(default)]
    pub(super) enable_execute_command: bool,
    /// Whether ECS tags the tasks with cluster and service.
    #[serde(default)]
    pub(super) enable_ecs_managed_tags: bool,
    /// Whose tags the tasks get.
    #[schemars(extend("enum" = ["SERVICE", "TASK_DEFINITION", "NONE"]))]
    pub(super) propagate_tags: Option<String>,
    /// Whether tasks are spread evenly over availability zones again after a failure.
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    pub(super) availability_zone_rebalancing: Option<String>,
    /// Whether a destroy needs no scaling to zero first.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    pub(super) force_delete: bool,
    /// Whether an update starts a deployment even if nothing in the tasks changes.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    pub(super) force_new_deployment: bool,
    /// Values whose change starts a deployment, with `force_new_deployment`.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    pub(super) triggers: BTreeMap<String, String>,
    /// Whether an apply waits until the service is steady. Not under `CODE_DEPLOY`: `wharf release wait` waits for a release.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    pub(super) wait_for_steady_state: bool,
    /// Tags of the service.
    #[serde(default)]
    pub(super) tags: Tags,
}

/// What AWS sets on a service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    pub(super) id: String,
    /// The ARN.
    pub(super) arn: String,
    /// The service deployment that is under way, or was the last one, where ECS deploys blue/green.
    pub(super) current_service_deployment: Option<String>,
    /// How far it is: `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub(super) rollout_state: Option<String>,
    /// The target groups that the only revision which runs is behind, where ECS deploys blue/green.
    pub(super) serving_target_group_arns: Vec<String>,
}

pub(super) fn replica() -> String {
    "REPLICA".to_owned()
}

pub(super) fn two_hundred() -> i32 {
    200
}

pub(super) fn one_hundred() -> i32 {
    100
}

/// The most services that one `DescribeServices` takes.
const DESCRIBED: usize = 10;

impl ResourceType for Service {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_ecs_service";
    const NAMED_BY: &'static [&'static str] = &["name", "cluster"];
    const IMPORT_ID: &'static str = "CLUSTER_NAME/SERVICE_NAME";
    const BATCH: usize = 10 * DESCRIBED;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ecs:DescribeServices", "ecs:DescribeServiceRevisions"],
        create: &[
            "ecs:CreateService",
            "ecs:DescribeServiceDeployments",
            "ecs:TagResource",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
        ],
        update: &[
            "ecs:UpdateService",
            "ecs:DescribeServiceDeployments",
            "ecs:TagResource",
            "ecs:UntagResource",
            "iam:PassRole",
        ],
        delete: &[
            "ecs:UpdateService",
            "ecs:DescribeServiceDeployments",
            "ecs:StopServiceDeployment",
            "ecs:DeleteService",
        ],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "ecs:service/{cluster|default:last}/{name}"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[
        SERVICE_LINKED_ROLE,
        Scope::pass_role(
            &[
                "{load_balancer.advanced_configuration.role_arn?:role}",
                "{deployment_configuration.lifecycle_hook.role_arn?:role}",
            ],
            "ecs.amazonaws.com",
        ),
        Scope::of(
            &["ecs:DescribeServiceRevisions"],
            &["{arn}", "ecs:service-revision/{cluster|default:last}/{name}/*"],
        )
        .when("deployment_configuration"),
        Scope::of(
            &["ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"],
            &["{arn}", "ecs:service-deployment/{cluster|default:last}/{name}/*"],
        )
        .when("deployment_configuration"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let places: Vec<_> = objects.iter().map(Place::of).collect();
        let mut clusters = BTreeMap::<&str, Vec<String>>::new();
        for place in &places {
            clusters.entry(&place.cluster).or_default().push(place.name.clone());
        }
        let requests = clusters.iter().flat_map(|(cluster, names)| {
            names.chunks(DESCRIBED).map(|names| describe(cloud, cluster, names.to_vec()))
        });
        let mut services: HashMap<Place, ecs::Service> = try_join_all(requests)
            .await?
            .into_iter()
            .flatten()
            .map(|service| (Place::of_service(&service), service))
            .collect();
        let groups = service_rollout::target_groups(cloud, services.values()).await?;
        let live = objects.iter().zip(&places).map(|(object, place)| {
            services.remove(place).map(|service| live(service, &groups, object.properties.as_ref()))
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = creation(cloud, properties)?.client_token(new.token);
        let created = request.send().await.named("ecs:CreateService").map_err(|error| {
            let there = error.message.contains("not idempotent");
            if there { error.of_kind(ErrorKind::AlreadyExists) } else { error }
        })?;
        created
            .service
            .and_then(|service| service.service_arn)
            .ok_or_else(|| Error::internal("ecs:CreateService answered without an ARN"))
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        // The first image of a service under CODE_DEPLOY may be one that the pipeline has still to build.
        let by_code_deploy = |controller: &DeploymentController| controller.kind == "CODE_DEPLOY";
        if !properties.wait_for_steady_state
            || properties.deployment_controller.as_ref().is_some_and(by_code_deploy)
        {
            return Ok(());
        }
        let place = Place::new(id, properties.cluster.as_deref());
        Wait::minutes("the service to become steady", 20)
            .until(|| async {
                let services = describe(cloud, &place.cluster, vec![place.name.clone()]).await?;
                let Some(service) = services.first() else { return Ok(None) };
                let steady =
                    service_rollout::is_steady(cloud, service, properties.task_definition.as_deref()).await?;
                Ok(steady.then_some(()))
            })
            .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let live = update.live;
        let place = Place::new(update.id, live.cluster.as_deref());
        let by_code_deploy =
            live.deployment_controller.as_ref().is_some_and(|controller| controller.kind == "CODE_DEPLOY");
        if live.deployment_configuration.is_some()
            && !update.desired.deployment_configuration.as_ref().is_some_and(DeploymentConfiguration::shifts)
        {
            let groups = update.desired.load_balancer.iter();
            let declared: Vec<&str> = groups.filter_map(|one| one.target_group_arn.as_deref()).collect();
            service_rollout::check_leaving(cloud, &place, &declared).await?;
        }
        if let Some(request) = changes(cloud, update, by_code_deploy)? {
            let request = request.cluster(place.cluster).service(place.name);
            request.send().await.named("ecs:UpdateService")?;
        }
        update_tags(cloud, update, update.id, &live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let place = Place::of(object);
        // What is not recorded may be deployed in any way.
        let rolls = |properties: &Properties| properties.deployment_configuration.is_none();
        if !object.properties.as_ref().is_some_and(rolls) {
            service_rollout::stop(cloud, &place).await?;
        }
        let Place { cluster, name } = &place;
        let (force, daemon) = match &object.properties {
            Some(properties) => (properties.force_delete, properties.scheduling_strategy == "DAEMON"),
            None => {
                let services = describe(cloud, cluster, vec![name.clone()]).await?;
                let Some(service) = services.first() else { return Ok(()) };
                (false, service.scheduling_strategy == Some(ecs::SchedulingStrategy::Daemon))
            }
        };
        if !force && !daemon {
            let request = cloud.ecs().update_service().cluster(cluster).service(name).desired_count(0);
            request.send().await.named("ecs:UpdateService").or_absent()?;
        }
        let request = cloud.ecs().delete_service().cluster(cluster).service(name).force(force);
        request.send().await.named("ecs:DeleteService").or_absent().map_err(|error| {
            let deploying = error.message.contains("deployments are active");
            if deploying { error.of_kind(ErrorKind::InUse) } else { error }
        })?;
        // Tasks leave their target groups first, which takes as long as the deregistration delay.
        let wait = Wait::minutes("the service's tasks to stop", 20);
        wait.until(|| async {
            let services = describe(cloud, cluster, vec![name.clone()]).await?;
            Ok(services.is_empty().then_some(()))
        })
        .await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let cluster = wanted.properties.cluster.as_deref().map_or("default", arn::last);
        let services = describe(cloud, cluster, vec![wanted.properties.name.clone()]).await?;
        // What is draining is on its way out; a create waits for that.
        let there = services.into_iter().find(|service| service.status() != Some("DRAINING"));
        Ok(there.map_or(Found::Absent, |service| {
            let arn = service.service_arn.unwrap_or_default();
            wanted.by_tags(arn, &from_aws(service.tags))
        }))
    }

    async fn import(cloud: &Clients, id: &str) -> Result<Option<String>> {
        let names = arn::resource(id).strip_prefix("service/").unwrap_or(id).split_once('/');
        let Some((cluster, name)) = names.filter(|(cluster, name)| is_name(cluster) && is_name(name)) else {
            let message =
                format!("`{id}` is no service: it is imported as `cluster/service`, by the names of both");
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        // Old services have ARNs without the cluster in them.
        let services = describe(cloud, cluster, vec![name.to_owned()]).await?;
        Ok(services.into_iter().find_map(|service| service.service_arn))
    }

    fn delegates(attributes: &Map) -> Vec<Delegation> {
        let mut delegations = service_delegation::delegates(attributes);
        delegations.extend(blue_green_delegation::delegates(attributes));
        delegations
    }

    fn standing(attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        if service_delegation::is_by_code_deploy(attributes) {
            let serves = service_delegation::serves(attributes).map(str::to_owned).collect();
            return Standing { serves, ..Standing::default() };
        }
        blue_green_delegation::standing(attributes, objects)
    }

    fn canonical(properties: &mut Map) {
        deployment_configuration::canonical(properties);
        arn::shorten(properties, "cluster", arn::last);
        arn::shorten(properties, "task_definition", arn::last);
        if properties.get("scheduling_strategy").and_then(Value::as_str) == Some("DAEMON") {
            // ECS decides how many tasks there are, and Terraform's default of 100 percent means ECS's own, 0.
            properties.remove("desired_count");
            properties.remove("deployment_maximum_percent");
            let minimum = properties.get_mut("deployment_minimum_healthy_percent");
            if let Some(minimum) = minimum.filter(|minimum| minimum.as_i64() == Some(100)) {
                *minimum = Value::from(0);
            }
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let blocks = |name: &str| properties.get(name).and_then(Value::as_list).unwrap_or_default();
        let mut faults = deployment_checks::mistakes(properties);
        let mut fault =
            |property: &str, message: &str| faults.push((property.to_owned(), message.to_owned()));
        if text("launch_type").is_some() && !blocks("capacity_provider_strategy").is_empty() {
            fault("launch_type", "a service has a launch type or a capacity provider strategy, not both");
        }
        if text("scheduling_strategy") == Some("DAEMON") {
            if properties.get("desired_count").is_some_and(|count| !count.is_null()) {
                fault("desired_count", "ECS counts the tasks of the scheduling strategy DAEMON itself");
            }
            if text("launch_type") == Some("FARGATE") {
                fault("scheduling_strategy", "Fargate does not know the scheduling strategy DAEMON");
            }
        }
        let controller = blocks("deployment_controller").first().and_then(Value::as_map);
        if controller.and_then(|controller| controller.get("type")?.as_str()) == Some("CODE_DEPLOY") {
            if properties.get("load_balancer").is_none_or(Value::is_known)
                && blocks("load_balancer").len() != 1
            {
                let message =
                    "under CODE_DEPLOY a service has one target group, the one that serves at first";
                fault("load_balancer", message);
            }
            if !blocks("deployment_circuit_breaker").is_empty() {
                fault(
                    "deployment_circuit_breaker",
                    "only the deployment controller ECS has a circuit breaker",
                );
            }
        }
        faults
    }

    fn in_force(attributes: &Map) -> Vec<InForce> {
        service_delegation::in_force(attributes)
    }

    fn replaces(live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
        // Neither UpdateService nor a deployment of CodeDeploy changes them.
        if changed.contains("service_registries") && service_delegation::is_by_code_deploy(live) {
            return true;
        }
        // As in Terraform: from a launch type to capacity providers or back there is no way but a forced deployment.
        let none = |map: &Map| {
            map.get("capacity_provider_strategy").and_then(Value::as_list).is_none_or(<[_]>::is_empty)
        };
        changed.contains("capacity_provider_strategy")
            && none(live) != none(desired)
            && desired.get("force_new_deployment").and_then(Value::as_bool) != Some(true)
    }

    fn passes(error: &Error) -> bool {
        // The listener is not known to ECS yet; the service of that name is not gone yet.
        error.message.contains("does not have an associated load balancer")
            || error.message.contains("is still Draining")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn names_and_arns_are_the_same() {
        let mut properties = map(json!({
            "cluster": "arn:aws:ecs:eu-central-1:1:cluster/prod",
            "task_definition": "arn:aws:ecs:eu-central-1:1:task-definition/web:3",
        }));
        Service::canonical(&mut properties);
        assert_eq!(properties, map(json!({"cluster": "prod", "task_definition": "web:3"})));
    }

    #[test]
    fn check_sees_conflicts() {
        let faults = |json| Service::check(&map(json)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let strategy = json!([{"capacity_provider": "FARGATE_SPOT", "weight": 1}]);
        assert_eq!(
            faults(json!({"launch_type": "FARGATE", "capacity_provider_strategy": strategy})),
            ["launch_type"]
        );
        assert_eq!(faults(json!({"scheduling_strategy": "DAEMON", "desired_count": 1})), ["desired_count"]);
        let controller = json!([{"type": "CODE_DEPLOY"}]);
        assert_eq!(faults(json!({"deployment_controller": controller})), ["load_balancer"]);
        let balancer = json!([{"target_group_arn": "a", "container_name": "web", "container_port": 80}]);
        assert!(faults(json!({"deployment_controller": controller, "load_balancer": balancer})).is_empty());
    }

    #[test]
    fn only_a_forced_deployment_moves_to_capacity_providers() {
        let changed = BTreeSet::from(["capacity_provider_strategy".to_owned()]);
        let live = map(json!({"capacity_provider_strategy": []}));
        let strategy = json!([{"capacity_provider": "FARGATE_SPOT"}]);
        let mut desired = map(json!({"capacity_provider_strategy": strategy}));
        assert!(Service::replaces(&live, &desired, &changed));
        desired.insert("force_new_deployment".into(), true.into());
        assert!(!Service::replaces(&live, &desired, &changed));
    }
}
