//! From changes to operations: what is done, and what each has to wait for.

use crate::waves::waves;
use crate::{Change, Graph, Kind, Operation};
use std::collections::{BTreeSet, HashMap, HashSet};
use wharf_core::{Action, Address};
use wharf_state::Snapshot;

/// The operations of a plan in the order in which ready ones start: by wave, then by change.
///
/// `None` if their order contradicts itself.
pub(crate) fn operations(changes: &[Change], graph: &Graph, snapshot: &Snapshot) -> Option<Vec<Operation>> {
    let build = |patient| {
        let mut builder = Builder::new(changes, graph, snapshot);
        builder.list();
        builder.makes_wait();
        builder.deletes_wait(patient);
        builder.finish()
    };
    // What a broken-off replacement left may have to go before its dependents can be brought to the new object. Then
    // the deletes try at once, and AWS says what still uses the old one.
    build(true).or_else(|| build(false))
}

struct Builder<'a> {
    changes: &'a [Change],
    graph: &'a Graph,
    operations: Vec<(Kind, usize)>,
    depends_on: Vec<BTreeSet<usize>>,
    /// The operation after which an address is as asked for.
    makes: HashMap<&'a Address, usize>,
    /// The operations that delete objects of an address.
    deletes: HashMap<&'a Address, Vec<usize>>,
    /// Which change has an address.
    change_of: HashMap<&'a Address, usize>,
    /// Who depends on an address, as the state says.
    dependents: HashMap<&'a Address, Vec<&'a Address>>,
    /// The operations that a node without one passes on.
    frontiers: HashMap<usize, BTreeSet<usize>>,
}

impl<'a> Builder<'a> {
    fn new(changes: &'a [Change], graph: &'a Graph, snapshot: &'a Snapshot) -> Self {
        let mut dependents: HashMap<&Address, Vec<&Address>> = HashMap::new();
        for (address, record) in &snapshot.resources {
            for dependency in &record.dependencies {
                dependents.entry(dependency).or_default().push(address);
            }
        }
        Builder {
            changes,
            graph,
            operations: Vec::new(),
            depends_on: Vec::new(),
            makes: HashMap::new(),
            deletes: HashMap::new(),
            change_of: changes.iter().enumerate().map(|(index, change)| (&change.address, index)).collect(),
            dependents,
            frontiers: HashMap::new(),
        }
    }

    fn add(&mut self, kind: Kind, change: usize) -> usize {
        self.operations.push((kind, change));
        self.depends_on.push(BTreeSet::new());
        self.operations.len() - 1
    }

    fn list(&mut self) {
        let changes = self.changes;
        for (index, change) in changes.iter().enumerate() {
            let address = &change.address;
            match change.action {
                Action::None | Action::Read => {}
                Action::Create => {
                    let make = self.add(Kind::Create, index);
                    self.makes.insert(address, make);
                }
                Action::Update => {
                    let make = self.add(Kind::Update, index);
                    self.makes.insert(address, make);
                }
                Action::Forget => {
                    self.add(Kind::Forget, index);
                }
                Action::Delete => {
                    if change.id.is_some() {
                        let delete = self.add(Kind::Delete, index);
                        self.deletes.entry(address).or_default().push(delete);
                    }
                }
                Action::Replace if change.create_before_destroy => {
                    let make = self.add(Kind::Create, index);
                    let old = change.id.clone().unwrap_or_default();
                    let delete = self.add(Kind::DeleteDeposed { id: old }, index);
                    self.depends_on[delete].insert(make);
                    self.makes.insert(address, make);
                    self.deletes.entry(address).or_default().push(delete);
                }
                Action::Replace => {
                    let delete = self.add(Kind::Delete, index);
                    let make = self.add(Kind::Create, index);
                    self.depends_on[make].insert(delete);
                    self.makes.insert(address, make);
                    self.deletes.entry(address).or_default().push(delete);
                }
            }
            for id in &change.deposed {
                let delete = self.add(Kind::DeleteDeposed { id: id.clone() }, index);
                self.deletes.entry(address).or_default().push(delete);
            }
        }
    }

    /// A create or an update waits for those of its dependencies, also through dependencies that do not change.
    fn makes_wait(&mut self) {
        for (address, make) in self.makes.clone() {
            let Some(node) = self.graph.node(address) else { continue };
            for dependency in self.graph.dependencies(node) {
                let before = self.frontier(dependency);
                self.depends_on[make].extend(before);
            }
        }
    }

    fn frontier(&mut self, node: usize) -> BTreeSet<usize> {
        if let Some(&make) = self.changes.get(node).and_then(|change| self.makes.get(&change.address)) {
            return BTreeSet::from([make]);
        }
        if let Some(known) = self.frontiers.get(&node) {
            return known.clone();
        }
        let mut frontier = BTreeSet::new();
        for dependency in self.graph.dependencies(node) {
            frontier.extend(self.frontier(dependency));
        }
        self.frontiers.insert(node, frontier.clone());
        frontier
    }

    /// A delete waits until nothing that goes as well depends on the object any more; a patient one also until what
    /// stays does not.
    fn deletes_wait(&mut self, patient: bool) {
        let deletes: Vec<(&Address, usize)> = self
            .deletes
            .iter()
            .flat_map(|(address, operations)| operations.iter().map(|&operation| (*address, operation)))
            .collect();
        for (address, delete) in deletes {
            let change = &self.changes[self.operations[delete].1];
            // What is destroyed first is not there when its dependents are updated: they follow its successor.
            let destroyed_first = change.action == Action::Replace
                && !change.create_before_destroy
                && self.operations[delete].0 == Kind::Delete;
            let mut seen: HashSet<&Address> = HashSet::new();
            let mut stack = vec![address];
            while let Some(address) = stack.pop() {
                let recorded = self.dependents.get(address).cloned().unwrap_or_default();
                let declared: Vec<&Address> = match self.graph.node(address) {
                    Some(node) => {
                        self.graph.dependents(node).iter().map(|&node| &self.changes[node].address).collect()
                    }
                    None => Vec::new(),
                };
                for dependent in recorded.into_iter().chain(declared) {
                    if !seen.insert(dependent) || dependent == &change.address {
                        continue;
                    }
                    let mut has_operation = false;
                    for &other in self.deletes.get(dependent).into_iter().flatten() {
                        has_operation = true;
                        self.depends_on[delete].insert(other);
                    }
                    if let Some(&make) = self.makes.get(dependent) {
                        has_operation = true;
                        let is_new = self
                            .change_of
                            .get(dependent)
                            .is_some_and(|&change| self.changes[change].action == Action::Create);
                        if patient && !destroyed_first && !is_new {
                            self.depends_on[delete].insert(make);
                        }
                    }
                    if !has_operation {
                        stack.push(dependent);
                    }
                }
            }
        }
    }

    fn finish(self) -> Option<Vec<Operation>> {
        let depends_on: Vec<Vec<usize>> =
            self.depends_on.into_iter().map(|before| before.into_iter().collect()).collect();
        let waves = waves(&depends_on)?;
        let mut order: Vec<usize> = (0..self.operations.len()).collect();
        order.sort_by_key(|&operation| (waves[operation], self.operations[operation].1, operation));
        let mut position = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            position[old] = new;
        }
        let operations = order.iter().map(|&old| {
            let (kind, change) = self.operations[old].clone();
            let mut before: Vec<usize> = depends_on[old].iter().map(|&old| position[old]).collect();
            before.sort_unstable();
            Operation {
                address: self.changes[change].address.clone(),
                kind,
                change,
                depends_on: before,
                wave: waves[old],
            }
        });
        Some(operations.collect())
    }
}
