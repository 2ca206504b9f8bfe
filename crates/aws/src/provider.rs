use crate::clients::Clients;
use crate::denied::Explained;
use crate::ordering::ORDERINGS;
use crate::resources;
use std::collections::BTreeSet;
use std::sync::Arc;
use wharf_core::{Map, PropertyPath, Schema, Value};
use wharf_provider::{
    BoxFuture, Delegation, Error, Identity, InForce, Naming, OrderingRule, Permit, Provider, Registry,
    Resource, Result, Standing,
};

/// AWS, as plan and engine see it.
///
/// Made without clients it knows schemas and can compare, but reaches nothing: enough for `validate` and `schema`.
pub struct Aws {
    registry: Registry<Clients>,
    clients: Option<Arc<Clients>>,
}

impl Aws {
    /// The types alone.
    pub fn offline() -> Self {
        Aws { registry: resources::registry(), clients: None }
    }

    /// The types with clients.
    pub fn online(clients: Arc<Clients>) -> Self {
        Aws { registry: resources::registry(), clients: Some(clients) }
    }

    /// The registry, for what is generated from it.
    pub fn registry(&self) -> &Registry<Clients> {
        &self.registry
    }
}

impl Provider for Aws {
    fn names(&self) -> &[&'static str] {
        self.registry.names()
    }

    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>> {
        self.registry.schema(resource_type)
    }

    fn canonical(&self, resource_type: &str, properties: &mut Map) {
        if let Some(entry) = self.registry.get(resource_type) {
            (entry.canonical)(properties);
        }
    }

    fn check(&self, resource_type: &str, properties: &Map) -> Vec<(String, String)> {
        self.registry.get(resource_type).map(|entry| (entry.check)(properties)).unwrap_or_default()
    }

    fn replaces(&self, resource_type: &str, live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
        self.registry.get(resource_type).is_some_and(|entry| (entry.replaces)(live, desired, changed))
    }

    fn delegates(&self, resource_type: &str, attributes: &Map) -> Vec<Delegation> {
        self.registry.get(resource_type).map(|entry| (entry.delegates)(attributes)).unwrap_or_default()
    }

    fn standing(&self, resource_type: &str, attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        let entry = self.registry.get(resource_type);
        entry.map(|entry| (entry.standing)(attributes, objects)).unwrap_or_default()
    }

    fn in_force(&self, resource_type: &str, attributes: &Map) -> Vec<InForce> {
        self.registry.get(resource_type).map(|entry| (entry.in_force)(attributes)).unwrap_or_default()
    }

    fn inherited(
        &self,
        resource_type: &str,
        wanted: &Map,
        in_force: &Map,
        by: &Map,
    ) -> Vec<(PropertyPath, Value)> {
        let entry = self.registry.get(resource_type);
        entry.map(|entry| (entry.inherited)(wanted, in_force, by)).unwrap_or_default()
    }

    fn create_before_destroy(&self, resource_type: &str) -> bool {
        self.registry.get(resource_type).is_some_and(|entry| entry.create_before_destroy)
    }

    fn naming(&self, resource_type: &str) -> Option<Naming> {
        self.registry.get(resource_type).map(|entry| entry.naming)
    }

    fn orderings(&self) -> &[OrderingRule] {
        ORDERINGS
    }

    fn resource(&self, resource_type: &str) -> Option<Arc<dyn Resource>> {
        let clients = self.clients.as_ref()?;
        let resource = self.registry.bind(resource_type, clients)?;
        Some(Arc::new(Explained::new(resource, clients.clone())))
    }

    fn hold(&self, permit: Permit) {
        if let Some(clients) = &self.clients {
            clients.hold(permit);
        }
    }

    fn identity(&self) -> BoxFuture<'_, Result<Identity>> {
        Box::pin(async {
            let Some(clients) = &self.clients else {
                return Err(Error::internal("no clients"));
            };
            clients.identity().await.cloned()
        })
    }
}
