mod imported;

use super::group_rule::{self, Rule, Source, canonical_protocol};
use super::support::{canonical_ranges, range_mistake};
use crate::clients::Clients;
use aws_sdk_ec2::types::SecurityGroupRule as AwsRule;
use futures::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use wharf_core::{Map, Value};
use wharf_provider::{
    Error, Found, LiveOf, NewOf, ObjectOf, Permissions, ResourceType, Result, Scope, Set, UpdateOf, WantedOf,
};

/// Rules of a security group. Terraform: `aws_security_group_rule`; AWS: `AuthorizeSecurityGroupIngress`, `...Egress`.
pub(crate) struct SecurityGroupRule;

/// Rules of a security group: one protocol and range of ports, one or several other sides. For a single other side,
/// `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule` are better: they have tags.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("unsupported" = ["timeouts"]))]
pub(crate) struct Properties {
    /// The group the rules are in.
    #[schemars(extend("forces_replacement" = true))]
    security_group_id: String,
    /// Whether they are about what comes in (`ingress`) or what goes out (`egress`).
    #[serde(rename = "type")]
    #[schemars(extend("forces_replacement" = true, "enum" = ["ingress", "egress"]))]
    direction: String,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol's number, or `-1` for all.
    #[schemars(extend("forces_replacement" = true))]
    protocol: String,
    /// The first port; for ICMP the type; 0 for all protocols.
    #[schemars(extend("forces_replacement" = true))]
    from_port: i32,
    /// The last port; for ICMP the code; 0 for all protocols.
    #[schemars(extend("forces_replacement" = true))]
    to_port: i32,
    /// IPv4 address ranges.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true, "default_empty" = true))]
    cidr_blocks: Set<String>,
    /// IPv6 address ranges.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true, "default_empty" = true))]
    ipv6_cidr_blocks: Set<String>,
    /// Managed prefix lists.
    #[serde(default)]
    #[schemars(extend("forces_replacement" = true, "default_empty" = true))]
    prefix_list_ids: Set<String>,
    /// Another security group.
    #[schemars(extend("forces_replacement" = true))]
    source_security_group_id: Option<String>,
    /// The group itself.
    #[serde(default, rename = "self")]
    #[schemars(extend("forces_replacement" = true))]
    itself: bool,
    /// What the rules are for.
    description: Option<String>,
}

/// What AWS sets on rules.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Attributes {
    /// The ids of AWS's rules, one for each other side, with commas between them.
    id: String,
    /// The id of AWS's rule, if it is one: `sgr-...`.
    security_group_rule_id: Option<String>,
}

impl ResourceType for SecurityGroupRule {
    type Cloud = Clients;
    type Properties = Properties;
    type Attributes = Attributes;

