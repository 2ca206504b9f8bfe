mod block;
mod change;

use super::group_rule::{self, Rule};
use super::support::{
    FILTER_VALUES, UNFINISHED, among, arn, by_id, complete, filter, from_aws, imported, new_id, owned,
    specification, unfinished, update_tags,
};
use crate::clients::Clients;
use crate::errors::Named;
use crate::naming::generated_name;
use crate::pages::all;
use aws_sdk_ec2::types::{IpPermission, ResourceType as Ec2Type, SecurityGroup as Group};
use block::{Block, atoms, block_mistakes, split_block};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::wait::Wait;
use wharf_provider::{
    Absent, BlockSet, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// A security group. Terraform: `aws_security_group`; AWS: `CreateSecurityGroup`.
pub(crate) struct SecurityGroup;

/// A firewall around network interfaces. A new group lets nothing in and, other than AWS makes it, nothing out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["timeouts"]))]
pub(crate) struct Properties {
    /// The name, unique in the VPC; one is made up when neither this nor `name_prefix` is set.
    #[schemars(extend("forces_replacement" = true))]
    name: Option<String>,
    /// How a made-up name begins.
    #[schemars(extend("forces_replacement" = true, "write_only" = true))]
    name_prefix: Option<String>,
    /// What the group is for. AWS wants one, so there is one even if this is not set; it cannot be changed.
    #[schemars(extend("forces_replacement" = true))]
    description: Option<String>,
    /// The VPC; the account's default VPC when this is not set.
    #[schemars(extend("forces_replacement" = true))]
    vpc_id: Option<String>,
    /// All rules for what may come in. Left out, the group's rules are left alone, so that resources of their own
    /// can make them (`aws_vpc_security_group_ingress_rule`); do not use both for one group.
    #[serde(default)]
    #[schemars(extend("shared" = true))]
    ingress: BlockSet<Block>,
    /// All rules for what may go out; as `ingress`.
    #[serde(default)]
    #[schemars(extend("shared" = true))]
    egress: BlockSet<Block>,
    /// Whether a destroy removes the rules first, for groups that name each other. Must have been applied before.
    #[serde(default)]
    #[schemars(extend("write_only" = true))]
    revoke_rules_on_delete: bool,
    /// Tags of the group.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a security group.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `sg-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The account that owns it.
    owner_id: String,
}

impl ResourceType for SecurityGroup {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_security_group";
    const NAMED_BY: &'static [&'static str] = &["name", "vpc_id"];
    const IMPORT_ID: &'static str = "SECURITY_GROUP_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeSecurityGroups"],
        create: &[
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:DeleteTags",
        ],
        update: &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &[
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeSecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:security-group/{id}")];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:CreateSecurityGroup"], &["{arn}"]),
        Scope::of(&["ec2:CreateSecurityGroup"], &["ec2:vpc/{vpc_id}"]).owned(),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).only_if("ec2:CreateAction", "CreateSecurityGroup"),
        Scope::of(&["ec2:CreateTags"], &["{arn}"]).owned(),
        Scope::rest(&["{arn}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let request = cloud.ec2().describe_security_groups().filters(among("group-id", objects));
        let groups = all!(request, "ec2:DescribeSecurityGroups")?;
        let mut groups = by_id(groups, aws_sdk_ec2::types::SecurityGroup::group_id);
        let live = objects.iter().map(|object| {
            let group = groups.remove(&object.id)?;
            let (ingress, egress) = (rules(&group, false), rules(&group, true));
            let recorded = object.properties.as_ref();
            let owner_id = group.owner_id.unwrap_or_default();
            Some(LiveOf {
                properties: Properties {
                    name: group.group_name,
                    name_prefix: recorded.and_then(|properties| properties.name_prefix.clone()),
                    description: group.description,
                    vpc_id: group.vpc_id,
                    ingress: ingress.into_iter().map(Block::from).collect(),
                    egress: egress.into_iter().map(Block::from).collect(),
                    revoke_rules_on_delete: recorded.is_some_and(|p| p.revoke_rules_on_delete),
                    tags: from_aws(group.tags),
                },
                attributes: Attributes {
                    id: object.id.clone(),
                    arn: arn(cloud, &owner_id, &format!("security-group/{}", object.id)),
                    owner_id,
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let request = cloud
            .ec2_once()
            .create_security_group()
            .group_name(properties.name(new.token))
            .description(properties.description.as_deref().unwrap_or("Managed by wharf"))
            .set_vpc_id(properties.vpc_id.clone())
            .tag_specifications(specification(Ec2Type::SecurityGroup, &unfinished(&properties.tags)));
        let created = request.send().await.named("ec2:CreateSecurityGroup")?;
        new_id(created.group_id, "ec2:CreateSecurityGroup")
    }

    async fn finish(cloud: &Clients, id: &str, properties: &Properties) -> Result<()> {
        let wait = Wait::minutes("the security group to appear", 5);
        let group = wait.until(|| describe(cloud, id)).await?;
        // The rules of a group that is complete may be others' business.
        if group.tags().iter().any(|tag| tag.key() == Some(UNFINISHED)) {
            let (live_in, desired_in) = (rules(&group, false), atoms(&properties.ingress));
            let (live_out, desired_out) = (rules(&group, true), atoms(&properties.egress));
            futures::try_join!(
                change::bring(cloud, id, false, &live_in, &desired_in),
                change::bring(cloud, id, true, &live_out, &desired_out),
            )?;
            complete(cloud, id).await?;
        }
        Ok(())
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let (id, live, desired) = (update.id, update.live, update.desired);
        if update.changes(&["ingress"]) {
            change::bring(cloud, id, false, &atoms(&live.ingress), &atoms(&desired.ingress)).await?;
        }
        if update.changes(&["egress"]) {
            change::bring(cloud, id, true, &atoms(&live.egress), &atoms(&desired.egress)).await?;
        }
        update_tags(cloud, update, &live.tags, &desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        if object.properties.as_ref().is_some_and(|properties| properties.revoke_rules_on_delete) {
            let rules = group_rule::of_group(cloud, &object.id).await?;
            for egress in [false, true] {
                let of_direction = rules.iter().filter(|rule| rule.is_egress() == Some(egress));
                let ids: Vec<&str> = of_direction.filter_map(|rule| rule.security_group_rule_id()).collect();
                group_rule::revoke(cloud, &object.id, egress, &ids).await?;
            }
        }
        let request = cloud.ec2().delete_security_group().group_id(&object.id);
        request.send().await.named("ec2:DeleteSecurityGroup").or_absent()?;
        Ok(())
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        if wanted.properties.name.is_none() && wanted.token.is_empty() {
            // A made-up name is made of the token.
            return Ok(Found::Absent);
        }
        // Names are unique in a VPC; which one is the default VPC, only the tags of the group tell.
        let place = match &wanted.properties.vpc_id {
            Some(vpc) => vec![filter("vpc-id", [vpc.as_str()])],
            None => owned(wanted),
        };
        let request = cloud.ec2().describe_security_groups().set_filters(Some(place));
        let request = request.filters(filter("group-name", [wanted.properties.name(wanted.token)]));
        let answer = request.send().await.named("ec2:DescribeSecurityGroups")?;
        let Some(group) = answer.security_groups.into_iter().flatten().next() else {
            return Ok(Found::Absent);
        };
        Ok(wanted.by_tags(group.group_id.unwrap_or_default(), &from_aws(group.tags)))
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "sg-")
    }

    fn canonical(properties: &mut Map) {
        for direction in ["ingress", "egress"] {
            if let Some(Value::List(blocks)) = properties.get_mut(direction) {
                let mut split = Vec::with_capacity(blocks.len());
                for rule in std::mem::take(blocks).into_iter().flat_map(split_block) {
                    if !split.contains(&rule) {
                        split.push(rule);
                    }
                }
                *blocks = split;
            }
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let mut mistakes = Vec::new();
        let mut mistake = |about: &str, message: String| mistakes.push((about.to_owned(), message));
        for name in ["name", "name_prefix"] {
            if text(name).is_some_and(|text| text.to_lowercase().starts_with("sg-")) {
                mistake(name, "may not begin with `sg-`, as ids do".to_owned());
            }
        }
        if text("name").is_some() && text("name_prefix").is_some() {
            mistake("name_prefix", "set one of `name` and `name_prefix`".to_owned());
        }
        for direction in ["ingress", "egress"] {
            let blocks = properties.get(direction).and_then(Value::as_list).unwrap_or_default();
            for block in blocks.iter().filter_map(Value::as_map) {
                for message in block_mistakes(block) {
                    mistake(direction, message);
                }
            }
        }
        mistakes
    }
}

impl Properties {
    fn name(&self, token: &str) -> String {
        self.name.clone().unwrap_or_else(|| generated_name(self.name_prefix.as_deref(), token))
    }
}

async fn describe(cloud: &Clients, id: &str) -> Result<Option<Group>> {
    let request = cloud.ec2().describe_security_groups().filters(filter("group-id", [id]));
    let answer = request.send().await.named("ec2:DescribeSecurityGroups")?;
    Ok(answer.security_groups.into_iter().flatten().next())
}

/// The rules of a live group, of one direction.
fn rules(group: &Group, egress: bool) -> Vec<Rule> {
    let permissions: &[IpPermission] =
        if egress { group.ip_permissions_egress() } else { group.ip_permissions() };
    let all = permissions.iter();
    let mut rules: Vec<_> =
        all.flat_map(|permission| Rule::all_of(permission, group.group_id(), group.owner_id())).collect();
    rules.sort();
    rules
}

#[cfg(test)]
mod tests {
    use super::super::group_rule::Source;
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn blocks_are_split_by_other_side() {
        let mut written = map(json!({"ingress": [
            {"protocol": "TCP", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8", "10.0.0.0/8"],
             "security_groups": ["sg-1"], "self": true},
        ], "egress": [{"protocol": "all", "from_port": 0, "to_port": 65535, "cidr_blocks": ["0.0.0.0/0"]}]}));
        SecurityGroup::canonical(&mut written);
        let rules = |direction: &str| written[direction].as_list().map(<[Value]>::to_vec).unwrap_or_default();
        assert_eq!(rules("ingress").len(), 3);
        let everything = Rule {
            protocol: "-1".to_owned(),
            from_port: 0,
            to_port: 0,
            source: Source::V4("0.0.0.0/0".to_owned()),
            description: String::new(),
        };
        let live = serde_json::to_value(Block::from(everything)).unwrap_or_default();
        assert_eq!(rules("egress"), [Value::from(live)]);
        let before = written.clone();
        SecurityGroup::canonical(&mut written);
        assert_eq!(written, before);
    }

    #[test]
    fn mistakes() {
        let check = |json| SecurityGroup::check(&map(json)).len();
        assert_eq!(check(json!({"name": "SG-web"})), 1);
        assert_eq!(check(json!({"name": "web", "name_prefix": "web-"})), 1);
        assert_eq!(check(json!({"ingress": [{"protocol": "tcp", "cidr_blocks": []}]})), 1);
        assert_eq!(check(json!({"ingress": [{"protocol": "tcp", "cidr_blocks": ["10.0.0.1/8"]}]})), 1);
        assert_eq!(check(json!({"ingress": [{"protocol": "tcp", "self": true}]})), 0);
    }
}
