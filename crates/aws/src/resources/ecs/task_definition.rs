use super::container_definitions;
use super::registered::{Described, describe, put_containers};
use super::service_delegation::delivered;
use super::support::{to_aws, update_tags};
use super::volume::{self, Volume};
use crate::arn::resource;
use crate::clients::Clients;
use crate::errors::Named;
use crate::resources::exact;
use aws_sdk_ecs::types as ecs;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use wharf_core::{Map, PropertyPath, Value};
use wharf_provider::{
    Absent, Block, BlockSet, Error, ErrorKind, Found, Json, LiveOf, NewOf, ObjectOf, Permissions,
    ResourceType, Result, Scope, Set, Tags, UpdateOf, WantedOf,
};

/// A revision of a task definition. Terraform: `aws_ecs_task_definition`; AWS: `RegisterTaskDefinition`.
pub(crate) struct TaskDefinition;

/// A task definition of ECS. Every change but one of the tags registers a new revision.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["inference_accelerator", "proxy_configuration"]))]
pub(crate) struct Properties {
    /// The name that all revisions share.
    #[schemars(extend("forces_replacement" = true))]
    family: String,
    /// The containers, in the words of the ECS API.
    #[schemars(extend("forces_replacement" = true))]
    container_definitions: Json,
    /// The CPU units of the task (1024 to a vCPU), or `1 vCPU`. Fargate needs it.
    #[schemars(extend("forces_replacement" = true))]
    cpu: Option<String>,
    /// The memory of the task in MiB, or `2 GB`. Fargate needs it.
    #[schemars(extend("forces_replacement" = true))]
    memory: Option<String>,
    /// The containers' network. Fargate needs `awsvpc`.
    #[schemars(extend("forces_replacement" = true, "enum" = ["awsvpc", "bridge", "host", "none"]))]
    network_mode: Option<String>,
    /// What the task must be able to run on; ECS refuses definitions that cannot.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    requires_compatibilities: Set<String>,
    /// The role with which ECS pulls images, writes logs and reads secrets.
    #[schemars(extend("forces_replacement" = true))]
    execution_role_arn: Option<String>,
    /// The role of the application in the containers.
    #[schemars(extend("forces_replacement" = true))]
    task_role_arn: Option<String>,
    /// What the task's containers share of their processes' resources.
    #[schemars(extend("forces_replacement" = true, "enum" = ["host", "task", "none"]))]
    ipc_mode: Option<String>,
    /// Which processes the containers see.
    #[schemars(extend("forces_replacement" = true, "enum" = ["host", "task"]))]
    pid_mode: Option<String>,
    /// Whether requests for fault injection are taken from the containers.
    #[schemars(extend("forces_replacement" = true))]
    enable_fault_injection: Option<bool>,
    /// Volumes that containers can mount.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true, "default_empty" = true))]
    volume: BlockSet<Volume>,
    /// The operating system and processor.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    runtime_platform: Block<RuntimePlatform>,
    /// The size of Fargate's ephemeral storage.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true))]
    ephemeral_storage: Block<EphemeralStorage>,
    /// On which container instances tasks may be placed.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true, "default_empty" = true))]
    placement_constraints: BlockSet<PlacementConstraint>,
    /// Whether a revision stays active when it is replaced or destroyed.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    skip_destroy: bool,
    /// Whether the family's newest active revision is compared, instead of the one that was registered here.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    track_latest: bool,
    /// Tags of the revision.
    #[serde(default)]
    tags: Tags,
}

/// The operating system and processor of a task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct RuntimePlatform {
    /// The processor.
    #[schemars(extend("enum" = ["X86_64", "ARM64"]))]
    cpu_architecture: Option<String>,
    /// The operating system: `LINUX`, `WINDOWS_SERVER_2022_CORE`.
    operating_system_family: Option<String>,
}

/// The ephemeral storage of a task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct EphemeralStorage {
    /// Its size, from 21 to 200.
    size_in_gib: i32,
}

/// Where tasks may be placed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct PlacementConstraint {
    /// The kind of constraint.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["memberOf"]))]
    kind: String,
    /// An expression of ECS's cluster query language.
    expression: Option<String>,
}

/// What AWS sets on a task definition.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN with the revision.
    id: String,
    /// The ARN with the revision; with `track_latest`, of the newest.
    arn: String,
    /// The ARN without the revision.
    arn_without_revision: String,
    /// The revision.
    revision: i32,
}

