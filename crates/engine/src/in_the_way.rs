//! Objects that are in the way of a create: of the same name, where AWS takes no second one.

use crate::executor::sure;
use crate::prepare::Context;
use crate::recover::known_ids;
use crate::retry::find;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wharf_core::{Action, Address, Map, Schema, Span, Type, Value};
use wharf_plan::{Change, Observed, Plan, Seen, conceal, move_address};
use wharf_provider::{Error, Found, Object, Resource, Wanted};
use wharf_state::Snapshot;

/// How many look-ups run at once.
const PARALLEL_LOOKS: usize = 64;

/// An object that is not this stack's, under a name that the plan wants.
#[derive(Debug, Clone)]
pub struct InTheWay {
    /// The address that wants the name.
    pub address: Address,
    /// Terraform's name of the type.
    pub resource_type: String,
    /// The object's id.
    pub id: String,
    /// The address by which the state knows it, if it does.
    pub known_as: Option<Address>,
    /// Where the stack file declares the address.
    pub span: Option<Span>,
}

/// What a look for everything that a plan would create found.
#[derive(Default)]
pub(crate) struct Looked {
    /// Objects that the state knew under another address, which the stack file does not have any more: new address to
    /// old.
    pub(crate) moved: BTreeMap<Address, Address>,
    /// Objects of this stack that the state does not know; they are in the snapshot and among the observed ones now.
    pub(crate) adopted: Vec<(Address, String)>,
    /// Objects of others.
    pub(crate) foreign: Vec<InTheWay>,
}

/// Looks for what has the name of something that the plan would create, and takes over what is this stack's own.
pub(crate) async fn look(
    context: &Context,
    plan: &Plan,
    snapshot: &mut Snapshot,
    observed: &mut Observed,
) -> Result<Looked, Error> {
    let looks: Vec<Look<'_>> =
        plan.changes.iter().filter_map(|change| Look::of(context, snapshot, change)).collect();
    let answers = stream::iter(&looks)
        .map(|look| find(context, &*look.resource, &look.wanted))
        .buffered(PARALLEL_LOOKS);
    let answers: Vec<Found> = answers.try_collect().await?;
    let mut known: HashMap<(String, String), Address> = HashMap::new();
    for (address, record) in &snapshot.resources {
        if let Some(id) = &record.id {
            known.insert((record.resource_type.clone(), id.clone()), address.clone());
        }
    }
    let mut looked = Looked::default();
    for (look, found) in looks.into_iter().zip(answers) {
        let address = &look.change.address;
        let (id, is_ours) = match found {
            Found::Absent => continue,
            Found::Ours(id) => (id, true),
            Found::Foreign(id) => (id, false),
        };
        if look.wanted.known.contains(&id) {
            continue;
        }
        let known_as = known.get(&(look.change.resource_type.clone(), id.clone())).cloned();
        match &known_as {
            // It was renamed in the stack file: a second one of its name there cannot be.
            Some(old) if action(plan, old) == Action::Delete => {
                if take_over(old, address, snapshot, observed) {
                    looked.moved.insert(address.clone(), old.clone());
                }
            }
            // It gives its name up in this very plan.
            Some(old) if leaves(context, plan, old) => {}
            None if is_ours => {
                if look.adopt(&id, snapshot, observed).await? {
                    looked.adopted.push((address.clone(), id));
                }
            }
            _ => looked.foreign.push(InTheWay {
                address: address.clone(),
                resource_type: look.change.resource_type.clone(),
                id,
                known_as,
                span: look.change.span,
            }),
        }
    }
    Ok(looked)
}

fn action(plan: &Plan, address: &Address) -> Action {
    let change = plan.changes.iter().find(|change| change.address == *address);
    change.map_or(Action::None, |change| change.action)
}

/// Whether the plan gives the object of an address another name, or another object the address.
fn leaves(context: &Context, plan: &Plan, address: &Address) -> bool {
    plan.changes.iter().filter(|change| change.address == *address).any(|change| match change.action {
        Action::Replace => true,
        Action::Update => {
            let naming = context.provider.naming(&change.resource_type);
            let named_by = naming.map(|naming| naming.named_by).unwrap_or_default();
            let mut changed = change.differences.iter().filter_map(|difference| difference.path.property());
            changed.any(|property| named_by.contains(&property))
        }
        _ => false,
    })
}

/// Gives the object of an address that is to go to the one that wants just this object; false if that has one.
fn take_over(old: &Address, new: &Address, snapshot: &mut Snapshot, observed: &mut Observed) -> bool {
    let moved = !move_address(snapshot, old, new).is_empty();
    if moved && let Some(seen) = observed.current.remove(old) {
        observed.current.insert(new.clone(), seen);
    }
    moved
}

/// One object that the plan would create.
struct Look<'a> {
    change: &'a Change,
    resource: Arc<dyn Resource>,
    schema: Arc<Schema>,
    wanted: Wanted,
}

impl<'a> Look<'a> {
    /// `None` where nothing can be in the way, or its name is not known yet.
    fn of(context: &Context, snapshot: &Snapshot, change: &'a Change) -> Option<Self> {
        if !matches!(change.action, Action::Create | Action::Replace) {
            return None;
        }
        let (provider, desired) = (&*context.provider, change.desired.as_ref()?);
        let named_by = provider.naming(&change.resource_type)?.named_by;
        let is_known = |name: &&str| desired.get(*name).is_none_or(Value::is_known);
        if named_by.is_empty() || !named_by.iter().all(is_known) {
            return None;
        }
        let (resource, schema) =
            (provider.resource(&change.resource_type)?, provider.schema(&change.resource_type)?);
        let wanted = Wanted {
            address: change.address.clone(),
            properties: filled(&schema, desired),
            lineage: snapshot.lineage.clone(),
            token: String::new(),
            known: known_ids(snapshot, &change.address),
        };
        Some(Look { change, resource, schema, wanted })
    }

    /// Records an object and what AWS says of it; false if it is gone again.
    async fn adopt(&self, id: &str, snapshot: &mut Snapshot, observed: &mut Observed) -> Result<bool, Error> {
        let address = &self.change.address;
        let object = Object { id: id.to_owned(), recorded: Map::new() };
        let Some(live) = self.resource.read(&[object]).await?.into_iter().next().flatten() else {
            return Ok(false);
        };
        let record = snapshot.resources.entry(address.clone()).or_default();
        record.resource_type.clone_from(&self.change.resource_type);
        record.depose();
        record.id = Some(id.to_owned());
        record.properties = Map::new();
        record.attributes = live.attributes;
        record.dependencies.clone_from(&self.change.dependencies);
        conceal(&self.schema, &mut record.attributes, &sure(&self.schema, &self.wanted.properties));
        observed.current.insert(address.clone(), Seen::Live(Arc::new(record.attributes.clone())));
        Ok(true)
    }
}

/// Properties for a look-up by name: what is not known yet is empty.
fn filled(schema: &Schema, desired: &Map) -> Map {
    let fill = |(name, value): (&String, &Value)| {
        let value = if value.is_known() {
            value.clone().without_marks()
        } else {
            schema.field(name).map_or(Value::Null, |field| empty(&field.ty))
        };
        (name.clone(), value)
    };
    desired.iter().map(fill).filter(|(_, value)| !value.is_null()).collect()
}

fn empty(ty: &Type) -> Value {
    match ty {
        Type::String => Value::from(""),
        Type::Integer | Type::Number => Value::from(0),
        Type::Bool => Value::from(false),
        Type::List(_) | Type::Set(_) | Type::Block { .. } => Value::List(Vec::new()),
        _ => Value::Map(Map::new()),
    }
}
