//! What `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule` share: all but the direction.

use super::group_rule::{self, Rule, Source, canonical_protocol};
use super::support::{
    FILTER_VALUES, arn, canonical_ranges, from_aws, imported, new_id, range_mistake, specification,
    update_tags,
};
use crate::clients::Clients;
use aws_sdk_ec2::types::{ResourceType as Ec2Type, SecurityGroupRule as AwsRule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use wharf_core::{Map, Value};
use wharf_provider::{
    Error, ErrorKind, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Tags,
    UpdateOf, WantedOf,
};

/// The rules of one direction.
pub(crate) struct GroupRule<D>(PhantomData<fn() -> D>);

/// A direction, seen from the group.
pub(crate) trait Direction: 'static {
    /// See [`ResourceType::NAME`].
    const NAME: &'static str;
    /// Whether it is outwards.
    const EGRESS: bool;
    /// See [`ResourceType::PERMISSIONS`].
    const PERMISSIONS: Permissions;
    /// See [`ResourceType::SCOPES`].
    const SCOPES: &'static [Scope];
}

/// A rule of a security group: one protocol and range of ports, and one other side.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Properties {
    /// The group the rule is in.
    #[schemars(extend("forces_replacement" = true))]
    security_group_id: String,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol's number, or `-1` for all, without ports.
    ip_protocol: String,
    /// The first port; for ICMP the type.
    from_port: Option<i32>,
    /// The last port; for ICMP the code.
    to_port: Option<i32>,
    /// The other side: an IPv4 address range.
    cidr_ipv4: Option<String>,
    /// The other side: an IPv6 address range.
    cidr_ipv6: Option<String>,
    /// The other side: a managed prefix list.
    prefix_list_id: Option<String>,
    /// The other side: a security group.
    referenced_security_group_id: Option<String>,
    /// What the rule is for.
    description: Option<String>,
    /// Tags of the rule.
    #[serde(default)]
    tags: Tags,
}

/// What AWS sets on a rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The id: `sgr-...`.
    id: String,
    /// The ARN.
    arn: String,
    /// The id again, under AWS's name.
    security_group_rule_id: String,
}

/// The properties that name the other side, of which a rule has one.
const SOURCES: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

