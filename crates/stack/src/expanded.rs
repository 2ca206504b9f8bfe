use crate::evaluation::Evaluation;
use crate::files::Files;
use crate::graph::{Dependency, Key, Uses};
use crate::settings::{AwsSettings, StateSettings};
use crate::stack::{Resource, Stack};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use wharf_core::{Address, Diagnostics, Map, PropertyPath, Span, Value};

/// What is known about where wharf works. Nothing means not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `aws.region`
    pub region: Option<String>,
    /// `aws.account_id`
    pub account_id: Option<String>,
    /// `aws.partition`
    pub partition: Option<String>,
}

/// Gives the attributes of instances during plan and apply.
pub trait Lookup {
    /// Properties and attributes of an instance, by name; what its schema has and the map has not is null. Nothing:
    /// the instance is not there yet, and all of it is unknown.
    fn attributes(&self, address: &Address) -> Option<&Map>;
}

/// One resource instance of an expanded stack.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its address.
    pub address: Address,
    /// Its resource's place in [`Stack::resources`].
    pub resource: usize,
    /// `each.value`, as far as it was known when the stack was expanded.
    pub(crate) each: Option<Value>,
}

/// A stack with its variables bound and every `for_each` expanded. Made by [`Stack::expand`].
pub struct Expanded {
    pub(crate) stack: Arc<Stack>,
    pub(crate) environment: Environment,
    pub(crate) files: Arc<dyn Files + Send + Sync>,
    pub(crate) variables: HashMap<String, Value>,
    /// The values of locals that use no resource.
    pub(crate) locals: Vec<Option<Value>>,
    /// The places of the others among those an evaluation works out.
    pub(crate) slots: HashMap<usize, usize>,
    pub(crate) instances: Vec<Instance>,
    /// The resources whose `for_each` has values that wait for other resources.
    pub(crate) waiting: Vec<usize>,
    /// Where the instances of each resource are.
    pub(crate) groups: Vec<Group>,
    pub(crate) aws: AwsSettings,
    pub(crate) state: StateSettings,
}

/// The instances of one resource, by their places in [`Expanded::instances`].
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) single: Option<usize>,
    pub(crate) keyed: BTreeMap<String, usize>,
}

impl Expanded {
    /// The stack file.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Every instance: in the order of the file, then of the keys.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The instance of an address.
    pub fn instance(&self, address: &Address) -> Option<&Instance> {
        let group = self.groups.get(*self.stack.names.resources.get(&address.name)?)?;
        let place = match &address.key {
            None => group.single?,
            Some(key) => *group.keyed.get(key)?,
        };
        self.instances.get(place)
    }

    /// The resource an instance belongs to.
    pub fn resource(&self, instance: &Instance) -> &Resource {
        &self.stack.resources[instance.resource]
    }

    /// What an instance uses directly: by reference (also in locals it uses, in `for_each`, in arguments of
    /// `templatefile`) or by `depends_on`. Only the one instance where the key is known without resources, all of
    /// them otherwise. Sorted, nothing twice.
    pub fn dependencies(&self, instance: &Instance) -> Vec<Address> {
        let mut places = BTreeSet::new();
        let evaluation = Evaluation::new(self, &NothingKnown);
        for dependency in self.used_resources(&self.resource(instance).uses) {
            let Some(group) = self.groups.get(dependency.resource) else { continue };
            let key = match &dependency.key {
                Key::All => None,
                Key::Literal(key) => Some(key.clone()),
                Key::Computed(key) => evaluation.key(instance, key),
            };
            match key {
                Some(key) => places.extend(group.keyed.get(&key)),
                None => places.extend(group.single.iter().chain(group.keyed.values())),
            }
        }
        let mut addresses: Vec<Address> = places
            .into_iter()
            .filter_map(|place: usize| Some(self.instances.get(place)?.address.clone()))
            .collect();
        addresses.sort();
        addresses
    }

    /// The resources something uses, also through locals.
    fn used_resources<'u>(&'u self, uses: &'u Uses) -> Vec<&'u Dependency> {
        let mut found: Vec<&Dependency> = uses.resources.iter().collect();
        let mut seen = HashSet::new();
        let mut rest: Vec<usize> = uses.locals().collect();
        while let Some(local) = rest.pop() {
            let uses = &self.stack.locals[local].uses;
            if uses.waits && seen.insert(local) {
                found.extend(&uses.resources);
                rest.extend(uses.locals());
            }
        }
        found
    }

    /// The properties of an instance: evaluated, checked and brought to the types of the schema. Blocks are always
    /// lists, nulls are left out, what is not known is unknown at the leaf, secrets keep their marks. Defaults of the
    /// schema are not filled in.
    ///
    /// # Errors
    /// Expressions that cannot be evaluated, and values that do not fit the schema.
    pub fn properties(&self, instance: &Instance, lookup: &dyn Lookup) -> Result<Map, Diagnostics> {
        Evaluation::new(self, lookup).properties(instance)
    }

    /// The outputs, in the order of the file.
    ///
    /// # Errors
    /// Expressions that cannot be evaluated.
    pub fn outputs(&self, lookup: &dyn Lookup) -> Result<Vec<(String, Value)>, Diagnostics> {
        Evaluation::new(self, lookup).outputs()
    }

    /// Evaluates many things against one state of the world: locals that use resources are evaluated once.
    pub fn evaluation<'e>(&'e self, lookup: &'e dyn Lookup) -> Evaluation<'e> {
        Evaluation::new(self, lookup)
    }

    /// Where a property of an instance is written; the nearest thing around it if it is not written by itself.
    pub fn span_of(&self, instance: &Instance, path: &PropertyPath) -> Span {
        let resource = self.resource(instance);
        if path.0.is_empty() {
            return resource.span;
        }
        match path.property().and_then(|property| resource.properties.entry(property)) {
            Some(_) => resource.properties.span_of(&path.0),
            None => resource.span,
        }
    }

    /// The variables in the order of the file, with their values; sensitive ones are marked.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        let variables = self.stack.variables.iter();
        variables.filter_map(|variable| Some((variable.name.as_str(), self.variables.get(&variable.name)?)))
    }

    /// The texts and numbers that sensitive variables hold, as text.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        let values = self.stack.variables.iter().filter_map(|variable| self.variables.get(&variable.name));
        values.for_each(|value| collect_secrets(value, false, &mut secrets));
        secrets
    }

    /// `aws:`, evaluated.
    pub fn aws(&self) -> &AwsSettings {
        &self.aws
    }

    /// `state:`, evaluated.
    pub fn state(&self) -> &StateSettings {
        &self.state
    }
}

fn collect_secrets(value: &Value, is_secret: bool, secrets: &mut Vec<String>) {
    match value {
        Value::Sensitive(inner) => collect_secrets(inner, true, secrets),
        Value::List(list) => list.iter().for_each(|item| collect_secrets(item, is_secret, secrets)),
        Value::Map(map) => map.values().for_each(|item| collect_secrets(item, is_secret, secrets)),
        Value::String(text) if is_secret => secrets.push(text.clone()),
        Value::Number(number) if is_secret => secrets.push(number.to_string()),
        _ => {}
    }
}

impl std::fmt::Debug for Expanded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expanded")
            .field("stack", &self.stack.name)
            .field("instances", &self.instances)
            .finish_non_exhaustive()
    }
}

/// A world in which nothing is there yet.
#[derive(Debug, Clone, Copy)]
pub struct NothingKnown;

impl Lookup for NothingKnown {
    fn attributes(&self, _: &Address) -> Option<&Map> {
        None
    }
}
