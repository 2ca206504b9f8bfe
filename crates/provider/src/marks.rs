//! Types of properties that say more than a Rust type does: sets, blocks, JSON documents, tags.
//!
//! Each carries its mark in its JSON schema, from where [`crate::schema_of`] reads it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// A list whose order means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Set<T>(pub Vec<T>);

/// A block that may stand once at most; a list of none or one in values, as in Terraform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<T>", into = "Vec<T>", bound(serialize = "T: Serialize + Clone"))]
pub struct Block<T>(pub Option<T>);

/// A block that may be repeated; order means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Blocks<T>(pub Vec<T>);

/// A block that may be repeated; order means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockSet<T>(pub Vec<T>);

/// A JSON document, written as YAML in the stack file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

/// Tags. A type gets and gives all tags of the object; `default_tags` and ownership are merged by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

impl<T> From<Vec<T>> for Block<T> {
    fn from(list: Vec<T>) -> Self {
        Block(list.into_iter().next())
    }
}

impl<T> From<Block<T>> for Vec<T> {
    fn from(block: Block<T>) -> Self {
        block.0.into_iter().collect()
    }
}

impl Json {
    /// The document as text, in its canonical form.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// A document that AWS sent as text; text that is no JSON becomes a JSON string, so that the difference shows.
    pub fn parse(text: &str) -> Self {
        Json(serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text)))
    }
}

impl Tags {
    /// Tags as AWS gives them, without its own `aws:` ones.
    pub fn from_aws<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Tags(
            pairs
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .filter(|(key, _)| !key.starts_with("aws:"))
                .collect(),
        )
    }

    /// What to set and what to remove, to get from `live` to these.
    pub fn difference(&self, live: &Tags) -> (BTreeMap<String, String>, Vec<String>) {
        let set =
            self.0.iter().filter(|(k, v)| live.0.get(*k) != Some(*v)).map(|(k, v)| (k.clone(), v.clone()));
        let removed = live.0.keys().filter(|k| !self.0.contains_key(*k)).cloned();
        (set.collect(), removed.collect())
    }
}

macro_rules! wrapper {
    ($($name:ident => $inner:ty),*) => {$(
        impl<T> Default for $name<T> {
            fn default() -> Self {
                $name(Default::default())
            }
        }
        impl<T> Deref for $name<T> {
            type Target = $inner;
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
        impl<T> DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }
    )*};
}
wrapper!(Set => Vec<T>, Block => Option<T>, Blocks => Vec<T>, BlockSet => Vec<T>);

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Set(items.into_iter().collect())
    }
}

impl<T> FromIterator<T> for Blocks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Blocks(items.into_iter().collect())
    }
}

impl<T> FromIterator<T> for BlockSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        BlockSet(items.into_iter().collect())
    }
}

macro_rules! marked {
    ($name:ident, $($key:literal : $value:expr),*) => {
        impl<T: JsonSchema> JsonSchema for $name<T> {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                format!("{}_{}", stringify!($name), T::schema_name()).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let items = generator.subschema_for::<T>();
                json_schema!({"type": "array", "items": items, $($key: $value),*})
            }
        }
    };
}
marked!(Set, "uniqueItems": true);
marked!(Block, "block": true, "maxItems": 1);
marked!(Blocks, "block": true);
marked!(BlockSet, "block": true, "uniqueItems": true);

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"json": true})
    }
}

impl JsonSchema for Tags {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Tags".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": {"type": "string"}, "tags": true})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_difference() {
        let tags = |pairs: &[(&str, &str)]| Tags::from_aws(pairs.iter().copied());
        let (set, removed) =
            tags(&[("a", "1"), ("b", "2")]).difference(&tags(&[("b", "1"), ("c", "3"), ("aws:x", "")]));
        assert_eq!(set.into_iter().collect::<Vec<_>>(), [("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(removed, ["c"]);
    }
}
