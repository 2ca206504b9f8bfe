//! One client per service, made when first used, all over one HTTP connection pool.

use crate::arn;
use crate::errors::Named;
use crate::statistics::{Gate, Statistics};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::OnceCell;
use wharf_provider::{Error, ErrorKind, Identity, Permit, Result};

/// How to reach AWS: the `aws:` section of a stack file. What is not set comes from the environment and the shared
/// configuration files, as for every AWS tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The region.
    pub region: Option<String>,
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// The ARN of a role to assume first.
    pub assume_role: Option<String>,
}

/// The clients of one account and region.
///
/// `service()` retries what fails in passing. `service_once()` makes one attempt: for creates, which must not be
/// repeated before somebody has looked whether they took effect.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    region: String,
    identity: OnceCell<Identity>,
    statistics: Statistics,
    gate: Gate,
    services: Services,
}

impl Clients {
    /// Clients for these settings. Makes no request yet (credentials are fetched with the first one).
    ///
    /// # Errors
    ///
    /// `Invalid` when no region is known.
    pub async fn new(settings: &Settings) -> Result<Self> {
        // The SDK panics on these.
        let is_empty_endpoint = |(name, value): &(OsString, OsString)| {
            value.is_empty() && name.to_string_lossy().starts_with("AWS_ENDPOINT_URL")
        };
        if let Some((name, _)) = std::env::vars_os().find(is_empty_endpoint) {
            let name = name.to_string_lossy();
            let message = format!("{name} is set, but empty: unset it, or name an endpoint");
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::adaptive().with_max_attempts(6))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .operation_attempt_timeout(Duration::from_mins(1))
                    .build(),
            );
        if let Ok(name) = AppName::new(concat!("wharf-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &settings.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let mut config = loader.load().await;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(
                ErrorKind::Invalid,
                "no AWS region: set `aws: {region: ...}` in the stack file, or AWS_REGION",
            ));
        };
        if let Some(role) = &settings.assume_role {
            let provider = aws_config::sts::AssumeRoleProvider::builder(role)
                .session_name("wharf")
                .configure(&config)
                .build()
                .await;
            config = config
                .into_builder()
                .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                    provider,
                ))
                .build();
        }
        Ok(Clients {
            config,
            region,
            identity: OnceCell::new(),
            statistics: Statistics::default(),
            gate: Gate::default(),
            services: Services::default(),
        })
    }

    /// Clients with the same credentials and connections, which no permit holds.
    pub fn unheld(&self) -> Self {
        Clients {
            config: self.config.clone(),
            region: self.region.clone(),
            identity: OnceCell::new(),
            statistics: self.statistics.clone(),
            gate: Gate::default(),
            services: Services::default(),
        }
    }

    /// From now on requests are sent only while `permit` says yes.
    pub fn hold(&self, permit: Permit) {
        self.gate.set(permit);
    }

    /// The region all clients work in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The partition of the region: `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            _ if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// Whose credentials these are; asked for once.
    ///
    /// # Errors
    ///
    /// Those of `sts:GetCallerIdentity`.
    pub async fn identity(&self) -> Result<&Identity> {
        self.identity
            .get_or_try_init(|| async {
                // The first request of every run: what is wrong with network or credentials shall show soon.
                let soon = aws_sdk_sts::config::Builder::new()
                    .retry_config(RetryConfig::standard().with_max_attempts(3));
                let request = self.sts().get_caller_identity().customize().config_override(soon);
                let caller = request.send().await.named("sts:GetCallerIdentity")?;
                let (Some(account_id), Some(arn)) = (caller.account, caller.arn) else {
                    return Err(Error::internal("sts:GetCallerIdentity answered without an account"));
                };
                let partition = arn::partition(&arn).to_owned();
                Ok(Identity { account_id, arn, partition })
            })
            .await
    }

    /// The ARN of something in this account and region.
    pub(crate) async fn arn(&self, service: &str, resource: &str) -> Result<String> {
        let account = &self.identity().await?.account_id;
        Ok(format!("arn:{}:{service}:{}:{account}:{resource}", self.partition(), self.region))
    }

    /// The requests made so far.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}

macro_rules! services {
    ($($service:ident, $once:ident: $sdk:ident $(, $setting:ident)?;)*) => {
        #[derive(Debug, Default)]
        struct Services {
            $($service: OnceLock<$sdk::Client>, $once: OnceLock<$sdk::Client>,)*
        }

        impl Clients {
            $(
                #[doc = concat!("The client of `", stringify!($service), "`.")]
                pub fn $service(&self) -> &$sdk::Client {
                    self.services.$service.get_or_init(|| {
                        let builder = $sdk::config::Builder::from(&self.config)
                            .interceptor(self.statistics.of(stringify!($service), &self.gate));
                        $(let builder = self.$setting(builder);)?
                        $sdk::Client::from_conf(builder.build())
                    })
                }

                #[doc = concat!("The client of `", stringify!($service), "` for what must not be repeated.")]
                pub fn $once(&self) -> &$sdk::Client {
                    self.services.$once.get_or_init(|| {
                        let builder = $sdk::config::Builder::from(&self.config)
                            .retry_config(RetryConfig::disabled())
                            .interceptor(self.statistics.of(stringify!($service), &self.gate));
                        $(let builder = self.$setting(builder);)?
                        $sdk::Client::from_conf(builder.build())
                    })
                }
            )*
        }
    };
}

services! {
    codebuild, codebuild_once: aws_sdk_codebuild;
    codecommit, codecommit_once: aws_sdk_codecommit;
    codedeploy, codedeploy_once: aws_sdk_codedeploy;
    codepipeline, codepipeline_once: aws_sdk_codepipeline;
    ec2, ec2_once: aws_sdk_ec2;
    ecr, ecr_once: aws_sdk_ecr;
    ecs, ecs_once: aws_sdk_ecs;
    elasticloadbalancing, elasticloadbalancing_once: aws_sdk_elasticloadbalancingv2;
    events, events_once: aws_sdk_eventbridge;
    iam, iam_once: aws_sdk_iam;
    kms, kms_once: aws_sdk_kms;
    logs, logs_once: aws_sdk_cloudwatchlogs;
    s3, s3_once: aws_sdk_s3, path_style;
    secretsmanager, secretsmanager_once: aws_sdk_secretsmanager;
    ssm, ssm_once: aws_sdk_ssm;
    sts, sts_once: aws_sdk_sts;
}

impl Clients {
    /// A custom endpoint (an emulator, a proxy) has no host name per bucket.
    fn path_style(&self, builder: aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder {
        builder.force_path_style(self.config.endpoint_url().is_some())
    }
}
