//! What all EC2 types share: batched reads, tags in the create request, tag updates, look-up by ownership.

use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Tag, TagSpecification};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use wharf_core::{Map, Value};
use wharf_provider::{
    Error, ErrorKind, Found, ObjectOf, ResourceType as Kind, Result, Tags, UpdateOf, WantedOf, ownership,
};

/// The most values that one filter takes.
pub(crate) const FILTER_VALUES: usize = 200;

/// A filter of a describe call. Filters, unlike ids, do not fail when an object is missing.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// The filter that selects these objects by their ids.
pub(crate) fn among<T: Kind>(name: &str, objects: &[ObjectOf<T>]) -> Filter {
    filter(name, objects.iter().map(|object| &object.id))
}

/// What a describe call answered, by id.
pub(crate) fn by_id<I>(items: Vec<I>, id: impl Fn(&I) -> Option<&str>) -> HashMap<String, I> {
    items.into_iter().filter_map(|item| Some((id(&item)?.to_owned(), item))).collect()
}

/// The id of a new object.
pub(crate) fn new_id(id: Option<String>, operation: &str) -> Result<String> {
    id.ok_or_else(|| Error::internal(format!("{operation} answered without an id")))
}

/// The ARN of an object: `resource` is `vpc/vpc-...`.
pub(crate) fn arn(cloud: &Clients, owner: &str, resource: &str) -> String {
    format!("arn:{}:ec2:{}:{owner}:{resource}", cloud.partition(), cloud.region())
}

/// A boolean attribute, as the modify calls take it.
pub(crate) fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

/// The tags of a new object, for its create request.
pub(crate) fn specification(resource_type: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource_type).set_tags(Some(to_aws(tags))).build()
}

/// Tags as EC2 gives them.
pub(crate) fn from_aws(tags: Option<Vec<Tag>>) -> Tags {
    let tags = tags.into_iter().flatten().filter(|tag| tag.key() != Some(UNFINISHED));
    Tags::from_aws(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
}

fn to_aws(tags: &Tags) -> Vec<Tag> {
    tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Brings an object's tags from `live` to `desired`, if the update is about them.
pub(crate) async fn update_tags<T: Kind>(
    cloud: &Clients,
    update: &UpdateOf<'_, T>,
    live: &Tags,
    desired: &Tags,
) -> Result<()> {
    if !update.changes(&["tags"]) {
        return Ok(());
    }
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let keys = removed.iter().map(|key| Tag::builder().key(key).build()).collect();
        let request = cloud.ec2().delete_tags().resources(update.id).set_tags(Some(keys));
        request.send().await.named("ec2:DeleteTags")?;
    }
    if !set.is_empty() {
        let request = cloud.ec2().create_tags().resources(update.id).set_tags(Some(to_aws(&Tags(set))));
        request.send().await.named("ec2:CreateTags")?;
    }
    Ok(())
}

/// The id in an import of an object whose ids begin with `prefix`, such as `vpc-`.
pub(crate) fn imported(id: &str, prefix: &str) -> Result<Option<String>> {
    if id
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.is_empty())
    {
        return Ok(Some(id.to_owned()));
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!("`{id}` is no id that can be imported here: one begins with `{prefix}`"),
    ))
}

/// The filters that find an object by its ownership tags.
pub(crate) fn owned<T: Kind>(wanted: &WantedOf<'_, T>) -> Vec<Filter> {
    vec![
        filter(&format!("tag:{}", ownership::LINEAGE), [wanted.lineage]),
        filter(&format!("tag:{}", ownership::ADDRESS), [wanted.address.to_tag()]),
    ]
}

/// The object among those with the ownership tags that the state does not know yet.
pub(crate) fn found<T: Kind>(wanted: &WantedOf<'_, T>, ids: impl IntoIterator<Item = String>) -> Found {
    ids.into_iter().find(|id| !wanted.known.contains(id)).map_or(Found::Absent, Found::Ours)
}

/// A tag in the create request of an object that one request cannot complete. `finish` takes it off again.
///
/// It tells an object that was just made from one to which others have added since: AWS's default rule is removed
/// from a new security group only, routes are added to a new route table only.
pub(crate) const UNFINISHED: &str = "wharf:unfinished";

/// These tags and [`UNFINISHED`].
pub(crate) fn unfinished(tags: &Tags) -> Tags {
    let mut tags = tags.clone();
    tags.0.insert(UNFINISHED.to_owned(), "true".to_owned());
    tags
}

/// Takes [`UNFINISHED`] off.
pub(crate) async fn complete(cloud: &Clients, id: &str) -> Result<()> {
    let request = cloud.ec2().delete_tags().resources(id).tags(Tag::builder().key(UNFINISHED).build());
    request.send().await.named("ec2:DeleteTags")?;
    Ok(())
}

