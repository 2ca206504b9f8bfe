//! What is there: the objects, and the indexes that keep every question quick.

use super::faults::error;
use super::kind::{FakeKind, Identified};
use super::log::Log;
use super::{Rule, faults::Struck};
use crate::fake::Call;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wharf_core::{Map, Type, Value};
use wharf_provider::{Error, ErrorKind, Live, New, Result, ownership};

/// One object of the fake cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct FakeObject {
    /// Its type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its properties and tags, as they were sent.
    pub properties: Map,
    /// How often it was updated.
    pub revision: i64,
    /// The address it was made for, as a tag.
    pub made_for: String,
    /// For how many reads it cannot be seen yet.
    pub hidden: usize,
    /// Whether what comes after its create is still to be done.
    pub unfinished: bool,
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) objects: BTreeMap<(&'static str, String), FakeObject>,
    /// Which objects keep an id from being deleted.
    users: HashMap<String, BTreeSet<(&'static str, String)>>,
    /// The objects of an owner: type, lineage, address tag.
    owned: HashMap<(&'static str, String, String), BTreeSet<String>>,
    /// Every id there is, and how many objects of whatever type have it.
    ids: HashMap<String, usize>,
    made: u64,
    pub(super) rules: Vec<Rule>,
    pub(super) log: Log,
    pub(super) strict_detach: bool,
}

type Key = (&'static str, String);

impl World {
    pub(super) fn struck(&mut self, call: Call, kind: &str, subject: &str) -> Struck {
        if self.rules.is_empty() {
            Struck::default()
        } else {
            Struck::by(&mut self.rules, call, kind, subject)
        }
    }

    pub(super) fn create(
        &mut self,
        kind: &FakeKind,
        operation: &str,
        new: &New,
        hidden: usize,
    ) -> Result<String> {
        let text = |property: &str| new.properties.get(property).and_then(Value::as_str).unwrap_or_default();
        let id = match kind.identified {
            Identified::ByTags => format!("{}-{:05}", kind.name.trim_start_matches("fake_"), self.made + 1),
            Identified::ByName(property) => text(property).to_owned(),
            Identified::ByParts(parts) => parts.iter().map(|part| text(part)).collect::<Vec<_>>().join("/"),
        };
        if self.objects.contains_key(&(kind.name, id.clone())) {
            let message = format!("there is a {} `{id}` already", kind.name);
            return Err(error(ErrorKind::AlreadyExists, operation, "Duplicate", &message));
        }
        self.require(kind, operation, &new.properties)?;
        if kind.needs_attachment && !self.is_attached(text("subnet_id")) {
            let message = "the network of the subnet has no gate attached";
            return Err(error(ErrorKind::Invalid, operation, "NotAttached", message));
        }
        self.made += 1;
        let mut properties = new.properties.clone();
        properties.retain(|name, _| !kind.late.contains(&name.as_str()) && name != "tags");
        for (name, value) in kind.fills {
            properties.entry((*name).to_owned()).or_insert_with(|| Value::from(*value));
        }
        let made_for = new.address.to_tag();
        self.insert(
            kind,
            FakeObject {
                kind: kind.name,
                id: id.clone(),
                properties,
                revision: 1,
                made_for,
                hidden,
                unfinished: true,
            },
        );
        Ok(id)
    }

    pub(super) fn finish(&mut self, kind: &FakeKind, operation: &str, id: &str, desired: &Map) -> Result<()> {
        let object = self.get(kind, operation, id)?;
        object.unfinished = false;
        for name in kind.late {
            match desired.get(*name) {
                Some(value) => object.properties.insert((*name).to_owned(), value.clone()),
                None => object.properties.remove(*name),
            };
        }
        Ok(())
    }

    pub(super) fn update(
        &mut self,
        kind: &FakeKind,
        operation: &str,
        update: &wharf_provider::Update,
    ) -> Result<()> {
        for name in &update.changed {
            let field = kind.schema.field(name);
            if field.is_none_or(|field| field.forces_replacement || (field.computed && name != "tags_all")) {
                let message = format!("`{name}` cannot be changed");
                return Err(error(ErrorKind::Invalid, operation, "Immutable", &message));
            }
        }
        self.get(kind, operation, &update.id)?;
        self.require(kind, operation, &update.desired)?;
        let Some(mut object) = self.remove(kind, &update.id) else { return Ok(()) };
        for name in &update.changed {
            match update.desired.get(name) {
                Some(value) if !value.is_null() => object.properties.insert(name.clone(), value.clone()),
                _ => object.properties.remove(name),
            };
        }
        object.revision += 1;
        self.insert(kind, object);
        Ok(())
    }

    pub(super) fn delete(&mut self, kind: &FakeKind, operation: &str, id: &str) -> Result<()> {
        if !self.objects.contains_key(&(kind.name, id.to_owned())) {
            return Ok(());
        }
        if let Some(user) = self.users.get(id).and_then(|users| users.first()) {
            let message = format!("`{id}` is used by {} `{}`", user.0, user.1);
            return Err(error(ErrorKind::InUse, operation, "DependencyViolation", &message));
        }
        if kind.name == "fake_attachment" && self.strict_detach {
            let network = id.split('/').nth(1).unwrap_or_default();
            let outlets = self.objects.values().filter(|object| object.kind == "fake_outlet");
            if let Some(outlet) = outlets.into_iter().find(|outlet| self.network_of(outlet) == Some(network))
            {
                let message = format!("`{}` needs the attachment", outlet.id);
                return Err(error(ErrorKind::InUse, operation, "DependencyViolation", &message));
            }
        }
        self.remove(kind, id);
        Ok(())
    }

    pub(super) fn live(&mut self, kind: &FakeKind, id: &str) -> Option<Live> {
        let object = self.objects.get_mut(&(kind.name, id.to_owned()))?;
        if object.hidden > 0 {
            object.hidden -= 1;
            return None;
        }
        let mut attributes = Map::new();
        for field in &kind.schema.fields {
            let value = match field.name.as_str() {
                "id" => Value::from(id),
                "arn" => Value::from(format!("arn:fake:{}:{id}", kind.name)),
                "endpoint" => Value::from(format!("{id}.fake.example")),
                "revision" => Value::from(object.revision),
                _ if field.write_only => continue,
                name => match object.properties.get(name) {
                    Some(value) => retold(&field.ty, value),
                    None => continue,
                },
            };
            attributes.insert(field.name.clone(), value);
        }
        Some(Live { id: id.to_owned(), attributes })
    }

    /// The visible objects of an owner.
    pub(super) fn owned(&mut self, kind: &FakeKind, lineage: &str, address: &str) -> Vec<String> {
        let key = (kind.name, lineage.to_owned(), address.to_owned());
        let ids: Vec<String> = self.owned.get(&key).into_iter().flatten().cloned().collect();
        ids.into_iter().filter(|id| self.is_visible(kind, id)).collect()
    }

    /// Whether an object can be seen; looking at one that cannot brings the time nearer.
    pub(super) fn is_visible(&mut self, kind: &FakeKind, id: &str) -> bool {
        match self.objects.get_mut(&(kind.name, id.to_owned())) {
            Some(object) if object.hidden > 0 => {
                object.hidden -= 1;
                false
            }
            found => found.is_some(),
        }
    }

    pub(super) fn insert(&mut self, kind: &FakeKind, object: FakeObject) {
        let key: Key = (kind.name, object.id.clone());
        for used in references(kind.blocking, &object.properties) {
            self.users.entry(used.to_owned()).or_default().insert(key.clone());
        }
        if let Some((lineage, address)) = owner(&object.properties) {
            self.owned.entry((kind.name, lineage, address)).or_default().insert(object.id.clone());
        }
        *self.ids.entry(object.id.clone()).or_default() += 1;
        self.objects.insert(key, object);
    }

    pub(super) fn remove(&mut self, kind: &FakeKind, id: &str) -> Option<FakeObject> {
        let key: Key = (kind.name, id.to_owned());
        let object = self.objects.remove(&key)?;
        for used in references(kind.blocking, &object.properties) {
            if let Some(users) = self.users.get_mut(used) {
                users.remove(&key);
            }
        }
        if let Some((lineage, address)) = owner(&object.properties)
            && let Some(ids) = self.owned.get_mut(&(kind.name, lineage, address))
        {
            ids.remove(id);
        }
        if let Some(count) = self.ids.get_mut(id) {
            *count -= 1;
            if *count == 0 {
                self.ids.remove(id);
            }
        }
        Some(object)
    }

    fn get(&mut self, kind: &FakeKind, operation: &str, id: &str) -> Result<&mut FakeObject> {
        let object = self.objects.get_mut(&(kind.name, id.to_owned()));
        object
            .ok_or_else(|| error(ErrorKind::NotFound, operation, "NotFound", &format!("there is no `{id}`")))
    }

    fn require(&self, kind: &FakeKind, operation: &str, properties: &Map) -> Result<(), Error> {
        match references(kind.references, properties).into_iter().find(|id| !self.ids.contains_key(*id)) {
            Some(id) => {
                let message = format!("the object `{id}` does not exist");
                Err(error(ErrorKind::Invalid, operation, "InvalidReference", &message))
            }
            None => Ok(()),
        }
    }

    fn is_attached(&self, subnet: &str) -> bool {
        let subnet = self.objects.get(&("fake_subnet", subnet.to_owned()));
        let network = subnet.and_then(|subnet| subnet.properties.get("network_id")).and_then(Value::as_str);
        let attachments = self.users.get(network.unwrap_or_default()).into_iter().flatten();
        attachments.into_iter().any(|(kind, _)| *kind == "fake_attachment")
    }

    fn network_of(&self, outlet: &FakeObject) -> Option<&str> {
        let subnet = outlet.properties.get("subnet_id")?.as_str()?;
        self.objects.get(&("fake_subnet", subnet.to_owned()))?.properties.get("network_id")?.as_str()
    }
}

/// The ids in these properties.
fn references<'p>(names: &[&str], properties: &'p Map) -> Vec<&'p str> {
    let mut ids = Vec::new();
    for value in names.iter().filter_map(|name| properties.get(*name)) {
        match value {
            Value::List(list) => ids.extend(list.iter().filter_map(Value::as_str)),
            value => ids.extend(value.as_str()),
        }
    }
    ids
}

fn owner(properties: &Map) -> Option<(String, String)> {
    let tags = properties.get("tags_all")?.as_map()?;
    let tag = |name: &str| Some(tags.get(name)?.as_str()?.to_owned());
    Some((tag(ownership::LINEAGE)?, tag(ownership::ADDRESS)?))
}

/// A value as the cloud tells it: documents as text, sets in an order of its own, blocks with what it filled in.
fn retold(ty: &Type, value: &Value) -> Value {
    match (ty, value) {
        // A document that came as text, as it was told before.
        (Type::Json, Value::String(_)) => value.clone(),
        (Type::Json, value) => match value.to_json() {
            Some(json) => Value::from(json.to_string()),
            None => value.clone(),
        },
        (Type::Set(_), Value::List(list)) => Value::List(list.iter().rev().cloned().collect()),
        (Type::Block { set, .. }, Value::List(list)) => {
            let mut blocks: Vec<Value> = list.iter().map(filled).collect();
            if *set {
                blocks.reverse();
            }
            Value::List(blocks)
        }
        _ => value.clone(),
    }
}

fn filled(block: &Value) -> Value {
    let Value::Map(map) = block else { return block.clone() };
    let mut map = map.clone();
    if map.contains_key("port") {
        map.entry("protocol".to_owned()).or_insert_with(|| Value::from("tcp"));
    }
    Value::Map(map)
}
