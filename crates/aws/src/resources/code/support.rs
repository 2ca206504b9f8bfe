//! What CodeDeploy's types share: tags.

use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_codedeploy::types::Tag;
use wharf_provider::{Absent, ResourceType as Kind, Result, Tags, UpdateOf};

/// Tags as CodeDeploy takes them.
pub(crate) fn to_aws(tags: &Tags) -> Vec<Tag> {
    tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of an application or a deployment group that is there: AWS does not say what it answers for another.
/// `None` if it is gone since.
pub(crate) async fn tags(cloud: &Clients, arn: &str) -> Result<Option<Tags>> {
    let (mut tags, mut token) = (Vec::new(), None);
    loop {
        let request = cloud.codedeploy().list_tags_for_resource().resource_arn(arn).set_next_token(token);
        let answer = request.send().await.named("codedeploy:ListTagsForResource").or_absent()?;
        let Some(page) = answer else { return Ok(None) };
        tags.extend(page.tags.into_iter().flatten());
        token = page.next_token;
        if token.is_none() {
            let pair = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
            return Ok(Some(Tags::from_aws(tags.into_iter().filter_map(pair))));
        }
    }
}

/// Brings an object's tags from `live` to `desired`, if the update is about them.
pub(crate) async fn update_tags<T: Kind>(
    cloud: &Clients,
    update: &UpdateOf<'_, T>,
    resource: &str,
    live: &Tags,
    desired: &Tags,
) -> Result<()> {
    if !update.changes(&["tags"]) {
        return Ok(());
    }
    let arn = cloud.arn("codedeploy", resource).await?;
    let (set, removed) = desired.difference(live);
    if !removed.is_empty() {
        let request = cloud.codedeploy().untag_resource().resource_arn(&arn).set_tag_keys(Some(removed));
        request.send().await.named("codedeploy:UntagResource")?;
    }
    if !set.is_empty() {
        let request = cloud.codedeploy().tag_resource().resource_arn(&arn).set_tags(Some(to_aws(&Tags(set))));
        request.send().await.named("codedeploy:TagResource")?;
    }
    Ok(())
}
