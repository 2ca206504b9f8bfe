use super::names::{self, Declared};
use super::one::check_home;
use super::terraform_state::{self, Contents, Instance};
use super::yaml::{self, Written};
use crate::args::{LockArgs, StackArgs};
use crate::error::{self, CommandError};
use crate::lock::locked;
use crate::render::progress;
use crate::session::Session;
use crate::{signals, terminal};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use wharf_core::{Address, Map};
use wharf_engine::{Import, import};
use wharf_plan::{canonical, conceal};
use wharf_provider::Provider;
use wharf_state::Snapshot;

/// Takes over everything in a Terraform state of which wharf knows the type.
pub(super) async fn run(file: &Path, stack: &StackArgs, lock: LockArgs) -> Result<u8, CommandError> {
    let place = file.display();
    let bytes = std::fs::read(file)
        .map_err(|problem| CommandError::new(format!("cannot read {place}: {problem}")))?;
    let contents = terraform_state::parse(&bytes)
        .map_err(|(why, help)| CommandError::new(format!("cannot use {place}: {why}")).hint(help))?;
    drop(bytes);
    let (session, stop) = Session::open(stack, Arc::from(progress::for_people())).await?;
    signals::listen(stop);
    let store = &*session.context.store;
    locked(store, &session.loaded, "import", lock.lock_timeout, async |lock| {
        let stored = store.read().await.map_err(|problem| error::store(&problem))?;
        let mut snapshot = stored.unwrap_or_else(|| Snapshot::new(&session.context.expanded.stack().name));
        check_home(&session, &mut snapshot)?;
        let mut report = Report { notes: contents.notes.clone(), ..Report::default() };
        let imports = wanted(&session, &snapshot, &contents, &mut report)?;
        let addresses: Vec<Address> = imports.iter().map(|import| import.address.clone()).collect();
        let gone = import(&session.context, &mut snapshot, imports).await;
        for gone in gone.map_err(|problem| error::cloud(&problem))? {
            report.notes.push(format!(
                "{}: AWS has no {} `{}` in account {}, {}",
                gone.address,
                gone.resource_type,
                gone.id,
                session.identity.account_id,
                session.clients.region()
            ));
        }
        let taken: Vec<&Address> =
            addresses.iter().filter(|address| snapshot.resources.contains_key(address)).collect();
        if !taken.is_empty() {
            lock.id().clone_into(&mut snapshot.writer);
            snapshot.serial += 1;
            store.write(snapshot.to_bytes()).await.map_err(|problem| error::store(&problem))?;
        }
        report.print(&session, &snapshot, &taken);
        Ok(0)
    })
    .await
}

#[derive(Default)]
struct Report {
    /// What became which address.
    origins: BTreeMap<Address, String>,
    notes: Vec<String>,
}

/// What is to be taken over, and under which address.
fn wanted(
    session: &Session,
    snapshot: &Snapshot,
    contents: &Contents,
    report: &mut Report,
) -> Result<Vec<Import>, CommandError> {
    let (expanded, provider) = (&session.context.expanded, &*session.context.provider);
    let known: Vec<Instance> = contents
        .instances
        .iter()
        .filter(|found| provider.naming(&found.resource_type).is_some())
        .cloned()
        .collect();
    let strange = contents.instances.iter().filter(|found| provider.naming(&found.resource_type).is_none());
    report.notes.extend(strange.map(|found| {
        format!("{}: wharf does not know {}; it stays Terraform's", found.address, found.resource_type)
    }));
    let keyed = |name: &str| {
        expanded
            .instances()
            .iter()
            .any(|instance| instance.address.name == name && instance.address.key.is_some())
    };
    let declared: Vec<Declared<'_>> = expanded
        .stack()
        .resources
        .iter()
        .map(|resource| Declared {
            name: &resource.name,
            resource_type: &resource.type_name,
            is_keyed: keyed(&resource.name),
        })
        .collect();
    let addresses = names::addresses(&known, &declared);
    let mut by_resource: HashMap<String, Vec<Address>> = HashMap::new();
    for (found, address) in known.iter().zip(&addresses) {
        by_resource.entry(found.resource()).or_default().push(address.clone());
    }
    let mut imports = Vec::new();
    for (found, address) in known.iter().zip(addresses) {
        let Some(naming) = provider.naming(&found.resource_type) else { continue };
        let Some(id) = (naming.id_in_terraform)(&found.attributes) else {
            report
                .notes
                .push(format!("{}: its attributes do not tell its id; it is left out", found.address));
            continue;
        };
        if let Some(record) = snapshot.resources.get(&address) {
            if record.resource_type == found.resource_type && record.id.as_deref() == Some(&id) {
                report.notes.push(format!("{}: it is `{address}` already", found.address));
                continue;
            }
            return Err(CommandError::new(format!("the state has another `{address}` already"))
                .detail(format!("  it would be {} of the Terraform state, {id}", found.address))
                .hint(format!(
                    "rename or forget it first: wharf state mv '{address}' ..., wharf state rm '{address}'"
                )));
        }
        report.origins.insert(address.clone(), found.address.clone());
        let dependencies = found.dependencies.iter().filter_map(|name| by_resource.get(name)).flatten();
        imports.push(Import {
            id,
            resource_type: found.resource_type.clone(),
            properties: properties(provider, found),
            dependencies: dependencies.filter(|other| **other != address).cloned().collect(),
            address,
        });
    }
    Ok(imports)
}

