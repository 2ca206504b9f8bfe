//! The blocks of a build project, and what CodeBuild calls them.

use crate::errors::Built;
use aws_sdk_codebuild::types as codebuild;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_provider::{Block, Blocks, Result, Set};

/// What a build leaves behind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Artifacts {
    /// Where they go; `CODEPIPELINE` for a build of a pipeline.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["CODEPIPELINE", "NO_ARTIFACTS", "S3"]))]
    kind: String,
    /// The bucket.
    location: Option<String>,
    /// The name of the folder or archive.
    name: Option<String>,
    /// The path to it.
    path: Option<String>,
    /// Whether the build's id is part of the path.
    #[schemars(extend("enum" = ["NONE", "BUILD_ID"]))]
    namespace_type: Option<String>,
    /// A folder, or an archive.
    #[schemars(extend("enum" = ["NONE", "ZIP"]))]
    packaging: Option<String>,
    /// Whether the buildspec gives the name.
    #[serde(default)]
    override_artifact_name: bool,
    /// Whether they are not encrypted.
    #[serde(default)]
    encryption_disabled: bool,
    /// What the buildspec calls them.
    artifact_identifier: Option<String>,
    /// What the bucket's owner may do with them.
    #[schemars(extend("enum" = ["NONE", "READ_ONLY", "FULL"]))]
    bucket_owner_access: Option<String>,
}

/// What a build starts from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["auth", "build_status_config"]))]
pub(crate) struct Source {
    /// Where it comes from; `CODEPIPELINE` for a build of a pipeline.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "CODEPIPELINE", "CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET",
        "S3", "NO_SOURCE",
    ]))]
    kind: String,
    /// The URL of the repository, or `bucket/path`.
    location: Option<String>,
    /// The buildspec, or its path in the source; `buildspec.yml` if it is left out.
    buildspec: Option<String>,
    /// How much of the history is fetched; 0 for all of it.
    git_clone_depth: Option<i32>,
    /// Git submodules.
    #[serde(default)]
    git_submodules_config: Block<GitSubmodules>,
    /// Whether the certificate of the source may be invalid.
    insecure_ssl: Option<bool>,
    /// Whether the source is told how builds end.
    report_build_status: Option<bool>,
}

/// Git submodules of a source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GitSubmodules {
    /// Whether they are fetched.
    fetch_submodules: bool,
}

/// What a build runs in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["docker_server", "fleet"]))]
#[expect(clippy::struct_field_names, reason = "Terraform's names")]
pub(crate) struct Environment {
    /// The kind of machine.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "WINDOWS_SERVER_2019_CONTAINER",
        "WINDOWS_SERVER_2022_CONTAINER", "LINUX_LAMBDA_CONTAINER", "ARM_LAMBDA_CONTAINER", "LINUX_EC2", "ARM_EC2",
        "WINDOWS_EC2", "MAC_ARM",
    ]))]
    kind: String,
    /// The size of the machine: `BUILD_GENERAL1_SMALL`.
    compute_type: String,
    /// The image: `aws/codebuild/amazonlinux2-x86_64-standard:5.0`.
    image: String,
    /// Who pulls the image.
    #[serde(default = "codebuild_pulls")]
    #[schemars(extend("enum" = ["CODEBUILD", "SERVICE_ROLE"]))]
    image_pull_credentials_type: String,
    /// Whether Docker runs in the build.
    #[serde(default)]
    privileged_mode: bool,
    /// Environment variables.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    environment_variable: Blocks<EnvironmentVariable>,
    /// A certificate in S3 that the build trusts.
    certificate: Option<String>,
    /// The credentials of a registry that is not AWS's.
    #[serde(default)]
    registry_credential: Block<RegistryCredential>,
}

fn codebuild_pulls() -> String {
    "CODEBUILD".to_owned()
}

/// An environment variable of a build.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EnvironmentVariable {
    /// Its name.
    name: String,
    /// Its value, or where the value is.
    value: String,
    /// What the value is.
    #[serde(rename = "type", default = "plaintext")]
    #[schemars(extend("enum" = ["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"]))]
    kind: String,
}

fn plaintext() -> String {
    "PLAINTEXT".to_owned()
}

/// The credentials of a registry.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RegistryCredential {
    /// The secret of Secrets Manager.
    credential: String,
    /// Where the secret is.
    #[schemars(extend("enum" = ["SECRETS_MANAGER"]))]
    credential_provider: String,
}

/// What builds leave to each other.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["cache_namespace"]))]
pub(crate) struct Cache {
    /// Where it is.
    #[serde(rename = "type", default = "no_cache")]
    #[schemars(extend("enum" = ["NO_CACHE", "LOCAL", "S3"]))]
    kind: String,
    /// The bucket, for `S3`.
    location: Option<String>,
    /// What is kept, for `LOCAL`: `LOCAL_SOURCE_CACHE`, `LOCAL_DOCKER_LAYER_CACHE`, `LOCAL_CUSTOM_CACHE`.
    #[serde(default)]
    modes: Set<String>,
}

