//! Resource types without their Rust types: what the engine works with.

use crate::{
    BoxFuture, Error, Found, LiveOf, NewOf, ObjectOf, ResourceType, Result, UpdateOf, WantedOf, ownership,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;
use wharf_core::{Address, Map, Value};

/// How many reads of one type run at once.
const PARALLEL_READS: usize = 8;

/// An object that may be there.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its id.
    pub id: String,
    /// Its attributes as recorded; empty for an import.
    pub recorded: Map,
}

/// An object as it is now: its id, properties and attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Its id.
    pub id: String,
    /// Properties and attributes together, as Terraform has them; `tags_all` holds the tags.
    pub attributes: Map,
}

/// An object to make.
#[derive(Debug, Clone)]
pub struct New {
    /// Its address.
    pub address: Address,
    /// What it shall be, all of it known; `tags_all` holds the tags.
    pub properties: Map,
    /// See [`NewOf::token`].
    pub token: String,
}

/// A change to an object.
#[derive(Debug, Clone)]
pub struct Update {
    /// Its id.
    pub id: String,
    /// What it is.
    pub live: Map,
    /// What it shall be.
    pub desired: Map,
    /// The names of the properties that differ.
    pub changed: BTreeSet<String>,
}

/// An object to look up.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its address.
    pub address: Address,
    /// What it was to be.
    pub properties: Map,
    /// The stack's lineage.
    pub lineage: String,
    /// See [`NewOf::token`].
    pub token: String,
    /// See [`WantedOf::known`].
    pub known: Vec<String>,
}

/// The operations of one resource type. See [`ResourceType`] for the contract.
pub trait Resource: Send + Sync {
    /// See [`ResourceType::read`].
    fn read<'a>(&'a self, objects: &'a [Object]) -> BoxFuture<'a, Result<Vec<Option<Live>>>>;
    /// See [`ResourceType::create`].
    fn create<'a>(&'a self, new: &'a New) -> BoxFuture<'a, Result<String>>;
    /// See [`ResourceType::finish`].
    fn finish<'a>(&'a self, id: &'a str, properties: &'a Map) -> BoxFuture<'a, Result<()>>;
    /// See [`ResourceType::update`].
    fn update<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Result<()>>;
    /// See [`ResourceType::delete`].
    fn delete<'a>(&'a self, object: &'a Object) -> BoxFuture<'a, Result<()>>;
    /// See [`ResourceType::find`].
    fn find<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>>;
    /// See [`ResourceType::import`].
    fn import<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>>>;
    /// See [`ResourceType::passes`].
    fn passes(&self, error: &Error) -> bool;
}

/// A [`ResourceType`] with its clients, as a [`Resource`].
pub struct Erased<T: ResourceType> {
    cloud: Arc<T::Cloud>,
    kind: PhantomData<fn() -> T>,
}

impl<T: ResourceType> Erased<T> {
    /// The type, working with these clients.
    pub fn new(cloud: Arc<T::Cloud>) -> Self {
        Erased { cloud, kind: PhantomData }
    }
}

impl<T: ResourceType> Resource for Erased<T> {
    fn read<'a>(&'a self, objects: &'a [Object]) -> BoxFuture<'a, Result<Vec<Option<Live>>>> {
        Box::pin(async move {
            let typed: Vec<ObjectOf<T>> = objects.iter().map(typed_object::<T>).collect();
            let mut reads: Vec<BoxFuture<'_, _>> = Vec::new();
            for chunk in typed.chunks(T::BATCH.max(1)) {
                reads.push(Box::pin(T::read(&self.cloud, chunk)));
            }
            let answers: Vec<_> = stream::iter(reads).buffered(PARALLEL_READS).try_collect().await?;
            let mut live = Vec::with_capacity(objects.len());
            for (object, answer) in objects.iter().zip(answers.into_iter().flatten()) {
                live.push(match answer {
                    Some(answer) => {
                        Some(Live { id: object.id.clone(), attributes: attributes::<T>(&answer)? })
                    }
                    None => None,
                });
            }
            if live.len() != objects.len() {
                let message = format!("{} answered {} of {} reads", T::NAME, live.len(), objects.len());
                return Err(Error::internal(message));
            }
            Ok(live)
        })
    }

