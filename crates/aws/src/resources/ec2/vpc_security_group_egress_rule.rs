use super::vpc_security_group_rule::{Direction, GroupRule};
use wharf_provider::Permissions;

/// A rule for what may go out of a security group. Terraform: `aws_vpc_security_group_egress_rule`; AWS: `AuthorizeSecurityGroupEgress`.
pub(crate) type VpcSecurityGroupEgressRule = GroupRule<Egress>;

/// Rules for what may go out.
pub(crate) struct Egress;

impl Direction for Egress {
    const NAME: &'static str = "aws_vpc_security_group_egress_rule";
    const EGRESS: bool = true;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeSecurityGroupRules"],
        create: &["ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags"],
        update: &["ec2:ModifySecurityGroupRules", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:RevokeSecurityGroupEgress"],
    };
}
