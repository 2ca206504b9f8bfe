use std::sync::Arc;
use wharf_core::Schema;

/// Knows the schemas of resource types. Implemented by the registry of resource types.
pub trait Types {
    /// The schema of a type; nothing if there is no such type.
    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>>;

    /// The names of all types.
    fn names(&self) -> Vec<&'static str>;
}