fn no_cache() -> String {
    "NO_CACHE".to_owned()
}

/// Where builds log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LogsConfig {
    /// CloudWatch Logs.
    #[serde(default)]
    cloudwatch_logs: Block<CloudwatchLogs>,
    /// S3.
    #[serde(default)]
    s3_logs: Block<S3Logs>,
}

/// Logs in CloudWatch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CloudwatchLogs {
    /// Whether builds log there.
    #[serde(default = "enabled")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    status: String,
    /// The log group; `/aws/codebuild/<project>` if it is left out.
    group_name: Option<String>,
    /// What the names of the log streams begin with.
    stream_name: Option<String>,
}

/// Logs in S3.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct S3Logs {
    /// Whether builds log there.
    #[serde(default = "disabled")]
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    status: String,
    /// `bucket/path`.
    location: Option<String>,
    /// Whether the logs are not encrypted.
    #[serde(default)]
    encryption_disabled: bool,
    /// What the bucket's owner may do with them.
    #[schemars(extend("enum" = ["NONE", "READ_ONLY", "FULL"]))]
    bucket_owner_access: Option<String>,
}

fn enabled() -> String {
    "ENABLED".to_owned()
}

fn disabled() -> String {
    "DISABLED".to_owned()
}

/// The network that builds run in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VpcConfig {
    /// The VPC.
    vpc_id: String,
    /// The subnets; they need a way to the internet, or endpoints.
    subnets: Set<String>,
    /// The security groups.
    security_group_ids: Set<String>,
}