    const NAME: &'static str = "aws_security_group_rule";
    const NAMED_BY: &'static [&'static str] = &[
        "security_group_id",
        "type",
        "protocol",
        "from_port",
        "to_port",
        "cidr_blocks",
        "ipv6_cidr_blocks",
        "prefix_list_ids",
        "source_security_group_id",
        "self",
    ];
    const IMPORT_ID: &'static str = "SECURITY_GROUP_ID_TYPE_PROTOCOL_FROM_PORT_TO_PORT_SOURCE[_SOURCE]...";
    const PERMISSIONS: Permissions = Permissions {
        read: &["ec2:DescribeSecurityGroupRules"],
        create: &["ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"],
        update: &["ec2:ModifySecurityGroupRules"],
        delete: &["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"],
    };
    const FORESEEN: &'static [(&'static str, &'static str)] = &[];
    const SCOPES: &'static [Scope] = &[
        Scope::of(&["ec2:ModifySecurityGroupRules"], &["ec2:security-group-rule/*"]),
        Scope::of(&["ec2:ModifySecurityGroupRules"], &["ec2:security-group/{security_group_id}"]).owned(),
        Scope::rest(&["ec2:security-group/{security_group_id}"]).owned(),
    ];

    async fn read(cloud: &Clients, objects: &[ObjectOf<Self>]) -> Result<Vec<Option<LiveOf<Self>>>> {
        let ids = try_join_all(objects.iter().map(|object| imported::aws_ids(cloud, &object.id))).await?;
        let all: Vec<&str> = ids.iter().flatten().map(String::as_str).collect();
        let rules = group_rule::by_ids(cloud, &all).await?;
        let rules: HashMap<&str, &AwsRule> =
            rules.iter().filter_map(|rule| Some((rule.security_group_rule_id()?, rule))).collect();
        let live = objects.iter().zip(&ids).map(|(object, ids)| {
            let rules: Vec<&AwsRule> = ids.iter().filter_map(|id| rules.get(id.as_str()).copied()).collect();
            let recorded =
                object.properties.as_ref().and_then(|properties| properties.description.as_deref());
            Some(LiveOf {
                properties: Properties::of(&rules, recorded)?,
                attributes: Attributes {
                    id: object.id.clone(),
                    security_group_rule_id: ids.first().filter(|_| ids.len() == 1).cloned(),
                },
            })
        });
        Ok(live.collect())
    }

    async fn create(cloud: &Clients, new: &NewOf<'_, Self>) -> Result<String> {
        let (properties, rules) = (new.properties, new.properties.rules());
        let group = &properties.security_group_id;
        let made = group_rule::authorize(cloud.ec2_once(), group, properties.egress(), &rules, None).await?;
        id_of(made).ok_or_else(|| Error::internal("ec2: new security group rules came without ids"))
    }

    async fn update(cloud: &Clients, update: &UpdateOf<'_, Self>) -> Result<()> {
        if update.changes(&["description"]) {
            let ids = imported::aws_ids(cloud, update.id).await?;
            let live = group_rule::by_ids(cloud, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await?;
            let description = update.desired.description.as_deref().unwrap_or_default();
            let rules: Vec<_> = live
                .iter()
                .filter_map(|rule| {
                    let changed = Rule { description: description.to_owned(), ..Rule::of(rule)? };
                    Some((rule.security_group_rule_id()?, changed))
                })
                .collect();
            group_rule::modify(cloud, &update.desired.security_group_id, &rules).await?;
        }
        Ok(())
    }

    async fn delete(cloud: &Clients, object: &ObjectOf<Self>) -> Result<()> {
        let ids = imported::aws_ids(cloud, &object.id).await?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        if let Some(properties) = &object.properties {
            let group = &properties.security_group_id;
            return group_rule::revoke(cloud, group, properties.egress(), &ids).await;
        }
        let rules = group_rule::by_ids(cloud, &ids).await?;
        let Some(Properties { security_group_id, direction, .. }) =
            Properties::of(&rules.iter().collect::<Vec<_>>(), None)
        else {
            return Ok(());
        };
        group_rule::revoke(cloud, &security_group_id, direction == "egress", &ids).await
    }

    async fn find(cloud: &Clients, wanted: &WantedOf<'_, Self>) -> Result<Found> {
        let properties = wanted.properties;
        let live = group_rule::of_group(cloud, &properties.security_group_id).await?;
        let rules = properties.rules();
        let (mut same, mut similar) = (Vec::new(), Vec::new());
        let known: Vec<&str> = wanted.known.iter().flat_map(|id| id.split(',')).collect();
        for live in live.into_iter().filter(|rule| rule.is_egress() == Some(properties.egress())) {
            let Some(rule) = Rule::of(&live) else { continue };
            // Of the predecessor that is being replaced, some may have to go before the new ones can come.
            if live.security_group_rule_id().is_some_and(|id| known.contains(&id)) {
                continue;
            }
            if rules.contains(&rule) {
                same.push(live);
            } else if rules
                .iter()
                .any(|r| Rule { description: rule.description.clone(), ..r.clone() } == rule)
            {
                similar.push(live);
            }
        }
        if same.len() == rules.len() {
            return Ok(id_of(same).map_or(Found::Absent, Found::Ours));
        }
        // AWS would refuse all of them because some are there.
        same.append(&mut similar);
        Ok(id_of(same).map_or(Found::Absent, Found::Foreign))
    }

    async fn import(cloud: &Clients, id: &str) -> Result<Option<String>> {
        let ids = imported::aws_ids(cloud, id).await?;
        Ok((!ids.is_empty()).then(|| ids.join(",")))
    }

    /// Terraform knows the id of AWS's rule if it is one; otherwise the rules are described as for an import.
    fn id_in_terraform(attributes: &Map) -> Option<String> {
        imported::id_in_terraform(attributes)
    }

    fn canonical(properties: &mut Map) {
        if canonical_protocol(properties, "protocol") {
            properties.insert("from_port".to_owned(), 0.into());
            properties.insert("to_port".to_owned(), 0.into());
        }
        canonical_ranges(properties, "ipv6_cidr_blocks");
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let source = text("source_security_group_id");
        if source.is_some() && source == text("security_group_id") {
            properties.remove("source_security_group_id");
            properties.insert("self".to_owned(), true.into());
        }
    }

    fn check(properties: &Map) -> Vec<(String, String)> {
        let some = |name: &&str| match properties.get(*name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::List(items)) => !items.is_empty(),
            Some(_) => true,
        };
        let names =
            ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id", "self"];
        let mut mistakes = Vec::new();
        if !names.iter().any(some) {
            let message = format!("a rule needs another side: one of `{}`", names.join("`, `"));
            mistakes.push(("cidr_blocks".to_owned(), message));
        }
        for name in &names[..2] {
            let ranges = properties.get(*name).and_then(Value::as_list).unwrap_or_default();
            mistakes.extend(ranges.iter().filter_map(|r| Some(((*name).to_owned(), range_mistake(r)?))));
        }
        mistakes
    }
}

impl Properties {
    fn egress(&self) -> bool {
        self.direction == "egress"
    }

