//! The plan of a stack: each address in dependency order, then the operations.

use crate::delegation::Delegations;
use crate::desired::{Resolved, resolve, values_after, with_own_tags};
use crate::drift::drift_beside;
use crate::hold::Holds;
use crate::ignore::{covers, keep_ignored};
use crate::in_force::{Successor, Template};
use crate::marks::{is_mark, is_marked};
use crate::merge::conceal;
use crate::model::{Change, Mode, OutputChange, Plan, Reason};
use crate::operations::operations;
use crate::targets::wanted;
use crate::{Graph, diff};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use wharf_core::{Action, Address, Diagnostic, Diagnostics, Map, Schema, Value};
use wharf_provider::Provider;
use wharf_stack::{Expanded, IgnoreChanges, Instance, Lookup};
use wharf_state::{Record, Snapshot};

/// What a plan is made of.
pub struct Inputs<'a> {
    /// The stack file, with its inputs.
    pub expanded: &'a Expanded,
    /// The resource types.
    pub provider: &'a dyn Provider,
    /// The state, after [`crate::apply_moves`].
    pub snapshot: &'a Snapshot,
    /// What AWS says.
    pub observed: &'a Observed,
    /// Addresses renamed by `moved:`, new to old.
    pub moved: &'a BTreeMap<Address, Address>,
    /// What for.
    pub mode: Mode,
    /// Only these addresses (or all instances of these names) and what they need; everything if empty.
    pub targets: &'a [Address],
    /// Whether templates that wait for a release are released after this: they need the images of now.
    pub releases: bool,
}

/// What AWS says of the objects in a state.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// By address.
    pub current: HashMap<Address, Seen>,
    /// Deposed objects that are gone, by address and id.
    pub deposed_gone: HashSet<(Address, String)>,
    /// What works in the place of objects of the stack, by their addresses.
    pub successors: HashMap<Address, Successor>,
}

/// One object, as AWS says.
#[derive(Debug, Clone)]
pub enum Seen {
    /// It is there, with these attributes.
    Live(Arc<Map>),
    /// It is not there.
    Gone,
}

/// Makes the plan.
///
/// # Errors
///
/// What in the stack file cannot be evaluated, and lifecycle rules that the plan would break.
pub fn plan(inputs: &Inputs<'_>) -> Result<Plan, Diagnostics> {
    let graph = Graph::new(inputs.expanded, inputs.provider);
    let mut planner = Planner {
        inputs,
        graph: &graph,
        wanted: wanted(inputs, &graph),
        delegations: Delegations::of(inputs.provider, inputs.snapshot, inputs.observed),
        holds: Holds::default(),
        templates: HashMap::new(),
        values: Values::default(),
        errors: Diagnostics::default(),
    };
    let mut changes = loop {
        let mut changes = planner.declared();
        changes.extend(planner.undeclared());
        planner.compare_templates(&mut changes);
        planner.replace_order(&mut changes);
        // What has to be left alone changes what others see of it: they are planned again.
        let holds = planner.holds(&changes);
        if holds == planner.holds {
            break changes;
        }
        planner = Planner {
            holds,
            templates: HashMap::new(),
            values: Values::default(),
            errors: Diagnostics::default(),
            ..planner
        };
    };
    planner.keep_predecessors(&mut changes);
    planner.lifecycle(&changes);
    let outputs = planner.outputs();
    if planner.errors.has_errors() {
        return Err(planner.errors.sorted());
    }
    let gone = planner.gone(&changes);
    let Some(operations) = operations(&changes, &graph, inputs.snapshot) else {
        let message = "wharf's own mistake: the operations of this plan wait for each other in a circle";
        return Err(Diagnostic::error(message).help("please report it, with the stack file").into());
    };
    Ok(Plan {
        stack: inputs.expanded.stack().name.clone(),
        mode: inputs.mode,
        lineage: inputs.snapshot.lineage.clone(),
        serial: inputs.snapshot.serial,
        changes,
        operations,
        outputs,
        gone,
        drift: drift_beside(
            inputs.expanded,
            inputs.provider,
            inputs.snapshot,
            inputs.observed,
            &planner.delegations,
        ),
        controllers: planner.delegations.controllers,
    })
}

