//! The operations of a type: each passes its faults, its latency and the fuse, then has its effect.

use super::Call;
use super::cloud::{Inner, Ticket};
use super::kind::{FakeKind, Identified};
use super::world::World;
use std::sync::{Arc, OnceLock};
use wharf_core::{Map, Value};
use wharf_provider::{
    BoxFuture, Error, ErrorKind, Found, Live, New, Object, Permit, Resource, Result, Update, Wanted,
    ownership,
};

/// The operations of one type on a fake cloud.
pub(super) struct Operations {
    pub(super) inner: Arc<Inner>,
    pub(super) kind: Arc<FakeKind>,
    pub(super) permit: Arc<OnceLock<Permit>>,
}

impl Operations {
    async fn call<T>(
        &self,
        call: Call,
        subject: &str,
        effect: impl FnOnce(&mut World, &str, usize) -> Result<T>,
    ) -> Result<T> {
        let (ticket, struck) = Ticket::take(&self.inner, call, &self.kind, subject);
        let operation = format!("fake:{call:?}");
        if call.has_effect() {
            self.inner.fuse.point(|| format!("before {call:?} {subject}")).await;
        }
        if struck.delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(struck.delay).await;
        }
        if call.has_effect() && self.permit.get().is_some_and(|permit| !permit()) {
            return ticket
                .answered(Err(Error::new(ErrorKind::LockLost, "the lock was lost: nothing was sent")));
        }
        if let Some(error) = struck.before(&operation) {
            return ticket.answered(Err(error));
        }
        let result = effect(&mut self.inner.world(), &operation, struck.hide);
        if call.has_effect() {
            self.inner.fuse.point(|| format!("after {call:?} {subject}")).await;
        }
        ticket.answered(match struck.after(&operation) {
            Some(lost) if result.is_ok() => Err(lost),
            _ => result,
        })
    }

    /// The address that an object was made for.
    fn subject(&self, id: &str) -> String {
        let world = self.inner.world();
        let object = world.objects.get(&(self.kind.name, id.to_owned()));
        object.map_or_else(|| id.to_owned(), |object| object.made_for.clone())
    }
}

impl Resource for Operations {
    fn read<'a>(&'a self, objects: &'a [Object]) -> BoxFuture<'a, Result<Vec<Option<Live>>>> {
        Box::pin(async move {
            let subject = match objects {
                [object] => self.subject(&object.id),
                _ => objects.len().to_string(),
            };
            let look = |world: &mut World, _: &str, _| {
                Ok(objects.iter().map(|object| world.live(&self.kind, &object.id)).collect())
            };
            self.call(Call::Read, &subject, look).await
        })
    }

    fn create<'a>(&'a self, new: &'a New) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            known(&new.properties)?;
            let make =
                |world: &mut World, operation: &str, hidden| world.create(&self.kind, operation, new, hidden);
            self.call(Call::Create, &new.address.to_tag(), make).await
        })
    }

    fn finish<'a>(&'a self, id: &'a str, properties: &'a Map) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            known(properties)?;
            let finish =
                |world: &mut World, operation: &str, _| world.finish(&self.kind, operation, id, properties);
            self.call(Call::Finish, &self.subject(id), finish).await
        })
    }

    fn update<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            known(&update.desired)?;
            let change = |world: &mut World, operation: &str, _| world.update(&self.kind, operation, update);
            self.call(Call::Update, &self.subject(&update.id), change).await
        })
    }

    fn delete<'a>(&'a self, object: &'a Object) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let remove =
                |world: &mut World, operation: &str, _| world.delete(&self.kind, operation, &object.id);
            self.call(Call::Delete, &self.subject(&object.id), remove).await
        })
    }

    fn find<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let address = wanted.address.to_tag();
            let text = |property: &str| wanted.properties.get(property).and_then(Value::as_str);
            let kind = &self.kind;
            let look = |world: &mut World, _: &str, _| {
                let id = match kind.identified {
                    Identified::ByTags => {
                        let owned = world.owned(kind, &wanted.lineage, &address);
                        let found = owned.into_iter().find(|id| !wanted.known.contains(id));
                        return Ok(found.map_or(Found::Absent, Found::Ours));
                    }
                    Identified::ByName(property) => text(property).unwrap_or_default().to_owned(),
                    Identified::ByParts(parts) => {
                        parts.iter().filter_map(|part| text(part)).collect::<Vec<_>>().join("/")
                    }
                };
                if wanted.known.contains(&id) || !world.is_visible(kind, &id) {
                    return Ok(Found::Absent);
                }
                let object = world.objects.get(&(kind.name, id.clone()));
                let tags =
                    object.and_then(|object| object.properties.get("tags_all")).and_then(Value::as_map);
                let tag = |name: &str| tags.and_then(|tags| tags.get(name)).and_then(Value::as_str);
                let ours = tag(ownership::LINEAGE) == Some(&wanted.lineage)
                    && tag(ownership::ADDRESS) == Some(&address);
                let by_parts = matches!(kind.identified, Identified::ByParts(_));
                Ok(if ours || by_parts { Found::Ours(id) } else { Found::Foreign(id) })
            };
            self.call(Call::Find, &address, look).await
        })
    }

    fn import<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async { Ok(Some(id.to_owned())) })
    }

    fn passes(&self, _: &Error) -> bool {
        false
    }
}

/// The engine guarantees that everything is known and that no mark is left.
fn known(properties: &Map) -> Result<()> {
    match properties.iter().find(|(_, value)| !value.is_known() || value.has_sensitive()) {
        Some((name, _)) => Err(Error::internal(format!("`{name}` was sent with a mark or an unknown"))),
        None => Ok(()),
    }
}
