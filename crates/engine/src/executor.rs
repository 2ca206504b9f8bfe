//! One operation: evaluated again with what is known by now, carried out, recorded.

use crate::prepare::Context;
use crate::recover::known_ids;
use crate::retry::{Pace, Patience, passing};
use crate::writer::Writer;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use wharf_core::{Action, Address, Diagnostics, Map, Schema, Value};
use wharf_plan::{
    Change, Delegated, Difference, Kind, Operation, Plan, Resolved, canonical, conceal, contradiction,
    differences, keep_ignored, overlay, resolve, values_after,
};
use wharf_provider::{Error, ErrorKind, Found, New, Object, Resource, Result, Update, Wanted};
use wharf_stack::Lookup;
use wharf_state::{Intent, Lock, Record, Snapshot, StoreError};

/// How long to look again for an object that was just made, before believing that it is not there.
const VISIBLE_WITHIN: Duration = Duration::from_mins(1);
/// How long to wait for what passes: a role that cannot be assumed yet.
const READY_WITHIN: Duration = Duration::from_mins(3);
/// How long to wait for the last user of an object that is to be deleted.
const FREE_WITHIN: Duration = Duration::from_mins(15);

/// What all operations of an apply share.
pub(crate) struct Executor {
    pub(crate) context: Context,
    pub(crate) plan: Arc<Plan>,
    pub(crate) lock: Arc<dyn Lock>,
    pub(crate) writer: Arc<Writer>,
    /// The creates in the journal: their places and tokens.
    creates: HashMap<Address, (usize, String)>,
    lineage: String,
    values: RwLock<HashMap<Address, Arc<Map>>>,
    /// Replacements that turned out to be none once everything was known.
    kept: Mutex<HashSet<Address>>,
    /// Why the lock is not held any more.
    lock_lost: Mutex<Option<StoreError>>,
    /// Creates that may have had an effect of which nobody knows the id.
    unsure: Mutex<HashSet<Address>>,
}

struct Values<'a>(&'a HashMap<Address, Arc<Map>>);

impl Lookup for Values<'_> {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        self.0.get(address).map(Arc::as_ref)
    }
}

impl Executor {
    pub(crate) fn new(
        context: Context,
        plan: Arc<Plan>,
        lock: Arc<dyn Lock>,
        writer: Arc<Writer>,
        creates: HashMap<Address, (usize, String)>,
    ) -> Self {
        let settled = plan.changes.iter().filter(|change| !change.action.changes());
        let values =
            settled.filter_map(|change| Some((change.address.clone(), change.after.clone()?))).collect();
        let lineage = plan.lineage.clone();
        Executor {
            context,
            plan,
            lock,
            writer,
            creates,
            lineage,
            values: RwLock::new(values),
            kept: Mutex::default(),
            lock_lost: Mutex::default(),
            unsure: Mutex::default(),
        }
    }

    /// Carries out one operation; gives the object's id afterwards.
    pub(crate) async fn run(&self, operation: &Operation) -> Result<Option<String>> {
        let change = &self.plan.changes[operation.change];
        match &operation.kind {
            Kind::Create => self.create(change).await.map(Some),
            Kind::Update => self.update(change).await.map(Some),
            Kind::Delete => self.delete(change).await,
            Kind::DeleteDeposed { id } => self.delete_deposed(change, id).await,
            Kind::Forget => {
                self.writer.change(|snapshot| clear(snapshot, &change.address));
                Ok(change.id.clone())
            }
        }
    }

    /// Says why the lock is not held any more.
    pub(crate) fn lost_lock(&self, error: StoreError) {
        *self.lock_lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Why the lock is not held any more, if it is not.
    pub(crate) fn take_lock_lost(&self) -> Option<StoreError> {
        self.lock_lost.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether a create may have had an effect that is not recorded.
    pub(crate) fn is_unsure(&self, address: &Address) -> bool {
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner).contains(address)
    }

    /// The outputs, with what is known by now.
    pub(crate) fn outputs(&self) -> Result<Vec<(String, Value)>, Diagnostics> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        self.context.expanded.outputs(&Values(&values))
    }

