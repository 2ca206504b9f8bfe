//! What all EC2 types share: tags in the create request, tag updates, look-up by ownership.

use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use wharf_provider::{Found, ResourceType as Kind, Result, Tags, UpdateOf, WantedOf, ownership};

/// The most values that one filter takes.
pub(crate) const FILTER_VALUES: usize = 200;

/// A filter of a describe call. Filters, unlike ids, do not fail when an object is missing.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// The tags of a new object, for its create request.
pub(crate) fn specification(resource_type: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource_type).set_tags(Some(to_aws(tags))).build()
}

/// Tags as EC2 gives them.
pub(crate) fn from_aws(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_aws(
        tags.into_iter().flatten().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))),
    )
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

/// The filters that find an object by its ownership tags.
pub(crate) fn owned<T: Kind>(wanted: &WantedOf<'_, T>) -> Vec<Filter> {
    vec![
        filter(&format!("tag:{}", ownership::LINEAGE), [wanted.lineage]),
        filter(&format!("tag:{}", ownership::ADDRESS), [wanted.address.to_tag()]),
    ]
}

/// The first id of a look-up by ownership tags.
pub(crate) fn found(id: Option<String>) -> Found {
    id.map_or(Found::Absent, Found::Ours)
}
