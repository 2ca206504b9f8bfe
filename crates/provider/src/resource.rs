use crate::{Delegation, Error, InForce, Permissions, Result, Scope, Standing};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::future::Future;
use wharf_core::{Address, Map, PropertyPath, Value};

/// One kind of resource: `aws_vpc`.
///
/// # Expected flow
///
/// 1. [`read`](Self::read) is called once per plan for all objects of the type, so that describe calls can be batched.
/// 2. For a create, the engine records the intent, then calls [`create`](Self::create). The id that it returns is
///    recorded at once; then [`finish`](Self::finish) brings the object to its properties and waits until others can
///    use it; then `read` gives the attributes.
/// 3. For an update, [`update`](Self::update), then `finish`, then `read`.
/// 4. For a delete, [`delete`](Self::delete), which returns when the object is gone.
/// 5. When an earlier run died between a request and its record, or an answer got lost, [`find`](Self::find) says
///    whether the object is there.
///
/// # Guarantees the engine gives
///
/// Properties are complete and known when an operation is called; of a resource's tags, `default_tags` and ownership
/// tags are part. No two operations run on one address at once. Errors of the kinds `Throttled` and `Unreachable` are
/// tried again, as are `NotReady` on create, update and finish, and `InUse` on delete, for as long as it is reasonable.
///
/// # What a type must guarantee
///
/// - `create` makes one object with one request that has an effect, tags it in that request where AWS lets it, sends
///   AWS's idempotency token where there is one, and is not repeated by the SDK after an ambiguous failure.
/// - `finish` may be called again on an object that is finished, and then changes nothing.
/// - `delete` of what is gone is success.
/// - `update` sends only what changed.
/// - `read` after a finished create or update gives the properties asked for, in canonical form.
pub trait ResourceType: Sized + Send + Sync + 'static {
    /// The clients it works with.
    type Cloud: Send + Sync + 'static;
    /// What the stack file may set.
    type Properties: Serialize + DeserializeOwned + JsonSchema + Clone + Send + Sync;
    /// What only AWS sets.
    type Attributes: Serialize + JsonSchema + Send + Sync;

    /// Terraform's name of the type.
    const NAME: &'static str;

    /// The IAM actions it needs.
    const PERMISSIONS: Permissions;

    /// Attributes that can be told before AWS sets them, as templates (see [`Scope`]): `arn`, and `id` where that is a
    /// name. A part that only AWS knows is `*`, which `{id}` is as long as there is no object.
    const FORESEEN: &'static [(&'static str, &'static str)];

    /// On which resources those actions have to be allowed that AWS lets be limited to resources. Source: the Service
    /// Authorization Reference, <https://docs.aws.amazon.com/service-authorization/latest/reference/>.
    const SCOPES: &'static [Scope];

    /// How many objects one `read` takes at the most; a longer list is split, and a few of the parts are read at once.
    /// A type that makes requests for each object leaves it as it is.
    const BATCH: usize = 16;

    /// Whether a replacement may make the new object before the old one is gone without any name clashing.
    const CREATE_BEFORE_DESTROY: bool = false;

    /// The properties that make up the name of an object of which AWS takes no second one. Before a plan creates such an
    /// object it calls [`find`](Self::find), which then may look at nothing else of the properties: what is not known
    /// yet is an empty text, list or map, zero or false. None for objects without such a name, and where a create
    /// takes over what is there without harm.
    const NAMED_BY: &'static [&'static str] = &[];

    /// What the id that `wharf import` takes is made of, as on Terraform's page for the type: `ROLE_NAME/POLICY_ARN`.
    const IMPORT_ID: &'static str = "ID";

    /// Reads objects; `None` for what is not there. The answers are in the order of `objects`.
    fn read(
        cloud: &Self::Cloud,
        objects: &[ObjectOf<Self>],
    ) -> impl Future<Output = Result<Vec<Option<LiveOf<Self>>>>> + Send;

    /// Makes a new object and returns its id as soon as there is one.
    fn create(cloud: &Self::Cloud, new: &NewOf<'_, Self>) -> impl Future<Output = Result<String>> + Send;

    /// Does what the create request could not, and waits until the object can be used.
    fn finish(
        cloud: &Self::Cloud,
        id: &str,
        properties: &Self::Properties,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cloud, id, properties);
        async { Ok(()) }
    }

    /// Changes an object in place.
    fn update(cloud: &Self::Cloud, update: &UpdateOf<'_, Self>) -> impl Future<Output = Result<()>> + Send;

    /// Deletes an object, and waits until it is gone.
    fn delete(cloud: &Self::Cloud, object: &ObjectOf<Self>) -> impl Future<Output = Result<()>> + Send;

    /// Looks up an object by ownership tag, or by its name.
    fn find(cloud: &Self::Cloud, wanted: &WantedOf<'_, Self>) -> impl Future<Output = Result<Found>> + Send;

    /// The id of the object that Terraform imports as `id`; `None` if a look-up shows that there is none. Whether the
    /// object is there is for [`read`](Self::read) to say.
    ///
    /// # Errors
    ///
    /// `Invalid` for a text that is no such id.
    fn import(cloud: &Self::Cloud, id: &str) -> impl Future<Output = Result<Option<String>>> + Send {
        let _ = cloud;
        std::future::ready(Ok(Some(id.to_owned())))
    }

    /// The id of an object with these attributes, which are as in Terraform's state.
    fn id_in_terraform(attributes: &Map) -> Option<String> {
        attributes.get("id")?.as_str().map(str::to_owned)
    }

    /// Brings properties to the form in which desired and live can be compared, beyond what the schema's types say.
    /// Called for both sides; unknown values may be anywhere.
    fn canonical(properties: &mut Map) {
        let _ = properties;
    }

    /// Mistakes that can be seen before any request: properties that exclude each other, numbers out of range.
    /// Unknown values may be anywhere. Each with the property it is about.
    fn check(properties: &Map) -> Vec<(String, String)> {
        let _ = properties;
        Vec::new()
    }

    /// What the object of these attributes makes a controller of AWS move on others, once it is there.
    fn delegates(attributes: &Map) -> Vec<Delegation> {
        let _ = attributes;
        Vec::new()
    }

    /// How that stands: `objects` are the live ones, in the order of their addresses, each with its type.
    fn standing(attributes: &Map, objects: &[(&str, &Map)]) -> Standing {
        let _ = (attributes, objects);
        Standing::default()
    }

    /// What works now where this object named another at first, because a controller of AWS's went on from there.
    fn in_force(attributes: &Map) -> Vec<InForce> {
        let _ = attributes;
        Vec::new()
    }

    /// What an object of this type takes over from the one in force, which `by` names: the parts that are not the stack
    /// file's from then on, such as a container's image. Each with its place in `wanted`.
    fn inherited(wanted: &Map, in_force: &Map, by: &Map) -> Vec<(PropertyPath, Value)> {
        let _ = (wanted, in_force, by);
        Vec::new()
    }

    /// Whether a changed property needs a new object, for the cases that `forces_replacement` cannot say.
    fn replaces(live: &Map, desired: &Map, changed: &BTreeSet<String>) -> bool {
        let _ = (live, desired, changed);
        false
    }

    /// Whether this error of a create, update or finish will pass by itself, beyond what its kind says.
    fn passes(error: &Error) -> bool {
        let _ = error;
        false
    }
}

/// An object that may be there.
#[derive(Debug, Clone)]
pub struct ObjectOf<T: ResourceType> {
    /// Its id.
    pub id: String,
    /// Its properties as last applied; `None` for an import.
    pub properties: Option<T::Properties>,
}

/// An object as it is now.
#[derive(Debug, Clone)]
pub struct LiveOf<T: ResourceType> {
    /// Its properties.
    pub properties: T::Properties,
    /// What only AWS sets.
    pub attributes: T::Attributes,
}

/// An object to make.
#[derive(Debug)]
pub struct NewOf<'a, T: ResourceType> {
    /// What it shall be.
    pub properties: &'a T::Properties,
    /// The same on every attempt for the same object, other for every other: for AWS's idempotency tokens.
    /// 32 hexadecimal digits.
    pub token: &'a str,
    /// Its address.
    pub address: &'a Address,
}

