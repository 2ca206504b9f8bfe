//! The actions that AWS lets nobody limit to resources: a statement about them has to say `"Resource": "*"`.
//!
//! Source: the Service Authorization Reference, where their rows name no resource type,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

/// Whether an action takes no resource.
pub(super) fn is_unrestricted(action: &str) -> bool {
    UNRESTRICTED.binary_search(&action).is_ok()
}

/// Sorted.
const UNRESTRICTED: &[&str] = &[
    "codedeploy:StopDeployment",
    "ec2:DescribeAddresses",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitions",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "events:ListRules",
    "kms:CreateKey",
    "kms:ListAliases",
    "kms:ListKeys",
    "logs:DescribeLogGroups",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted() {
        assert!(UNRESTRICTED.is_sorted());
        assert!(is_unrestricted("kms:CreateKey") && !is_unrestricted("ec2:CreateVpc"));
    }
}
