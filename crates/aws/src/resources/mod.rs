//! The resource types, one file each, by service.

mod code;
mod ec2;
mod ecr;
mod ecs;
mod s3;

use crate::clients::Clients;
use wharf_provider::{Entry, Registry};

/// Every type wharf knows, one line each.
pub(crate) fn registry() -> Registry<Clients> {
    Registry::new(vec![
        Entry::of::<ec2::vpc::Vpc>(),
        Entry::of::<ec2::subnet::Subnet>(),
        Entry::of::<ecr::repository::Repository>(),
        Entry::of::<ecr::lifecycle_policy::LifecyclePolicy>(),
        Entry::of::<ecs::cluster::Cluster>(),
        Entry::of::<ecs::task_definition::TaskDefinition>(),
        Entry::of::<ecs::service::Service>(),
        Entry::of::<code::codecommit_repository::Repository>(),
        Entry::of::<code::codebuild_project::Project>(),
        Entry::of::<code::codedeploy_app::App>(),
        Entry::of::<code::codedeploy_deployment_group::DeploymentGroup>(),
        Entry::of::<code::codepipeline::Pipeline>(),
        Entry::of::<s3::bucket::Bucket>(),
    ])
}