    async fn create(&self, change: &Change) -> Result<String> {
        let resource = self.resource(&change.resource_type)?;
        let schema = self.schema(change)?;
        let resolved = self.resolve(change)?;
        if change.before.is_some() && self.is_kept(change, &schema, &resolved) {
            return self.update(change).await;
        }
        let address = &change.address;
        let token = self.intend(change, &schema, &resolved).await?;
        let new = New { address: address.clone(), properties: unmarked(&resolved.desired), token };
        let id = self.make(&*resource, &new).await?;
        self.unsure.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
        self.writer.change(|snapshot| {
            // Not before there is a successor: without one the present object stays what it is.
            let record = snapshot.resources.entry(address.clone()).or_default();
            record.depose();
            record.resource_type.clone_from(&change.resource_type);
            record.id = Some(id.clone());
            record.properties = sure(&schema, &resolved.desired);
            record.attributes = Map::new();
            record.unfinished = true;
            describe(record, change);
            drop_intent(snapshot, address, Intent::Create);
        });
        let limit = |error: &Error| settling(&*resource, error);
        let patience = self.patience(address, &limit);
        patience.attempt(|| resource.finish(&id, &new.properties)).await?;
        self.settle(change, &*resource, &schema, &resolved, &id).await?;
        Ok(id)
    }

    /// Completes the journal's entry of a create with what has become known since, because a look-up may need it. Gives
    /// the create's token.
    ///
    /// A name or another part of what the object is, made of others' values, has to be written before the object is
    /// made: the stack file may say something else when the next run looks for it.
    async fn intend(&self, change: &Change, schema: &Schema, resolved: &Resolved) -> Result<String> {
        let (Some((place, token)), Some(planned)) = (self.creates.get(&change.address), &change.desired)
        else {
            return Ok(wharf_state::random_id());
        };
        if planned.values().all(Value::is_known) {
            return Ok(token.clone());
        }
        self.writer.change(|snapshot| {
            let entries = snapshot.journal.as_mut().map(|journal| &mut journal.entries);
            if let Some(entry) = entries.and_then(|entries| entries.get_mut(*place)) {
                entry.properties.clone_from(&resolved.desired);
            }
        });
        let forcing = schema.fields.iter().filter(|field| field.forces_replacement);
        let mut pairs =
            forcing.filter_map(|field| Some((planned.get(&field.name)?, resolved.desired.get(&field.name)?)));
        if pairs.any(|(planned, known)| !planned.is_known() && !self.refers_to(planned, known)) {
            self.writer.flush().await;
            if self.writer.has_failed() {
                return Err(Error::internal("it was not made, because the state could not be written"));
            }
        }
        Ok(token.clone())
    }

    /// Whether a value is what a plain reference to another resource gives: then that one's record tells it.
    fn refers_to(&self, planned: &Value, known: &Value) -> bool {
        let (Value::Unknown(unknown), values) =
            (planned.bare(), self.values.read().unwrap_or_else(PoisonError::into_inner))
        else {
            return false;
        };
        let referred = unknown
            .of
            .rsplit_once('.')
            .and_then(|(address, attribute)| values.get(&address.parse::<Address>().ok()?)?.get(attribute));
        referred.is_some_and(|value| value.bare() == known.bare())
    }

    /// The create request, and what follows when its answer says little.
    async fn make(&self, resource: &dyn Resource, new: &New) -> Result<String> {
        let wanted = Wanted {
            address: new.address.clone(),
            properties: new.properties.clone(),
            lineage: self.lineage.clone(),
            token: new.token.clone(),
            known: self.writer.read(|snapshot| known_ids(snapshot, &new.address)),
        };
        let limit = |error: &Error| settling(resource, error);
        let find_patience = self.patience(&new.address, &passing);
        let attempt = || async {
            match resource.create(new).await {
                Err(error) if matches!(error.kind, ErrorKind::Ambiguous | ErrorKind::AlreadyExists) => {
                    if error.kind == ErrorKind::Ambiguous {
                        // Until it is found, whatever the next attempts are told: AWS may show it late.
                        let mut unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
                        unsure.insert(new.address.clone());
                    }
                    let look = || find_for_a_while(resource, &wanted, self.context.pace);
                    match find_patience.attempt(look).await.map_err(|lost| not_looked_up(&error, lost))? {
                        Found::Ours(id) if wanted.known.contains(&id) => Err(has_a_name(error, &new.address)),
                        Found::Ours(id) => Ok(id),
                        Found::Foreign(id) => Err(in_the_way(error, &new.address, &id)),
                        Found::Absent => Err(error),
                    }
                }
                other => other,
            }
        };
        self.patience(&new.address, &limit).attempt(attempt).await
    }

