use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashSet;
use wharf_core::{Address, Map};

use crate::encode;

/// The operations that an apply is about to do, written before the first of them and shortened as results arrive.
///
/// What is left of it after a crash is what the next run has to look up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Journal {
    /// The run's id.
    pub run: String,
    /// What was run: `apply`, `destroy`.
    pub command: String,
    /// When, in seconds since 1970.
    pub started: u64,
    /// The operations that were to be done, in their order.
    pub entries: Vec<Entry>,
    /// Those of them whose results are recorded; they are not written any more.
    pub done: HashSet<(Address, Intent)>,
}

/// One operation without a recorded result.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The address.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// What was to be done.
    pub intent: Intent,
    /// For a create: the token given to AWS.
    pub token: String,
    /// For a create: the properties as planned, with what was not known then marked.
    pub properties: Map,
    /// For a create: what the object will depend on.
    pub dependencies: Vec<Address>,
    /// For a create: whether it is to be left in AWS when it leaves the stack file.
    pub retain: bool,
}

/// What was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// A new object.
    Create,
    /// A change in place.
    Update,
    /// A removal.
    Delete,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JournalForm {
    run: String,
    command: String,
    started: u64,
    operations: Vec<EntryForm>,
}

#[derive(Serialize, Deserialize)]
struct EntryForm {
    address: Address,
    #[serde(rename = "type")]
    resource_type: String,
    intent: Intent,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    token: String,
    #[serde(default, skip_serializing_if = "Json::is_null")]
    properties: Json,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Address>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retain: bool,
}

impl Journal {
    pub(crate) fn to_form(&self, salt: &str) -> JournalForm {
        let open =
            self.entries.iter().filter(|entry| !self.done.contains(&(entry.address.clone(), entry.intent)));
        let operations = open.map(|entry| EntryForm {
            address: entry.address.clone(),
            resource_type: entry.resource_type.clone(),
            intent: entry.intent,
            token: entry.token.clone(),
            properties: match entry.intent {
                Intent::Create => encode::encode(&entry.properties, salt),
                Intent::Update | Intent::Delete => Json::Null,
            },
            dependencies: entry.dependencies.clone(),
            retain: entry.retain,
        });
        JournalForm {
            run: self.run.clone(),
            command: self.command.clone(),
            started: self.started,
            operations: operations.collect(),
        }
    }

    pub(crate) fn from_form(form: JournalForm) -> Self {
        let entries = form.operations.into_iter().map(|entry| Entry {
            address: entry.address,
            resource_type: entry.resource_type,
            intent: entry.intent,
            token: entry.token,
            properties: encode::decode_map(entry.properties),
            dependencies: entry.dependencies,
            retain: entry.retain,
        });
        Journal {
            run: form.run,
            command: form.command,
            started: form.started,
            entries: entries.collect(),
            done: HashSet::new(),
        }
    }
}
