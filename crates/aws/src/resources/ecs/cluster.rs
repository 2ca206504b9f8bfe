use super::support::{SERVICE_LINKED_ROLE, from_aws, to_aws, update_tags};
use crate::arn;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use aws_sdk_ecs::types as ecs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, Block, BlockSet, Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType,
    Result, Scope, Tags, UpdateOf, WantedOf,
};

/// A cluster of ECS. Terraform: `aws_ecs_cluster`; AWS: `CreateCluster`.
pub(crate) struct Cluster;

/// An ECS cluster.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The name: up to 255 letters, digits, underscores and hyphens.
    #[schemars(extend("forces_replacement" = true))]
    name: String,
    /// Settings by name; `containerInsights` is the one there is.
    #[serde(default)]
    setting: BlockSet<Setting>,
    /// How `ecs execute-command` and the tasks' own storage work.
    #[serde(default)]
    configuration: Block<Configuration>,
    /// The namespace of services that use Service Connect and name none.
    #[serde(default)]
    service_connect_defaults: Block<ServiceConnectDefaults>,
    /// Tags of the cluster.
    #[serde(default)]
    tags: Tags,
}

/// A setting of a cluster.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Setting {
    /// The setting.
    #[schemars(extend("enum" = ["containerInsights"]))]
    name: String,
    /// `enabled`, `enhanced` or `disabled`.
    #[schemars(extend("enum" = ["enabled", "enhanced", "disabled"]))]
    value: String,
}

/// The configuration of a cluster.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Configuration {
    /// How `ecs execute-command` works.
    #[serde(default)]
    execute_command_configuration: Block<ExecuteCommand>,
    /// The encryption of the tasks' own storage.
    #[serde(default)]
    managed_storage_configuration: Block<ManagedStorage>,
}

/// How `ecs execute-command` works.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct ExecuteCommand {
    /// The KMS key that encrypts the session.
    kms_key_id: Option<String>,
    /// Where sessions are logged: where the task logs (`DEFAULT`), as `log_configuration` says (`OVERRIDE`), or not.
    #[serde(default = "default_logging")]
    #[schemars(extend("enum" = ["NONE", "DEFAULT", "OVERRIDE"]))]
    logging: String,
    /// Where sessions are logged with `logging: OVERRIDE`.
    #[serde(default)]
    log_configuration: Block<LogConfiguration>,
}

/// Where the sessions of `ecs execute-command` are logged.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct LogConfiguration {
    /// The log group.
    cloud_watch_log_group_name: Option<String>,
    /// Whether the log group has to be encrypted.
    #[serde(default)]
    cloud_watch_encryption_enabled: bool,
    /// The bucket.
    s3_bucket_name: Option<String>,
    /// Whether the bucket has to be encrypted.
    #[serde(default)]
    s3_bucket_encryption_enabled: bool,
    /// What the names in the bucket begin with.
    s3_key_prefix: Option<String>,
}

/// The encryption of the tasks' own storage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct ManagedStorage {
    /// The KMS key of volumes that ECS makes.
    kms_key_id: Option<String>,
    /// The KMS key of Fargate's ephemeral storage.
    fargate_ephemeral_storage_kms_key_id: Option<String>,
}

/// The defaults of Service Connect.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct ServiceConnectDefaults {
    /// The ARN of the Cloud Map namespace.
    namespace: String,
}

/// What AWS sets on a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ARN.
    id: String,
    /// The ARN.
    arn: String,
}

fn default_logging() -> String {
    "DEFAULT".to_owned()
}

