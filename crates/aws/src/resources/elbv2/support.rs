//! What all load balancing types share: batched reads, tags, attributes, names.

use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_elasticloadbalancingv2::types::Tag;
use futures::future::try_join_all;
use std::collections::HashMap;
use std::future::Future;
use wharf_core::{Map, Value};
use wharf_provider::{
    Absent, Error, ErrorKind, Found, LiveOf, ObjectOf, ResourceType, Result, Tags, UpdateOf, WantedOf,
};

/// The most ARNs that one request takes.
pub(crate) const BATCH: usize = 20;

/// Reads objects together; when AWS refuses that because one of them is missing, each alone.
pub(crate) async fn together_or_alone<'a, T, F>(
    objects: &'a [ObjectOf<T>],
    read: impl Fn(&'a [ObjectOf<T>]) -> F + Send + Sync,
) -> Result<Vec<Option<LiveOf<T>>>>
where
    T: ResourceType,
    F: Future<Output = Result<Vec<Option<LiveOf<T>>>>> + Send,
{
    if let Some(live) = read(objects).await.or_absent()? {
        return Ok(live);
    }
    if objects.len() == 1 {
        return Ok(vec![None]);
    }
    let alone = try_join_all(objects.chunks(1).map(|object| {
        let live = read(object);
        async move {
            Ok::<_, wharf_provider::Error>(live.await.or_absent()?.into_iter().flatten().flatten().next())
        }
    }));
    alone.await
}

/// The id in an import: the ARN of an object of this kind, such as `loadbalancer`.
pub(crate) fn imported(id: &str, kind: &str) -> Result<Option<String>> {
    let is_one = id.starts_with("arn:") && arn::resource(id).split('/').next() == Some(kind);
    if is_one && id.split(':').nth(2) == Some("elasticloadbalancing") {
        return Ok(Some(id.to_owned()));
    }
    let message =
        format!("`{id}` is no ARN of that kind: one is `arn:aws:elasticloadbalancing:...:{kind}/...`");
    Err(Error::new(ErrorKind::Invalid, message))
}

/// The ARNs of objects.
pub(crate) fn arns<T: ResourceType>(objects: &[ObjectOf<T>]) -> Vec<String> {
    objects.iter().map(|object| object.id.clone()).collect()
}

/// The ARN in the answer to a create request.
pub(crate) fn new_arn(
    mut arns: impl Iterator<Item = Option<String>>,
    operation: &'static str,
) -> Result<String> {
    let none = || Error::internal(format!("{operation} answered without an ARN"));
    arns.find_map(|arn| arn).ok_or_else(none)
}

/// What a describe call answered, by ARN.
pub(crate) fn by_arn<I>(items: &[I], arn: impl Fn(&I) -> Option<&str>) -> HashMap<&str, &I> {
    items.iter().filter_map(|item| Some((arn(item)?, item))).collect()
}

/// What to say of the object of the wanted name, if there is one.
pub(crate) async fn found<T: ResourceType>(
    cloud: &Clients,
    wanted: &WantedOf<'_, T>,
    arn: Option<String>,
) -> Result<Found> {
    let Some(arn) = arn else { return Ok(Found::Absent) };
    let tags = tags_of(cloud, &[&arn]).await?.remove(&arn).unwrap_or_default();
    Ok(wanted.by_tags(arn, &tags))
}

/// Whether a property is set, known or not, to more than an empty list.
pub(crate) fn is_given(properties: &Map, name: &str) -> bool {
    match properties.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::List(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// Tags for a create request; AWS refuses an empty list.
pub(crate) fn new_tags(tags: &Tags) -> Option<Vec<Tag>> {
    Some(to_aws(tags)).filter(|tags| !tags.is_empty())
}

fn to_aws(tags: &Tags) -> Vec<Tag> {
    tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of objects, by ARN.
pub(crate) async fn tags_of(cloud: &Clients, arns: &[&str]) -> Result<HashMap<String, Tags>> {
    let chunks = arns.chunks(BATCH).map(|chunk| async move {
        let arns = chunk.iter().map(ToString::to_string).collect();
        let request = cloud.elasticloadbalancing().describe_tags().set_resource_arns(Some(arns));
        request.send().await.named("elasticloadbalancing:DescribeTags")
    });
    let described = try_join_all(chunks)
        .await?
        .into_iter()
        .flat_map(|answer| answer.tag_descriptions.unwrap_or_default());
    let tags = |tags: Option<Vec<Tag>>| {
        let tags = tags.into_iter().flatten();
        Tags::from_aws(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))))
    };
    Ok(described.filter_map(|object| Some((object.resource_arn?, tags(object.tags)))).collect())
}

