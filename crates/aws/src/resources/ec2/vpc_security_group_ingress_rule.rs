use super::vpc_security_group_rule::{Direction, GroupRule};
use wharf_provider::{Permissions, Scope};

/// A rule for what may come in to a security group. Terraform: `aws_vpc_security_group_ingress_rule`; AWS: `AuthorizeSecurityGroupIngress`.
pub(crate) type VpcSecurityGroupIngressRule = GroupRule<Ingress>;

/// Rules for what may come in.
pub(crate) struct Ingress;

impl Direction for Ingress {
    const NAME: &'static str = "aws_vpc_security_group_ingress_rule";
    const EGRESS: bool = false;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeSecurityGroupRules"],
        create: &["ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags"],
        update: &["ec2:ModifySecurityGroupRules", "ec2:CreateTags", "ec2:DeleteTags"],
        delete: &["ec2:RevokeSecurityGroupIngress"],
    };
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:AuthorizeSecurityGroupIngress"], &["{arn}"]),
        Scope::of(
            &["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            &["ec2:security-group/{security_group_id}"],
        )
        .owned(),
        Scope::of(&["ec2:ModifySecurityGroupRules"], &["ec2:security-group/{security_group_id}", "{arn}"])
            .owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"])
            .only_if("ec2:CreateAction", "AuthorizeSecurityGroupIngress"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];
}