impl ResourceType for Cluster {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_ecs_cluster";
    const NAMED_BY: &'static [&'static str] = &["name"];
    const IMPORT_ID: &'static str = "CLUSTER_NAME";
    const BATCH: usize = 100;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ecs:DescribeClusters"],
        create: &["ecs:CreateCluster", "ecs:TagResource", "iam:CreateServiceLinkedRole"],
        update: &["ecs:UpdateCluster", "ecs:TagResource", "ecs:UntagResource"],
        delete: &["ecs:DeleteCluster"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] =
        &[("arn", "ecs:cluster/{name}"), ("id", "{arn}")];
    const SCOPES: &'static [Scope] = &[SERVICE_LINKED_ROLE, Scope::rest(&["{arn}"])];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let clusters = describe(cloud, objects.iter().map(|object| object.id.clone()).collect()).await?;
        let mut clusters: HashMap<_, _> = clusters
            .into_iter()
            .map(|cluster| (cluster.cluster_name().unwrap_or_default().to_owned(), cluster))
            .collect();
        Ok(objects.iter().map(|object| clusters.remove(arn::last(&object.id)).map(live)).collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let defaults = properties.service_connect_defaults.as_ref();
        let defaults = defaults.map(|defaults| service_connect_defaults(&defaults.namespace)).transpose()?;
        let request = cloud
            .ecs_once()
            .create_cluster()
            .cluster_name(&properties.name)
            .set_settings((!properties.setting.is_empty()).then(|| settings(properties)))
            .set_configuration(configuration(properties))
            .set_service_connect_defaults(defaults)
            .set_tags(Some(to_aws(&properties.tags)));
        let created = request.send().await.named("ecs:CreateCluster").map_err(|error| {
            let there = error.message.contains("inconsistent with arguments");
            if there { error.of_kind(ErrorKind::AlreadyExists) } else { error }
        })?;
        let cluster = created.cluster.unwrap_or_else(empty);
        // CreateCluster may answer with a cluster of that name that was there before; its tags tell whose it is.
        if from_aws(cluster.tags) != properties.tags {
            let there = describe(cloud, vec![properties.name.clone()]).await?;
            if there.into_iter().any(|cluster| from_aws(cluster.tags) != properties.tags) {
                let message = format!("there is a cluster `{}` already", properties.name);
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
        }
        cluster.cluster_arn.ok_or_else(|| Error::internal("ecs:CreateCluster answered without an ARN"))
    }

    async fn finish(cloud: &Clients, id: &str, _: &Properties) -> Result<()> {
        Wait::minutes("the cluster to become active", 10)
            .until(|| async {
                let clusters = describe(cloud, vec![id.to_owned()]).await?;
                match clusters.first().and_then(|cluster| cluster.status()) {
                    Some("ACTIVE") => Ok(Some(())),
                    Some("FAILED") => {
                        Err(Error::new(ErrorKind::Invalid, "the cluster's capacity providers failed"))
                    }
                    _ => Ok(None),
                }
            })
            .await
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let desired = update.desired;
        if update.changes(&["setting", "configuration", "service_connect_defaults"]) {
            let mut request = cloud.ecs().update_cluster().cluster(update.id);
            if update.changes(&["setting"]) {
                request = request.set_settings(Some(settings(desired)));
            }
            if update.changes(&["configuration"]) {
                request = request.set_configuration(configuration(desired));
            }
            if update.changes(&["service_connect_defaults"]) {
                // An empty namespace takes the defaults away.
                let namespace =
                    desired.service_connect_defaults.as_ref().map_or("", |d| d.namespace.as_str());
                request = request.service_connect_defaults(service_connect_defaults(namespace)?);
            }
            request.send().await.named("ecs:UpdateCluster")?;
        }
        update_tags(cloud, update, update.id, &update.live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let deleted = cloud.ecs().delete_cluster().cluster(&object.id).send().await;
        let Some(answer) = deleted.named("ecs:DeleteCluster").or_absent()? else { return Ok(()) };
        if answer.cluster.is_some_and(|cluster| cluster.status() == Some("INACTIVE")) {
            return Ok(());
        }
        let wait = Wait::minutes("the cluster to be deleted", 10);
        wait.until(|| async { Ok(describe(cloud, vec![object.id.clone()]).await?.is_empty().then_some(())) })
            .await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let there = describe(cloud, vec![wanted.properties.name.clone()]).await?;
        Ok(there.into_iter().next().map_or(Found::Absent, |cluster| {
            let arn = cluster.cluster_arn.unwrap_or_default();
            wanted.by_tags(arn, &from_aws(cluster.tags))
        }))
    }

    async fn import(cloud: &Clients, id: &str) -> Result<Option<String>> {
        let name = arn::resource(id).strip_prefix("cluster/").filter(|_| id.starts_with("arn:"));
        if !is_name(name.unwrap_or(id)) {
            let message = format!("`{id}` is no cluster: it is imported by its name, or its ARN");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Ok(Some(if name.is_some() {
            id.to_owned()
        } else {
            cloud.arn("ecs", &format!("cluster/{id}")).await?
        }))
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let named = properties.get("name").and_then(Value::as_str);
        if named.is_some_and(|name| !is_name(name)) {
            let message = "a cluster's name has 1 to 255 letters, digits, underscores and hyphens";
            return vec![("name".to_owned(), message.to_owned())];
        }
        Vec::new()
    }

    fn passes(error: &Error) -> bool {
        error.is_code("UpdateInProgressException")
    }
}

/// Whether clusters and services may be called so.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=255).contains(&name.len()) && name.chars().all(allowed)
}

/// The clusters that are there, of these names or ARNs.
async fn describe(cloud: &Clients, clusters: Vec<String>) -> Result<Vec<ecs::Cluster>> {
    let request = cloud
        .ecs()
        .describe_clusters()
        .set_clusters(Some(clusters))
        .include(ecs::ClusterField::Settings)
        .include(ecs::ClusterField::Configurations)
        .include(ecs::ClusterField::Tags);
    let answer = request.send().await.named("ecs:DescribeClusters")?;
    let clusters = answer.clusters.into_iter().flatten();
    Ok(clusters.filter(|cluster| cluster.status() != Some("INACTIVE")).collect())
}

fn empty() -> ecs::Cluster {
    ecs::Cluster::builder().build()
}

fn live(cluster: ecs::Cluster) -> LiveOf<Cluster> {
    let arn = cluster.cluster_arn.unwrap_or_default();
    let settings = cluster.settings.into_iter().flatten().filter_map(|setting| {
        Some(Setting { name: setting.name?.as_str().to_owned(), value: setting.value.unwrap_or_default() })
    });
    LiveOf {
        properties: Properties {
            name: cluster.cluster_name.unwrap_or_default(),
            setting: settings.collect(),
            configuration: Block(cluster.configuration.map(live_configuration)),
            service_connect_defaults: Block(
                cluster
                    .service_connect_defaults
                    .and_then(|defaults| defaults.namespace)
                    .filter(|namespace| !namespace.is_empty())
                    .map(|namespace| ServiceConnectDefaults { namespace }),
            ),
            tags: from_aws(cluster.tags),
        },
        attributes: Attributes { id: arn.clone(), arn },
    }
}

fn live_configuration(configuration: ecs::ClusterConfiguration) -> Configuration {
    let execute = configuration.execute_command_configuration.map(|execute| ExecuteCommand {
        kms_key_id: execute.kms_key_id,
        logging: execute.logging.map_or_else(default_logging, |logging| logging.as_str().to_owned()),
        log_configuration: Block(execute.log_configuration.map(|log| LogConfiguration {
            cloud_watch_log_group_name: log.cloud_watch_log_group_name,
            cloud_watch_encryption_enabled: log.cloud_watch_encryption_enabled,
            s3_bucket_name: log.s3_bucket_name,
            s3_bucket_encryption_enabled: log.s3_encryption_enabled,
            s3_key_prefix: log.s3_key_prefix,
        })),
    });
    let storage = configuration.managed_storage_configuration.map(|storage| ManagedStorage {
        kms_key_id: storage.kms_key_id,
        fargate_ephemeral_storage_kms_key_id: storage.fargate_ephemeral_storage_kms_key_id,
    });
    Configuration {
        execute_command_configuration: Block(execute),
        managed_storage_configuration: Block(storage),
    }
}

fn settings(properties: &Properties) -> Vec<ecs::ClusterSetting> {
    let settings = properties.setting.iter().map(|setting| {
        let name = ecs::ClusterSettingName::from(setting.name.as_str());
        ecs::ClusterSetting::builder().name(name).value(&setting.value).build()
    });
    settings.collect()
}

fn configuration(properties: &Properties) -> Option<ecs::ClusterConfiguration> {
    let configuration = properties.configuration.as_ref()?;
    let execute = configuration.execute_command_configuration.as_ref().map(|execute| {
        let log = execute.log_configuration.as_ref().map(|log| {
            ecs::ExecuteCommandLogConfiguration::builder()
                .set_cloud_watch_log_group_name(log.cloud_watch_log_group_name.clone())
                .cloud_watch_encryption_enabled(log.cloud_watch_encryption_enabled)
                .set_s3_bucket_name(log.s3_bucket_name.clone())
                .s3_encryption_enabled(log.s3_bucket_encryption_enabled)
                .set_s3_key_prefix(log.s3_key_prefix.clone())
                .build()
        });
        ecs::ExecuteCommandConfiguration::builder()
            .set_kms_key_id(execute.kms_key_id.clone())
            .logging(ecs::ExecuteCommandLogging::from(execute.logging.as_str()))
            .set_log_configuration(log)
            .build()
    });
    let storage = configuration.managed_storage_configuration.as_ref().map(|storage| {
        ecs::ManagedStorageConfiguration::builder()
            .set_kms_key_id(storage.kms_key_id.clone())
            .set_fargate_ephemeral_storage_kms_key_id(storage.fargate_ephemeral_storage_kms_key_id.clone())
            .build()
    });
    Some(
        ecs::ClusterConfiguration::builder()
            .set_execute_command_configuration(execute)
            .set_managed_storage_configuration(storage)
            .build(),
    )
}

fn service_connect_defaults(namespace: &str) -> Result<ecs::ClusterServiceConnectDefaultsRequest> {
    ecs::ClusterServiceConnectDefaultsRequest::builder().namespace(namespace).build().built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_known() {
        let named = |name: Value| Cluster::check(&Map::from([("name".to_owned(), name)])).len();
        assert_eq!(named("web-1_a".into()), 0);
        assert_eq!(named("web.1".into()), 1);
        assert_eq!(named(Value::unknown("var.name")), 0);
    }
}
