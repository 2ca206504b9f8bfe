use crate::executor::sure;
use crate::prepare::Context;
use crate::refresh::recorded;
use crate::retry::find;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use wharf_core::{Address, Map, Schema, Value};
use wharf_plan::{conceal, resolve};
use wharf_provider::{Error, Found, Object, Provider, Resource, Wanted};
use wharf_stack::{Expanded, Lookup, NothingKnown};
use wharf_state::{Entry, Intent, Record, Snapshot};

/// How many look-ups run at once.
const PARALLEL_LOOKS: usize = 16;

/// What became of an operation that an earlier run left without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// A create had taken effect; the object is in the state now.
    Adopted {
        /// The address.
        address: Address,
        /// The object's id.
        id: String,
    },
    /// A create had not taken effect.
    NotCreated {
        /// The address.
        address: Address,
    },
    /// An update or a delete: the live object tells how far it came.
    Read {
        /// The address.
        address: Address,
    },
}

/// Looks up what the journal holds and brings the snapshot up to date with it. The journal is emptied.
///
/// # Errors
///
/// A look-up that failed; the journal is needed again then.
pub(crate) async fn recover(context: &Context, snapshot: &mut Snapshot) -> Result<Vec<Recovered>, Error> {
    let Some(journal) = snapshot.journal.take() else { return Ok(Vec::new()) };
    // Recorded by its id alone: the run broke off before it had read the rest, which others may refer to.
    let unread = snapshot.resources.iter();
    let unread = unread.filter(|(_, record)| record.id.is_some() && record.attributes.is_empty());
    let unread: Vec<Address> = unread.map(|(address, _)| address.clone()).collect();
    fill_in(context, snapshot, &unread).await?;
    let mut found: HashMap<usize, String> = HashMap::new();
    let is_create = |index: &usize| journal.entries[*index].intent == Intent::Create;
    let mut open: Vec<usize> = (0..journal.entries.len()).filter(is_create).collect();
    // Long enough for AWS to show what was made last; what is there need not wait for what is not.
    for pause in [0, 1, 3, 6] {
        tokio::time::sleep(context.pace.0 * pause).await;
        let looks = look_through(context, snapshot, &journal.entries, &open, &mut found).await?;
        open.retain(|index| looks.absent.contains(index) || looks.unknown.contains(index));
        if looks.absent.is_empty() {
            break;
        }
    }
    let recovered = journal.entries.into_iter().enumerate().map(|(index, entry)| {
        let address = entry.address;
        match (entry.intent, found.remove(&index)) {
            (Intent::Create, Some(id)) => Recovered::Adopted { address, id },
            (Intent::Create, None) => Recovered::NotCreated { address },
            (Intent::Update | Intent::Delete, _) => Recovered::Read { address },
        }
    });
    Ok(recovered.collect())
}

/// What a look through the creates of a journal did not find.
#[derive(Default)]
struct Missing {
    /// Those that are not there.
    absent: Vec<usize>,
    /// Those that cannot be looked up: they wait for something that was not made, so they cannot have been started.
    unknown: Vec<usize>,
}

/// Looks once for each of these creates and adopts what is there.
async fn look_through(
    context: &Context,
    snapshot: &mut Snapshot,
    entries: &[Entry],
    open: &[usize],
    found: &mut HashMap<usize, String>,
) -> Result<Missing, Error> {
    let mut missing = Missing::default();
    let mut open = open.to_vec();
    // What an object refers to is looked up in a round before its own: it may be another one than the state knows.
    while !open.is_empty() {
        let names: HashSet<&str> = open.iter().map(|&index| entries[index].address.name.as_str()).collect();
        let (waiting, ready): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|index| waits_for(&entries[**index], &names));
        if ready.is_empty() {
            missing.unknown.extend(waiting);
            break;
        }
        let mut looks = Vec::new();
        for index in ready {
            match Look::of(context, snapshot, index, &entries[index])? {
                Some(look) => looks.push(look),
                None => missing.unknown.push(index),
            }
        }
        let answers = stream::iter(&looks)
            .map(|look| find(context, &*look.resource, &look.wanted))
            .buffered(PARALLEL_LOOKS);
        let answers: Vec<Found> = answers.try_collect().await?;
        let mut adopted = Vec::new();
        for (look, answer) in looks.into_iter().zip(answers) {
            match answer {
                Found::Ours(id) if !look.wanted.known.contains(&id) => {
                    let entry = &entries[look.index];
                    adopt(snapshot, entry, sure(&look.schema, &look.wanted.properties), id.clone());
                    adopted.push(entry.address.clone());
                    found.insert(look.index, id);
                }
                Found::Ours(_) | Found::Absent => missing.absent.push(look.index),
                Found::Foreign(_) => {}
            }
        }
        fill_in(context, snapshot, &adopted).await?;
        open = waiting;
    }
    Ok(missing)
}

