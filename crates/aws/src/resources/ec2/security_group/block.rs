//! The `ingress` and `egress` blocks of a security group.

use crate::resources::ec2::group_rule::{self, Rule, Source, canonical_protocol};
use crate::resources::ec2::support::{canonical_ranges, range_mistake};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_core::{Map, Value};
use wharf_provider::Set;

/// Rules of one protocol and the same ports.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Block {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol's number, or `-1` for all.
    protocol: String,
    /// The first port; for ICMP the type; 0 for all protocols.
    from_port: i32,
    /// The last port; for ICMP the code; 0 for all protocols.
    to_port: i32,
    /// What the rules are for.
    #[serde(default)]
    description: String,
    /// IPv4 address ranges.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    cidr_blocks: Set<String>,
    /// IPv6 address ranges.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    ipv6_cidr_blocks: Set<String>,
    /// Managed prefix lists.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    prefix_list_ids: Set<String>,
    /// Other security groups.
    #[serde(default)]
    #[schemars(extend("default_empty" = true))]
    security_groups: Set<String>,
    /// The group itself.
    #[serde(default, rename = "self")]
    itself: bool,
}

/// The properties of a [`Block`] that name other sides.
const SOURCES: [&str; 4] = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"];

impl Block {
    fn rules(&self) -> impl Iterator<Item = Rule> {
        let source = |sources: &Set<String>, kind: fn(String) -> Source| {
            sources.iter().cloned().map(kind).collect::<Vec<_>>()
        };
        let itself = self.itself.then_some(Source::Itself);
        let sources = source(&self.cidr_blocks, Source::V4)
            .into_iter()
            .chain(source(&self.ipv6_cidr_blocks, Source::V6))
            .chain(source(&self.prefix_list_ids, Source::PrefixList))
            .chain(source(&self.security_groups, Source::Group))
            .chain(itself);
        let (protocol, from_port, to_port) =
            group_rule::normal(&self.protocol, Some(self.from_port), Some(self.to_port));
        sources.map(move |source| Rule {
            protocol: protocol.clone(),
            from_port,
            to_port,
            source,
            description: self.description.clone(),
        })
    }
}

impl From<Rule> for Block {
    fn from(rule: Rule) -> Self {
        let Rule { protocol, from_port, to_port, source, description } = rule;
        let mut block = Block { protocol, from_port, to_port, description, ..Block::default() };
        match source {
            Source::V4(range) => block.cidr_blocks = Set(vec![range]),
            Source::V6(range) => block.ipv6_cidr_blocks = Set(vec![range]),
            Source::PrefixList(list) => block.prefix_list_ids = Set(vec![list]),
            Source::Group(id) => block.security_groups = Set(vec![id]),
            Source::Itself => block.itself = true,
        }
        block
    }
}

/// The rules that blocks stand for, one for each other side.
pub(super) fn atoms(blocks: &[Block]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = blocks.iter().flat_map(Block::rules).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// A block as the blocks of one other side each that say the same, as far as it is known.
pub(super) fn split_block(block: Value) -> Vec<Value> {
    let Value::Map(mut block) = block else { return vec![block] };
    if canonical_protocol(&mut block, "protocol") {
        block.insert("from_port".to_owned(), 0.into());
        block.insert("to_port".to_owned(), 0.into());
    }
    canonical_ranges(&mut block, "ipv6_cidr_blocks");
    let unset = |value: Option<&Value>| value.is_none_or(Value::is_null);
    let mut empty = block.clone();
    if unset(empty.get("description")) {
        empty.insert("description".to_owned(), "".into());
    }
    for name in SOURCES {
        empty.insert(name.to_owned(), Value::List(Vec::new()));
    }
    empty.insert("self".to_owned(), false.into());
    let with = |name: &str, value: Value| {
        let mut block = empty.clone();
        block.insert(name.to_owned(), value);
        Value::Map(block)
    };
    let mut split = Vec::new();
    for name in SOURCES {
        match block.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::List(items)) => {
                split.extend(items.iter().map(|item| with(name, Value::List(vec![item.clone()]))));
            }
            Some(other) => split.push(with(name, other.clone())),
        }
    }
    match block.get("self") {
        None | Some(Value::Null | Value::Bool(false)) => {}
        Some(other) => split.push(with("self", other.clone())),
    }
    split
}

pub(super) fn block_mistakes(block: &Map) -> Vec<String> {
    let some = |name: &&str| match block.get(*name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::List(items)) => !items.is_empty(),
        Some(_) => true,
    };
    let mut mistakes = Vec::new();
    if !SOURCES.iter().chain(&["self"]).any(some) {
        mistakes.push(format!("a rule needs another side: one of `{}`, `self`", SOURCES.join("`, `")));
    }
    for name in &SOURCES[..2] {
        let ranges = block.get(*name).and_then(Value::as_list).unwrap_or_default();
        mistakes.extend(ranges.iter().filter_map(range_mistake));
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_sides_are_left_alone() {
        let block = Map::from([
            ("protocol".to_owned(), "tcp".into()),
            ("cidr_blocks".to_owned(), Value::unknown("local.ranges")),
        ]);
        let split = split_block(Value::Map(block));
        assert_eq!(split.len(), 1);
        assert_eq!(
            split[0].as_map().and_then(|block| block.get("cidr_blocks")),
            Some(&Value::unknown("local.ranges"))
        );
    }
}