impl<D: Direction> ResourceType for GroupRule<D> {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = D::NAME;
    const NAMED_BY: &'static [&'static str] = &[
        "security_group_id",
        "ip_protocol",
        "from_port",
        "to_port",
        "cidr_ipv4",
        "cidr_ipv6",
        "prefix_list_id",
        "referenced_security_group_id",
    ];
    const IMPORT_ID: &'static str = "SECURITY_GROUP_RULE_ID";
    const BATCH: usize = FILTER_VALUES;
    const PERMISSIONS: Permissions = D::PERMISSIONS;
    const FORESEEN: &'static [(&'static str, &'static str)] = &[("arn", "ec2:security-group-rule/{id}")];
    const SCOPES: &'static [Scope] = D::SCOPES;

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let ids: Vec<&str> = objects.iter().map(|object| object.id.as_str()).collect();
        let rules = group_rule::by_ids(cloud, &ids).await?;
        let mut rules = super::support::by_id(rules, AwsRule::security_group_rule_id);
        let live = objects.iter().map(|object| {
            let rule = rules.remove(&object.id).filter(|rule| rule.is_egress() == Some(D::EGRESS))?;
            let owner = rule.group_owner_id().unwrap_or_default();
            let arn = rule.security_group_rule_arn().map_or_else(
                || arn(cloud, owner, &format!("security-group-rule/{}", object.id)),
                str::to_owned,
            );
            Some(LiveOf {
                properties: Properties::of(rule)?,
                attributes: Attributes {
                    id: object.id.clone(),
                    arn,
                    security_group_rule_id: object.id.clone(),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let properties = new.properties;
        let tags = Some(specification(Ec2Type::SecurityGroupRule, &properties.tags));
        let (group, rule) = (&properties.security_group_id, properties.rule(|_| true)?);
        let made = group_rule::authorize(cloud.ec2_once(), group, D::EGRESS, &[rule], tags).await?;
        new_id(
            made.into_iter().find_map(|rule| rule.security_group_rule_id),
            if D::EGRESS { "ec2:AuthorizeSecurityGroupEgress" } else { "ec2:AuthorizeSecurityGroupIngress" },
        )
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        let about = ["ip_protocol", "from_port", "to_port", "description"];
        let other_side = update.changes(&SOURCES);
        if other_side || update.changes(&about) {
            // The old other side is still among the desired ones, as a property that the stack file does not set.
            let rule = update.desired.rule(|name| !other_side || update.changed.contains(name))?;
            group_rule::modify(cloud, &update.desired.security_group_id, &[(update.id, rule)]).await?;
        }
        update_tags(cloud, update, &update.live.tags, &update.desired.tags).await
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let id = object.id.as_str();
        let group = match &object.properties {
            Some(properties) => Some(properties.security_group_id.clone()),
            None => group_rule::by_ids(cloud, &[id]).await?.into_iter().find_map(|rule| rule.group_id),
        };
        match group {
            Some(group) => group_rule::revoke(cloud, &group, D::EGRESS, &[id]).await,
            None => Ok(()),
        }
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let rules = group_rule::of_group(cloud, &wanted.properties.security_group_id).await?;
        let same = Rule { description: String::new(), ..wanted.properties.rule(|_| true)? };
        let mut foreign = Found::Absent;
        for live in rules.into_iter().filter(|rule| rule.is_egress() == Some(D::EGRESS)) {
            let rule = Rule::of(&live);
            let id = live.security_group_rule_id.unwrap_or_default();
            if wanted.known.contains(&id) {
                continue;
            }
            let found = wanted.by_tags(id, &from_aws(live.tags));
            if matches!(found, Found::Ours(_)) {
                return Ok(found);
            }
            if rule.is_some_and(|rule| Rule { description: String::new(), ..rule } == same) {
                foreign = found;
            }
        }
        Ok(foreign)
    }

    async fn import(_: &Clients, id: &str) -> Result<Option<String>> {
        imported(id, "sgr-")
    }

    fn canonical(properties: &mut Map) {
        if canonical_protocol(properties, "ip_protocol") {
            properties.remove("from_port");
            properties.remove("to_port");
        }
        canonical_ranges(properties, "cidr_ipv6");
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let set = |name: &&str| properties.get(*name).is_some_and(|value| !value.is_null());
        let mut mistakes = Vec::new();
        if SOURCES.iter().filter(|name| set(name)).count() != 1 {
            let message = format!("a rule has one other side: one of `{}`", SOURCES.join("`, `"));
            let about = SOURCES.iter().find(|name| set(name)).unwrap_or(&SOURCES[0]);
            mistakes.push(((*about).to_owned(), message));
        }
        let protocol = properties.get("ip_protocol").and_then(Value::as_str).map(group_rule::protocol);
        for name in ["from_port", "to_port"] {
            let message = match protocol.as_deref() {
                Some("-1") if set(&name) => "a rule for all protocols has no ports",
                Some("tcp" | "udp" | "icmp") if !set(&name) => "needed with this protocol",
                _ => continue,
            };
            mistakes.push((name.to_owned(), message.to_owned()));
        }
        for name in &SOURCES[..2] {
            if let Some(message) = properties.get(*name).and_then(range_mistake) {
                mistakes.push(((*name).to_owned(), message));
            }
        }
        mistakes
    }
}

impl Properties {
    /// AWS's rule for these; its other side is the first of those whose name is right.
    fn rule(&self, right: impl Fn(&str) -> bool) -> Result<Rule> {
        let group = |id: String| {
            if id == self.security_group_id { Source::Itself } else { Source::Group(id) }
        };
        let side = |name: &str, value: &Option<String>| value.clone().filter(|_| right(name));
        let source = side("cidr_ipv4", &self.cidr_ipv4)
            .map(Source::V4)
            .or_else(|| side("cidr_ipv6", &self.cidr_ipv6).map(Source::V6))
            .or_else(|| side("prefix_list_id", &self.prefix_list_id).map(Source::PrefixList))
            .or_else(|| side("referenced_security_group_id", &self.referenced_security_group_id).map(group))
            .ok_or_else(|| Error::new(ErrorKind::Invalid, "the rule has no other side"))?;
        let (protocol, from_port, to_port) =
            group_rule::normal(&self.ip_protocol, self.from_port, self.to_port);
        let description = self.description.clone().unwrap_or_default();
        Ok(Rule { protocol, from_port, to_port, source, description })
    }

    /// The properties of AWS's rule.
    fn of(live: AwsRule) -> Option<Self> {
        let rule = Rule::of(&live)?;
        let security_group_id = live.group_id.unwrap_or_default();
        let (mut v4, mut v6, mut list, mut group) = (None, None, None, None);
        match rule.source {
            Source::V4(range) => v4 = Some(range),
            Source::V6(range) => v6 = Some(range),
            Source::PrefixList(id) => list = Some(id),
            Source::Group(id) => group = Some(id),
            Source::Itself => group = Some(security_group_id.clone()),
        }
        let ports = rule.protocol != "-1";
        Some(Properties {
            security_group_id,
            ip_protocol: rule.protocol,
            from_port: ports.then_some(rule.from_port),
            to_port: ports.then_some(rule.to_port),
            cidr_ipv4: v4,
            cidr_ipv6: v6,
            prefix_list_id: list,
            referenced_security_group_id: group,
            description: Some(rule.description).filter(|text| !text.is_empty()),
            tags: from_aws(live.tags),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::vpc_security_group_ingress_rule::VpcSecurityGroupIngressRule as Ingress;
    use super::*;
    use serde_json::json;

    fn map(json: serde_json::Value) -> Map {
        Value::from(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn all_protocols_have_no_ports() {
        let mut written = map(json!({"ip_protocol": "ALL", "from_port": 0, "to_port": 0}));
        Ingress::canonical(&mut written);
        assert_eq!(written, map(json!({"ip_protocol": "-1"})));
    }

    #[test]
    fn mistakes() {
        let check = |json| Ingress::check(&map(json)).len();
        assert_eq!(check(json!({"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"})), 0);
        assert_eq!(check(json!({"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0", "from_port": 0})), 1);
        assert_eq!(check(json!({"ip_protocol": "tcp", "cidr_ipv4": "10.0.0.1/8"})), 3);
        assert_eq!(check(json!({"ip_protocol": "icmpv6", "cidr_ipv6": "::/0"})), 0);
        assert_eq!(check(json!({"ip_protocol": "-1"})), 1);
        assert_eq!(check(json!({"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0", "cidr_ipv6": "::/0"})), 1);
    }

    #[test]
    fn the_changed_side_counts() {
        let json = json!({"security_group_id": "sg-1", "ip_protocol": "6", "from_port": 80, "to_port": 80,
            "cidr_ipv4": "0.0.0.0/0", "referenced_security_group_id": "sg-1"});
        let properties: Result<Properties, _> = serde_json::from_value(json);
        let rule = properties.ok().and_then(|p| p.rule(|name| name.starts_with("ref")).ok());
        assert_eq!(rule.map(|rule| (rule.protocol, rule.source)), Some(("tcp".to_owned(), Source::Itself)));
    }
}
