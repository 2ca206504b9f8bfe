//! What the IAM types share: tags, and documents as IAM sends them.

use crate::errors::Built;
use aws_sdk_iam::types::Tag;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use wharf_core::{Map, Value};
use wharf_provider::{Json, Result, Tags};

/// How many digits a made-up name has after its prefix.
const GENERATED: usize = 26;

/// The most characters of a role's name.
pub(crate) const ROLE_NAME: usize = 64;

/// The most characters of a policy's name, managed or inline.
pub(crate) const POLICY_NAME: usize = 128;

/// The path of what has none, as a property's default.
pub(crate) fn root() -> String {
    "/".to_owned()
}

/// Tags as IAM takes them.
pub(crate) fn to_aws(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().built()).collect()
}

/// Tags as IAM gives them.
pub(crate) fn from_aws(tags: Option<Vec<Tag>>) -> Tags {
    Tags::from_aws(tags.into_iter().flatten().map(|tag| (tag.key, tag.value)))
}

/// A policy document as IAM gives it: URL-encoded.
pub(crate) fn document(text: &str) -> Json {
    Json::parse(&percent_decode_str(text).decode_utf8_lossy())
}

/// What is wrong with the name of a role or policy, if anything.
pub(crate) fn bad_name(name: &str, longest: usize) -> Option<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c);
    (name.is_empty() || name.len() > longest || !name.chars().all(fine))
        .then(|| format!("`{name}` is no name: 1 to {longest} letters, digits and any of +=,.@-_"))
}

/// What is wrong with the `name`, `name_prefix` and `path` among these properties.
pub(crate) fn naming_mistakes(properties: &Map, longest: usize) -> Vec<(String, String)> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let mistakes = [
        ("name", text("name").and_then(|name| bad_name(name, longest))),
        ("name_prefix", bad_prefix(properties, longest)),
        ("path", text("path").and_then(bad_path)),
    ];
    mistakes.into_iter().filter_map(|(property, mistake)| Some((property.to_owned(), mistake?))).collect()
}

/// What is wrong with the `name_prefix` among these properties, if anything. AWS's limit is that of the made-up name.
fn bad_prefix(properties: &Map, longest: usize) -> Option<String> {
    let prefix = properties.get("name_prefix").filter(|prefix| !prefix.is_null())?;
    if properties.get("name").is_some_and(|name| !name.is_null()) {
        return Some("set one of `name` and `name_prefix`".to_owned());
    }
    bad_name(prefix.as_str()?, longest - GENERATED)
}

/// What is wrong with a path, if anything.
fn bad_path(path: &str) -> Option<String> {
    (!path.starts_with('/') || !path.ends_with('/'))
        .then(|| format!("`{path}` is no path: it begins and ends with a slash"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        assert_eq!(document("%7B%22a%22%3A%20%22b%20c%22%7D").0, serde_json::json!({"a": "b c"}));
    }

    #[test]
    fn names_and_paths() {
        assert_eq!(bad_name("ecs-execution", 64), None);
        assert!(bad_name("a/b", 64).is_some() && bad_name(&"a".repeat(65), 64).is_some());
        assert!(bad_path("/app/").is_none() && bad_path("/").is_none() && bad_path("app").is_some());
    }
}
