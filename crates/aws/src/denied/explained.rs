use super::decode::explained;
use crate::clients::Clients;
use std::sync::Arc;
use wharf_core::Map;
use wharf_provider::{
    BoxFuture, Error, ErrorKind, Found, Live, New, Object, Resource, Result, Update, Wanted,
};

/// A resource type whose denials say all that AWS tells the caller.
pub(crate) struct Explained {
    inner: Arc<dyn Resource>,
    clients: Arc<Clients>,
}

impl Explained {
    pub(crate) fn new(inner: Arc<dyn Resource>, clients: Arc<Clients>) -> Self {
        Explained { inner, clients }
    }

    async fn explain<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            Err(error) if error.kind == ErrorKind::AccessDenied => Err(explained(&self.clients, error).await),
            other => other,
        }
    }
}

impl Resource for Explained {
    fn read<'a>(&'a self, objects: &'a [Object]) -> BoxFuture<'a, Result<Vec<Option<Live>>>> {
        Box::pin(async move { self.explain(self.inner.read(objects).await).await })
    }

    fn create<'a>(&'a self, new: &'a New) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { self.explain(self.inner.create(new).await).await })
    }

    fn finish<'a>(&'a self, id: &'a str, properties: &'a Map) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.explain(self.inner.finish(id, properties).await).await })
    }

    fn update<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.explain(self.inner.update(update).await).await })
    }

    fn delete<'a>(&'a self, object: &'a Object) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.explain(self.inner.delete(object).await).await })
    }

    fn find<'a>(&'a self, wanted: &'a Wanted) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move { self.explain(self.inner.find(wanted).await).await })
    }

    fn import<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move { self.explain(self.inner.import(id).await).await })
    }

    fn passes(&self, error: &Error) -> bool {
        self.inner.passes(error)
    }
}
