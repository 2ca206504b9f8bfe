//! The orders between AWS resources that no reference in a stack file expresses.

use wharf_provider::Link::{Mentions, Through};
use wharf_provider::OrderingRule;

/// Every rule, with the error that it prevents.
pub(crate) const ORDERINGS: &[OrderingRule] = &[
    OrderingRule {
        first: "aws_internet_gateway",
        then: "aws_nat_gateway",
        link: Through("aws_vpc"),
        prevents: "NatGateway failed: Network vpc-... has no Internet gateway attached",
    },
    OrderingRule {
        first: "aws_lb_listener",
        then: "aws_ecs_service",
        link: Through("aws_lb_target_group"),
        prevents: "InvalidParameterException: The target group with targetGroupArn ... does not have an associated load balancer.",
    },
    OrderingRule {
        first: "aws_lb_listener_rule",
        then: "aws_ecs_service",
        link: Through("aws_lb_target_group"),
        prevents: "InvalidParameterException: The target group with targetGroupArn ... does not have an associated load balancer.",
    },
    OrderingRule {
        first: "aws_route",
        then: "aws_ecs_service",
        link: Through("aws_vpc"),
        prevents: "CannotPullContainerError: ... i/o timeout, in the first tasks of the service",
    },
    OrderingRule {
        first: "aws_route_table_association",
        then: "aws_ecs_service",
        link: Through("aws_vpc"),
        prevents: "CannotPullContainerError: ... i/o timeout, in the first tasks of the service",
    },
    OrderingRule {
        first: "aws_ecs_service",
        then: "aws_codedeploy_deployment_group",
        link: Mentions("name"),
        prevents: "InvalidECSServiceException: The ECS service cannot be found",
    },
    OrderingRule {
        first: "aws_lb_target_group",
        then: "aws_codedeploy_deployment_group",
        link: Mentions("name"),
        prevents: "InvalidTargetGroupPairException: The target group cannot be found",
    },
    OrderingRule {
        first: "aws_codecommit_repository",
        then: "aws_codepipeline",
        link: Mentions("repository_name"),
        prevents: "the execution that starts with the pipeline fails: what an action works with is not there",
    },
    OrderingRule {
        first: "aws_codebuild_project",
        then: "aws_codepipeline",
        link: Mentions("name"),
        prevents: "the execution that starts with the pipeline fails: what an action works with is not there",
    },
    OrderingRule {
        first: "aws_codedeploy_app",
        then: "aws_codepipeline",
        link: Mentions("name"),
        prevents: "the execution that starts with the pipeline fails: what an action works with is not there",
    },
    OrderingRule {
        first: "aws_codedeploy_deployment_group",
        then: "aws_codepipeline",
        link: Mentions("deployment_group_name"),
        prevents: "the execution that starts with the pipeline fails: what an action works with is not there",
    },
    OrderingRule {
        first: "aws_ecr_repository",
        then: "aws_codepipeline",
        link: Mentions("name"),
        prevents: "the execution that starts with the pipeline fails: what an action works with is not there",
    },
    OrderingRule {
        first: "aws_internet_gateway",
        then: "aws_lb",
        link: Through("aws_vpc"),
        prevents: "InvalidSubnet: VPC vpc-... has no internet gateway",
    },
    OrderingRule {
        first: "aws_internet_gateway",
        then: "aws_ecs_service",
        link: Through("aws_vpc"),
        prevents: "DependencyViolation: Network vpc-... has some mapped public address(es), on destroy",
    },
    OrderingRule {
        first: "aws_s3_bucket_policy",
        then: "aws_lb",
        link: Through("aws_s3_bucket"),
        prevents: "InvalidConfigurationRequest: Access Denied for bucket ... Please check S3bucket permission",
    },
];
