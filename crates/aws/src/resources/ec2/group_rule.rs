//! Rules of security groups: what the types that manage them share, and the requests about them.
//!
//! AWS keeps one rule for each source; a stack file may name several sources in one place. So all comparing and
//! sending is done with [`Rule`]s of one source each.

use super::support::{FILTER_VALUES, filter};
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use crate::pages::all;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, TagSpecification, UserIdGroupPair,
};
use futures::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use wharf_core::{Map, Value};
use wharf_provider::{Absent, Result};

/// One rule, as AWS keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    /// In canonical form: see [`protocol`].
    pub(crate) protocol: String,
    /// The first port; for ICMP the type; 0 for all protocols.
    pub(crate) from_port: i32,
    /// The last port; for ICMP the code; 0 for all protocols.
    pub(crate) to_port: i32,
    /// From or to whom.
    pub(crate) source: Source,
    /// What it is for; may be empty.
    pub(crate) description: String,
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    V4(String),
    V6(String),
    PrefixList(String),
    /// A group's id; of another account's, `account/id`.
    Group(String),
    /// The group that the rule is in.
    Itself,
}

impl Rule {
    /// What makes it unique in its group.
    pub(crate) fn key(&self) -> (&str, i32, i32, &Source) {
        (&self.protocol, self.from_port, self.to_port, &self.source)
    }

    /// A rule as `DescribeSecurityGroupRules` gives it.
    pub(crate) fn of(rule: &SecurityGroupRule) -> Option<Self> {
        let owned = |text: &str| text.to_owned();
        let group = rule.referenced_group_info().and_then(|info| {
            let id = info.group_id()?;
            Some(group_source(id, info.user_id(), rule.group_id(), rule.group_owner_id()))
        });
        let source = rule
            .cidr_ipv4()
            .map(|range| Source::V4(owned(range)))
            .or_else(|| rule.cidr_ipv6().map(|range| Source::V6(owned(range))))
            .or_else(|| rule.prefix_list_id().map(|list| Source::PrefixList(owned(list))))
            .or(group)?;
        let (protocol, from_port, to_port) =
            normal(rule.ip_protocol().unwrap_or_default(), rule.from_port(), rule.to_port());
        let description = rule.description().unwrap_or_default().to_owned();
        Some(Rule { protocol, from_port, to_port, source, description })
    }

    /// The rules in a permission as `DescribeSecurityGroups` gives it, of a group of that id and owner.
    pub(crate) fn all_of(permission: &IpPermission, group: Option<&str>, owner: Option<&str>) -> Vec<Self> {
        let (protocol, from_port, to_port) = normal(
            permission.ip_protocol().unwrap_or_default(),
            permission.from_port(),
            permission.to_port(),
        );
        let rule = |source: Source, description: Option<&str>| Rule {
            protocol: protocol.clone(),
            from_port,
            to_port,
            source,
            description: description.unwrap_or_default().to_owned(),
        };
        let v4 = permission.ip_ranges().iter();
        let v6 = permission.ipv6_ranges().iter();
        let lists = permission.prefix_list_ids().iter();
        let groups = permission.user_id_group_pairs().iter();
        v4.filter_map(|range| Some(rule(Source::V4(range.cidr_ip()?.to_owned()), range.description())))
            .chain(v6.filter_map(|range| {
                Some(rule(Source::V6(range.cidr_ipv6()?.to_owned()), range.description()))
            }))
            .chain(lists.filter_map(|list| {
                Some(rule(Source::PrefixList(list.prefix_list_id()?.to_owned()), list.description()))
            }))
            .chain(groups.filter_map(|pair| {
                let source = group_source(pair.group_id()?, pair.user_id(), group, owner);
                Some(rule(source, pair.description()))
            }))
            .collect()
    }

    /// The rule for a request that changes it.
    fn request(&self, group: &str) -> SecurityGroupRuleRequest {
        // The ports of a rule for all protocols are -1 here.
        let port = |port: i32| if self.protocol == "-1" { -1 } else { port };
        let request = SecurityGroupRuleRequest::builder()
            .ip_protocol(&self.protocol)
            .from_port(port(self.from_port))
            .to_port(port(self.to_port))
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()));
        match &self.source {
            Source::V4(range) => request.cidr_ipv4(range),
            Source::V6(range) => request.cidr_ipv6(range),
            Source::PrefixList(list) => request.prefix_list_id(list),
            Source::Group(id) => request.referenced_group_id(arn::last(id)),
            Source::Itself => request.referenced_group_id(group),
        }
        .build()
    }
}

