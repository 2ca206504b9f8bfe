use crate::encode::{decode_map, encode, one};
use crate::journal::{Journal, JournalForm};
use crate::store::StoreError;
use crate::{FORMAT_VERSION, encode as encoding};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use wharf_core::{Address, Map, Value};

/// Everything wharf remembers of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The stack's name.
    pub stack: String,
    /// A random id, made with the first state; in the ownership tag of every object.
    pub lineage: String,
    /// Counts the writes.
    pub serial: u64,
    /// The id of the lock under which it was written.
    pub writer: String,
    /// The account and region its objects are in, once there are any.
    pub home: Option<Home>,
    /// What is there, by address.
    pub resources: BTreeMap<Address, Record>,
    /// The outputs of the last apply.
    pub outputs: BTreeMap<String, Output>,
    /// What a run that did not end was about to do.
    pub journal: Option<Journal>,
}

/// Where the objects of a state are. With credentials for elsewhere all of them would seem to be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The account's twelve digits.
    pub account_id: String,
    /// The region.
    pub region: String,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Terraform's name of its type.
    pub resource_type: String,
    /// AWS's id of it; none while only deposed objects are left.
    pub id: Option<String>,
    /// The properties that the stack file set, as last applied.
    pub properties: Map,
    /// Properties and attributes as AWS told them last.
    pub attributes: Map,
    /// What it depends on directly.
    pub dependencies: Vec<Address>,
    /// Leave it in AWS when it leaves the stack file.
    pub retain: bool,
    /// A replacement makes the new one first.
    pub create_before_destroy: bool,
    /// It was made, but what comes after the create request is not known to be done.
    pub unfinished: bool,
    /// Predecessors that are still to be deleted.
    pub deposed: Vec<Deposed>,
    /// What another controller of AWS's moved of it when it was recorded last.
    pub delegated: Option<Left>,
}

/// What a controller of AWS's moves of an object, or has left there when it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The resource that the controller works for.
    pub by: Address,
    /// The properties, sorted.
    pub properties: Vec<String>,
    /// What is moved within them, such as `target_group`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

/// A predecessor that a replacement has not deleted yet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deposed {
    /// Its id.
    pub id: String,
    /// Its type, where that is not the record's: the stack file asks for another type under the same name.
    pub resource_type: Option<String>,
    /// What was recorded of it.
    pub attributes: Map,
}

/// One output of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its value; the hash of it if it is sensitive.
    pub value: Value,
    /// Whether it may be shown.
    pub sensitive: bool,
}

impl Record {
    /// Makes the present object, if any, one that is to be deleted.
    pub fn depose(&mut self) {
        if let Some(id) = self.id.take() {
            let attributes = std::mem::take(&mut self.attributes);
            self.deposed.push(Deposed { id, resource_type: None, attributes });
        }
    }
}

impl Deposed {
    /// Its type; `record` is the record it belongs to.
    pub fn type_in<'a>(&'a self, record: &'a Record) -> &'a str {
        self.resource_type.as_deref().unwrap_or(&record.resource_type)
    }
}

impl Snapshot {
    /// The state of a stack that has none yet.
    pub fn new(stack: impl Into<String>) -> Self {
        Snapshot {
            stack: stack.into(),
            lineage: random_id(),
            serial: 0,
            writer: String::new(),
            home: None,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            journal: None,
        }
    }

