//! Volumes of a task definition.

use crate::errors::Built;
use aws_sdk_ecs::types as ecs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wharf_provider::{Block, Result};

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["fsx_windows_file_server_volume_configuration"]))]
pub(crate) struct Volume {
    /// What mount points call it.
    name: String,
    /// The path on the container instance.
    host_path: Option<String>,
    /// Whether the service says what the volume is, when it starts a task.
    configure_at_launch: Option<bool>,
    /// A volume that Docker makes.
    #[serde(default)]
    docker_volume_configuration: Block<DockerVolume>,
    /// A file system of EFS.
    #[serde(default)]
    efs_volume_configuration: Block<EfsVolume>,
}

/// A volume that Docker makes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct DockerVolume {
    /// Whether it lives as long as the task or is shared among tasks.
    #[schemars(extend("enum" = ["task", "shared"]))]
    scope: Option<String>,
    /// Whether it is made when it is not there.
    autoprovision: Option<bool>,
    /// Docker's driver.
    driver: Option<String>,
    /// Options of the driver.
    driver_opts: Option<BTreeMap<String, String>>,
    /// Docker labels.
    labels: Option<BTreeMap<String, String>>,
}

/// A file system of EFS.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct EfsVolume {
    /// The file system.
    file_system_id: String,
    /// The directory that is mounted.
    #[serde(default = "root_directory")]
    root_directory: String,
    /// Whether the way to EFS is encrypted.
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    transit_encryption: Option<String>,
    /// The port of the encrypted way.
    transit_encryption_port: Option<i32>,
    /// How the mount is authorised.
    #[serde(default)]
    authorization_config: Block<EfsAuthorization>,
}

/// How a mount of EFS is authorised.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct EfsAuthorization {
    /// The access point.
    access_point_id: Option<String>,
    /// Whether the task's role counts.
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    iam: Option<String>,
}

fn root_directory() -> String {
    "/".to_owned()
}

/// A volume as ECS takes it.
pub(crate) fn to_aws(volume: &Volume) -> Result<ecs::Volume> {
    let efs = volume.efs_volume_configuration.as_ref().map(|efs| {
        ecs::EfsVolumeConfiguration::builder()
            .file_system_id(&efs.file_system_id)
            .root_directory(&efs.root_directory)
            .set_transit_encryption(efs.transit_encryption.as_deref().map(Into::into))
            .set_transit_encryption_port(efs.transit_encryption_port)
            .set_authorization_config(efs.authorization_config.as_ref().map(|authorization| {
                ecs::EfsAuthorizationConfig::builder()
                    .set_access_point_id(authorization.access_point_id.clone())
                    .set_iam(authorization.iam.as_deref().map(Into::into))
                    .build()
            }))
            .build()
    });
    let docker = volume.docker_volume_configuration.as_ref().map(|docker| {
        ecs::DockerVolumeConfiguration::builder()
            .set_scope(docker.scope.as_deref().map(Into::into))
            .set_autoprovision(docker.autoprovision)
            .set_driver(docker.driver.clone())
            .set_driver_opts(docker.driver_opts.clone().map(|options| options.into_iter().collect()))
            .set_labels(docker.labels.clone().map(|labels| labels.into_iter().collect()))
            .build()
    });
    let host =
        volume.host_path.as_ref().map(|path| ecs::HostVolumeProperties::builder().source_path(path).build());
    Ok(ecs::Volume::builder()
        .name(&volume.name)
        .set_host(host)
        .set_configured_at_launch(volume.configure_at_launch)
        .set_docker_volume_configuration(docker)
        .set_efs_volume_configuration(efs.transpose().built()?)
        .build())
}

/// A volume as ECS gives it.
pub(crate) fn from_aws(volume: ecs::Volume) -> Volume {
    Volume {
        name: volume.name.unwrap_or_default(),
        host_path: volume.host.and_then(|host| host.source_path),
        configure_at_launch: volume.configured_at_launch,
        docker_volume_configuration: Block(volume.docker_volume_configuration.map(|docker| DockerVolume {
            scope: docker.scope.map(|scope| scope.as_str().to_owned()),
            autoprovision: docker.autoprovision,
            driver: docker.driver,
            driver_opts: docker.driver_opts.map(|options| options.into_iter().collect()),
            labels: docker.labels.map(|labels| labels.into_iter().collect()),
        })),
        efs_volume_configuration: Block(volume.efs_volume_configuration.map(|efs| EfsVolume {
            file_system_id: efs.file_system_id,
            root_directory: efs.root_directory.unwrap_or_else(root_directory),
            transit_encryption: efs.transit_encryption.map(|mode| mode.as_str().to_owned()),
            transit_encryption_port: efs.transit_encryption_port,
            authorization_config: Block(efs.authorization_config.map(|authorization| EfsAuthorization {
                access_point_id: authorization.access_point_id,
                iam: authorization.iam.map(|mode| mode.as_str().to_owned()),
            })),
        })),
    }
}