/// Brings an object's tags from `live` to `desired`, if the update is about them.
pub(crate) async fn update_tags<T: ResourceType>(
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
        let request = cloud.elasticloadbalancing().remove_tags().resource_arns(update.id);
        request.set_tag_keys(Some(removed)).send().await.named("elasticloadbalancing:RemoveTags")?;
    }
    if !set.is_empty() {
        let request = cloud.elasticloadbalancing().add_tags().resource_arns(update.id);
        request.set_tags(Some(to_aws(&Tags(set)))).send().await.named("elasticloadbalancing:AddTags")?;
    }
    Ok(())
}

/// A setting that AWS keeps as a pair of texts beside the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The property it comes from.
    pub(crate) property: &'static str,
    /// AWS's name of it.
    pub(crate) key: &'static str,
    /// What it shall be.
    pub(crate) value: String,
    /// What it is on a new object, if that is known.
    pub(crate) default: Option<&'static str>,
}

impl Attribute {
    /// An attribute that comes from a property.
    pub(crate) fn new(
        property: &'static str,
        key: &'static str,
        value: impl ToString,
        default: Option<&'static str>,
    ) -> Self {
        Attribute { property, key, value: value.to_string(), default }
    }

    /// Whether a new object has this value anyway.
    pub(crate) fn is_default(&self) -> bool {
        self.default == Some(self.value.as_str())
    }
}

/// Live attributes, by AWS's names.
pub(crate) struct Settings(pub(crate) HashMap<String, String>);

impl Settings {
    /// Attributes as AWS lists them.
    pub(crate) fn of(pairs: impl IntoIterator<Item = (Option<String>, Option<String>)>) -> Self {
        Settings(pairs.into_iter().filter_map(|(key, value)| Some((key?, value?))).collect())
    }

    /// An attribute's value; AWS leaves out what the kind of object does not have, and shows "none" as an empty text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).filter(|value| !value.is_empty()).cloned()
    }

    /// An attribute that is `true` or `false`.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key).map(|value| value == "true")
    }

    /// An attribute that is a number.
    pub(crate) fn number(&self, key: &str) -> Option<i32> {
        self.0.get(key)?.parse().ok()
    }

    /// Those of these attributes that are not so yet.
    pub(crate) fn missing(&self, wanted: Vec<Attribute>) -> Vec<Attribute> {
        wanted.into_iter().filter(|attribute| self.0.get(attribute.key) != Some(&attribute.value)).collect()
    }
}

/// What is wrong with the names in these properties, if anything.
pub(crate) fn name_mistakes(properties: &Map) -> Vec<(String, String)> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let mut mistakes = Vec::new();
    let mut mistake = |about: &str, message: &str| mistakes.push((about.to_owned(), message.to_owned()));
    for (about, longest) in [("name", 32), ("name_prefix", 6)] {
        let Some(name) = text(about) else { continue };
        if name.is_empty() || name.chars().count() > longest {
            mistake(about, &format!("takes 1 to {longest} characters"));
        } else if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            mistake(about, "takes letters, digits and hyphens only");
        } else if name.starts_with('-') || (about == "name" && name.ends_with('-')) {
            mistake(about, "may not begin or end with a hyphen");
        }
    }
    if text("name").is_some() && text("name_prefix").is_some() {
        mistake("name_prefix", "set one of `name` and `name_prefix`");
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_to_import() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/1/2";
        assert_eq!(imported(arn, "listener").ok().flatten().as_deref(), Some(arn));
        let bucket = "arn:aws:s3:::listener/app";
        for (wrong, kind) in
            [(arn, "listener-rule"), (arn, "loadbalancer"), ("web", "listener"), (bucket, "listener")]
        {
            assert!(imported(wrong, kind).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names() {
        let mistakes = |pairs: &[(&str, &str)]| {
            name_mistakes(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect()).len()
        };
        assert_eq!(mistakes(&[("name", "web-1")]), 0);
        assert_eq!(mistakes(&[("name_prefix", "web-")]), 0);
        assert_eq!(mistakes(&[("name", "web_1")]), 1);
        assert_eq!(mistakes(&[("name", "web-")]), 1);
        assert_eq!(mistakes(&[("name_prefix", "website")]), 1);
        assert_eq!(mistakes(&[("name", "web"), ("name_prefix", "web")]), 1);
    }

    #[test]
    fn only_what_differs_is_missing() {
        let live = Settings(HashMap::from([("a".to_owned(), "1".to_owned())]));
        let attribute =
            |key, value: &str| Attribute { property: "p", key, value: value.to_owned(), default: Some("1") };
        let wanted = vec![attribute("a", "1"), attribute("b", "2")];
        assert_eq!(live.missing(wanted), [attribute("b", "2")]);
        assert!(attribute("a", "1").is_default() && !attribute("a", "2").is_default());
    }
}