/// Text of a list that AWS leaves out or gives empty when there is none.
fn some(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Artifacts {
    pub(crate) fn to_aws(&self) -> Result<codebuild::ProjectArtifacts> {
        codebuild::ProjectArtifacts::builder()
            .r#type(self.kind.as_str().into())
            .set_location(self.location.clone())
            .set_name(self.name.clone())
            .set_path(self.path.clone())
            .set_namespace_type(self.namespace_type.as_deref().map(Into::into))
            .set_packaging(self.packaging.as_deref().map(Into::into))
            .override_artifact_name(self.override_artifact_name)
            .encryption_disabled(self.encryption_disabled)
            .set_artifact_identifier(self.artifact_identifier.clone())
            .set_bucket_owner_access(self.bucket_owner_access.as_deref().map(Into::into))
            .build()
            .built()
    }

    pub(crate) fn from_aws(artifacts: codebuild::ProjectArtifacts) -> Self {
        Artifacts {
            kind: artifacts.r#type.as_str().to_owned(),
            location: some(artifacts.location),
            name: some(artifacts.name),
            path: some(artifacts.path),
            namespace_type: artifacts.namespace_type.map(|kind| kind.as_str().to_owned()),
            packaging: artifacts.packaging.map(|kind| kind.as_str().to_owned()),
            override_artifact_name: artifacts.override_artifact_name.unwrap_or_default(),
            encryption_disabled: artifacts.encryption_disabled.unwrap_or_default(),
            artifact_identifier: some(artifacts.artifact_identifier),
            bucket_owner_access: artifacts.bucket_owner_access.map(|access| access.as_str().to_owned()),
        }
    }
}

impl Source {
    pub(crate) fn to_aws(&self) -> Result<codebuild::ProjectSource> {
        let submodules = self.git_submodules_config.as_ref().map(|submodules| {
            let fetch = submodules.fetch_submodules;
            codebuild::GitSubmodulesConfig::builder().fetch_submodules(fetch).build().built()
        });
        codebuild::ProjectSource::builder()
            .r#type(self.kind.as_str().into())
            .set_location(self.location.clone())
            .set_buildspec(self.buildspec.clone())
            .set_git_clone_depth(self.git_clone_depth)
            .set_git_submodules_config(submodules.transpose()?)
            .set_insecure_ssl(self.insecure_ssl)
            .set_report_build_status(self.report_build_status)
            .build()
            .built()
    }

    pub(crate) fn from_aws(source: codebuild::ProjectSource) -> Self {
        let submodules = source.git_submodules_config;
        Source {
            kind: source.r#type.as_str().to_owned(),
            location: some(source.location),
            buildspec: some(source.buildspec),
            git_clone_depth: source.git_clone_depth,
            git_submodules_config: Block(
                submodules.map(|submodules| GitSubmodules { fetch_submodules: submodules.fetch_submodules }),
            ),
            insecure_ssl: source.insecure_ssl,
            report_build_status: source.report_build_status,
        }
    }
}

impl Environment {
    pub(crate) fn to_aws(&self) -> Result<codebuild::ProjectEnvironment> {
        let variables = self.environment_variable.iter().map(|variable| {
            codebuild::EnvironmentVariable::builder()
                .name(&variable.name)
                .value(&variable.value)
                .r#type(variable.kind.as_str().into())
                .build()
                .built()
        });
        let credential = self.registry_credential.as_ref().map(|credential| {
            codebuild::RegistryCredential::builder()
                .credential(&credential.credential)
                .credential_provider(credential.credential_provider.as_str().into())
                .build()
                .built()
        });
        codebuild::ProjectEnvironment::builder()
            .r#type(self.kind.as_str().into())
            .compute_type(self.compute_type.as_str().into())
            .image(&self.image)
            .image_pull_credentials_type(self.image_pull_credentials_type.as_str().into())
            .privileged_mode(self.privileged_mode)
            .set_environment_variables(Some(variables.collect::<Result<_>>()?))
            .set_certificate(self.certificate.clone())
            .set_registry_credential(credential.transpose()?)
            .build()
            .built()
    }

    pub(crate) fn from_aws(environment: codebuild::ProjectEnvironment) -> Self {
        let variables = environment.environment_variables.into_iter().flatten();
        Environment {
            kind: environment.r#type.as_str().to_owned(),
            compute_type: environment.compute_type.as_str().to_owned(),
            image: environment.image,
            image_pull_credentials_type: environment
                .image_pull_credentials_type
                .map_or_else(codebuild_pulls, |kind| kind.as_str().to_owned()),
            privileged_mode: environment.privileged_mode.unwrap_or_default(),
            environment_variable: variables
                .map(|variable| EnvironmentVariable {
                    name: variable.name,
                    value: variable.value,
                    kind: variable.r#type.map_or_else(plaintext, |kind| kind.as_str().to_owned()),
                })
                .collect(),
            certificate: some(environment.certificate),
            registry_credential: Block(environment.registry_credential.map(|credential| {
                RegistryCredential {
                    credential: credential.credential,
                    credential_provider: credential.credential_provider.as_str().to_owned(),
                }
            })),
        }
    }
}

impl Cache {
    pub(crate) fn to_aws(&self) -> Result<codebuild::ProjectCache> {
        let modes: Vec<_> = self.modes.iter().map(|mode| mode.as_str().into()).collect();
        codebuild::ProjectCache::builder()
            .r#type(self.kind.as_str().into())
            .set_location(self.location.clone())
            .set_modes((!modes.is_empty()).then_some(modes))
            .build()
            .built()
    }

    pub(crate) fn from_aws(cache: codebuild::ProjectCache) -> Self {
        let modes = cache.modes.into_iter().flatten();
        Cache {
            kind: cache.r#type.as_str().to_owned(),
            location: some(cache.location),
            modes: modes.map(|mode| mode.as_str().to_owned()).collect(),
        }
    }
}

impl LogsConfig {
    pub(crate) fn to_aws(&self) -> Result<codebuild::LogsConfig> {
        let cloudwatch = self.cloudwatch_logs.as_ref().map(|logs| {
            codebuild::CloudWatchLogsConfig::builder()
                .status(logs.status.as_str().into())
                .set_group_name(logs.group_name.clone())
                .set_stream_name(logs.stream_name.clone())
                .build()
                .built()
        });
        let s3 = self.s3_logs.as_ref().map(|logs| {
            codebuild::S3LogsConfig::builder()
                .status(logs.status.as_str().into())
                .set_location(logs.location.clone())
                .encryption_disabled(logs.encryption_disabled)
                .set_bucket_owner_access(logs.bucket_owner_access.as_deref().map(Into::into))
                .build()
                .built()
        });
        Ok(codebuild::LogsConfig::builder()
            .set_cloud_watch_logs(cloudwatch.transpose()?)
            .set_s3_logs(s3.transpose()?)
            .build())
    }

    pub(crate) fn from_aws(logs: codebuild::LogsConfig) -> Self {
        LogsConfig {
            cloudwatch_logs: Block(logs.cloud_watch_logs.map(|logs| CloudwatchLogs {
                status: logs.status.as_str().to_owned(),
                group_name: some(logs.group_name),
                stream_name: some(logs.stream_name),
            })),
            s3_logs: Block(logs.s3_logs.map(|logs| S3Logs {
                status: logs.status.as_str().to_owned(),
                location: some(logs.location),
                encryption_disabled: logs.encryption_disabled.unwrap_or_default(),
                bucket_owner_access: logs.bucket_owner_access.map(|access| access.as_str().to_owned()),
            })),
        }
    }
}

impl VpcConfig {
    pub(crate) fn to_aws(&self) -> codebuild::VpcConfig {
        codebuild::VpcConfig::builder()
            .vpc_id(&self.vpc_id)
            .set_subnets(Some(self.subnets.0.clone()))
            .set_security_group_ids(Some(self.security_group_ids.0.clone()))
            .build()
    }

    /// `None` for the empty one that stands for none.
    pub(crate) fn from_aws(vpc: codebuild::VpcConfig) -> Option<Self> {
        Some(VpcConfig {
            vpc_id: some(vpc.vpc_id)?,
            subnets: vpc.subnets.into_iter().flatten().collect(),
            security_group_ids: vpc.security_group_ids.into_iter().flatten().collect(),
        })
    }
}
