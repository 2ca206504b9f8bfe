use super::codedeploy_deployment_group_parts::{
    AlarmConfiguration, AutoRollback, BlueGreen, DeploymentStyle, EcsService, LoadBalancerInfo, Trigger,
};
use super::support::{tags, to_aws, update_tags};
use super::{codedeploy_delegation, codedeploy_running};
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::import::{imported, pair, text};
use aws_sdk_codedeploy::types as codedeploy;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Block, BlockSet, Delegation, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions,
    ResourceType, Result, Scope, Standing, Tags, UpdateOf, WantedOf,
};

/// A deployment group. Terraform: `aws_codedeploy_deployment_group`; AWS: `CreateDeploymentGroup`.
pub(crate) struct DeploymentGroup;

/// A CodeDeploy deployment group: what is deployed, and how.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = [
    "autoscaling_groups", "ec2_tag_filter", "ec2_tag_set", "on_premises_instance_tag_filter",
    "outdated_instances_strategy", "termination_hook_enabled",
]))]
pub(crate) struct Properties {
    /// The application.
    #[schemars(extend("forces_replacement" = true))]
    app_name: String,
    /// The name, unique in the application.
    #[schemars(extend("forces_replacement" = true))]
    deployment_group_name: String,
    /// The ARN of the role with which CodeDeploy works.
    service_role_arn: String,
    /// How fast traffic moves: `CodeDeployDefault.ECSAllAtOnce`, `CodeDeployDefault.ECSCanary10Percent5Minutes`. The
    /// default of the application's platform if it is left out.
    deployment_config_name: Option<String>,
    /// How a deployment goes about its work.
    #[serde(default)]
    deployment_style: Block<DeploymentStyle>,
    /// The ECS service that is deployed.
    #[serde(default)]
    ecs_service: Block<EcsService>,
    /// How a blue/green deployment goes.
    #[serde(default)]
    blue_green_deployment_config: Block<BlueGreen>,
    /// What moves traffic.
    #[serde(default)]
    load_balancer_info: Block<LoadBalancerInfo>,
    /// When the last good revision comes back.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    auto_rollback_configuration: Block<AutoRollback>,
    /// Alarms that stop a deployment.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    alarm_configuration: Block<AlarmConfiguration>,
    /// Who is told of deployments.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    trigger_configuration: BlockSet<Trigger>,
    /// Tags of the deployment group.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a deployment group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// `application:group`.
    id: String,
    /// The ARN.
    arn: String,
    /// AWS's own id.
    deployment_group_id: String,
    /// The platform of the application.
    compute_platform: Option<String>,
    /// The deployment that was started last.
    #[schemars(extend("volatile" = true))]
    last_deployment_id: Option<String>,
    /// How it stands: `Created`, `Queued`, `InProgress`, `Baking`, `Ready`, `Succeeded`, `Failed`, `Stopped`.
    #[schemars(extend("volatile" = true))]
    last_deployment_status: Option<String>,
}

/// The most deployment groups that one `BatchGetDeploymentGroups` takes.
const DESCRIBED: usize = 100;