    /// AWS's rules for these, one for each other side.
    fn rules(&self) -> Vec<Rule> {
        let (protocol, from_port, to_port) =
            group_rule::normal(&self.protocol, Some(self.from_port), Some(self.to_port));
        let v4 = self.cidr_blocks.iter().cloned().map(Source::V4);
        let v6 = self.ipv6_cidr_blocks.iter().cloned().map(Source::V6);
        let lists = self.prefix_list_ids.iter().cloned().map(Source::PrefixList);
        let group = self
            .source_security_group_id
            .iter()
            .map(|id| if *id == self.security_group_id { Source::Itself } else { Source::Group(id.clone()) });
        let itself = self.itself.then_some(Source::Itself);
        let mut rules: Vec<Rule> = v4
            .chain(v6)
            .chain(lists)
            .chain(group)
            .chain(itself)
            .map(|source| Rule {
                protocol: protocol.clone(),
                from_port,
                to_port,
                source,
                description: self.description.clone().unwrap_or_default(),
            })
            .collect();
        rules.sort();
        rules.dedup();
        rules
    }

    /// The properties of AWS's rules; `None` if there are none. Of several descriptions, one that is not as recorded.
    fn of(rules: &[&AwsRule], recorded: Option<&str>) -> Option<Self> {
        let first = rules.first()?;
        let all: Vec<Rule> = rules.iter().filter_map(|rule| Rule::of(rule)).collect();
        let Rule { protocol, from_port, to_port, .. } = all.first()?.clone();
        let mut properties = Properties {
            security_group_id: first.group_id().unwrap_or_default().to_owned(),
            direction: if first.is_egress() == Some(true) { "egress" } else { "ingress" }.to_owned(),
            protocol,
            from_port,
            to_port,
            cidr_blocks: Set::default(),
            ipv6_cidr_blocks: Set::default(),
            prefix_list_ids: Set::default(),
            source_security_group_id: None,
            itself: false,
            description: recorded.map(str::to_owned),
        };
        for rule in all {
            match rule.source {
                Source::V4(range) => properties.cidr_blocks.push(range),
                Source::V6(range) => properties.ipv6_cidr_blocks.push(range),
                Source::PrefixList(list) => properties.prefix_list_ids.push(list),
                Source::Group(id) => properties.source_security_group_id = Some(id),
                Source::Itself => properties.itself = true,
            }
            if rule.description != recorded.unwrap_or_default() {
                properties.description = Some(rule.description).filter(|text| !text.is_empty());
            }
        }
        Some(properties)
    }
}

/// The id of all these rules together.
fn id_of(rules: Vec<AwsRule>) -> Option<String> {
    let mut ids: Vec<String> = rules.into_iter().filter_map(|rule| rule.security_group_rule_id).collect();
    ids.sort();
    (!ids.is_empty()).then(|| ids.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, range: &str, description: &str) -> AwsRule {
        AwsRule::builder()
            .security_group_rule_id(id)
            .group_id("sg-1")
            .is_egress(false)
            .ip_protocol("-1")
            .from_port(-1)
            .to_port(-1)
            .cidr_ipv4(range)
            .description(description)
            .build()
    }

    #[test]
    fn several_rules_are_one() {
        let rules = [rule("sgr-2", "10.0.0.0/8", "x"), rule("sgr-1", "172.16.0.0/12", "x")];
        let live = Properties::of(&rules.iter().collect::<Vec<_>>(), Some("x"));
        let ranges = live.as_ref().map(|live| live.cidr_blocks.0.clone());
        assert_eq!(ranges, Some(vec!["10.0.0.0/8".to_owned(), "172.16.0.0/12".to_owned()]));
        assert_eq!(live.as_ref().map(|live| (live.from_port, live.to_port)), Some((0, 0)));
        assert_eq!(live.map(|live| live.rules().len()), Some(2));
        assert_eq!(id_of(rules.to_vec()).as_deref(), Some("sgr-1,sgr-2"));
        assert!(Properties::of(&[], None).is_none());
    }

    #[test]
    fn a_description_changed_by_hand_shows() {
        let rules = [rule("sgr-1", "10.0.0.0/8", "mine"), rule("sgr-2", "172.16.0.0/12", "theirs")];
        let description = |recorded: Option<&str>| {
            Properties::of(&rules.iter().collect::<Vec<_>>(), recorded).and_then(|live| live.description)
        };
        assert_eq!(description(Some("mine")).as_deref(), Some("theirs"));
    }

    #[test]
    fn the_own_group_is_self() {
        let mut written = Map::from([
            ("protocol".to_owned(), "6".into()),
            ("security_group_id".to_owned(), "sg-1".into()),
            ("source_security_group_id".to_owned(), "sg-1".into()),
        ]);
        SecurityGroupRule::canonical(&mut written);
        let expected = Map::from([
            ("protocol".to_owned(), "tcp".into()),
            ("security_group_id".to_owned(), "sg-1".into()),
            ("self".to_owned(), true.into()),
        ]);
        assert_eq!(written, expected);
    }

    #[test]
    fn needs_another_side() {
        let mut written = Map::from([("cidr_blocks".to_owned(), Value::List(vec![]))]);
        assert_eq!(SecurityGroupRule::check(&written).len(), 1);
        written.insert("source_security_group_id".to_owned(), Value::unknown("web.id"));
        assert_eq!(SecurityGroupRule::check(&written).len(), 0);
    }
}
