use crate::{
    BoxFuture, Delegation, Erased, InForce, OrderingRule, Permissions, Resource, ResourceType, Result, Scope,
    Standing, schema_of,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use wharf_core::{Map, PropertyPath, Schema, Value};

/// One resource type in the registry: everything about it that needs no cloud.
pub struct Entry<C: 'static> {
    /// Terraform's name of it.
    pub name: &'static str,
    /// See [`ResourceType::PERMISSIONS`].
    pub permissions: Permissions,
    /// See [`ResourceType::FORESEEN`].
    pub foreseen: &'static [(&'static str, &'static str)],
    /// See [`ResourceType::SCOPES`].
    pub scopes: &'static [Scope],
    /// See [`ResourceType::CREATE_BEFORE_DESTROY`].
    pub create_before_destroy: bool,
    /// See [`ResourceType::canonical`].
    pub canonical: fn(&mut Map),
    /// See [`ResourceType::check`].
    pub check: fn(&Map) -> Vec<(String, String)>,
    /// See [`ResourceType::replaces`].
    pub replaces: fn(&Map, &Map, &BTreeSet<String>) -> bool,
    /// See [`ResourceType::delegates`].
    pub delegates: fn(&Map) -> Vec<Delegation>,
    /// See [`ResourceType::standing`].
    pub standing: fn(&Map, &[(&str, &Map)]) -> Standing,
    /// See [`ResourceType::in_force`].
    pub in_force: fn(&Map) -> Vec<InForce>,
    /// See [`ResourceType::inherited`].
    pub inherited: fn(&Map, &Map, &Map) -> Vec<(PropertyPath, Value)>,
    /// How its objects are named.
    pub naming: Naming,
    schema: fn() -> Schema,
    bind: fn(Arc<C>) -> Arc<dyn Resource>,
}

impl<C: Send + Sync + 'static> Entry<C> {
    /// The entry of a type.
    pub const fn of<T: ResourceType<Cloud = C>>() -> Self {
        Entry {
            name: T::NAME,
            permissions: T::PERMISSIONS,
            foreseen: T::FORESEEN,
            scopes: T::SCOPES,
            create_before_destroy: T::CREATE_BEFORE_DESTROY,
            canonical: T::canonical,
            check: T::check,
            replaces: T::replaces,
            delegates: T::delegates,
            standing: T::standing,
            in_force: T::in_force,
            inherited: T::inherited,
            naming: Naming {
                named_by: T::NAMED_BY,
                import_id: T::IMPORT_ID,
                id_in_terraform: T::id_in_terraform,
            },
            schema: schema_of::<T>,
            bind: |cloud| Arc::new(Erased::<T>::new(cloud)),
        }
    }
}

/// How the objects of one type are named.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// See [`ResourceType::NAMED_BY`].
    pub named_by: &'static [&'static str],
    /// See [`ResourceType::IMPORT_ID`].
    pub import_id: &'static str,
    /// See [`ResourceType::id_in_terraform`].
    pub id_in_terraform: fn(&Map) -> Option<String>,
}

/// All resource types of a cloud, by name. Schemas are made when first asked for.
pub struct Registry<C: 'static> {
    entries: HashMap<&'static str, (Entry<C>, OnceLock<Arc<Schema>>)>,
    names: Vec<&'static str>,
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// A registry of these types.
    pub fn new(entries: Vec<Entry<C>>) -> Self {
        let mut names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        let entries = entries.into_iter().map(|entry| (entry.name, (entry, OnceLock::new()))).collect();
        Registry { entries, names }
    }

    /// The names of all types, sorted.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// A type.
    pub fn get(&self, name: &str) -> Option<&Entry<C>> {
        self.entries.get(name).map(|(entry, _)| entry)
    }

    /// A type's schema.
    pub fn schema(&self, name: &str) -> Option<Arc<Schema>> {
        let (entry, schema) = self.entries.get(name)?;
        Some(schema.get_or_init(|| Arc::new((entry.schema)())).clone())
    }

    /// A type's operations on a cloud.
    pub fn bind(&self, name: &str, cloud: &Arc<C>) -> Option<Arc<dyn Resource>> {
        self.get(name).map(|entry| (entry.bind)(cloud.clone()))
    }
}

/// Whose credentials these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's twelve digits.
    pub account_id: String,
    /// The caller.
    pub arn: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
}

/// Whether requests may still be sent. Cheap, and asked right before each.
pub type Permit = Arc<dyn Fn() -> bool + Send + Sync>;

/// A cloud with its resource types: what plan and engine are given.
pub trait Provider: Send + Sync {
    /// The names of all types, sorted.
    fn names(&self) -> &[&'static str];
    /// A type's schema.
    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>>;
    /// See [`ResourceType::canonical`].
    fn canonical(&self, resource_type: &str, properties: &mut Map);
    /// See [`ResourceType::check`].
    fn check(&self, resource_type: &str, properties: &Map) -> Vec<(String, String)>;
    /// See [`ResourceType::replaces`].
    fn replaces(&self, resource_type: &str, live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool;
    /// See [`ResourceType::delegates`].
    fn delegates(&self, resource_type: &str, attributes: &Map) -> Vec<Delegation> {
        let _ = (resource_type, attributes);
        Vec::new()
    }
    /// See [`ResourceType::standing`].
    fn standing(&self, resource_type: &str, attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        let _ = (resource_type, attributes, objects);
        Standing::default()
    }
    /// See [`ResourceType::in_force`].
    fn in_force(&self, resource_type: &str, attributes: &Map) -> Vec<InForce> {
        let _ = (resource_type, attributes);
        Vec::new()
    }
    /// See [`ResourceType::inherited`].
    fn inherited(
        &self,
        resource_type: &str,
        wanted: &Map,
        in_force: &Map,
        by: &Map,
    ) -> Vec<(PropertyPath, Value)> {
        let _ = (resource_type, wanted, in_force, by);
        Vec::new()
    }
    /// See [`ResourceType::CREATE_BEFORE_DESTROY`].
    fn create_before_destroy(&self, resource_type: &str) -> bool;
    /// How objects of a type are named; `None` for a type that this version does not know.
    fn naming(&self, resource_type: &str) -> Option<Naming>;
    /// The order between types that no reference expresses.
    fn orderings(&self) -> &[OrderingRule];
    /// A type's operations; `None` for a type that this version does not know.
    fn resource(&self, resource_type: &str) -> Option<Arc<dyn Resource>>;
    /// From now on, what changes anything is sent only while `permit` says yes; the rest ends with
    /// [`LockLost`](crate::ErrorKind::LockLost).
    fn hold(&self, permit: Permit);
    /// Whose credentials these are.
    fn identity(&self) -> BoxFuture<'_, Result<Identity>>;
}