    /// Refuses to work with it in another account or region: every object would seem to be gone there.
    ///
    /// # Errors
    ///
    /// `Elsewhere`.
    pub fn check_home(&self, here: &Home) -> Result<(), StoreError> {
        match &self.home {
            Some(recorded) if recorded != here && !self.resources.is_empty() => {
                Err(StoreError::Elsewhere { recorded: recorded.clone(), here: here.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The form that is written: one resource a line, so that a diff of two states can be read.
    pub fn to_bytes(&self) -> Vec<u8> {
        let form = Form {
            format_version: FORMAT_VERSION,
            wharf_version: env!("CARGO_PKG_VERSION").to_owned(),
            stack: self.stack.clone(),
            lineage: self.lineage.clone(),
            serial: self.serial,
            writer: self.writer.clone(),
            home: self.home.clone(),
            outputs: self
                .outputs
                .iter()
                .map(|(name, output)| {
                    let value = one(&output.value, &self.lineage);
                    (name.clone(), OutputForm { value, sensitive: output.sensitive })
                })
                .collect(),
            journal: self.journal.as_ref().map(|journal| journal.to_form(&self.lineage)),
            resources: BTreeMap::new(),
        };
        let mut bytes = serde_json::to_vec_pretty(&form).unwrap_or_default();
        // `"resources": []` is the last member; fill it line by line.
        bytes.truncate(bytes.len().saturating_sub("]\n}".len()));
        for (index, (address, record)) in self.resources.iter().enumerate() {
            bytes.extend_from_slice(if index == 0 { b"\n    " } else { b",\n    " });
            let form = RecordForm::of(address, record, &self.lineage);
            bytes.extend_from_slice(&serde_json::to_vec(&form).unwrap_or_default());
        }
        bytes.extend_from_slice(if self.resources.is_empty() { b"]\n}\n" } else { b"\n  ]\n}\n" });
        bytes
    }

    /// Reads what [`Snapshot::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// A newer format, or anything that is no whole state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Unreadable::Damaged("it is empty".to_owned()));
        }
        let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
        let Version { format_version } = serde_json::from_slice(bytes).map_err(damaged)?;
        match format_version {
            Some(version) if version > u64::from(FORMAT_VERSION) => return Err(Unreadable::Newer(version)),
            Some(_) => {}
            None => {
                return Err(Unreadable::Damaged(
                    "it has no `format_version`; it is no wharf state".to_owned(),
                ));
            }
        }
        let form: Form = serde_json::from_slice(bytes).map_err(damaged)?;
        let outputs = form.outputs.into_iter().map(|(name, output)| {
            (name, Output { value: encoding::decode(output.value), sensitive: output.sensitive })
        });
        Ok(Snapshot {
            stack: form.stack,
            lineage: form.lineage,
            serial: form.serial,
            writer: form.writer,
            home: form.home,
            resources: form.resources,
            outputs: outputs.collect(),
            journal: form.journal.map(Journal::from_form),
        })
    }
}

impl Unreadable {
    /// As the error of a store.
    pub fn at(self, place: String, backup: Option<PathBuf>) -> StoreError {
        match self {
            Unreadable::Newer(found) => StoreError::Newer { place, found, known: FORMAT_VERSION },
            Unreadable::Damaged(reason) => StoreError::Damaged { place, reason, backup },
        }
    }
}

/// Why bytes are no state this version reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a whole state.
    Damaged(String),
    /// Written by a newer version, in this format.
    Newer(u64),
}

/// 32 random hexadecimal digits.
pub fn random_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[derive(Serialize, Deserialize)]
struct Form {
    format_version: u32,
    wharf_version: String,
    stack: String,
    lineage: String,
    serial: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    writer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    home: Option<Home>,
    #[serde(default)]
    outputs: BTreeMap<String, OutputForm>,
    #[serde(default)]
    journal: Option<JournalForm>,
    /// Written by [`Snapshot::to_bytes`] itself, a line each; read one by one, so that memory holds them once.
    #[serde(serialize_with = "no_records", deserialize_with = "records")]
    resources: BTreeMap<Address, Record>,
}

/// The one member that is read before all others.
#[derive(Deserialize)]
struct Version {
    format_version: Option<u64>,
}

fn no_records<S: Serializer>(_: &BTreeMap<Address, Record>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(std::iter::empty::<u8>())
}

fn records<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Address, Record>, D::Error> {
    struct Records;

    impl<'de> Visitor<'de> for Records {
        type Value = BTreeMap<Address, Record>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of resources")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut records = BTreeMap::new();
            while let Some(form) = list.next_element::<RecordForm>()? {
                let (address, record) = form.into_record();
                records.insert(address, record);
            }
            Ok(records)
        }
    }

    deserializer.deserialize_seq(Records)
}

#[derive(Serialize, Deserialize)]
struct OutputForm {
    value: Json,
    #[serde(default)]
    sensitive: bool,
}

#[derive(Serialize, Deserialize)]
struct RecordForm {
    address: Address,
    #[serde(rename = "type")]
    resource_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    properties: Json,
    attributes: Json,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Address>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    retain: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    create_before_destroy: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unfinished: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deposed: Vec<DeposedForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delegated: Option<Left>,
}

#[derive(Serialize, Deserialize)]
struct DeposedForm {
    id: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    attributes: Json,
}

impl RecordForm {
    fn of(address: &Address, record: &Record, salt: &str) -> Self {
        let deposed = record.deposed.iter().map(|deposed| DeposedForm {
            id: deposed.id.clone(),
            resource_type: deposed.resource_type.clone(),
            attributes: encode(&deposed.attributes, salt),
        });
        RecordForm {
            address: address.clone(),
            resource_type: record.resource_type.clone(),
            id: record.id.clone(),
            properties: encode(&record.properties, salt),
            attributes: encode(&record.attributes, salt),
            dependencies: record.dependencies.clone(),
            retain: record.retain,
            create_before_destroy: record.create_before_destroy,
            unfinished: record.unfinished,
            deposed: deposed.collect(),
            delegated: record.delegated.clone(),
        }
    }