/// A change to an object.
#[derive(Debug)]
pub struct UpdateOf<'a, T: ResourceType> {
    /// Its id.
    pub id: &'a str,
    /// What it is.
    pub live: &'a T::Properties,
    /// What it shall be; properties that the stack file does not set are as they are.
    pub desired: &'a T::Properties,
    /// The names of the properties that differ.
    pub changed: &'a BTreeSet<String>,
}

impl<T: ResourceType> UpdateOf<'_, T> {
    /// Whether any of these properties differs.
    pub fn changes(&self, properties: &[&str]) -> bool {
        properties.iter().any(|property| self.changed.contains(*property))
    }
}

/// An object to look up.
#[derive(Debug)]
pub struct WantedOf<'a, T: ResourceType> {
    /// What it was to be.
    pub properties: &'a T::Properties,
    /// The stack's lineage, in the object's `wharf:lineage` tag.
    pub lineage: &'a str,
    /// Its address, in the object's `wharf:address` tag as [`Address::to_tag`] writes it.
    pub address: &'a Address,
    /// The token that a create was given.
    pub token: &'a str,
    /// The ids of objects of this address that the state knows already (a predecessor that is being replaced): the
    /// object wanted is another one.
    pub known: &'a [String],
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// An object of this stack and address (or, for types without tags, exactly the object wanted).
    Ours(String),
    /// An object of that name that is not this stack's.
    Foreign(String),
}