impl ResourceType for TaskDefinition {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_ecs_task_definition";
    const IMPORT_ID: &'static str = "TASK_DEFINITION_ARN";
    const CREATE_BEFORE_DESTROY: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"],
        create: &["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"],
        update: &["ecs:TagResource", "ecs:UntagResource"],
        delete: &["ecs:DeregisterTaskDefinition"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[
        ("arn", "ecs:task-definition/{family}:*"),
        ("arn_without_revision", "ecs:task-definition/{family}"),
    ];
    const SCOPES: &'static [Scope] = &[
        Scope::pass_role(&["{execution_role_arn?:role}", "{task_role_arn?:role}"], "ecs-tasks.amazonaws.com"),
        Scope::rest(&["ecs:task-definition/{family}:*"]),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        // There is no batched form of DescribeTaskDefinition.
        try_join_all(objects.iter().map(|object| read(cloud, object))).await
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let containers = containers(properties)?;
        let request = cloud
            .ecs_once()
            .register_task_definition()
            .family(&properties.family)
            .set_cpu(properties.cpu.clone())
            .set_memory(properties.memory.clone())
            .set_network_mode(properties.network_mode.as_deref().map(Into::into))
            .set_requires_compatibilities(list(
                properties.requires_compatibilities.iter().map(|name| name.as_str().into()),
            ))
            .set_execution_role_arn(properties.execution_role_arn.clone())
            .set_task_role_arn(properties.task_role_arn.clone())
            .set_ipc_mode(properties.ipc_mode.as_deref().map(Into::into))
            .set_pid_mode(properties.pid_mode.as_deref().map(Into::into))
            .set_enable_fault_injection(properties.enable_fault_injection)
            .set_volumes(Some(properties.volume.iter().map(volume::to_aws).collect::<Result<_>>()?))
            .set_runtime_platform(properties.runtime_platform.as_ref().map(|platform| {
                ecs::RuntimePlatform::builder()
                    .set_cpu_architecture(platform.cpu_architecture.as_deref().map(Into::into))
                    .set_operating_system_family(platform.operating_system_family.as_deref().map(Into::into))
                    .build()
            }))
            .set_ephemeral_storage(
                properties
                    .ephemeral_storage
                    .as_ref()
                    .map(|storage| ecs::EphemeralStorage::builder().size_in_gib(storage.size_in_gib).build()),
            )
            .set_placement_constraints(list(properties.placement_constraints.iter().map(|constraint| {
                ecs::TaskDefinitionPlacementConstraint::builder()
                    .r#type(constraint.kind.as_str().into())
                    .set_expression(constraint.expression.clone())
                    .build()
            })))
            .set_tags(list(to_aws(&properties.tags)));
        let request = request.customize().mutate_request(move |request| put_containers(request, &containers));
        let registered = request.send().await.named("ecs:RegisterTaskDefinition")?;
        registered
            .task_definition
            .and_then(|definition| definition.task_definition_arn)
            .ok_or_else(|| Error::internal("ecs:RegisterTaskDefinition answered without an ARN"))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        update_tags(cloud, update, update.id, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        if object.properties.as_ref().is_some_and(|properties| properties.skip_destroy) {
            return Ok(());
        }
        let request = cloud.ecs().deregister_task_definition().task_definition(&object.id);
        match request.send().await.named("ecs:DeregisterTaskDefinition").or_absent() {
            // The code does not tell a revision that is gone from a bad request.
            Err(error) if error.is_code("ClientException") => match describe(cloud, &object.id).await? {
                None => Ok(()),
                Some(_) => Err(error),
            },
            other => other.map(drop),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        // Revisions have no names. The newest ones are looked through for one with our tags and what was wanted.
        let request = cloud
            .ecs()
            .list_task_definitions()
            .family_prefix(&wanted.properties.family)
            .status(ecs::TaskDefinitionStatus::Active)
            .sort(ecs::SortOrder::Desc)
            .max_results(10);
        let arns = request.send().await.named("ecs:ListTaskDefinitions")?.task_definition_arns;
        let new = arns.into_iter().flatten().filter(|arn| !wanted.known.contains(arn));
        let revisions = new.map(|arn| {
            let object = ObjectOf { id: arn, properties: None };
            async move { Ok(read(cloud, &object).await?.map(|live| (object.id, live.properties))) }
        });
        let revisions: Vec<Option<(String, Properties)>> = try_join_all(revisions).await?;
        // An older one that was left active has our tags as well.
        let ours = revisions.into_iter().flatten().find(|(arn, revision)| {
            let is_ours = |found| matches!(found, Found::Ours(_));
            is_ours(wanted.by_tags(arn, &revision.tags)) && is_ours(exact::found(wanted, arn, revision))
        });
        Ok(ours.map_or(Found::Absent, |(arn, _)| Found::Ours(arn)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        if is_revision(id) {
            return Ok(Some(id.to_owned()));
        }
        let message = format!(
            "`{id}` is no revision of a task definition: one is `arn:aws:ecs:...:task-definition/family:1`"
        );
        Err(Error::new(ErrorKind::Invalid, message))
    }

    /// Terraform's own id is the family.
    fn id_in_terraform(attributes: &Map) -> Option<String> {
        attributes.get("arn")?.as_str().map(str::to_owned)
    }

    fn canonical(properties: &mut Map) {
        let network_mode = properties.get("network_mode").and_then(Value::as_str).map(str::to_owned);
        if let Some(definitions) = properties.remove("container_definitions") {
            let definitions = container_definitions::canonical(definitions, network_mode.as_deref());
            properties.insert("container_definitions".to_owned(), definitions);
        }
        for (property, unit) in [("cpu", "vcpu"), ("memory", "gb")] {
            if let Some(Value::String(size)) = properties.get_mut(property) {
                *size = plain(size, unit);
            }
        }
    }

    /// The images of the containers behind the load balancer are the pipeline's.
    fn inherited(wanted: &Map, in_force: &Map, by: &Map) -> Vec<(PropertyPath, Value)> {
        let delivered: Vec<&str> = delivered(by).collect();
        let name = |container: &Value| container.as_map()?.get("name")?.as_str().map(str::to_owned);
        let containers = |map: &Map| -> Vec<Value> {
            map.get("container_definitions")
                .and_then(|list| list.bare().as_list())
                .map(<[Value]>::to_vec)
                .unwrap_or_default()
        };
        let running = containers(in_force);
        let image_of = |wanted: &Option<String>| {
            let container = running.iter().find(|container| name(container) == *wanted)?;
            container.as_map()?.get("image").cloned()
        };
        let wanted = containers(wanted).into_iter().enumerate();
        let places = wanted.map(|(index, container)| (index, name(&container)));
        places
            .filter(|(_, name)| name.as_deref().is_some_and(|name| delivered.contains(&name)))
            .filter_map(|(index, name)| {
                let path = PropertyPath::of("container_definitions").index(index).key("image");
                Some((path, image_of(&name)?))
            })
            .collect()
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let definitions = properties.get("container_definitions").map(container_definitions::check);
        let mut faults: Vec<_> = definitions
            .into_iter()
            .flatten()
            .map(|fault| ("container_definitions".to_owned(), fault))
            .collect();
        let compatibilities = properties.get("requires_compatibilities").and_then(Value::as_list);
        if compatibilities.unwrap_or_default().iter().any(|name| name.as_str() == Some("FARGATE")) {
            for property in ["cpu", "memory"] {
                if properties.get(property).is_none_or(Value::is_null) {
                    faults.push((property.to_owned(), format!("a task on Fargate needs `{property}`")));
                }
            }
            let mode = properties.get("network_mode").unwrap_or(&Value::Null);
            if mode.is_known() && mode.as_str() != Some("awsvpc") {
                let message = "a task on Fargate needs `network_mode: awsvpc`";
                faults.push(("network_mode".to_owned(), message.to_owned()));
            }
        }
        faults
    }

    /// Several resources may register revisions of one family.
    fn passes(error: &Error) -> bool {
        error.message.contains("Too many concurrent attempts")
    }
}

/// Whether this is the ARN of a task definition, with a revision.
fn is_revision(arn: &str) -> bool {
    let revision = resource(arn).strip_prefix("task-definition/").and_then(|name| name.split_once(':'));
    arn.starts_with("arn:") && revision.is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}

/// `1 vCPU` is 1024 units, `2 GB` are 2048 MiB.
fn plain(size: &str, unit: &str) -> String {
    let number = size.to_lowercase();
    let number = number.strip_suffix(unit).map(|number| number.trim().parse::<f64>());
    match number {
        Some(Ok(number)) if number.is_finite() => format!("{}", (number * 1024.0).round()),
        _ => size.to_owned(),
    }
}

async fn read(cloud: &Clients, object: &ObjectOf<TaskDefinition>) -> Result<Option<LiveOf<TaskDefinition>>> {
    let recorded = object.properties.as_ref();
    let family = recorded.filter(|properties| properties.track_latest).map(|properties| &properties.family);
    let Some(described) = describe(cloud, family.unwrap_or(&object.id)).await? else { return Ok(None) };
    let Described { definition, containers, tags } = described;
    let arn = definition.task_definition_arn.unwrap_or_default();
    let constraints = definition.placement_constraints.into_iter().flatten();
    Ok(Some(LiveOf {
        properties: Properties {
            family: definition.family.unwrap_or_default(),
            container_definitions: Json(containers),
            cpu: definition.cpu,
            memory: definition.memory,
            network_mode: definition.network_mode.map(|mode| mode.as_str().to_owned()),
            requires_compatibilities: definition
                .requires_compatibilities
                .into_iter()
                .flatten()
                .map(|name| name.as_str().to_owned())
                .collect(),
            execution_role_arn: definition.execution_role_arn,
            task_role_arn: definition.task_role_arn,
            ipc_mode: definition.ipc_mode.map(|mode| mode.as_str().to_owned()),
            pid_mode: definition.pid_mode.map(|mode| mode.as_str().to_owned()),
            enable_fault_injection: definition.enable_fault_injection,
            volume: definition.volumes.into_iter().flatten().map(volume::from_aws).collect(),
            runtime_platform: Block(definition.runtime_platform.map(|platform| RuntimePlatform {
                cpu_architecture: platform.cpu_architecture.map(|name| name.as_str().to_owned()),
                operating_system_family:
                    platform.operating_system_family.map(|name| name.as_str().to_owned()),
            })),
            ephemeral_storage: Block(
                definition
                    .ephemeral_storage
                    .map(|storage| EphemeralStorage { size_in_gib: storage.size_in_gib }),
            ),
            placement_constraints: constraints
                .map(|constraint| PlacementConstraint {
                    kind: constraint.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
                    expression: constraint.expression,
                })
                .collect(),
            skip_destroy: recorded.is_some_and(|properties| properties.skip_destroy),
            track_latest: recorded.is_some_and(|properties| properties.track_latest),
            tags,
        },
        attributes: Attributes {
            id: object.id.clone(),
            arn_without_revision: arn.rsplit_once(':').map_or(arn.as_str(), |(name, _)| name).to_owned(),
            arn,
            revision: definition.revision,
        },
    }))
}

/// The container definitions in canonical form.
fn containers(properties: &Properties) -> Result<JsonValue> {
    let definitions = Value::from(properties.container_definitions.0.clone());
    container_definitions::canonical(definitions, properties.network_mode.as_deref())
        .to_json()
        .filter(JsonValue::is_array)
        .ok_or_else(|| Error::new(ErrorKind::Invalid, "container definitions are a list"))
}

/// A list for a request, left out when it is empty.
fn list<T>(items: impl IntoIterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.into_iter().collect();
    (!items.is_empty()).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_revision_has_a_number() {
        assert!(is_revision("arn:aws:ecs:eu-central-1:123456789012:task-definition/web:3"));
        for wrong in ["web:3", "arn:aws:ecs:e:1:task-definition/web", "arn:aws:ecs:e:1:service/web:3"] {
            assert!(!is_revision(wrong), "{wrong}");
        }
    }

    #[test]
    fn sizes_lose_their_units() {
        assert_eq!(plain("1 vCPU", "vcpu"), "1024");
        assert_eq!(plain(".25 vcpu", "vcpu"), "256");
        assert_eq!(plain("2GB", "gb"), "2048");
        assert_eq!(plain("512", "gb"), "512");
    }

    #[test]
    fn fargate_needs_sizes_and_awsvpc() {
        let properties = |json| match Value::from(json) {
            Value::Map(map) => map,
            _ => Map::new(),
        };
        let definitions = json!([{"name": "web", "image": "httpd"}]);
        let faults = TaskDefinition::check(&properties(json!({
            "family": "web", "container_definitions": definitions,
            "requires_compatibilities": ["FARGATE"], "cpu": "256",
        })));
        let faults: Vec<_> = faults.iter().map(|(property, _)| property.as_str()).collect();
        assert_eq!(faults, ["memory", "network_mode"]);
        let mut bridge = properties(json!({"container_definitions": definitions, "cpu": "256"}));
        bridge.insert("requires_compatibilities".into(), Value::unknown("var.compatibilities"));
        assert!(TaskDefinition::check(&bridge).is_empty());
    }
}