/// What Terraform applied last, of the properties that wharf has, too.
fn properties(provider: &dyn Provider, found: &Instance) -> Map {
    let Some(schema) = provider.schema(&found.resource_type) else { return Map::new() };
    let mut properties: Map = schema
        .properties()
        .filter(|field| field.name != "tags")
        .filter_map(|field| Some((field.name.clone(), found.attributes.get(&field.name)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .collect();
    conceal(&schema, &mut properties, &Map::new());
    canonical(&schema, &mut properties);
    provider.canonical(&found.resource_type, &mut properties);
    properties
}

impl Report {
    fn print(&self, session: &Session, snapshot: &Snapshot, taken: &[&Address]) {
        for address in taken {
            let origin = self.origins.get(address).map(String::as_str).unwrap_or_default();
            let id =
                snapshot.resources.get(address).and_then(|record| record.id.as_deref()).unwrap_or_default();
            terminal::note(&format!("{origin} is {address} now [{id}]"));
        }
        for note in &self.notes {
            terminal::note(note);
        }
        terminal::note(&format!("took over {} objects; nothing in AWS was changed", taken.len()));
        let expanded = &session.context.expanded;
        let missing: Vec<&Address> =
            taken.iter().filter(|address| expanded.instance(address).is_none()).copied().collect();
        if missing.is_empty() {
            terminal::note("the stack file has all of them; run `wharf plan` to see how they differ");
            return;
        }
        terminal::note(&format!(
            "left to write in the stack file, {} of them, before the next apply, which deletes what is not there:\n",
            missing.len()
        ));
        terminal::out(self::text(session, snapshot, &missing).trim_end());
    }
}

/// The entries of the stack file that are missing.
fn text(session: &Session, snapshot: &Snapshot, missing: &[&Address]) -> String {
    let provider = &*session.context.provider;
    let mut references = HashMap::new();
    for (address, record) in &snapshot.resources {
        for attribute in ["arn", "id"] {
            let value = record.attributes.get(attribute).and_then(|value| value.as_str());
            // An id that is a name stands for itself in too many places.
            if let Some(value) =
                value.filter(|value| attribute == "arn" || value.contains('-') && value.len() > 11)
            {
                references.insert(value.to_owned(), (address.clone(), attribute.to_owned()));
            }
        }
    }
    let schemas: Vec<_> = missing
        .iter()
        .filter_map(|address| {
            let record = snapshot.resources.get(*address)?;
            Some((*address, record, provider.schema(&record.resource_type)?))
        })
        .collect();
    let attributes: Vec<Map> = schemas
        .iter()
        .map(|(_, record, _)| {
            // What AWS does not tell is as Terraform applied it; tags are those that are not wharf's.
            let mut attributes = record.attributes.clone();
            for (name, value) in &record.properties {
                attributes.entry(name.clone()).or_insert_with(|| value.clone());
            }
            if let Some(tags) = attributes.get("tags_all").cloned() {
                attributes.insert("tags".to_owned(), tags);
            }
            attributes
        })
        .collect();
    let objects: Vec<Written<'_>> = schemas
        .iter()
        .zip(&attributes)
        .map(|((address, record, schema), attributes)| Written {
            address,
            resource_type: &record.resource_type,
            schema,
            attributes,
        })
        .collect();
    yaml::resources(&objects, &references, &|resource_type, properties| {
        provider.check(resource_type, properties)
    })
}
