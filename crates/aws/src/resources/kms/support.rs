//! What the KMS types share: tags, key policies, keys by id or ARN.

use crate::arn;
use crate::clients::Clients;
use crate::errors::{Built, Named};
use aws_sdk_kms::types::Tag;
use std::collections::BTreeMap;
use wharf_core::{Map, Value};
use wharf_provider::{Absent, Error, Json, Result, Tags};

/// The only name that a key policy can have.
const DEFAULT: &str = "default";

/// Tags as KMS takes them.
pub(crate) fn to_aws(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().tag_key(key).tag_value(value).build().built()).collect()
}

/// The tags of a key; none if it is not there.
pub(crate) async fn tags(cloud: &Clients, key: &str) -> Result<Tags> {
    let items = cloud.kms().list_resource_tags().key_id(key).into_paginator().items().send();
    let tags = items.collect::<Result<Vec<_>, _>>().await.named("kms:ListResourceTags").or_absent()?;
    Ok(Tags::from_aws(tags.into_iter().flatten().map(|tag| (tag.tag_key, tag.tag_value))))
}

/// The policy of a key.
pub(crate) async fn policy(cloud: &Clients, key: &str) -> Result<Option<Json>> {
    let request = cloud.kms().get_key_policy().key_id(key).policy_name(DEFAULT);
    let answer = request.send().await.named("kms:GetKeyPolicy").or_absent()?;
    Ok(answer.and_then(|answer| answer.policy).map(|text| Json::parse(&text)))
}

/// Gives a key a policy.
pub(crate) async fn put_policy(
    client: &aws_sdk_kms::Client,
    key: &str,
    policy: &Json,
    bypass_check: bool,
) -> Result<()> {
    let request = client.put_key_policy().key_id(key).policy_name(DEFAULT).policy(policy.text());
    let request = request.bypass_policy_lockout_safety_check(bypass_check);
    request.send().await.named("kms:PutKeyPolicy")?;
    Ok(())
}

/// Whether the answer means that the key waits for its deletion.
pub(crate) fn is_pending_deletion(error: &Error) -> bool {
    error.is_code("KMSInvalidStateException") && error.message.contains("pending")
}

/// The id of a key that may be given by its ARN; anything else (an alias) as it is.
pub(crate) fn key_id(key: &str) -> &str {
    arn::resource(key).strip_prefix("key/").unwrap_or(key)
}

/// The id of a key that is given by id or ARN; nothing for an alias or any other text.
pub(crate) fn only_key_id(key: &str) -> Option<&str> {
    let id = key_id(key);
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-';
    Some(id).filter(|id| !id.is_empty() && id.chars().all(fine))
}

/// Brings a property that names a key to the key's id.
pub(crate) fn canonical_key(properties: &mut Map, property: &str) {
    if let Some(Value::String(key)) = properties.get_mut(property) {
        *key = key_id(key).to_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_id_and_arn_are_the_same() {
        assert_eq!(key_id("arn:aws:kms:eu-central-1:123456789012:key/mrk-1"), "mrk-1");
        assert_eq!(key_id("1234-abcd"), "1234-abcd");
        let alias = "arn:aws:kms:eu-central-1:123456789012:alias/app";
        assert_eq!(key_id(alias), alias);
        assert_eq!(only_key_id("arn:aws:kms:eu-central-1:123456789012:key/12-ab"), Some("12-ab"));
        assert_eq!([alias, "alias/app", ""].map(only_key_id), [None; 3]);
    }
}
