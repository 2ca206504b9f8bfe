//! The orders between AWS resources that no reference in a stack file expresses.

use wharf_provider::Link::Through;
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
