//! The resource types, one file each, by service.

mod code;
mod ec2;
mod ecr;
mod ecs;
mod elbv2;
mod events;
mod exact;
mod iam;
mod import;
mod kms;
mod logs;
mod s3;
mod traffic;

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
        Entry::of::<ec2::internet_gateway::InternetGateway>(),
        Entry::of::<ec2::eip::Eip>(),
        Entry::of::<ec2::nat_gateway::NatGateway>(),
        Entry::of::<ec2::route_table::RouteTable>(),
        Entry::of::<ec2::route::Route>(),
        Entry::of::<ec2::route_table_association::RouteTableAssociation>(),
        Entry::of::<ec2::security_group::SecurityGroup>(),
        Entry::of::<ec2::security_group_rule::SecurityGroupRule>(),
        Entry::of::<ec2::vpc_security_group_ingress_rule::VpcSecurityGroupIngressRule>(),
        Entry::of::<ec2::vpc_security_group_egress_rule::VpcSecurityGroupEgressRule>(),
        Entry::of::<elbv2::lb::Lb>(),
        Entry::of::<elbv2::lb_target_group::LbTargetGroup>(),
        Entry::of::<elbv2::lb_listener::LbListener>(),
        Entry::of::<elbv2::lb_listener_rule::LbListenerRule>(),
        Entry::of::<events::rule::Rule>(),
        Entry::of::<events::target::Target>(),
        Entry::of::<iam::policy::Policy>(),
        Entry::of::<iam::role::Role>(),
        Entry::of::<iam::role_policy::RolePolicy>(),
        Entry::of::<iam::role_policy_attachment::RolePolicyAttachment>(),
        Entry::of::<kms::alias::Alias>(),
        Entry::of::<kms::key::Key>(),
        Entry::of::<kms::key_policy::KeyPolicy>(),
        Entry::of::<logs::group::LogGroup>(),
        Entry::of::<s3::bucket::Bucket>(),
        Entry::of::<s3::bucket_policy::BucketPolicy>(),
        Entry::of::<s3::bucket_public_access_block::BucketPublicAccessBlock>(),
        Entry::of::<s3::bucket_server_side_encryption_configuration::Encryption>(),
        Entry::of::<s3::bucket_versioning::BucketVersioning>(),
        Entry::of::<s3::object::Object>(),
    ])
}