fn group_source(id: &str, user: Option<&str>, group: Option<&str>, owner: Option<&str>) -> Source {
    match user {
        _ if Some(id) == group => Source::Itself,
        Some(user) if owner.is_some_and(|owner| owner != user) => Source::Group(format!("{user}/{id}")),
        _ => Source::Group(id.to_owned()),
    }
}

/// The canonical name of a protocol, which AWS also knows by number.
pub(crate) fn protocol(name: &str) -> String {
    let name = name.to_lowercase();
    match name.as_str() {
        "all" => "-1",
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        _ => return name,
    }
    .to_owned()
}

/// A protocol in canonical form and its ports, which mean nothing for all protocols.
pub(crate) fn normal(name: &str, from_port: Option<i32>, to_port: Option<i32>) -> (String, i32, i32) {
    let protocol = protocol(name);
    if protocol == "-1" {
        return (protocol, 0, 0);
    }
    (protocol, from_port.unwrap_or(-1), to_port.unwrap_or(-1))
}

/// [`normal`] for properties, under their names there; whether the rule is for all protocols.
pub(crate) fn canonical_protocol(rule: &mut Map, name: &str) -> bool {
    let Some(known) = rule.get(name).and_then(Value::as_str).map(protocol) else { return false };
    let all = known == "-1";
    rule.insert(name.to_owned(), known.into());
    all
}

/// Rules for a request: those of one protocol and the same ports in one permission.
pub(crate) fn permissions(group: &str, rules: &[Rule]) -> Vec<IpPermission> {
    let mut by_ports: BTreeMap<_, Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        by_ports.entry((&rule.protocol, rule.from_port, rule.to_port)).or_default().push(rule);
    }
    let permission = |((protocol, from_port, to_port), rules): ((&String, i32, i32), Vec<&Rule>)| {
        let mut permission = IpPermission::builder().ip_protocol(protocol);
        if protocol != "-1" {
            permission = permission.from_port(from_port).to_port(to_port);
        }
        for rule in rules {
            permission = with_source(permission, group, rule);
        }
        permission.build()
    };
    by_ports.into_iter().map(permission).collect()
}

fn with_source(
    permission: aws_sdk_ec2::types::builders::IpPermissionBuilder,
    group: &str,
    rule: &Rule,
) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    let description = Some(rule.description.clone()).filter(|text| !text.is_empty());
    let pair = |user: Option<&str>, id: &str| {
        let pair = UserIdGroupPair::builder().group_id(id).set_user_id(user.map(str::to_owned));
        pair.set_description(description.clone()).build()
    };
    match &rule.source {
        Source::V4(range) => permission
            .ip_ranges(IpRange::builder().cidr_ip(range).set_description(description.clone()).build()),
        Source::V6(range) => permission
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(range).set_description(description.clone()).build()),
        Source::PrefixList(list) => permission.prefix_list_ids(
            PrefixListId::builder().prefix_list_id(list).set_description(description.clone()).build(),
        ),
        Source::Group(id) => permission.user_id_group_pairs(match id.split_once('/') {
            Some((user, id)) => pair(Some(user), id),
            None => pair(None, id),
        }),
        Source::Itself => permission.user_id_group_pairs(pair(None, group)),
    }
}

/// Adds rules; what AWS made of them.
pub(crate) async fn authorize(
    client: &aws_sdk_ec2::Client,
    group: &str,
    egress: bool,
    rules: &[Rule],
    tags: Option<TagSpecification>,
) -> Result<Vec<SecurityGroupRule>> {
    let (permissions, tags) = (Some(permissions(group, rules)), tags.map(|tags| vec![tags]));
    let made = if egress {
        let request = client.authorize_security_group_egress().group_id(group);
        let request = request.set_ip_permissions(permissions).set_tag_specifications(tags);
        request.send().await.named("ec2:AuthorizeSecurityGroupEgress")?.security_group_rules
    } else {
        let request = client.authorize_security_group_ingress().group_id(group);
        let request = request.set_ip_permissions(permissions).set_tag_specifications(tags);
        request.send().await.named("ec2:AuthorizeSecurityGroupIngress")?.security_group_rules
    };
    Ok(made.unwrap_or_default())
}