    async fn update(&self, change: &Change) -> Result<String> {
        let resource = self.resource(&change.resource_type)?;
        let schema = self.schema(change)?;
        let resolved = self.resolve(change)?;
        let (Some(id), Some(before)) = (change.id.clone(), change.before.as_deref()) else {
            return Err(Error::internal("an update without an object"));
        };
        let changed = self.changed(change, &schema, &resolved.desired, before);
        let complete = unmarked(&overlay(&schema, before, &to_send(&resolved.desired, before, &changed)));
        let address = &change.address;
        let limit = |error: &Error| settling(&*resource, error);
        let patience = self.patience(address, &limit);
        if !changed.is_empty() {
            let update =
                Update { id: id.clone(), live: unmarked(before), desired: complete.clone(), changed };
            patience.attempt(|| resource.update(&update)).await?;
        }
        let unfinished = self.writer.read(|s| s.resources.get(address).is_some_and(|r| r.unfinished));
        // As after its create: what the stack file leaves out is not what AWS made of it meanwhile.
        let complete = if unfinished { unmarked(&resolved.desired) } else { complete };
        patience.attempt(|| resource.finish(&id, &complete)).await?;
        self.settle(change, &*resource, &schema, &resolved, &id).await?;
        Ok(id)
    }

    async fn delete(&self, change: &Change) -> Result<Option<String>> {
        let Some(id) = change.id.clone() else { return Ok(None) };
        let address = &change.address;
        if change.desired.is_some() {
            // Half of a replacement: with what is known by now it may not be needed.
            let schema = self.schema(change)?;
            if let Some(resolved) = self.resolve_if_known(change)?
                && self.is_kept(change, &schema, &resolved)
            {
                return Ok(Some(id));
            }
        }
        let mut recorded = change.before.as_deref().map(unmarked).unwrap_or_default();
        self.writer.read(|snapshot| {
            if let Some(record) = snapshot.resources.get(address) {
                for (key, value) in &record.properties {
                    recorded.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        });
        self.remove(address, &change.resource_type, Object { id: id.clone(), recorded }).await?;
        self.writer.change(|snapshot| {
            clear(snapshot, address);
            drop_intent(snapshot, address, Intent::Delete);
        });
        Ok(Some(id))
    }

    async fn delete_deposed(&self, change: &Change, id: &str) -> Result<Option<String>> {
        let address = &change.address;
        if self.kept.lock().unwrap_or_else(PoisonError::into_inner).contains(address) {
            return Ok(Some(id.to_owned()));
        }
        let recorded = self.writer.read(|snapshot| {
            let record = snapshot.resources.get(address)?;
            let deposed = record.deposed.iter().find(|deposed| deposed.id == id)?;
            Some((deposed.type_in(record).to_owned(), deposed.attributes.clone()))
        });
        let (resource_type, recorded) =
            recorded.unwrap_or_else(|| (change.resource_type.clone(), Map::new()));
        self.remove(address, &resource_type, Object { id: id.to_owned(), recorded }).await?;
        self.writer.change(|snapshot| {
            if let Some(record) = snapshot.resources.get_mut(address) {
                record.deposed.retain(|deposed| deposed.id != id);
                if record.deposed.is_empty() && record.id.is_none() {
                    snapshot.resources.remove(address);
                }
            }
            drop_intent(snapshot, address, Intent::Delete);
        });
        Ok(Some(id.to_owned()))
    }

    async fn remove(&self, address: &Address, resource_type: &str, object: Object) -> Result<()> {
        let resource = self.resource(resource_type)?;
        let limit = |error: &Error| match error.kind {
            ErrorKind::InUse => Some(FREE_WITHIN),
            _ => passing(error),
        };
        self.patience(address, &limit).attempt(|| resource.delete(&object)).await
    }

    /// Reads an object after it was made or changed, and records it.
    async fn settle(
        &self,
        change: &Change,
        resource: &dyn Resource,
        schema: &Schema,
        resolved: &Resolved,
        id: &str,
    ) -> Result<()> {
        let object = Object { id: id.to_owned(), recorded: unmarked(&resolved.desired) };
        let limit = |error: &Error| match error.kind {
            ErrorKind::NotFound => Some(VISIBLE_WITHIN),
            _ => passing(error),
        };
        let read = || async {
            let live = resource.read(std::slice::from_ref(&object)).await?.into_iter().flatten().next();
            live.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("`{id}` cannot be seen yet")))
        };
        let live = self.patience(&change.address, &limit).attempt(read).await?;
        let mut attributes = live.attributes;
        conceal(schema, &mut attributes, &resolved.desired);
        let values = values_after(schema, &change.address, resolved, Some(&attributes), false);
        self.values
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(change.address.clone(), Arc::new(values));
        self.writer.change(|snapshot| {
            let record = snapshot.resources.entry(change.address.clone()).or_default();
            record.resource_type.clone_from(&change.resource_type);
            record.id = Some(id.to_owned());
            record.properties = match &change.delegated {
                Some(delegated) => delegated.to_record(&resolved.desired, Some(&record.properties)),
                None => resolved.desired.clone(),
            };
            record.attributes = attributes;
            record.unfinished = false;
            describe(record, change);
            drop_intent(snapshot, &change.address, Intent::Create);
            drop_intent(snapshot, &change.address, Intent::Update);
        });
        Ok(())
    }