/// Whether a create has properties that come from one of these resources.
fn waits_for(entry: &Entry, names: &HashSet<&str>) -> bool {
    let comes = |value: &Value| match value {
        Value::Unknown(unknown) => {
            let name = unknown.of.split(['.', '[']).next().unwrap_or_default();
            names.contains(name)
        }
        _ => false,
    };
    entry.properties.values().any(|value| value.any(&comes))
}

/// A create that may have had its effect, to be looked up.
struct Look {
    /// Which entry of the journal it is.
    index: usize,
    resource: Arc<dyn Resource>,
    schema: Arc<Schema>,
    wanted: Wanted,
}

impl Look {
    /// `None` if the properties cannot be known.
    fn of(
        context: &Context,
        snapshot: &Snapshot,
        index: usize,
        entry: &Entry,
    ) -> Result<Option<Self>, Error> {
        let (address, provider) = (&entry.address, &*context.provider);
        let Some(properties) = properties(&context.expanded, provider, snapshot, entry) else {
            return Ok(None);
        };
        let (Some(resource), Some(schema)) =
            (provider.resource(&entry.resource_type), provider.schema(&entry.resource_type))
        else {
            let message =
                format!("`{address}` has the type `{}`, which this wharf does not know", entry.resource_type);
            return Err(Error::internal(message));
        };
        let wanted = Wanted {
            address: address.clone(),
            properties,
            lineage: snapshot.lineage.clone(),
            token: entry.token.clone(),
            known: known_ids(snapshot, address),
        };
        Ok(Some(Look { index, resource, schema, wanted }))
    }
}

/// Reads the attributes of objects of which only the ids are recorded, each type once; those that are gone stay as
/// they are.
async fn fill_in(context: &Context, snapshot: &mut Snapshot, addresses: &[Address]) -> Result<(), Error> {
    let mut by_type: BTreeMap<String, Vec<(&Address, Object)>> = BTreeMap::new();
    for address in addresses {
        if let Some(record) = snapshot.resources.get(address)
            && let Some(id) = record.id.clone()
        {
            let object = Object { id, recorded: recorded(record) };
            by_type.entry(record.resource_type.clone()).or_default().push((address, object));
        }
    }
    for (resource_type, entries) in by_type {
        let (addresses, objects): (Vec<&Address>, Vec<Object>) = entries.into_iter().unzip();
        let (Some(resource), Some(schema)) =
            (context.provider.resource(&resource_type), context.provider.schema(&resource_type))
        else {
            continue;
        };
        for (address, live) in addresses.into_iter().zip(resource.read(&objects).await?) {
            if let (Some(live), Some(record)) = (live, snapshot.resources.get_mut(address)) {
                record.attributes = live.attributes;
                conceal(&schema, &mut record.attributes, &record.properties);
            }
        }
    }
    Ok(())
}

/// The ids of objects that the state knows under an address: a look-up means another one.
pub(crate) fn known_ids(snapshot: &Snapshot, address: &Address) -> Vec<String> {
    let Some(record) = snapshot.resources.get(address) else { return Vec::new() };
    record.id.iter().cloned().chain(record.deposed.iter().map(|deposed| deposed.id.clone())).collect()
}

