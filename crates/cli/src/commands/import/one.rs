use crate::args::{LockArgs, StackArgs};
use crate::error::{self, CommandError};
use crate::lock::locked;
use crate::render::progress;
use crate::session::Session;
use crate::{signals, terminal};
use std::sync::Arc;
use wharf_core::{Address, Map};
use wharf_engine::{Import, import, import_id};
use wharf_provider::ErrorKind;
use wharf_state::Snapshot;

/// Takes over one object.
pub(super) async fn run(
    address: &Address,
    id: &str,
    stack: &StackArgs,
    lock: LockArgs,
) -> Result<u8, CommandError> {
    let (session, stop) = Session::open(stack, Arc::from(progress::for_people())).await?;
    let context = &session.context;
    let expanded = &context.expanded;
    let Some(instance) = expanded.instance(address) else {
        return Err(undeclared(address, &session));
    };
    let resource_type = expanded.resource(instance).type_name.clone();
    signals::listen(stop);
    locked(&*context.store, &session.loaded, "import", lock.lock_timeout, async |lock| {
        let stored = context.store.read().await.map_err(|problem| error::store(&problem))?;
        let mut snapshot = stored.unwrap_or_else(|| Snapshot::new(&expanded.stack().name));
        check_home(&session, &mut snapshot)?;
        if let Some(there) = snapshot.resources.get(address) {
            let id = there.id.as_deref().unwrap_or("an object that is being deleted");
            return Err(CommandError::new(format!("the state has `{address}` already: {id}"))
                .hint(format!("to take over another object: wharf state rm '{address}' first")));
        }
        let form = context.provider.naming(&resource_type).map_or("ID", |naming| naming.import_id);
        let found = import_id(context, &resource_type, id).await.map_err(|problem| {
            let error = error::cloud(&problem);
            match problem.kind {
                ErrorKind::Invalid | ErrorKind::NotFound => {
                    error.hint(format!("the id of an {resource_type} is its {form}"))
                }
                _ => error,
            }
        })?;
        let same = |(_, record): &(&Address, &wharf_state::Record)| {
            record.resource_type == resource_type && record.id.as_ref() == Some(&found)
        };
        if let Some((other, _)) = snapshot.resources.iter().find(same) {
            return Err(CommandError::new(format!("`{other}` is that object already"))
                .hint(format!("to rename it: wharf state mv '{other}' '{address}'")));
        }
        let wanted = Import {
            address: address.clone(),
            resource_type: resource_type.clone(),
            id: found.clone(),
            properties: Map::new(),
            dependencies: Vec::new(),
        };
        let gone = import(context, &mut snapshot, vec![wanted]).await;
        if !gone.map_err(|problem| error::cloud(&problem))?.is_empty() {
            return Err(CommandError::new(format!("AWS has no {resource_type} `{id}`")).hint(format!(
                "the id of an {resource_type} is its {form}; looked in account {}, {}",
                session.identity.account_id,
                session.clients.region()
            )));
        }
        lock.id().clone_into(&mut snapshot.writer);
        snapshot.serial += 1;
        context.store.write(snapshot.to_bytes()).await.map_err(|problem| error::store(&problem))?;
        terminal::out(&format!("{address} is {resource_type} {found} now"));
        terminal::note(
            "run `wharf plan` to see how it differs from the stack file; nothing in AWS was changed",
        );
        Ok(0)
    })
    .await
}

fn undeclared(address: &Address, session: &Session) -> CommandError {
    let expanded = &session.context.expanded;
    let error = CommandError::new(format!("the stack file has no `{address}`"));
    let known: Vec<String> =
        expanded.instances().iter().map(|instance| instance.address.to_string()).collect();
    match wharf_core::suggest(&address.to_string(), known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error
            .hint("write the resource with its type first: a plan deletes what the stack file does not have"),
    }
}

/// Objects of another account or region do not belong into the state.
pub(super) fn check_home(session: &Session, snapshot: &mut Snapshot) -> Result<(), CommandError> {
    let home = &session.context.home;
    snapshot.check_home(home).map_err(|problem| error::store(&problem))?;
    snapshot.home = Some(home.clone());
    Ok(())
}
