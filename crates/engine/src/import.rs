//! Takes over objects that somebody else made. Changes nothing in AWS.

use crate::Context;
use crate::recover::Recorded;
use std::collections::BTreeMap;
use wharf_core::{Address, Map};
use wharf_plan::{Graph, conceal};
use wharf_provider::{Error, ErrorKind, Object};
use wharf_stack::NothingKnown;
use wharf_state::{Output, Record, Snapshot};

/// An object to take over.
#[derive(Debug, Clone)]
pub struct Import {
    /// What it is called from now on.
    pub address: Address,
    /// Terraform's name of its type.
    pub resource_type: String,
    /// Its id, as the type's `read` takes it.
    pub id: String,
    /// The properties as somebody last applied them, as far as they are known: what counts for those that AWS does not
    /// tell.
    pub properties: Map,
    /// What it depends on, where the stack file does not say.
    pub dependencies: Vec<Address>,
}

/// The id of the object that Terraform imports as `id`.
///
/// # Errors
///
/// `NotFound` if there is none, `Invalid` for a text that is no such id, and those of a look-up.
pub async fn import_id(context: &Context, resource_type: &str, id: &str) -> Result<String, Error> {
    let resource = context.provider.resource(resource_type);
    let resource = resource.ok_or_else(|| unknown(resource_type))?;
    let none = || Error::new(ErrorKind::NotFound, format!("AWS has no {resource_type} `{id}`"));
    resource.import(id).await?.ok_or_else(none)
}

/// Reads objects, each type once, and records those that are there. Gives those that are not.
///
/// # Errors
///
/// Those of the reads; the snapshot is as it was then.
pub async fn import(
    context: &Context,
    snapshot: &mut Snapshot,
    imports: Vec<Import>,
) -> Result<Vec<Import>, Error> {
    let mut by_type: BTreeMap<String, Vec<Import>> = BTreeMap::new();
    for import in imports {
        by_type.entry(import.resource_type.clone()).or_default().push(import);
    }
    let reads = by_type.into_iter().map(|(resource_type, imports)| async move {
        let resource = context.provider.resource(&resource_type);
        let resource = resource.ok_or_else(|| unknown(&resource_type))?;
        let objects: Vec<Object> =
            imports.iter().map(|import| Object { id: import.id.clone(), recorded: Map::new() }).collect();
        let answers = resource.read(&objects).await?;
        Ok::<_, Error>(imports.into_iter().zip(answers).collect::<Vec<_>>())
    });
    let answers = futures::future::try_join_all(reads).await?;
    let graph = Graph::new(&context.expanded, &*context.provider);
    let mut gone = Vec::new();
    for (import, live) in answers.into_iter().flatten() {
        let Some(live) = live else {
            gone.push(import);
            continue;
        };
        let mut attributes = live.attributes;
        if let Some(schema) = context.provider.schema(&import.resource_type) {
            conceal(&schema, &mut attributes, &import.properties);
            // What the stack file hides is hidden from the first record on.
            let instance = context.expanded.instance(&import.address);
            let asked = instance.and_then(|i| context.expanded.properties(i, &NothingKnown).ok());
            conceal(&schema, &mut attributes, &asked.unwrap_or_default());
            // Of what AWS does not tell, the read has only said the default.
            for field in schema.fields.iter().filter(|field| field.write_only) {
                let applied = import.properties.get(&field.name);
                if let (Some(told), Some(applied)) = (attributes.get_mut(&field.name), applied) {
                    told.clone_from(applied);
                }
            }
        }
        let instances = context.expanded.instances();
        let dependencies = graph.node(&import.address).map_or(import.dependencies, |node| {
            graph.dependencies(node).into_iter().map(|node| instances[node].address.clone()).collect()
        });
        let record = Record {
            resource_type: import.resource_type,
            id: Some(live.id),
            properties: import.properties,
            attributes,
            dependencies,
            ..Record::default()
        };
        snapshot.resources.insert(import.address, record);
    }
    record_outputs(context, snapshot);
    Ok(gone)
}

/// Outputs that can be told by now are as if they had been applied.
fn record_outputs(context: &Context, snapshot: &mut Snapshot) {
    // What cannot be evaluated yet is for a plan to say.
    let outputs = context.expanded.outputs(&Recorded { snapshot }).unwrap_or_default();
    for (name, value) in outputs.into_iter().filter(|(_, value)| value.is_known()) {
        let sensitive = value.has_sensitive();
        snapshot.outputs.insert(name, Output { value, sensitive });
    }
}

fn unknown(resource_type: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("wharf does not know the type `{resource_type}`"))
}