fn adopt(snapshot: &mut Snapshot, entry: &Entry, properties: Map, id: String) {
    let record = snapshot.resources.entry(entry.address.clone()).or_default();
    record.resource_type.clone_from(&entry.resource_type);
    record.depose();
    record.id = Some(id);
    record.attributes = Map::new();
    record.unfinished = true;
    record.properties = properties;
    record.dependencies.clone_from(&entry.dependencies);
    record.retain = entry.retain;
}

/// What the object was to be: as the journal has it; what was not known then, by the present stack file if it still
/// says the same.
fn properties(
    expanded: &Expanded,
    provider: &dyn Provider,
    snapshot: &Snapshot,
    entry: &Entry,
) -> Option<Map> {
    let instance = expanded
        .instance(&entry.address)
        .filter(|instance| expanded.resource(instance).type_name == entry.resource_type);
    let resolved = |lookup: &dyn Lookup| {
        instance
            .and_then(|instance| resolve(expanded, provider, &snapshot.lineage, instance, lookup).ok())
            .map(|resolved| resolved.desired)
            .unwrap_or_default()
    };
    let (present, outline) = (resolved(&Recorded { snapshot }), resolved(&NothingKnown));
    let mut properties = Map::new();
    for (key, value) in &entry.properties {
        let present = present.get(key).filter(|present| present.is_known());
        // A hash stands for a secret, which only the stack file has.
        let has_secret = wharf_state::holds_hash(value);
        let same = has_secret || outline.get(key).is_some_and(|now| says_the_same(now, value));
        let known = if value.is_known() && !has_secret {
            Some(value.clone())
        } else if let Some(present) = present.filter(|_| same) {
            Some(present.clone())
        } else {
            // The stack file may ask for something else by now.
            Some(substitute(value, snapshot)).filter(|value| value.is_known() && !has_secret)
        };
        match known {
            Some(known) => drop(properties.insert(key.clone(), known)),
            None if has_secret => {}
            None => return None,
        }
    }
    Some(properties)
}

/// Whether an expression, `now` evaluated with nothing known, can have given what was planned.
fn says_the_same(now: &Value, planned: &Value) -> bool {
    match (now.bare(), planned) {
        (Value::Unknown(now), Value::Unknown(planned)) => now.of == planned.of,
        (Value::Unknown(_), _) => true,
        (Value::List(now), Value::List(planned)) => {
            now.len() == planned.len() && now.iter().zip(planned).all(|(n, p)| says_the_same(n, p))
        }
        (Value::Map(now), Value::Map(planned)) => {
            now.len() == planned.len()
                && now.iter().all(|(key, n)| planned.get(key).is_some_and(|p| says_the_same(n, p)))
        }
        (now, planned) => now == planned,
    }
}

/// Fills in unknowns that are plain references to what the state has.
fn substitute(value: &Value, snapshot: &Snapshot) -> Value {
    match value {
        Value::Unknown(unknown) => {
            let found = unknown.of.rsplit_once('.').and_then(|(address, attribute)| {
                let record: &Record = snapshot.resources.get(&address.parse().ok()?)?;
                record.attributes.get(attribute).or_else(|| record.properties.get(attribute)).cloned()
            });
            found.unwrap_or_else(|| value.clone())
        }
        Value::List(list) => Value::List(list.iter().map(|value| substitute(value, snapshot)).collect()),
        Value::Map(map) => {
            Value::Map(map.iter().map(|(key, value)| (key.clone(), substitute(value, snapshot))).collect())
        }
        other => other.clone(),
    }
}

/// The attributes in a state, for expressions.
pub(crate) struct Recorded<'a> {
    pub(crate) snapshot: &'a Snapshot,
}

impl Lookup for Recorded<'_> {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        let record = self.snapshot.resources.get(address)?;
        (record.id.is_some() && !record.attributes.is_empty()).then_some(&record.attributes)
    }
}
