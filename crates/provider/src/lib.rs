//! What a resource type is: the trait that every type implements, the contract between it and the engine, the
//! closed set of error kinds, and the waits and retries that types share.
//!
//! Nothing here knows AWS; `wharf-aws` implements it for AWS, `wharf-testkit` for a cloud in memory.

mod delegation;
mod erased;
mod error;
mod marks;
mod ordering;
pub mod ownership;
mod permissions;
mod registry;
mod resource;
mod schema;
pub mod wait;

pub use delegation::{Delegation, Fault, InForce, Standing, same_but_for};
pub use erased::{Erased, Live, New, Object, Resource, Update, Wanted};
pub use error::{Absent, Error, ErrorKind, Result};
pub use marks::{Block, BlockSet, Blocks, Json, Set, Tags};
pub use ordering::{Link, OrderingRule};
pub use permissions::{Condition, Permissions, Scope};
pub use registry::{Entry, Identity, Naming, Permit, Provider, Registry};
pub use resource::{Found, LiveOf, NewOf, ObjectOf, ResourceType, UpdateOf, WantedOf};
pub use schema::schema_of;

/// A future that is boxed, because traits with futures are not object-safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
