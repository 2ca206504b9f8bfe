use std::collections::BTreeMap;
use std::sync::Arc;
use wharf_core::{Address, Map, Value};
use wharf_plan::{Observed, Seen, successors};
use wharf_provider::{Error, ErrorKind, Object, Provider};
use wharf_state::{Record, Snapshot};

/// Reads every object of a state: each type once, all types at the same time.
///
/// # Errors
///
/// Everything that could not be read, with the addresses it leaves unknown.
pub async fn refresh(
    provider: &dyn Provider,
    snapshot: &Snapshot,
) -> Result<Observed, Vec<(Vec<Address>, Error)>> {
    let mut by_type: BTreeMap<&str, Vec<(Address, Object, bool)>> = BTreeMap::new();
    for (address, record) in &snapshot.resources {
        if let Some(id) = &record.id {
            by_type.entry(record.resource_type.as_str()).or_default().push((
                address.clone(),
                Object { id: id.clone(), recorded: recorded(record) },
                false,
            ));
        }
        for deposed in &record.deposed {
            let object = Object { id: deposed.id.clone(), recorded: deposed.attributes.clone() };
            by_type.entry(deposed.type_in(record)).or_default().push((address.clone(), object, true));
        }
    }
    let reads = by_type.into_iter().map(|(resource_type, entries)| async move {
        let Some(resource) = provider.resource(resource_type) else {
            let message = format!(
                "the state holds resources of the type `{resource_type}`, which this wharf does not know"
            );
            return Err((addresses(&entries), Error::new(ErrorKind::Internal, message)));
        };
        let (keys, objects): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|(address, object, deposed)| ((address, deposed), object)).unzip();
        match resource.read(&objects).await {
            Ok(answers) => Ok((keys, objects, answers)),
            Err(error) => Err((keys.into_iter().map(|(address, _)| address).collect(), error)),
        }
    });
    let mut observed = Observed::default();
    let mut errors = Vec::new();
    for answer in futures::future::join_all(reads).await {
        match answer {
            Ok((keys, objects, answers)) => {
                for (((address, deposed), object), live) in keys.into_iter().zip(objects).zip(answers) {
                    match (deposed, live) {
                        (true, None) => {
                            observed.deposed_gone.insert((address, object.id));
                        }
                        (true, Some(_)) => {}
                        (false, None) => {
                            observed.current.insert(address, Seen::Gone);
                        }
                        (false, Some(live)) => {
                            observed.current.insert(address, Seen::Live(Arc::new(live.attributes)));
                        }
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    follow(provider, snapshot, &mut observed).await?;
    Ok(observed)
}

/// Reads what works in the place of objects of the stack, where that is another one: each type once.
async fn follow(
    provider: &dyn Provider,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<(), Vec<(Vec<Address>, Error)>> {
    let mut by_type: BTreeMap<&str, Vec<(Address, Object)>> = BTreeMap::new();
    for (address, resource_type, successor) in successors(provider, snapshot, observed) {
        let Some(record) = snapshot.resources.get(&address) else { continue };
        if !successor.is(record) {
            let object = Object { id: successor.id.clone(), recorded: recorded(record) };
            by_type.entry(resource_type).or_default().push((address.clone(), object));
        }
        observed.successors.insert(address, successor);
    }
    for (resource_type, entries) in by_type {
        let Some(resource) = provider.resource(resource_type) else { continue };
        let (addresses, objects): (Vec<Address>, Vec<Object>) = entries.into_iter().unzip();
        let answers = match resource.read(&objects).await {
            Ok(answers) => answers,
            Err(error) => return Err(vec![(addresses, error)]),
        };
        for (address, live) in addresses.into_iter().zip(answers) {
            match (live, observed.successors.get_mut(&address)) {
                (Some(live), Some(successor)) => successor.live = Some(Arc::new(live.attributes)),
                // Nobody can tell any more what it was.
                _ => drop(observed.successors.remove(&address)),
            }
        }
    }
    Ok(())
}

fn addresses(entries: &[(Address, Object, bool)]) -> Vec<Address> {
    entries.iter().map(|(address, ..)| address.clone()).collect()
}

/// What is recorded of an object: AWS's word last time, and for what AWS does not tell, the stack file's.
///
/// Without the hashes that stand for sensitive values, which nobody can use.
pub(crate) fn recorded(record: &Record) -> Map {
    let known = |map: &Map| -> Map {
        map.iter().filter_map(|(key, value)| Some((key.clone(), without_hashes(value)?))).collect()
    };
    let mut map = known(&record.attributes);
    for (key, value) in known(&record.properties) {
        map.entry(key).or_insert(value);
    }
    map
}

fn without_hashes(value: &Value) -> Option<Value> {
    match value {
        value if wharf_state::is_hash(value) => None,
        Value::List(list) => Some(Value::List(list.iter().filter_map(without_hashes).collect())),
        Value::Map(map) => Some(Value::Map(
            map.iter().filter_map(|(key, value)| Some((key.clone(), without_hashes(value)?))).collect(),
        )),
        other => Some(other.clone()),
    }
}