impl ResourceType for DeploymentGroup {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_codedeploy_deployment_group";
    const NAMED_BY: &'static [&'static str] = &["app_name", "deployment_group_name"];
    const IMPORT_ID: &'static str = "APPLICATION:DEPLOYMENT_GROUP";
    const BATCH: usize = DESCRIBED;
    const PERMISSIONS: Permissions = Permissions {
        read: &["codedeploy:BatchGetDeploymentGroups", "codedeploy:ListTagsForResource"],
        create: &["codedeploy:CreateDeploymentGroup", "codedeploy:TagResource", "iam:PassRole"],
        update: &[
            "codedeploy:UpdateDeploymentGroup",
            "codedeploy:TagResource",
            "codedeploy:UntagResource",
            "iam:PassRole",
        ],
        delete: &[
            "codedeploy:DeleteDeploymentGroup",
            "codedeploy:GetDeployment",
            "codedeploy:StopDeployment",
        ],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "codedeploy:deploymentgroup:{app_name}/{deployment_group_name}")];
    const SCOPES: &'static [Scope] = &[
        Scope::pass_role(&["{service_role_arn:role}"], "codedeploy.amazonaws.com"),
        Scope::rest(&["{arn}"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let mut applications = BTreeMap::<&str, Vec<String>>::new();
        for object in objects {
            let (application, name) = parts(&object.id);
            applications.entry(application).or_default().push(name.to_owned());
        }
        let groups = try_join_all(
            applications.into_iter().map(|(application, names)| describe(cloud, application, names)),
        );
        let groups = groups.await?.into_iter().flatten();
        let live = try_join_all(groups.map(|group| live(cloud, group))).await?;
        let mut live: HashMap<_, _> =
            live.into_iter().flatten().map(|live| (live.attributes.id.clone(), live)).collect();
        Ok(objects.iter().map(|object| live.remove(&object.id)).collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let service = properties.ecs_service.as_ref().map(EcsService::to_aws);
        let triggers: Vec<_> = properties.trigger_configuration.iter().map(Trigger::to_aws).collect();
        let request = cloud
            .codedeploy_once()
            .create_deployment_group()
            .application_name(&properties.app_name)
            .deployment_group_name(&properties.deployment_group_name)
            .service_role_arn(&properties.service_role_arn)
            .set_deployment_config_name(properties.deployment_config_name.clone())
            .set_deployment_style(properties.deployment_style.as_ref().map(DeploymentStyle::to_aws))
            .set_ecs_services(service.map(|service| vec![service]))
            .set_blue_green_deployment_configuration(
                properties.blue_green_deployment_config.as_ref().map(BlueGreen::to_aws),
            )
            .set_load_balancer_info(properties.load_balancer_info.as_ref().map(LoadBalancerInfo::to_aws))
            .set_auto_rollback_configuration(
                properties.auto_rollback_configuration.as_ref().map(AutoRollback::to_aws),
            )
            .set_alarm_configuration(properties.alarm_configuration.as_ref().map(AlarmConfiguration::to_aws))
            .set_trigger_configurations((!triggers.is_empty()).then_some(triggers))
            .set_tags(Some(to_aws(&properties.tags)));
        request.send().await.named("codedeploy:CreateDeploymentGroup")?;
        Ok(format!("{}:{}", properties.app_name, properties.deployment_group_name))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let desired = update.desired;
        let (application, name) = parts(update.id);
        let request = cloud
            .codedeploy()
            .update_deployment_group()
            .application_name(application)
            .current_deployment_group_name(name);
        let untouched = request.as_input().clone();
        let mut request = request;
        if update.changes(&["service_role_arn"]) {
            request = request.service_role_arn(&desired.service_role_arn);
        }
        if update.changes(&["deployment_config_name"]) {
            request = request.set_deployment_config_name(desired.deployment_config_name.clone());
        }
        if update.changes(&["deployment_style"]) {
            request =
                request.set_deployment_style(desired.deployment_style.as_ref().map(DeploymentStyle::to_aws));
        }
        if update.changes(&["ecs_service"]) {
            let services = desired.ecs_service.as_ref().map(EcsService::to_aws).into_iter().collect();
            request = request.set_ecs_services(Some(services));
        }
        if update.changes(&["blue_green_deployment_config"]) {
            let configuration = desired.blue_green_deployment_config.as_ref().map(BlueGreen::to_aws);
            request = request.set_blue_green_deployment_configuration(configuration);
        }
        if update.changes(&["load_balancer_info"]) {
            let info = desired.load_balancer_info.as_ref().map(LoadBalancerInfo::to_aws);
            request = request.set_load_balancer_info(info);
        }
        if update.changes(&["auto_rollback_configuration"]) {
            let none = || codedeploy::AutoRollbackConfiguration::builder().enabled(false).build();
            let rollback = desired.auto_rollback_configuration.as_ref();
            request = request.auto_rollback_configuration(rollback.map_or_else(none, AutoRollback::to_aws));
        }
        if update.changes(&["alarm_configuration"]) {
            let none = || codedeploy::AlarmConfiguration::builder().enabled(false).build();
            let alarms = desired.alarm_configuration.as_ref();
            request = request.alarm_configuration(alarms.map_or_else(none, AlarmConfiguration::to_aws));
        }
        if update.changes(&["trigger_configuration"]) {
            let triggers = desired.trigger_configuration.iter().map(Trigger::to_aws).collect();
            request = request.set_trigger_configurations(Some(triggers));
        }
        if *request.as_input() != untouched {
            request.send().await.named("codedeploy:UpdateDeploymentGroup")?;
        }
        update_tags(cloud, update, &resource(update.id), &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let (application, name) = parts(&object.id);
        codedeploy_running::stop(cloud, application, name).await?;
        let request = cloud.codedeploy().delete_deployment_group();
        let sent = request.application_name(application).deployment_group_name(name).send().await;
        sent.named("codedeploy:DeleteDeploymentGroup").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let Properties { app_name, deployment_group_name: name, .. } = wanted.properties;
        let there = describe(cloud, app_name, vec![name.clone()]).await?.into_iter().next();
        let Some(group) = there else { return Ok(Found::Absent) };
        let live = live(cloud, group).await?;
        Ok(live.map_or(Found::Absent, |live| wanted.by_tags(live.attributes.id, &live.properties.tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        let fine = pair(id, ':').is_some_and(|(_, group)| !group.contains(':'));
        imported::<Self>(id, fine.then(|| id.to_owned()))
    }

    fn id_in_terraform(attributes: &Map) -> Option<String> {
        // Terraform's own id is AWS's id of the group.
        Some(format!("{}:{}", text(attributes, "app_name")?, text(attributes, "deployment_group_name")?))
    }

    fn delegates(attributes: &Map) -> Vec<Delegation> {
        codedeploy_delegation::delegates(attributes)
    }

    fn standing(attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        codedeploy_delegation::standing(attributes, objects)
    }

    fn canonical(properties: &mut Map) {
        // Switched off with nothing in it is the same as not there.
        for (block, list) in [("auto_rollback_configuration", "events"), ("alarm_configuration", "alarms")] {
            let Some(Value::List(blocks)) = properties.get_mut(block) else { continue };
            blocks.retain(|block| {
                let Value::Map(block) = block else { return true };
                let off = block.get("enabled").is_none_or(|enabled| enabled.as_bool() == Some(false));
                let empty =
                    block.get(list).is_none_or(|list| list.as_list().is_some_and(<[Value]>::is_empty));
                !(off && empty)
            });
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut fault =
            |property: &str, message: &str| faults.push((property.to_owned(), message.to_owned()));
        if first(properties, "ecs_service").is_none() {
            return faults;
        }
        let style = first(properties, "deployment_style");
        let is = |field: &str, wanted: &str| {
            let value = style.and_then(|style| style.get(field));
            value.is_some_and(|value| !value.is_known() || value.as_str() == Some(wanted))
        };
        if properties.get("deployment_style").is_none_or(Value::is_known)
            && !(is("deployment_type", "BLUE_GREEN") && is("deployment_option", "WITH_TRAFFIC_CONTROL"))
        {
            let message = "an ECS service is deployed with `deployment_type: BLUE_GREEN` and \
                           `deployment_option: WITH_TRAFFIC_CONTROL`";
            fault("deployment_style", message);
        }
        for block in ["blue_green_deployment_config", "load_balancer_info"] {
            if is_absent(properties, block) {
                fault(block, &format!("a deployment of an ECS service needs `{block}`"));
            }
        }
        if let Some(config) = first(properties, "blue_green_deployment_config") {
            for message in moving_faults(config) {
                fault("blue_green_deployment_config", &message);
            }
        }
        let pair =
            first(properties, "load_balancer_info").and_then(|info| first(info, "target_group_pair_info"));
        if let Some(pair) = pair {
            let names = pair.get("target_group").and_then(Value::as_list);
            let names: Option<Vec<_>> = names.map(|groups| {
                groups.iter().filter_map(|group| group.as_map()?.get("name")?.as_str()).collect()
            });
            let count = pair.get("target_group").and_then(Value::as_list).map(<[Value]>::len);
            if count.is_some_and(|count| count != 2) {
                fault("load_balancer_info", "a pair has two target groups, blue and green");
            } else if names.is_some_and(|names| names.len() == 2 && names[0] == names[1]) {
                fault("load_balancer_info", "blue and green are two different target groups");
            }
            let listeners = |route: &str| first(pair, route).and_then(|route| route.get("listener_arns"));
            for route in ["prod_traffic_route", "test_traffic_route"] {
                let count = listeners(route).and_then(Value::as_list).map(<[Value]>::len);
                if count.is_some_and(|count| count != 1) {
                    fault("load_balancer_info", &format!("`{route}` has one listener"));
                }
            }
            let (prod, test) = (listeners("prod_traffic_route"), listeners("test_traffic_route"));
            if prod.is_some_and(|prod| prod.is_known() && Some(prod) == test) {
                fault("load_balancer_info", "production and test traffic have two different listeners");
            }
        }
        faults
    }

    fn passes(error: &Error) -> bool {
        // The service or its listener is not known to CodeDeploy yet, or the topic does not know CodeDeploy's role.
        error.kind == ErrorKind::Invalid
            && (error.is_code("InvalidECSServiceException") && error.message.contains("not found")
                || error.is_code("InvalidTriggerConfigException") && error.message.contains("is not valid"))
    }
}

/// What CodeDeploy does not take of when traffic of an ECS service moves, and what becomes of its tasks from before.
///
/// Sources: `codedeploy:CreateDeploymentGroup`,
/// <https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-create-ecs.html>,
/// <https://github.com/hashicorp/terraform-provider-aws/issues/9653> and
/// <https://github.com/hashicorp/terraform-provider-aws/issues/23995>.
fn moving_faults(config: &Map) -> Vec<String> {
    let [ready, end] = ["deployment_ready_option", "terminate_blue_instances_on_deployment_success"];
    let absent = [ready, end].into_iter().filter(|block| is_absent(config, block));
    let mut faults: Vec<String> =
        absent.map(|block| format!("a deployment of an ECS service needs `{block}`")).collect();
    let of = |block: &str, name: &str| first(config, block)?.get(name);
    let is = |block: &str, name: &str, wanted: &str| of(block, name).and_then(Value::as_str) == Some(wanted);
    let waits = of(ready, "wait_time_in_minutes").and_then(Value::as_i64).is_some_and(|minutes| minutes > 0);
    if waits && is(ready, "action_on_timeout", "CONTINUE_DEPLOYMENT") {
        let message = "with `CONTINUE_DEPLOYMENT` traffic moves at once: `wait_time_in_minutes` goes with \
                       `STOP_DEPLOYMENT` only";
        faults.push(message.to_owned());
    }
    if is(end, "action", "KEEP_ALIVE") {
        let message = "the tasks from before always end: `action` is `TERMINATE`, and \
                       `termination_wait_time_in_minutes` says when";
        faults.push(message.to_owned());
    }
    faults
}

/// Whether a block is not there. One that is not known yet may be.
fn is_absent(map: &Map, block: &str) -> bool {
    map.get(block).is_none_or(|value| value.as_list().is_some_and(<[Value]>::is_empty))
}

/// Application and name of an id; a name of an application has no colon.
fn parts(id: &str) -> (&str, &str) {
    id.split_once(':').unwrap_or((id, ""))
}

/// What stands for a deployment group in its ARN.
fn resource(id: &str) -> String {
    let (application, name) = parts(id);
    format!("deploymentgroup:{application}/{name}")
}

fn id(group: &codedeploy::DeploymentGroupInfo) -> String {
    let application = group.application_name().unwrap_or_default();
    format!("{application}:{}", group.deployment_group_name().unwrap_or_default())
}

/// The first block of a name.
fn first<'a>(map: &'a Map, block: &str) -> Option<&'a Map> {
    map.get(block)?.as_list()?.first()?.as_map()
}

/// The deployment groups of these names that an application has.
pub(super) async fn describe(
    cloud: &Clients,
    application: &str,
    names: Vec<String>,
) -> Result<Vec<codedeploy::DeploymentGroupInfo>> {
    let request = cloud.codedeploy().batch_get_deployment_groups().application_name(application);
    let sent = request.set_deployment_group_names(Some(names)).send().await;
    let answer = sent.named("codedeploy:BatchGetDeploymentGroups").or_absent()?;
    Ok(answer.and_then(|answer| answer.deployment_groups_info).unwrap_or_default())
}

/// A deployment group with its tags; nothing if it is gone since.
async fn live(
    cloud: &Clients,
    group: codedeploy::DeploymentGroupInfo,
) -> Result<Option<LiveOf<DeploymentGroup>>> {
    let id = id(&group);
    let arn = cloud.arn("codedeploy", &resource(&id)).await?;
    let Some(tags) = tags(cloud, &arn).await? else { return Ok(None) };
    let triggers = group.trigger_configurations.into_iter().flatten();
    let last = group.last_attempted_deployment;
    Ok(Some(LiveOf {
        properties: Properties {
            app_name: group.application_name.unwrap_or_default(),
            deployment_group_name: group.deployment_group_name.unwrap_or_default(),
            service_role_arn: group.service_role_arn.unwrap_or_default(),
            deployment_config_name: group.deployment_config_name,
            deployment_style: Block(group.deployment_style.as_ref().map(DeploymentStyle::from_aws)),
            ecs_service: Block(group.ecs_services.into_iter().flatten().next().map(EcsService::from_aws)),
            blue_green_deployment_config: Block(
                group.blue_green_deployment_configuration.map(BlueGreen::from_aws),
            ),
            load_balancer_info: Block(group.load_balancer_info.map(LoadBalancerInfo::from_aws)),
            auto_rollback_configuration: Block(group.auto_rollback_configuration.map(AutoRollback::from_aws)),
            alarm_configuration: Block(group.alarm_configuration.map(AlarmConfiguration::from_aws)),
            trigger_configuration: triggers.map(Trigger::from_aws).collect(),
            tags,
        },
        attributes: Attributes {
            id,
            arn,
            deployment_group_id: group.deployment_group_id.unwrap_or_default(),
            compute_platform: group.compute_platform.map(|platform| platform.as_str().to_owned()),
            last_deployment_status: last
                .as_ref()
                .and_then(|last| Some(last.status.as_ref()?.as_str().to_owned())),
            last_deployment_id: last.and_then(|last| last.deployment_id),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::import::tests::in_terraform;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        match Value::from(json) {
            Value::Map(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn ids() {
        assert_eq!(parts("web:blue-green"), ("web", "blue-green"));
        assert_eq!(resource("web:blue-green"), "deploymentgroup:web/blue-green");
        let attributes = json!({"id": "0d1e-2f", "app_name": "web", "deployment_group_name": "blue-green"});
        assert_eq!(in_terraform::<DeploymentGroup>(attributes), Some("web:blue-green".to_owned()));
    }

    #[test]
    fn off_is_the_same_as_not_there() {
        let mut properties = map(json!({
            "auto_rollback_configuration": [{"enabled": false, "events": []}],
            "alarm_configuration": [{"enabled": false, "alarms": ["cpu"]}],
        }));
        DeploymentGroup::canonical(&mut properties);
        assert_eq!(
            properties,
            map(json!({
                "auto_rollback_configuration": [],
                "alarm_configuration": [{"enabled": false, "alarms": ["cpu"]}],
            }))
        );
    }

    fn moving(ready: &str, minutes: i64, end: &str) -> serde_json::Value {
        json!({
            "deployment_ready_option": [{"action_on_timeout": ready, "wait_time_in_minutes": minutes}],
            "terminate_blue_instances_on_deployment_success": [{"action": end}],
        })
    }

    #[test]
    fn when_traffic_moves_is_checked() {
        let faults = |config: serde_json::Value| moving_faults(&map(config)).len();
        assert_eq!(faults(moving("STOP_DEPLOYMENT", 5, "TERMINATE")), 0);
        assert_eq!(faults(moving("CONTINUE_DEPLOYMENT", 0, "TERMINATE")), 0);
        assert_eq!(faults(moving("CONTINUE_DEPLOYMENT", 5, "TERMINATE")), 1);
        assert_eq!(faults(moving("STOP_DEPLOYMENT", 5, "KEEP_ALIVE")), 1);
        assert_eq!(faults(json!({"deployment_ready_option": []})), 2);
    }

    #[test]
    fn a_pair_is_checked() {
        let faults = |groups: serde_json::Value, test: &str| {
            let properties = map(json!({
                "ecs_service": [{"cluster_name": "a", "service_name": "b"}],
                "deployment_style": [
                    {"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"},
                ],
                "blue_green_deployment_config": [moving("STOP_DEPLOYMENT", 5, "TERMINATE")],
                "load_balancer_info": [{"target_group_pair_info": [{
                    "prod_traffic_route": [{"listener_arns": ["prod"]}],
                    "test_traffic_route": [{"listener_arns": [test]}],
                    "target_group": groups,
                }]}],
            }));
            DeploymentGroup::check(&properties).len()
        };
        assert_eq!(faults(json!([{"name": "blue"}, {"name": "green"}]), "test"), 0);
        assert_eq!(faults(json!([{"name": "blue"}, {"name": "blue"}]), "test"), 1);
        assert_eq!(faults(json!([{"name": "blue"}]), "prod"), 2);
        let two = json!([{"listener_arns": ["a", "b"]}]);
        let pair = json!([{"target_group_pair_info": [{"prod_traffic_route": two}]}]);
        let of_two = DeploymentGroup::check(&map(json!({
            "ecs_service": [{"cluster_name": "a", "service_name": "b"}], "load_balancer_info": pair,
        })));
        let message = ("load_balancer_info".to_owned(), "`prod_traffic_route` has one listener".to_owned());
        assert!(of_two.contains(&message), "{of_two:?}");
    }

    #[test]
    fn an_ecs_group_needs_its_blocks() {
        let properties = map(json!({"ecs_service": [{"cluster_name": "a", "service_name": "b"}]}));
        let faults: Vec<_> =
            DeploymentGroup::check(&properties).into_iter().map(|(property, _)| property).collect();
        assert_eq!(faults, ["deployment_style", "blue_green_deployment_config", "load_balancer_info"]);
    }
}