    fn into_record(self) -> (Address, Record) {
        let deposed = self.deposed.into_iter().map(|deposed| Deposed {
            id: deposed.id,
            resource_type: deposed.resource_type,
            attributes: decode_map(deposed.attributes),
        });
        let record = Record {
            resource_type: self.resource_type,
            id: self.id,
            properties: decode_map(self.properties),
            attributes: decode_map(self.attributes),
            dependencies: self.dependencies,
            retain: self.retain,
            create_before_destroy: self.create_before_destroy,
            unfinished: self.unfinished,
            deposed: deposed.collect(),
            delegated: self.delegated,
        };
        (self.address, record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, Intent};

    fn example() -> Snapshot {
        let mut snapshot = Snapshot::new("demo");
        snapshot.serial = 7;
        for key in ["a", "b"] {
            let record = Record {
                resource_type: "aws_subnet".into(),
                id: Some(format!("subnet-{key}")),
                properties: Map::from([("cidr_block".into(), Value::from("10.0.0.0/24"))]),
                attributes: Map::from([("arn".into(), Value::from("arn:x"))]),
                dependencies: vec![Address::single("vpc")],
                unfinished: key == "b",
                delegated: Some(Left {
                    by: Address::single("group"),
                    properties: vec!["tags".into()],
                    within: Vec::new(),
                }),
                deposed: vec![Deposed { id: "old".into(), ..Deposed::default() }],
                ..Record::default()
            };
            snapshot.resources.insert(Address::instance("subnet", key), record);
        }
        snapshot.journal = Some(Journal {
            run: "r".into(),
            command: "apply".into(),
            started: 1,
            entries: vec![Entry {
                address: Address::single("vpc"),
                resource_type: "aws_vpc".into(),
                intent: Intent::Create,
                token: "t".into(),
                properties: Map::from([("x".into(), Value::unknown("y.z"))]),
                dependencies: vec![Address::single("y")],
                retain: true,
            }],
            ..Journal::default()
        });
        snapshot
    }

    #[test]
    fn bytes_and_back() {
        let snapshot = example();
        assert_eq!(Snapshot::from_bytes(&snapshot.to_bytes()), Ok(snapshot));
        let empty = Snapshot::new("demo");
        assert_eq!(Snapshot::from_bytes(&empty.to_bytes()), Ok(empty));
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = example().to_bytes();
        let whole = bytes.len() - 1; // the final newline may go
        for length in 0..whole {
            let read = Snapshot::from_bytes(&bytes[..length]);
            assert!(matches!(read, Err(Unreadable::Damaged(_))), "cut at {length}");
        }
    }

    #[test]
    fn newer_formats_are_refused() {
        let text = String::from_utf8_lossy(&example().to_bytes()).replacen(
            "\"format_version\": 1",
            "\"format_version\": 2",
            1,
        );
        assert_eq!(Snapshot::from_bytes(text.as_bytes()), Err(Unreadable::Newer(2)));
    }
}
