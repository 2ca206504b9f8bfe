use super::FakeCloud;
use super::operations::Operations;
use std::collections::BTreeSet;
use std::sync::Arc;
use wharf_core::{Map, Schema, Value};
use wharf_provider::{
    BoxFuture, Delegation, Fault, Identity, Naming, OrderingRule, Permit, Provider, Resource, Result,
    Standing,
};
use wharf_stack::Types;

impl Provider for FakeCloud {
    fn names(&self) -> &[&'static str] {
        &self.inner.names
    }

    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>> {
        self.inner.kinds.get(resource_type).map(|kind| kind.schema.clone())
    }

    fn canonical(&self, _: &str, _: &mut Map) {}

    fn check(&self, _: &str, _: &Map) -> Vec<(String, String)> {
        Vec::new()
    }

    fn replaces(&self, _: &str, _: &Map, _: &Map, _: &BTreeSet<String>) -> bool {
        false
    }

    fn delegates(&self, resource_type: &str, attributes: &Map) -> Vec<Delegation> {
        let moves = attributes.get("moves").and_then(Value::as_str);
        let moves = moves.filter(|_| resource_type == "fake_controller");
        let delegation = |resource_type, name: &'static str, value: &str, properties| Delegation {
            resource_type,
            known_by: vec![(name, value.to_owned())],
            properties,
            exclusive: false,
            yields: false,
            mentions: Vec::new(),
            moved_within: &[],
        };
        let Some(moves) = moves else { return Vec::new() };
        vec![
            delegation("fake_named", "name", moves, &["size", "note"]),
            delegation("fake_controller", "moves", moves, &[]),
            delegation("fake_route", "name", moves, &["to"]),
            Delegation { yields: true, ..delegation("fake_route", "name", moves, &["label"]) },
            Delegation {
                exclusive: true,
                moved_within: &["target"],
                ..delegation("fake_service", "name", moves, &["pool", "groups"])
            },
        ]
    }

    /// A note `lost` is what the controller never leaves. The targets of a service have the traffic, and what the
    /// controller calls `serving`.
    fn standing(&self, _: &str, attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        let busy = attributes.get("busy").and_then(Value::as_bool) == Some(true);
        let lost = |(object, (_, live)): (usize, &(&str, &Map))| {
            let is_lost = live.get("note").and_then(Value::as_str) == Some("lost");
            is_lost.then(|| Fault {
                object,
                property: "note",
                reason: "it is lost".into(),
                wanted: Some("found".into()),
            })
        };
        let targets = objects.iter().filter(|(kind, _)| *kind == "fake_service").flat_map(|(_, live)| {
            let pools = live.get("pool").and_then(Value::as_list).unwrap_or_default().iter();
            pools.filter_map(|pool| pool.as_map()?.get("target")?.as_str().map(str::to_owned))
        });
        Standing {
            serves: targets
                .chain(attributes.get("serving").and_then(Value::as_str).map(str::to_owned))
                .collect(),
            summary: format!("moves {}", objects.iter().filter(|(kind, _)| *kind == "fake_named").count()),
            running: busy.then(|| "d-1".to_owned()),
            faults: objects.iter().enumerate().filter_map(lost).collect(),
        }
    }

    fn create_before_destroy(&self, resource_type: &str) -> bool {
        self.inner.kinds.get(resource_type).is_some_and(|kind| kind.create_before_destroy)
    }

    fn naming(&self, resource_type: &str) -> Option<Naming> {
        self.inner.kinds.get(resource_type).map(|kind| kind.naming())
    }

    fn orderings(&self) -> &[OrderingRule] {
        &self.inner.orderings
    }

    fn resource(&self, resource_type: &str) -> Option<Arc<dyn Resource>> {
        let kind = self.inner.kinds.get(resource_type)?.clone();
        Some(Arc::new(Operations { inner: self.inner.clone(), kind, permit: self.permit.clone() }))
    }

    fn hold(&self, permit: Permit) {
        // The first one counts: a client is a process, and a process has one lock.
        let _ = self.permit.set(permit);
    }

    fn identity(&self) -> BoxFuture<'_, Result<Identity>> {
        let identity = Identity {
            account_id: "000000000000".into(),
            arn: "arn:fake:iam::000000000000:user/tester".into(),
            partition: "fake".into(),
        };
        Box::pin(async { Ok(identity) })
    }
}

impl Types for FakeCloud {
    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>> {
        Provider::schema(self, resource_type)
    }

    fn names(&self) -> Vec<&'static str> {
        self.inner.names.clone()
    }
}