/// Removes the rules of these ids; those that are gone already do not matter.
pub(crate) async fn revoke(cloud: &Clients, group: &str, egress: bool, ids: &[&str]) -> Result<()> {
    if ids.is_empty() || revoke_all(cloud, group, egress, ids).await.or_absent()?.is_some() {
        return Ok(());
    }
    // AWS refused the request as a whole because one of them is gone.
    let left = by_ids(cloud, ids).await?;
    let left: Vec<&str> = left.iter().filter_map(SecurityGroupRule::security_group_rule_id).collect();
    if !left.is_empty() {
        revoke_all(cloud, group, egress, &left).await.or_absent()?;
    }
    Ok(())
}

async fn revoke_all(cloud: &Clients, group: &str, egress: bool, ids: &[&str]) -> Result<()> {
    let ids = Some(ids.iter().map(ToString::to_string).collect());
    if egress {
        let request = cloud.ec2().revoke_security_group_egress().group_id(group);
        let request = request.set_security_group_rule_ids(ids);
        request.send().await.named("ec2:RevokeSecurityGroupEgress")?;
    } else {
        let request = cloud.ec2().revoke_security_group_ingress().group_id(group);
        let request = request.set_security_group_rule_ids(ids);
        request.send().await.named("ec2:RevokeSecurityGroupIngress")?;
    }
    Ok(())
}

/// Makes the rules of these ids, which are in one group, into others; what is not about the source in place.
pub(crate) async fn modify(cloud: &Clients, group: &str, rules: &[(&str, Rule)]) -> Result<()> {
    let updates = rules.iter().map(|(id, rule)| {
        let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(*id);
        update.security_group_rule(rule.request(group)).build()
    });
    let request = cloud.ec2().modify_security_group_rules().group_id(group);
    let request = request.set_security_group_rules(Some(updates.collect()));
    request.send().await.named("ec2:ModifySecurityGroupRules")?;
    Ok(())
}

/// The rules of these ids, as far as they exist.
pub(crate) async fn by_ids(cloud: &Clients, ids: &[&str]) -> Result<Vec<SecurityGroupRule>> {
    let ids: Vec<&str> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let chunks = ids.chunks(FILTER_VALUES).map(|chunk| select(cloud, "security-group-rule-id", chunk));
    Ok(try_join_all(chunks).await?.into_iter().flatten().collect())
}

/// All rules of a group.
pub(crate) async fn of_group(cloud: &Clients, group: &str) -> Result<Vec<SecurityGroupRule>> {
    select(cloud, "group-id", &[group]).await
}

async fn select(cloud: &Clients, name: &str, values: &[&str]) -> Result<Vec<SecurityGroupRule>> {
    let request = cloud.ec2().describe_security_group_rules().filters(filter(name, values.iter().copied()));
    all!(request, "ec2:DescribeSecurityGroupRules")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(port: i32, source: Source, description: &str) -> Rule {
        let protocol = "tcp".to_owned();
        Rule { protocol, from_port: port, to_port: port, source, description: description.to_owned() }
    }

    #[test]
    fn protocols() {
        assert_eq!(["ALL", "6", "Udp", "50"].map(protocol), ["-1", "tcp", "udp", "50"]);
        assert_eq!(normal("all", Some(-1), None), ("-1".to_owned(), 0, 0));
        assert_eq!(normal("6", Some(80), Some(81)), ("tcp".to_owned(), 80, 81));
    }

    #[test]
    fn permissions_and_back() {
        let rules = [
            rule(80, Source::V4("10.0.0.0/8".to_owned()), "a"),
            rule(80, Source::Itself, ""),
            rule(80, Source::Group("123456789012/sg-2".to_owned()), "b"),
            rule(81, Source::V6("::/0".to_owned()), ""),
            rule(81, Source::PrefixList("pl-1".to_owned()), "c"),
        ];
        let permissions = permissions("sg-1", &rules);
        assert_eq!(permissions.len(), 2);
        let mut back: Vec<_> = permissions
            .iter()
            .flat_map(|permission| Rule::all_of(permission, Some("sg-1"), Some("999999999999")))
            .collect();
        back.sort();
        let mut rules = rules.to_vec();
        rules.sort();
        assert_eq!(back, rules);
    }
}
