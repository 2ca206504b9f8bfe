//! What the EventBridge types share: buses by name or ARN, tags, names.

use crate::clients::Clients;
use crate::errors::{Built, Named};
use aws_sdk_eventbridge::types::Tag;
use std::collections::BTreeMap;
use wharf_core::{Map, Value};
use wharf_provider::{Absent, Result, Tags};

/// The bus that AWS services send their events to.
pub(crate) const DEFAULT_BUS: &str = "default";

/// The name of the default bus, as a property's default.
pub(crate) fn default_bus() -> String {
    DEFAULT_BUS.to_owned()
}

/// The name of a bus that may be given by its ARN.
pub(crate) fn bus_name(bus: &str) -> &str {
    bus.split_once(":event-bus/").map_or(bus, |(_, name)| name)
}

/// The id of what stands on a bus: with the bus in front unless it is the default one.
pub(crate) fn id_on(bus: &str, rest: &str) -> String {
    match bus_name(bus) {
        DEFAULT_BUS => rest.to_owned(),
        bus => format!("{bus}/{rest}"),
    }
}

/// Brings the property with the bus to the bus's name.
pub(crate) fn canonical_bus(properties: &mut Map) {
    if let Some(Value::String(bus)) = properties.get_mut("event_bus_name") {
        *bus = bus_name(bus).to_owned();
    }
}

/// Tags as EventBridge takes them.
pub(crate) fn to_aws(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().built()).collect()
}

/// The tags of a rule; nothing if it is not there.
pub(crate) async fn tags(cloud: &Clients, arn: &str) -> Result<Option<Tags>> {
    let answer = cloud.events().list_tags_for_resource().resource_arn(arn).send().await;
    let answer = answer.named("events:ListTagsForResource").or_absent()?;
    Ok(answer.map(|answer| Tags::from_aws(answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))))
}

/// What is wrong with the name of a rule or target, if anything.
pub(crate) fn bad_name(name: &str) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (name.is_empty() || name.len() > 64 || !name.chars().all(fine))
        .then(|| format!("`{name}` is no name: 1 to 64 letters, digits and any of ._-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buses_by_name_and_arn_are_the_same() {
        assert_eq!(bus_name("arn:aws:events:eu-central-1:123456789012:event-bus/app"), "app");
        assert_eq!(bus_name("aws.partner/example.com/1"), "aws.partner/example.com/1");
    }
}