    /// What the stack file asks for, now that it can be known; never anything the plan did not show.
    fn resolve(&self, change: &Change) -> Result<Resolved> {
        match self.resolve_if_known(change)? {
            Some(resolved) => Ok(resolved),
            None => {
                let message = "its properties are still not known, although all it depends on is done";
                Err(Error::internal(message))
            }
        }
    }

    fn resolve_if_known(&self, change: &Change) -> Result<Option<Resolved>> {
        let expanded = &self.context.expanded;
        let Some(instance) = expanded.instance(&change.address) else {
            return Err(Error::internal("an operation for an address that the stack file does not have"));
        };
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        let mut resolved =
            resolve(expanded, &*self.context.provider, &self.lineage, instance, &Values(&values))
                .map_err(|errors| Error::new(ErrorKind::Invalid, errors.to_string()))?;
        if let Some(before) = &change.before {
            let (resource, provider) = (expanded.resource(instance), &*self.context.provider);
            keep_ignored(resource, provider, before, &mut resolved);
            if let Some(delegated) = &change.delegated {
                delegated.keep(resource, provider, before, &mut resolved, &Values(&values));
            }
        }
        if let (Action::Create | Action::Replace, Some(delegated)) = (change.action, &change.delegated) {
            delegated.inherit(&mut resolved);
        }
        if !resolved.desired.values().all(Value::is_known) {
            return Ok(None);
        }
        if let Some(planned) = &change.desired {
            let planned = Value::Map(Map::clone(planned));
            if let Some(path) = contradiction(&planned, &Value::Map(resolved.desired.clone())) {
                let message =
                    format!("`{path}` is not what the plan showed; run plan again, and please report this");
                return Err(Error::internal(message));
            }
        }
        Ok(Some(resolved))
    }

    fn differences(&self, change: &Change, schema: &Schema, desired: &Map, before: &Map) -> Vec<Difference> {
        let provider = &self.context.provider;
        let mut live = before.clone();
        canonical(schema, &mut live);
        provider.canonical(&change.resource_type, &mut live);
        let recorded = self.writer.read(|snapshot| {
            snapshot
                .resources
                .get(&change.address)
                .map(|record| record.properties.clone())
                .unwrap_or_default()
        });
        differences(schema, desired, &live, &recorded, &self.lineage)
    }

    /// The properties that differ, of those that the plan showed: what `ignore_changes` names is none of them.
    fn changed(&self, change: &Change, schema: &Schema, desired: &Map, before: &Map) -> BTreeSet<String> {
        let planned: BTreeSet<&str> =
            change.differences.iter().filter_map(|difference| difference.path.property()).collect();
        let found = self.differences(change, schema, desired, before);
        let names = found.iter().filter_map(|difference| difference.path.property());
        names.filter(|name| planned.contains(name)).map(str::to_owned).collect()
    }