/// What is wrong with an address range, if anything: `10.0.0.1/8` has bits set that its network has not.
pub(crate) fn range_mistake(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let invalid = || Some(format!("`{text}` is no address range such as `10.0.0.0/16`"));
    let Some((address, length)) = text.split_once('/') else { return invalid() };
    let Ok(length) = length.parse::<u32>() else { return invalid() };
    let network = if let Ok(address) = address.parse::<Ipv4Addr>() {
        let Some(host) = 32u32.checked_sub(length) else { return invalid() };
        let mask = u32::MAX.checked_shl(host).unwrap_or(0);
        let network = Ipv4Addr::from(u32::from(address) & mask);
        (network != address).then(|| network.to_string())
    } else if let Ok(address) = address.parse::<Ipv6Addr>() {
        let Some(host) = 128u32.checked_sub(length) else { return invalid() };
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        let network = Ipv6Addr::from(u128::from(address) & mask);
        (network != address).then(|| network.to_string())
    } else {
        return invalid();
    };
    network.map(|network| format!("`{text}` does not begin a network; it would be `{network}/{length}`"))
}

/// What is wrong with the `cidr_block` of a VPC or a subnet, if anything: AWS takes IPv4 networks from /16 to /28.
pub(crate) fn block_mistake(properties: &Map) -> Option<(String, String)> {
    let block = properties.get("cidr_block")?;
    let message = range_mistake(block).or_else(|| {
        let (address, length) = block.as_str()?.split_once('/')?;
        let fits = address.parse::<Ipv4Addr>().is_ok() && (16..=28).contains(&length.parse().unwrap_or(0));
        (!fits).then(|| format!("`{address}/{length}`: AWS takes IPv4 networks from /16 to /28"))
    })?;
    Some(("cidr_block".to_owned(), message))
}

/// Brings the IPv6 address ranges in a property to the form that AWS gives them: `2001:DB8:0::/48` is `2001:db8::/48`.
pub(crate) fn canonical_ranges(properties: &mut Map, name: &str) {
    match properties.get_mut(name) {
        Some(Value::List(ranges)) => ranges.iter_mut().for_each(canonical_range),
        Some(range) => canonical_range(range),
        None => {}
    }
}

fn canonical_range(range: &mut Value) {
    let Value::String(text) = range else { return };
    if let Some((address, length)) = text.split_once('/')
        && let (Ok(address), Ok(length)) = (address.parse::<Ipv6Addr>(), length.parse::<u8>())
    {
        *text = format!("{address}/{length}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_to_import() {
        assert_eq!(imported("vpc-0a1b", "vpc-").ok().flatten().as_deref(), Some("vpc-0a1b"));
        for wrong in ["", "vpc-", "subnet-1", "vpc-1/rtb-2"] {
            assert!(imported(wrong, "vpc-").is_err(), "{wrong}");
        }
    }

    #[test]
    fn blocks() {
        let mistake = |block: Value| block_mistake(&Map::from([("cidr_block".to_owned(), block)]));
        for good in ["10.0.0.0/16", "192.168.2.16/28"] {
            assert_eq!(mistake(good.into()), None, "{good}");
        }
        for bad in ["10.0.0.0/8", "10.0.0.0/29", "10.0.1.0/16", "2001:db8::/28", "10.0.0.0"] {
            assert!(mistake(bad.into()).is_some(), "{bad}");
        }
        assert_eq!(mistake(Value::unknown("local.block")), None);
    }

    #[test]
    fn ipv6_ranges_have_one_form() {
        let of = |range: Value| {
            let mut properties = Map::from([("range".to_owned(), range)]);
            canonical_ranges(&mut properties, "range");
            properties.remove("range").unwrap_or_default()
        };
        for (written, told) in [
            ("2001:DB8:0:0::/48", "2001:db8::/48"),
            ("0::/0", "::/0"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("pl-1", "pl-1"),
        ] {
            assert_eq!(of(written.into()), told.into());
            assert_eq!(of(Value::List(vec![written.into()])), Value::List(vec![told.into()]));
        }
        assert_eq!(of(Value::unknown("vpc.ipv6")), Value::unknown("vpc.ipv6"));
    }

    #[test]
    fn ranges() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "192.168.1.7/32", "::/0", "2001:db8::/32"] {
            assert_eq!(range_mistake(&good.into()), None, "{good}");
        }
        for (bad, hint) in [("10.1.0.0/8", "10.0.0.0/8"), ("2001:db8::1/32", "2001:db8::/32")] {
            assert!(range_mistake(&bad.into()).is_some_and(|mistake| mistake.contains(hint)), "{bad}");
        }
        for bad in ["10.0.0.0", "10.0.0.0/33", "x/8", "10.0.0.0/x"] {
            assert!(range_mistake(&bad.into()).is_some(), "{bad}");
        }
        assert_eq!(range_mistake(&Value::unknown("vpc.cidr_block")), None);
    }
}
