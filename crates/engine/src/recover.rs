use crate::executor::{find_for_a_while, sure};
use crate::prepare::Context;
use crate::refresh::recorded;
use crate::retry::{Patience, harmless};
use wharf_core::{Address, Map, Value};
use wharf_plan::{conceal, resolve};
use wharf_provider::{Error, Found, Object, Provider, Wanted};
use wharf_stack::{Expanded, Lookup};
use wharf_state::{Entry, Intent, Record, Snapshot};

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
    let (expanded, provider) = (&*context.expanded, &*context.provider);
    let Some(journal) = snapshot.journal.take() else { return Ok(Vec::new()) };
    let mut recovered = Vec::new();
    // Recorded by its id alone: the run broke off before it had read the rest, which others may refer to.
    let unread: Vec<Address> = snapshot
        .resources
        .iter()
        .filter(|(_, record)| record.id.is_some() && record.attributes.is_empty())
        .map(|(address, _)| address.clone())
        .collect();
    for address in unread {
        fill_in(context, snapshot, &address).await?;
    }
    // In the order of the operations: what an object refers to is looked up before it.
    for entry in journal.entries {
        let address = entry.address.clone();
        if entry.intent != Intent::Create {
            recovered.push(Recovered::Read { address });
            continue;
        }
        let Some(properties) = properties(expanded, provider, snapshot, &entry) else {
            // It waits for something that was not made, so it cannot have been started.
            recovered.push(Recovered::NotCreated { address });
            continue;
        };
        let Some(resource) = provider.resource(&entry.resource_type) else {
            let message =
                format!("`{address}` has the type `{}`, which this wharf does not know", entry.resource_type);
            return Err(Error::internal(message));
        };
        let wanted = Wanted {
            address: address.clone(),
            properties,
            lineage: snapshot.lineage.clone(),
            token: entry.token.clone(),
            known: known_ids(snapshot, &address),
        };
        let patience = Patience {
            address: &address,
            reporter: &*context.reporter,
            stop: &context.stop,
            pace: context.pace,
            limit: &harmless,
        };
        match patience.attempt(|| find_for_a_while(&*resource, &wanted, context.pace)).await? {
            Found::Ours(id) => {
                let properties = match provider.schema(&entry.resource_type) {
                    Some(schema) => sure(&schema, &wanted.properties),
                    None => wanted.properties,
                };
                adopt(snapshot, &entry, properties, id.clone());
                fill_in(context, snapshot, &address).await?;
                recovered.push(Recovered::Adopted { address, id });
            }
            Found::Absent | Found::Foreign(_) => recovered.push(Recovered::NotCreated { address }),
        }
    }
    Ok(recovered)
}

/// Reads the attributes of an object of which only the id is recorded; one that is gone stays as it is.
async fn fill_in(context: &Context, snapshot: &mut Snapshot, address: &Address) -> Result<(), Error> {
    let Some(record) = snapshot.resources.get_mut(address) else { return Ok(()) };
    let (Some(id), Some(resource)) = (record.id.clone(), context.provider.resource(&record.resource_type))
    else {
        return Ok(());
    };
    let object = Object { id, recorded: recorded(record) };
    if let Some(live) = resource.read(&[object]).await?.into_iter().flatten().next() {
        record.attributes = live.attributes;
        if let Some(schema) = context.provider.schema(&record.resource_type) {
            conceal(&schema, &mut record.attributes, &record.properties);
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
    record.properties = properties;
}

/// What the object was to be: as the journal has it; what was not known then, by the present stack file.
///
/// The journal comes first, because the stack file may ask for another name by now.
fn properties(
    expanded: &Expanded,
    provider: &dyn Provider,
    snapshot: &Snapshot,
    entry: &Entry,
) -> Option<Map> {
    let recorded = Recorded { snapshot };
    let present = expanded
        .instance(&entry.address)
        .filter(|instance| expanded.resource(instance).type_name == entry.resource_type)
        .and_then(|instance| resolve(expanded, provider, &snapshot.lineage, instance, &recorded).ok())
        .map(|resolved| resolved.desired)
        .unwrap_or_default();
    let mut properties = Map::new();
    for (key, value) in &entry.properties {
        let value = substitute(value, snapshot);
        // A hash stands for a secret, which only the stack file has.
        let usable = value.is_known() && !wharf_state::holds_hash(&value);
        if usable {
            properties.insert(key.clone(), value);
        } else if let Some(present) = present.get(key).filter(|present| present.is_known()) {
            properties.insert(key.clone(), present.clone());
        } else if !wharf_state::holds_hash(&value) {
            return None;
        }
    }
    Some(properties)
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
struct Recorded<'a> {
    snapshot: &'a Snapshot,
}

impl Lookup for Recorded<'_> {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        let record = self.snapshot.resources.get(address)?;
        (record.id.is_some() && !record.attributes.is_empty()).then_some(&record.attributes)
    }
}
