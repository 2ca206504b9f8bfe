//! The orders between AWS resources that no reference in a stack file expresses.

use wharf_provider::Link::{Mentions, Through};
use wharf_provider::{Link, OrderingRule};

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
    // Who works with a role starts after its policies, and ends before they go.
    OrderingRule {
        first: "aws_iam_role_policy",
        then: "aws_codepipeline",
        link: ROLE,
        prevents: "the first execution fails: the service role has insufficient permissions",
    },
    OrderingRule {
        first: "aws_iam_role_policy_attachment",
        then: "aws_codepipeline",
        link: ROLE,
        prevents: "the first execution fails: the service role has insufficient permissions",
    },
    OrderingRule {
        first: "aws_iam_role_policy",
        then: "aws_codebuild_project",
        link: ROLE,
        prevents: "InvalidInputException: Not authorized to perform DescribeSecurityGroups",
    },
    OrderingRule {
        first: "aws_iam_role_policy_attachment",
        then: "aws_codebuild_project",
        link: ROLE,
        prevents: "InvalidInputException: Not authorized to perform DescribeSecurityGroups",
    },
    OrderingRule {
        first: "aws_iam_role_policy",
        then: "aws_codedeploy_deployment_group",
        link: ROLE,
        prevents: "InvalidRoleException: AWS CodeDeploy does not have the permissions required to assume the role",
    },
    OrderingRule {
        first: "aws_iam_role_policy_attachment",
        then: "aws_codedeploy_deployment_group",
        link: ROLE,
        prevents: "InvalidRoleException: AWS CodeDeploy does not have the permissions required to assume the role",
    },
    OrderingRule {
        first: "aws_iam_role_policy",
        then: "aws_ecs_service",
        link: ROLE,
        prevents: "ResourceInitializationError: unable to pull secrets or registry auth; a service that stays DRAINING",
    },
    OrderingRule {
        first: "aws_iam_role_policy_attachment",
        then: "aws_ecs_service",
        link: ROLE,
        prevents: "ResourceInitializationError: unable to pull secrets or registry auth; a service that stays DRAINING",
    },
    OrderingRule {
        first: "aws_iam_role_policy",
        then: "aws_cloudwatch_event_target",
        link: ROLE,
        prevents: "events that come meanwhile start nothing",
    },
    OrderingRule {
        first: "aws_kms_key_policy",
        then: "aws_cloudwatch_log_group",
        link: Through("aws_kms_key"),
        prevents: "InvalidParameterException: The specified KMS key does not exist or is not allowed to be used",
    },
    OrderingRule {
        first: "aws_cloudwatch_log_group",
        then: "aws_ecs_task_definition",
        link: Mentions("name"),
        prevents: "ResourceInitializationError: The specified log group does not exist",
    },
    OrderingRule {
        first: "aws_cloudwatch_log_group",
        then: "aws_codebuild_project",
        link: Mentions("name"),
        prevents: "ResourceAlreadyExistsException: the build that runs first makes the log group itself",
    },
    OrderingRule {
        first: "aws_s3_bucket_public_access_block",
        then: "aws_s3_bucket_policy",
        link: BUCKET,
        prevents: "AccessDenied: public policies are blocked by the BlockPublicPolicy setting",
    },
    OrderingRule {
        first: "aws_s3_bucket_versioning",
        then: "aws_s3_object",
        link: BUCKET,
        prevents: "an object without a version, and a marker in place of its deletion",
    },
    OrderingRule {
        first: "aws_s3_bucket_server_side_encryption_configuration",
        then: "aws_s3_object",
        link: BUCKET,
        prevents: "an object that is encrypted with another key than the bucket says",
    },
    OrderingRule {
        first: "aws_s3_bucket_versioning",
        then: "aws_codepipeline",
        link: BUCKET,
        prevents: "the first execution fails: the source bucket does not have versioning enabled",
    },
    OrderingRule {
        first: "aws_vpc_security_group_ingress_rule",
        then: "aws_ecs_service",
        link: Through("aws_security_group"),
        prevents: "CannotPullContainerError: ... i/o timeout, in the first tasks of the service",
    },
    OrderingRule {
        first: "aws_vpc_security_group_egress_rule",
        then: "aws_ecs_service",
        link: Through("aws_security_group"),
        prevents: "CannotPullContainerError: ... i/o timeout, in the first tasks of the service",
    },
    OrderingRule {
        first: "aws_security_group_rule",
        then: "aws_ecs_service",
        link: Through("aws_security_group"),
        prevents: "CannotPullContainerError: ... i/o timeout, in the first tasks of the service",
    },
    OrderingRule {
        first: "aws_lb_target_group",
        then: "aws_lb_listener",
        link: Through("aws_vpc"),
        prevents: "ResourceInUse: Target group ... is currently in use by a listener or a rule, where a deployment moved the listener to it",
    },
    OrderingRule {
        first: "aws_lb_target_group",
        then: "aws_ecs_service",
        link: Through("aws_vpc"),
        prevents: "ResourceInUse: Target group ... is currently in use, where a deployment moved the service to it",
    },
];

const ROLE: Link = Through("aws_iam_role");
const BUCKET: Link = Through("aws_s3_bucket");