    /// Whether a planned replacement is none, now that everything is known.
    fn is_kept(&self, change: &Change, schema: &Schema, resolved: &Resolved) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contains(&change.address) {
            return true;
        }
        // Only an unknown can turn out to be no change.
        let waited = change.differences.iter().any(|d| d.forces_replacement && !d.after.is_known());
        let (true, Some(before)) = (waited, change.before.as_deref()) else { return false };
        let found = self.differences(change, schema, &resolved.desired, before);
        let keep = !found.iter().any(|difference| difference.forces_replacement);
        if keep {
            kept.insert(change.address.clone());
        }
        keep
    }

    fn patience<'a>(
        &'a self,
        address: &'a Address,
        limit: &'a (dyn Fn(&Error) -> Option<Duration> + Send + Sync),
    ) -> Patience<'a> {
        Patience {
            address,
            reporter: &*self.context.reporter,
            stop: &self.context.stop,
            pace: self.context.pace,
            limit,
        }
    }

    fn resource(&self, resource_type: &str) -> Result<Arc<dyn Resource>> {
        self.context
            .provider
            .resource(resource_type)
            .ok_or_else(|| Error::internal(format!("the type `{resource_type}` is not known to this wharf")))
    }

    fn schema(&self, change: &Change) -> Result<Arc<Schema>> {
        self.context.provider.schema(&change.resource_type).ok_or_else(|| {
            Error::internal(format!("the type `{}` is not known to this wharf", change.resource_type))
        })
    }
}

/// Looks up an object that may just have been made, long enough for AWS to show it.
async fn find_for_a_while(resource: &dyn Resource, wanted: &Wanted, pace: Pace) -> Result<Found> {
    for pause in [1, 3, 6] {
        match resource.find(wanted).await? {
            Found::Absent => tokio::time::sleep(pace.0 * pause).await,
            found => return Ok(found),
        }
    }
    resource.find(wanted).await
}

fn in_the_way(error: Error, address: &Address, id: &str) -> Error {
    let message = format!("{}; `{id}` is there already and is not this stack's `{address}`", error.message);
    Error { kind: ErrorKind::AlreadyExists, message, ..error }
}

/// Nobody knows whether it was made, so it must not be made again: the next run looks for it.
fn not_looked_up(error: &Error, lost: Error) -> Error {
    let message =
        format!("{error}; whether it was made could not be looked up: {lost}; the next run looks for it");
    let kind = match lost.kind {
        kind @ (ErrorKind::AccessDenied | ErrorKind::Credentials) => kind,
        _ => ErrorKind::Timeout,
    };
    Error::new(kind, message)
}

/// Two objects of one name cannot be there at once.
fn has_a_name(error: Error, address: &Address) -> Error {
    let message = format!(
        "{}; the predecessor of `{address}` has the same name: give it another one, or leave `create_before_destroy` out",
        error.message
    );
    Error { kind: ErrorKind::Invalid, message, ..error }
}

/// What passes by itself after a create or an update.
fn settling(resource: &dyn Resource, error: &Error) -> Option<Duration> {
    match error.kind {
        ErrorKind::NotReady => Some(READY_WITHIN),
        // A thing just made is not everywhere yet.
        ErrorKind::NotFound => Some(VISIBLE_WITHIN),
        _ if resource.passes(error) => Some(READY_WITHIN),
        _ => passing(error),
    }
}

/// What surely counts of an object that is made, but not finished: for the rest AWS is asked, or it is sent again.
pub(crate) fn sure(schema: &Schema, desired: &Map) -> Map {
    let is_sure =
        |name: &str| schema.field(name).is_none_or(|field| !field.write_only || field.forces_replacement);
    desired.iter().filter(|(name, _)| is_sure(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn unmarked(map: &Map) -> Map {
    map.iter().map(|(key, value)| (key.clone(), value.clone().without_marks())).collect()
}

/// The part of what is asked for that goes over what is live: what changes, and what AWS does not tell.
fn to_send(desired: &Map, live: &Map, changed: &BTreeSet<String>) -> Map {
    let sent = desired.iter().filter(|(key, _)| changed.contains(*key) || !live.contains_key(*key));
    sent.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Drops the present object of an address, and the record with it unless there are predecessors to delete.
fn clear(snapshot: &mut Snapshot, address: &Address) {
    if let Some(record) = snapshot.resources.get_mut(address) {
        record.id = None;
        record.attributes = Map::new();
        if record.deposed.is_empty() {
            snapshot.resources.remove(address);
        }
    }
}

fn describe(record: &mut Record, change: &Change) {
    record.dependencies.clone_from(&change.dependencies);
    record.retain = change.retain;
    record.create_before_destroy = change.create_before_destroy;
    record.delegated = change.delegated.as_deref().and_then(Delegated::to_remember);
}

fn drop_intent(snapshot: &mut Snapshot, address: &Address, intent: Intent) {
    if let Some(journal) = &mut snapshot.journal {
        journal.done.insert((address.clone(), intent));
    }
}
