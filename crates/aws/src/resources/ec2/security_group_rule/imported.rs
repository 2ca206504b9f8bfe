//! How Terraform names rules of a security group: by all that they say, unless it is one rule of AWS's.

use super::Properties;
use crate::clients::Clients;
use crate::resources::ec2::group_rule::{self, Rule};
use wharf_core::{Map, Value};
use wharf_provider::{Error, ErrorKind, Result, Set};

/// The group itself, as another side in the id of an import.
const ITSELF: &str = "self";

/// The ids of AWS's rules. Rules may also be described as Terraform imports them:
/// `sg-..._ingress_tcp_80_81_10.0.0.0/8_sg-...`; there are none then unless AWS has all of them.
pub(super) async fn aws_ids(cloud: &Clients, id: &str) -> Result<Vec<String>> {
    if id.split(',').all(|id| id.starts_with("sgr-")) {
        return Ok(id.split(',').map(str::to_owned).collect());
    }
    let wanted = Properties::described(id).ok_or_else(|| {
        let form = "sg-..._ingress_tcp_80_80_10.0.0.0/8";
        let message =
            format!("`{id}` is no rule of a security group: one is written as `{form}`, or as `sgr-...`");
        Error::new(ErrorKind::Invalid, message)
    })?;
    let rules = wanted.rules();
    let live = group_rule::of_group(cloud, &wanted.security_group_id).await?;
    let live = live.into_iter().filter(|live| {
        let rule = Rule::of(live).map(|rule| Rule { description: String::new(), ..rule });
        live.is_egress() == Some(wanted.egress()) && rule.is_some_and(|rule| rules.contains(&rule))
    });
    let mut ids: Vec<String> = live.filter_map(|rule| rule.security_group_rule_id).collect();
    ids.sort();
    Ok(if ids.len() == rules.len() { ids } else { Vec::new() })
}

impl Properties {
    /// The properties, without a description, that the id of an import stands for.
    fn described(id: &str) -> Option<Self> {
        let mut parts = id.split('_');
        let security_group_id = parts.next().filter(|group| group.starts_with("sg-"))?.to_owned();
        let direction = parts.next().filter(|kind| matches!(*kind, "ingress" | "egress"))?.to_owned();
        let protocol = parts.next()?.to_owned();
        let (from_port, to_port) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let mut properties = Properties {
            security_group_id,
            direction,
            protocol,
            from_port,
            to_port,
            cidr_blocks: Set::default(),
            ipv6_cidr_blocks: Set::default(),
            prefix_list_ids: Set::default(),
            source_security_group_id: None,
            itself: false,
            description: None,
        };
        for source in parts {
            match source {
                ITSELF => properties.itself = true,
                list if list.starts_with("pl-") => properties.prefix_list_ids.push(list.to_owned()),
                // Of another account: `123456789012/sg-...`.
                group if group.contains("sg-") => {
                    properties.source_security_group_id = Some(group.to_owned());
                }
                range if range.contains(':') => properties.ipv6_cidr_blocks.push(range.to_owned()),
                range if range.contains('/') => properties.cidr_blocks.push(range.to_owned()),
                _ => return None,
            }
        }
        (!properties.rules().is_empty()).then_some(properties)
    }
}

/// Terraform knows the id of AWS's rule if it is one; otherwise the rules are described as for an import.
pub(super) fn id_in_terraform(attributes: &Map) -> Option<String> {
    let text = |name: &str| attributes.get(name)?.as_str().filter(|text| !text.is_empty());
    if let Some(id) = text("security_group_rule_id") {
        return Some(id.to_owned());
    }
    let number = |name: &str| attributes.get(name).and_then(Value::as_i64);
    let list = |name: &str| attributes.get(name).and_then(Value::as_list).unwrap_or_default();
    let lists = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"].into_iter().flat_map(list);
    let itself = attributes.get("self").and_then(Value::as_bool) == Some(true);
    let sources: Vec<&str> = lists
        .filter_map(Value::as_str)
        .chain(text("source_security_group_id"))
        .chain(itself.then_some(ITSELF))
        .collect();
    let (group, kind, protocol) = (text("security_group_id")?, text("type")?, text("protocol")?);
    let (from, to) = (number("from_port")?, number("to_port")?);
    (!sources.is_empty()).then(|| format!("{group}_{kind}_{protocol}_{from}_{to}_{}", sources.join("_")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::ec2::group_rule::Source;
    use serde_json::json;

    #[test]
    fn rules_are_imported_as_terraform_describes_them() {
        let sources = |id: &str| {
            let rules = Properties::described(id).map(|properties| properties.rules());
            rules.map(|rules| rules.into_iter().map(|rule| rule.source).collect::<Vec<_>>())
        };
        let v4 = |range: &str| Source::V4(range.to_owned());
        let v6 = |range: &str| Source::V6(range.to_owned());
        assert_eq!(sources("sg-1_ingress_tcp_8000_8000_10.0.3.0/24"), Some(vec![v4("10.0.3.0/24")]));
        assert_eq!(
            sources("sg-1_ingress_tcp_100_121_10.1.0.0/16_2001:db8::/48_10.2.0.0/16"),
            Some(vec![v4("10.1.0.0/16"), v4("10.2.0.0/16"), v6("2001:db8::/48")])
        );
        assert_eq!(sources("sg-1_egress_tcp_1_1_pl-6"), Some(vec![Source::PrefixList("pl-6".to_owned())]));
        assert_eq!(
            sources("sg-1_ingress_tcp_80_80_self_sg-2"),
            Some(vec![Source::Group("sg-2".to_owned()), Source::Itself])
        );
        assert_eq!(sources("sg-1_ingress_tcp_80_80_sg-1"), Some(vec![Source::Itself]));
        let all =
            Properties::described("sg-1_egress_all_0_65536_0.0.0.0/0").map(|properties| properties.rules());
        assert_eq!(
            all.map(|rules| (rules[0].protocol.clone(), rules[0].to_port)),
            Some(("-1".to_owned(), 0))
        );
        for wrong in [
            "sg-1",
            "sgrule-123",
            "sg-1_ingress_tcp_80_80",
            "sg-1_in_tcp_80_80_::/0",
            "sg-1_ingress_tcp_http_80_::/0",
            "sg-1_ingress_tcp_80_80_everyone",
        ] {
            assert_eq!(sources(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_in_terraform() {
        let id = |attributes: serde_json::Value| {
            super::id_in_terraform(&Value::from(attributes).as_map().cloned().unwrap_or_default())
        };
        let mut attributes = json!({"id": "sgrule-123", "security_group_rule_id": "sgr-1", "security_group_id": "sg-1",
            "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 81, "self": true,
            "cidr_blocks": ["10.0.0.0/8"], "ipv6_cidr_blocks": [], "prefix_list_ids": null,
            "source_security_group_id": null});
        assert_eq!(id(attributes.clone()).as_deref(), Some("sgr-1"));
        attributes["security_group_rule_id"] = "".into();
        assert_eq!(id(attributes.clone()).as_deref(), Some("sg-1_ingress_tcp_80_81_10.0.0.0/8_self"));
        attributes["cidr_blocks"] = serde_json::Value::Null;
        attributes["self"] = false.into();
        assert_eq!(id(attributes), None);
    }
}