    fn create<'a>(&'a self, new: &'a New) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let properties = properties::<T>(&new.properties)?;
            let new = NewOf { properties: &properties, token: &new.token, address: &new.address };
            T::create(&self.cloud, &new).await
        })
    }

    fn finish<'a>(&'a self, id: &'a str, desired: &'a Map) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { T::finish(&self.cloud, id, &properties::<T>(desired)?).await })
    }

    fn update<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (live, desired) = (properties::<T>(&update.live)?, properties::<T>(&update.desired)?);
            let mut changed = update.changed.clone();
            if changed.remove("tags_all") {
                changed.insert("tags".to_owned());
            }
            let update = UpdateOf { id: &update.id, live: &live, desired: &desired, changed: &changed };
            T::update(&self.cloud, &update).await
        })
    }

    fn delete<'a>(&'a self, object: &'a Object) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { T::delete(&self.cloud, &typed_object(object)).await })
    }

    fn find<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let properties = properties::<T>(&wanted.properties)?;
            let wanted = WantedOf {
                properties: &properties,
                lineage: &wanted.lineage,
                address: &wanted.address,
                token: &wanted.token,
                known: &wanted.known,
            };
            T::find(&self.cloud, &wanted).await
        })
    }

    fn import<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(T::import(&self.cloud, id))
    }

    fn passes(&self, error: &Error) -> bool {
        T::passes(error)
    }
}

impl<T: ResourceType> WantedOf<'_, T> {
    /// What to say of an object of the wanted name that has these tags.
    pub fn by_tags(&self, id: impl Into<String>, tags: &crate::Tags) -> Found {
        if ownership::owns(&tags.0, self.lineage, self.address) {
            Found::Ours(id.into())
        } else {
            Found::Foreign(id.into())
        }
    }
}

/// The typed properties of a map, whose tags are in `tags_all`.
fn properties<T: ResourceType>(map: &Map) -> Result<T::Properties> {
    let mut json = serde_json::Map::new();
    for (key, value) in map {
        let json_value = value
            .to_json()
            .ok_or_else(|| Error::internal(format!("{}: `{key}` is not known yet", T::NAME)))?;
        match key.as_str() {
            "tags" if map.contains_key("tags_all") => {}
            "tags_all" => drop(json.insert("tags".to_owned(), json_value)),
            _ => drop(json.insert(key.clone(), json_value)),
        }
    }
    serde_json::from_value(json.into())
        .map_err(|error| Error::internal(format!("{}: the properties do not fit the type: {error}", T::NAME)))
}

fn typed_object<T: ResourceType>(object: &Object) -> ObjectOf<T> {
    // Recorded properties help a read or a delete (force_destroy); without them both must work as well.
    // A type of which nothing is required takes an empty map as well, and would mistake an import for what it recorded.
    let recorded = Some(&object.recorded).filter(|recorded| !recorded.is_empty());
    ObjectOf { id: object.id.clone(), properties: recorded.and_then(|map| properties::<T>(map).ok()) }
}

fn attributes<T: ResourceType>(live: &LiveOf<T>) -> Result<Map> {
    let internal = |error| Error::internal(format!("{}: {error}", T::NAME));
    let mut map = Map::new();
    for part in [
        serde_json::to_value(&live.properties).map_err(internal)?,
        serde_json::to_value(&live.attributes).map_err(internal)?,
    ] {
        if let Value::Map(part) = without_nulls(Value::from(part)) {
            map.extend(part);
        }
    }
    if let Some(tags) = map.remove("tags") {
        map.insert("tags_all".to_owned(), tags);
    }
    Ok(map)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect(),
        ),
        Value::List(list) => Value::List(list.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