/// The attribute values that expressions see while planning.
#[derive(Default)]
struct Values(HashMap<Address, Arc<Map>>);

impl Lookup for Values {
    fn attributes(&self, address: &Address) -> Option<&Map> {
        self.0.get(address).map(Arc::as_ref)
    }
}

pub(crate) struct Planner<'a> {
    pub(crate) inputs: &'a Inputs<'a>,
    pub(crate) graph: &'a Graph,
    wanted: Option<HashSet<Address>>,
    pub(crate) delegations: Delegations,
    /// What an earlier round found out about this plan.
    pub(crate) holds: Holds,
    /// How the templates that an object runs by stand to what works in their place.
    pub(crate) templates: HashMap<Address, Template>,
    values: Values,
    pub(crate) errors: Diagnostics,
}

/// How many predecessors stay of an object that something may go back to.
const KEPT_PREDECESSORS: usize = 10;

impl Planner<'_> {
    pub(crate) fn is_wanted(&self, address: &Address) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(address))
    }

    /// The changes of all instances of the stack file, in its order.
    fn declared(&mut self) -> Vec<Change> {
        let instances = self.inputs.expanded.instances();
        let mut changes: Vec<Option<Change>> = instances.iter().map(|_| None).collect();
        for node in self.graph.order() {
            let instance = &instances[node];
            let change = match self.inputs.mode {
                Mode::Apply => self.converge(node, instance),
                Mode::Destroy => self.remove(&instance.address),
            };
            changes[node] = Some(change);
        }
        changes.into_iter().flatten().collect()
    }

    /// The changes of addresses that are only in the state.
    fn undeclared(&self) -> Vec<Change> {
        let only_recorded = |address: &&Address| self.inputs.expanded.instance(address).is_none();
        self.inputs
            .snapshot
            .resources
            .keys()
            .filter(only_recorded)
            .map(|address| self.remove(address))
            .collect()
    }

    pub(crate) fn seen(&self, address: &Address) -> Option<&Seen> {
        self.inputs.observed.current.get(address)
    }

    /// A change that changes nothing yet.
    fn unchanged(&self, address: &Address, record: Option<&Record>) -> Change {
        let instance = self.inputs.expanded.instance(address);
        let resource = instance.map(|instance| &self.inputs.expanded.stack().resources[instance.resource]);
        let resource_type = resource
            .map(|resource| resource.type_name.clone())
            .or_else(|| record.map(|record| record.resource_type.clone()))
            .unwrap_or_default();
        let deposed = record
            .filter(|_| self.is_wanted(address))
            .map(|record| record.deposed.iter().map(|deposed| deposed.id.clone()));
        let mut deposed: Vec<String> = deposed.into_iter().flatten().collect();
        if let Some(successor) = self.successor(address) {
            // The newest are the last.
            deposed.truncate(deposed.len().saturating_sub(KEPT_PREDECESSORS));
            deposed.retain(|id| *id != successor.id);
        }
        Change {
            address: address.clone(),
            resource_type,
            action: Action::None,
            reason: (!deposed.is_empty()).then_some(Reason::Deposed),
            id: record.and_then(|record| record.id.clone()),
            before: None,
            after: None,
            desired: None,
            differences: Vec::new(),
            create_before_destroy: false,
            keeps: false,
            deposed,
            dependencies: Vec::new(),
            retain: resource.map_or_else(
                || record.is_some_and(|record| record.retain),
                |resource| resource.lifecycle.retain,
            ),
            importing: None,
            delegated: None,
            held: None,
            span: resource.map(|resource| resource.span),
        }
    }

    /// The change that brings one instance to what the stack file says.
    fn converge(&mut self, node: usize, instance: &Instance) -> Change {
        let address = &instance.address;
        let record = self.inputs.snapshot.resources.get(address);
        let mut change = self.unchanged(address, record);
        let resource = &self.inputs.expanded.stack().resources[instance.resource];
        let schema = &resource.schema;
        let instances = self.inputs.expanded.instances();
        change.dependencies =
            self.graph.dependencies(node).into_iter().map(|node| instances[node].address.clone()).collect();
        let lineage = &self.inputs.snapshot.lineage;
        let mut resolved =
            match resolve(self.inputs.expanded, self.inputs.provider, lineage, instance, &self.values) {
                Ok(resolved) => resolved,
                Err(errors) => {
                    self.errors.extend(errors);
                    Resolved::default()
                }
            };
        // A record of another type under the same name is another object: that one goes, this one comes.
        let record =
            record.filter(|record| record.resource_type == resource.type_name && record.id.is_some());
        let live = match (record, self.seen(address)) {
            (Some(_), Some(Seen::Live(live))) => Some(self.live(live, schema, &resolved)),
            (Some(_), Some(Seen::Gone)) => {
                change.reason = Some(Reason::Gone);
                change.id = None;
                None
            }
            _ => None,
        };
        // What the stack file says of what is delegated.
        let mut asked = None;
        if let Some(live) = &live {
            keep_ignored(resource, self.inputs.provider, live, &mut resolved);
            if let Some(delegated) = self.delegations.get(address) {
                let mut delegated = delegated.clone();
                match self.holds.steady.get(address) {
                    Some(gone) => delegated.gone.clone_from(gone),
                    None => delegated.let_go(&resolved.desired),
                }
                if self.inputs.releases {
                    delegated.release();
                }
                if self.holds.anew.contains(address) {
                    delegated.leave_to_the_stack();
                }
                if let Some(record) = record {
                    let live = self.in_canonical_form(resource, live);
                    let serving = &self.delegations.serving;
                    delegated.ask(&resolved.desired, &record.properties, &live, lineage, serving);
                }
                asked = Some(resolved.clone());
                change.delegated = Some(Box::new(delegated));
            }
        }
        self.inherit(&mut change, resource, &resolved, live.as_deref(), record);
        if let (Some(live), Some(delegated)) = (&live, &change.delegated) {
            delegated.keep(resource, self.inputs.provider, live, &mut resolved, &self.values);
            if self.is_outdated(&change, resource, &resolved, record) {
                delegated.inherit(&mut resolved);
            }
        }
        if !self.is_wanted(address) {
            // Left alone, but others may refer to it.
            let values = live
                .clone()
                .unwrap_or_else(|| Arc::new(values_after(schema, address, &resolved, None, true)));
            self.values.0.insert(address.clone(), values.clone());
            change.id = record.and_then(|record| record.id.clone());
            change.reason = None;
            change.before = live;
            change.after.clone_from(&change.before);
            return change;
        }
        let (desired, after) = match (live, record) {
            (Some(live), Some(record)) => {
                self.compare(&mut change, resource, &resolved, &live, record);
                if let (Action::Replace, Some(asked), Some(delegated)) =
                    (change.action, asked, &mut change.delegated)
                {
                    delegated.replaced(&asked.desired);
                    resolved = asked;
                    delegated.keep(resource, self.inputs.provider, &live, &mut resolved, &self.values);
                }
                change.before = Some(live.clone());
                if change.held.is_some() {
                    // As if the stack file still said what it is.
                    self.values.0.insert(address.clone(), live);
                    change.after.clone_from(&change.before);
                    return change;
                }
                if let (Action::Replace, Some(delegated)) = (change.action, &change.delegated) {
                    delegated.inherit(&mut resolved);
                }
                match change.action {
                    Action::None
                        if change.delegated.as_ref().is_some_and(|found| found.waits_for_the_end()) =>
                    {
                        (resolved.desired.clone(), live)
                    }
                    Action::None => (resolved.desired.clone(), Self::settled(schema, &resolved, live)),
                    Action::Update => (
                        resolved.desired.clone(),
                        Arc::new(values_after(schema, address, &resolved, Some(&live), true)),
                    ),
                    _ => (
                        resolved.desired.clone(),
                        Arc::new(values_after(schema, address, &resolved, None, true)),
                    ),
                }
            }
            _ => {
                change.action = Action::Create;
                if let Some(delegated) = &change.delegated {
                    delegated.inherit(&mut resolved);
                }
                (resolved.desired.clone(), Arc::new(values_after(schema, address, &resolved, None, true)))
            }
        };
        self.compare_template(&mut change, resource, &desired, record);
        if let (None, Some(old)) = (&change.reason, self.inputs.moved.get(address)) {
            change.reason = Some(Reason::Moved(old.clone()));
        }
        self.values.0.insert(address.clone(), after.clone());
        change.after = Some(after);
        change.desired = Some(Arc::new(desired));
        change
    }

    pub(crate) fn in_canonical_form(&self, resource: &wharf_stack::Resource, live: &Map) -> Map {
        let mut live = live.clone();
        crate::canonical(&resource.schema, &mut live);
        self.inputs.provider.canonical(&resource.type_name, &mut live);
        live
    }

    /// What stands for an object that does not change: what the user wrote, as written, and live values for the rest.
    fn settled(schema: &Schema, resolved: &Resolved, live: Arc<Map>) -> Arc<Map> {
        let same =
            resolved.written.iter().all(|(key, value)| live.get(key).is_some_and(|live| live == value));
        if same {
            live
        } else {
            Arc::new(values_after(schema, &Address::single(""), resolved, Some(&live), false))
        }
    }

    /// Live attributes with the marks and tags that the stack file implies.
    fn live(&self, live: &Arc<Map>, schema: &Schema, resolved: &Resolved) -> Arc<Map> {
        let marked =
            resolved.desired.values().any(Value::has_sensitive) || schema.fields.iter().any(|f| f.sensitive);
        if !marked && !live.contains_key("tags_all") {
            return live.clone();
        }
        let mut live = Map::clone(live);
        conceal(schema, &mut live, &resolved.desired);
        // After the marks, which the tags taken from all tags keep.
        with_own_tags(&mut live, Some(&resolved.written), &self.inputs.expanded.aws().default_tags);
        Arc::new(live)
    }

    /// Decides between none, update and replace.
    fn compare(
        &self,
        change: &mut Change,
        resource: &wharf_stack::Resource,
        resolved: &Resolved,
        live: &Map,
        record: &Record,
    ) {
        let canonical_live = self.in_canonical_form(resource, live);
        let salt = &self.inputs.snapshot.lineage;
        let mut differences =
            diff::differences(&resource.schema, &resolved.desired, &canonical_live, &record.properties, salt);
        if !is_marked(live, salt) {
            differences.retain(|difference| !is_mark(&difference.path));
        }
        match &resource.lifecycle.ignore_changes {
            IgnoreChanges::All => differences.clear(),
            IgnoreChanges::Paths(paths) => {
                differences.retain(|difference| !paths.iter().any(|path| covers(path, &difference.path)));
            }
        }
        if let Some(delegated) = change.delegated.as_mut().filter(|delegated| delegated.running.is_some()) {
            // Whoever is at work is not disturbed.
            let waiting =
                differences.drain(..).filter_map(|difference| Some(difference.path.property()?.to_owned()));
            delegated.waiting.extend(waiting);
            delegated.waiting.sort();
            delegated.waiting.dedup();
            return;
        }
        if differences.is_empty() {
            // What is left to do may be nothing that a property tells.
            if record.unfinished {
                change.action = Action::Update;
                change.reason.get_or_insert(Reason::Unfinished);
            }
            return;
        }
        let mut forcing: BTreeSet<String> = differences
            .iter()
            .filter(|difference| difference.forces_replacement)
            .filter_map(|difference| difference.path.property().map(str::to_owned))
            .collect();
        let changed: BTreeSet<String> = differences
            .iter()
            .filter_map(|difference| difference.path.property().map(str::to_owned))
            .collect();
        if forcing.is_empty()
            && self.inputs.provider.replaces(
                &resource.type_name,
                &canonical_live,
                &resolved.desired,
                &changed,
            )
        {
            forcing = changed;
            for difference in &mut differences {
                difference.forces_replacement = true;
            }
        }
        if let (Some(held), false) = (self.holds.held.get(&change.address), forcing.is_empty()) {
            change.held = Some(held.clone());
            return;
        }
        change.differences = differences;
        if forcing.is_empty() {
            change.action = Action::Update;
        } else {
            change.action = Action::Replace;
            change.reason = Some(Reason::CannotUpdate(forcing.into_iter().collect()));
        }
    }

    /// The change that removes an address.
    fn remove(&self, address: &Address) -> Change {
        let record = self.inputs.snapshot.resources.get(address);
        let mut change = self.unchanged(address, record);
        let Some(record) = record else { return change };
        if !self.is_wanted(address) {
            return change;
        }
        change.resource_type.clone_from(&record.resource_type);
        change.reason = Some(match self.inputs.mode {
            Mode::Destroy => Reason::Destroy,
            Mode::Apply => Reason::NotInStack,
        });
        match self.seen(address) {
            Some(Seen::Live(live)) => {
                let mut live = Map::clone(live);
                if let Some(schema) = self.inputs.provider.schema(&record.resource_type) {
                    // What the state keeps as a hash was sensitive when it was applied.
                    conceal(&schema, &mut live, &record.properties);
                }
                with_own_tags(&mut live, None, &self.inputs.expanded.aws().default_tags);
                change.before = Some(Arc::new(live));
                change.action = if change.retain { Action::Forget } else { Action::Delete };
                if let Some(held) = self.holds.held.get(address) {
                    change.held = Some(held.clone());
                    change.action = Action::None;
                    change.reason = None;
                    change.after.clone_from(&change.before);
                }
            }
            _ => {
                change.reason = Some(Reason::Gone);
                change.id = None;
                change.action = if change.deposed.is_empty() { Action::None } else { Action::Delete };
            }
        }
        change
    }

    fn outputs(&mut self) -> Vec<OutputChange> {
        let recorded = &self.inputs.snapshot.outputs;
        let before = |name: &str| recorded.get(name).map(|output| output.value.clone());
        let mut outputs = Vec::new();
        if self.inputs.mode == Mode::Apply {
            let evaluated = match self.inputs.expanded.outputs(&self.values) {
                Ok(outputs) => outputs,
                Err(errors) => {
                    self.errors.extend(errors);
                    return outputs;
                }
            };
            for (name, after) in evaluated {
                let mut before = before(&name);
                if before
                    .as_ref()
                    .is_some_and(|b| wharf_state::matches(b, &after, &self.inputs.snapshot.lineage))
                {
                    before = Some(after.clone());
                }
                outputs.push(OutputChange { name, before, after: Some(after) });
            }
        }
        let declared: HashSet<String> = outputs.iter().map(|output| output.name.clone()).collect();
        if self.wanted.is_none() {
            for (name, output) in recorded.iter().filter(|(name, _)| !declared.contains(*name)) {
                outputs.push(OutputChange {
                    name: name.clone(),
                    before: Some(output.value.clone()),
                    after: None,
                });
            }
        }
        outputs
    }

    /// Records whose object is gone and for which nothing is made either.
    fn gone(&self, changes: &[Change]) -> Vec<Address> {
        let is_recorded = |change: &Change| {
            let record = self.inputs.snapshot.resources.get(&change.address);
            record.is_some_and(|record| record.deposed.is_empty())
        };
        let gone = changes.iter().filter(|change| {
            change.reason == Some(Reason::Gone) && change.action == Action::None && is_recorded(change)
        });
        gone.map(|change| change.address.clone()).collect()
    }
}
