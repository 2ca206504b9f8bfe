use crate::graph::Uses;
use crate::written::Written;
use std::collections::BTreeMap;
use std::sync::Arc;
use wharf_core::{Field, Map, Schema, Type, Value};

/// The stack file's `aws:`: where and as whom wharf works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsSettings {
    /// The region; without one, what the AWS SDK finds.
    pub region: Option<String>,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// The ARN of a role to take on first.
    pub assume_role: Option<String>,
    /// The accounts the stack may be applied to; empty means any.
    pub allowed_account_ids: Vec<String>,
    /// Tags for everything that takes tags.
    pub default_tags: BTreeMap<String, String>,
}

/// The stack file's `state:`: where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StateSettings {
    /// A file beside the stack file, under `.wharf/`.
    #[default]
    Local,
    /// An object in S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The bucket's region, if it is not the stack's.
        region: Option<String>,
        /// The KMS key that encrypts the object.
        kms_key_id: Option<String>,
        /// The profile that may reach the bucket, if it is not the stack's.
        profile: Option<String>,
    },
}

/// `aws:` with its expressions.
#[derive(Debug, Default)]
pub(crate) struct WrittenAws {
    pub(crate) value: Written,
    pub(crate) uses: Uses,
}

/// `state:` with its expressions.
#[derive(Debug, Default)]
pub(crate) struct WrittenState {
    pub(crate) s3: Option<Written>,
    pub(crate) uses: Uses,
}

/// What `aws:` takes.
pub(crate) fn aws_schema() -> Arc<Schema> {
    let list = || Type::List(Box::new(Type::String));
    let map = || Type::Map(Box::new(Type::String));
    let fields = [
        ("region", Type::String, "The region; without one, what the AWS SDK finds."),
        ("profile", Type::String, "The profile of the shared configuration."),
        ("assume_role", Type::String, "The ARN of a role to take on first."),
        ("allowed_account_ids", list(), "The accounts the stack may be applied to."),
        ("default_tags", map(), "Tags for everything that takes tags."),
    ];
    schema("Where and as whom wharf works.", fields, &[])
}

/// What `state.s3` takes.
pub(crate) fn s3_schema() -> Arc<Schema> {
    let fields = [
        ("bucket", Type::String, "The bucket."),
        ("key", Type::String, "The object's key."),
        ("region", Type::String, "The bucket's region, if it is not the stack's."),
        ("kms_key_id", Type::String, "The KMS key that encrypts the object."),
        ("profile", Type::String, "The profile that may reach the bucket, if it is not the stack's."),
    ];
    schema("An object in S3.", fields, &["bucket", "key"])
}

fn schema<const N: usize>(
    description: &str,
    fields: [(&str, Type, &str); N],
    required: &[&str],
) -> Arc<Schema> {
    let fields = fields.into_iter().map(|(name, ty, description)| Field {
        description: description.into(),
        required: required.contains(&name),
        ..Field::new(name, ty)
    });
    Arc::new(Schema { description: description.into(), fields: fields.collect(), unsupported: Vec::new() })
}

impl AwsSettings {
    /// From checked values.
    pub(crate) fn from_values(values: &Map) -> Self {
        let texts = |value: &Value| value.as_str().map(str::to_owned);
        AwsSettings {
            region: text(values, "region"),
            profile: text(values, "profile"),
            assume_role: text(values, "assume_role"),
            allowed_account_ids: values
                .get("allowed_account_ids")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(texts)
                .collect(),
            default_tags: values
                .get("default_tags")
                .and_then(Value::as_map)
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), texts(value)?)))
                .collect(),
        }
    }
}

impl StateSettings {
    /// From checked values.
    pub(crate) fn s3_from_values(values: &Map) -> Self {
        StateSettings::S3 {
            bucket: text(values, "bucket").unwrap_or_default(),
            key: text(values, "key").unwrap_or_default(),
            region: text(values, "region"),
            kms_key_id: text(values, "kms_key_id"),
            profile: text(values, "profile"),
        }
    }
}

fn text(values: &Map, name: &str) -> Option<String> {
    values.get(name).and_then(Value::as_str).map(str::to_owned)
}
