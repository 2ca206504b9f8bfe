//! What ECS types share: tags, and the role that ECS makes.

use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ecs::types::Tag;
use wharf_provider::{ResourceType as Kind, Result, Scope, Tags, UpdateOf};

/// ECS makes its service-linked role with the first cluster or service of an account, on the caller's behalf.
pub(crate) const SERVICE_LINKED_ROLE: Scope = Scope::of(
    &["iam:CreateServiceLinkedRole"],
    &["iam:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"],
)
.only_if("iam:AWSServiceName", "ecs.amazonaws.com");

/// Tags as ECS takes them.
pub(crate) fn to_aws(tags: &Tags) -> Vec<Tag> {
    tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags as ECS gives them.
pub(crate) fn from_aws(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_aws(
        tags.into_iter().flatten().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))),
    )
}

/// Brings an object's tags from `live` to `desired`, if the update is about them.
pub(crate) async fn update_tags<T: Kind>(
    cloud: &Clients,
    update: &UpdateOf<'_, T>,
    arn: &str,
    live: &Tags,
    desired: &Tags,
) -> Result<()> {
    if !update.changes(&["tags"]) {
        return Ok(());
    }
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let request = cloud.ecs().untag_resource().resource_arn(arn).set_tag_keys(Some(removed));
        request.send().await.named("ecs:UntagResource")?;
    }
    if !set.is_empty() {
        let request = cloud.ecs().tag_resource().resource_arn(arn).set_tags(Some(to_aws(&Tags(set))));
        request.send().await.named("ecs:TagResource")?;
    }
    Ok(())
}
