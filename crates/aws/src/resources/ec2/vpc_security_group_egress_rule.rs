use super::vpc_security_group_rule::{Direction, GroupRule};
use wharf_provider::{Permissions, Scope};

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
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:AuthorizeSecurityGroupEgress"], &["{arn}"]),
        Scope::of(
            &["ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupEgress"],
            &["ec2:security-group/{security_group_id}"],
        )
        .owned(),
        Scope::of(&["ec2:ModifySecurityGroupRules"], &["ec2:security-group/{security_group_id}", "{arn}"])
            .owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"])
            .only_if("ec2:CreateAction", "AuthorizeSecurityGroupEgress"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];
}
