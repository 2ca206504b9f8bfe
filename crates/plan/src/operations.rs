//! From changes to operations: what is done, and what each has to wait for.

use crate::waves::waves;
use crate::{Change, Graph, Kind, Operation};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use wharf_core::{Action, Address};
use wharf_state::Snapshot;

/// The operations of a plan in the order in which ready ones start: by wave, then by change.
///
/// `None` if their order contradicts itself, which is our own fault: see [`Builder::finish`].
pub(crate) fn operations(changes: &[Change], graph: &Graph, snapshot: &Snapshot) -> Option<Vec<Operation>> {
    let mut builder = Builder::new(changes, graph, snapshot);
    builder.list();
    builder.makes_wait();
    builder.deletes_wait();
    builder.lets_go_first();
    builder.finish()
}

/// Why a delete waits for another operation; the weakest first.
///
/// All of these can contradict each other. The dependencies in a state may be of different ages, and the stack file's
/// may be turned round since; what a broken-off replacement left may have to go before its dependents can be brought
/// to the new object. Then the delete tries at once, and AWS says what still uses the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    /// Something that depends on it by the stack file alone is deleted.
    Declared,
    /// Something that depends on it is made as asked for, without it.
    Make,
    /// Something that depends on it by the state is deleted.
    Recorded,
}

struct Builder<'a> {
    changes: &'a [Change],
    graph: &'a Graph,
    operations: Vec<(Kind, usize)>,
    depends_on: Vec<BTreeSet<usize>>,
    /// What deletes wait for besides, by how much that counts: the delete and the other.
    waits: BTreeMap<(usize, usize), Wait>,
    /// The operation after which an address is as asked for.
    makes: HashMap<&'a Address, usize>,
    /// The operations that delete objects of an address.
    deletes: HashMap<&'a Address, Vec<usize>>,
    /// Which change has an address.
    change_of: HashMap<&'a Address, usize>,
    /// Who depends on an address, as the state says.
    dependents: HashMap<&'a Address, Vec<&'a Address>>,
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
            waits: BTreeMap::new(),
            makes: HashMap::new(),
            deletes: HashMap::new(),
            change_of: changes.iter().enumerate().map(|(index, change)| (&change.address, index)).collect(),
            dependents,
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
                    self.makes.insert(address, make);
                    if !change.keeps && !change.holds_predecessor() {
                        let old = change.id.clone().unwrap_or_default();
                        let delete = self.add(Kind::DeleteDeposed { id: old }, index);
                        self.depends_on[delete].insert(make);
                        self.deletes.entry(address).or_default().push(delete);
                    }
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
        let make_of: Vec<Option<usize>> = (0..self.graph.len())
            .map(|node| self.changes.get(node).and_then(|change| self.makes.get(&change.address)).copied())
            .collect();
        let frontiers = self.frontiers(&make_of);
        for (node, make) in make_of.iter().enumerate() {
            let Some(make) = *make else { continue };
            for dependency in self.graph.dependencies(node) {
                self.depends_on[make].extend(frontiers[dependency].iter());
            }
        }
    }

    /// For each node that counts, the operations that have to be done before what depends on it is: its own, or else
    /// those of its dependencies.
    fn frontiers(&self, make_of: &[Option<usize>]) -> Vec<Rc<[usize]>> {
        let mut counts = vec![false; make_of.len()];
        let mut stack: Vec<usize> = (0..make_of.len()).filter(|&node| make_of[node].is_some()).collect();
        while let Some(node) = stack.pop() {
            for dependency in self.graph.dependencies(node) {
                if make_of[dependency].is_none() && !std::mem::replace(&mut counts[dependency], true) {
                    stack.push(dependency);
                }
            }
        }
        let mut frontiers: Vec<Rc<[usize]>> = vec![Rc::default(); make_of.len()];
        for node in self.graph.order() {
            frontiers[node] = match make_of[node] {
                Some(make) => Rc::from([make]),
                None if counts[node] => match self.graph.dependencies(node).as_slice() {
                    [only] => frontiers[*only].clone(),
                    several => {
                        let all = several.iter().flat_map(|node| frontiers[*node].iter().copied());
                        all.collect::<BTreeSet<usize>>().into_iter().collect()
                    }
                },
                None => continue,
            };
        }
        frontiers
    }

    /// A delete waits until nothing that stays, or goes as well, depends on the object any more.
    fn deletes_wait(&mut self) {
        let deletes: Vec<(&Address, usize)> = self
            .deletes
            .iter()
            .flat_map(|(address, operations)| operations.iter().map(|&operation| (*address, operation)))
            .collect();
        for (address, delete) in deletes {
            // The stack file adds what the state does not know (yet).
            let mut seen = HashSet::from([address]);
            self.delete_waits(delete, address, &mut seen, false);
            self.delete_waits(delete, address, &mut seen, true);
        }
    }

    fn delete_waits(
        &mut self,
        delete: usize,
        start: &'a Address,
        seen: &mut HashSet<&'a Address>,
        declared: bool,
    ) {
        let changes = self.changes;
        let change = &changes[self.operations[delete].1];
        // What is destroyed first is not there when its dependents are updated: they follow its successor.
        let destroyed_first = change.action == Action::Replace
            && !change.create_before_destroy
            && self.operations[delete].0 == Kind::Delete;
        let mut stack = vec![start];
        while let Some(address) = stack.pop() {
            let mut dependents = self.dependents.get(address).cloned().unwrap_or_default();
            if declared && let Some(node) = self.graph.node(address) {
                dependents.extend(self.graph.dependents(node).iter().map(|&node| &changes[node].address));
            }
            for dependent in dependents {
                if !seen.insert(dependent) {
                    continue;
                }
                let mut has_operation = false;
                for &other in self.deletes.get(dependent).into_iter().flatten() {
                    has_operation = true;
                    let wait = if declared { Wait::Declared } else { Wait::Recorded };
                    self.waits.insert((delete, other), wait);
                }
                if let Some(&make) = self.makes.get(dependent) {
                    has_operation = true;
                    let change = self.change_of.get(dependent).map(|&change| &changes[change]);
                    let is_new = change.is_some_and(|change| change.action == Action::Create);
                    if !destroyed_first && !is_new {
                        self.waits.insert((delete, make), Wait::Make);
                    }
                }
                if !has_operation {
                    stack.push(dependent);
                }
            }
        }
    }

    /// What lets go of an object that goes does that first: a listener that another controller has pointed elsewhere. It waits
    /// for the successor only where it is to speak of that.
    fn lets_go_first(&mut self) {
        let changes = self.changes;
        for change in changes {
            let gone =
                change.delegated.as_ref().map(|delegated| &delegated.gone).filter(|gone| !gone.is_empty());
            let (Some(gone), Some(&make)) = (gone, self.makes.get(&change.address)) else { continue };
            for other in changes {
                let Some(new) = other.names().find_map(|name| gone.get(name)) else { continue };
                if let Some(&made) = self.makes.get(&other.address) {
                    match new {
                        Some(_) => self.depends_on[make].insert(made),
                        None => self.depends_on[make].remove(&made),
                    };
                }
                for &delete in self.deletes.get(&other.address).into_iter().flatten() {
                    self.waits.insert((delete, make), Wait::Recorded);
                }
            }
        }
    }

    /// Leaves out what makes operations wait for each other in a circle: the weakest waits in it. What is left without
    /// any wait cannot, because references have no cycle.
    fn finish(mut self) -> Option<Vec<Operation>> {
        loop {
            let mut depends_on = self.depends_on.clone();
            for (delete, other) in self.waits.keys() {
                depends_on[*delete].insert(*other);
            }
            let depends_on: Vec<Vec<usize>> =
                depends_on.into_iter().map(|before| before.into_iter().collect()).collect();
            if let Some(waves) = waves(&depends_on) {
                return Some(self.sorted(&depends_on, &waves));
            }
            let circle = circles(&depends_on);
            let within = |delete: &usize, other: &usize| {
                circle[*delete].is_some() && circle[*delete] == circle[*other]
            };
            let mut weakest: HashMap<Option<usize>, Wait> = HashMap::new();
            for ((delete, other), wait) in &self.waits {
                if within(delete, other) {
                    let weakest = weakest.entry(circle[*delete]).or_insert(*wait);
                    *weakest = (*weakest).min(*wait);
                }
            }
            if weakest.is_empty() {
                return None;
            }
            self.waits.retain(|(delete, other), wait| {
                !within(delete, other) || weakest.get(&circle[*delete]) != Some(wait)
            });
        }
    }

    fn sorted(&self, depends_on: &[Vec<usize>], waves: &[usize]) -> Vec<Operation> {
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
        operations.collect()
    }
}

/// For each operation, the circle it is in, if any.
fn circles(depends_on: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut graph = DiGraph::<(), ()>::with_capacity(depends_on.len(), depends_on.len());
    for _ in depends_on {
        graph.add_node(());
    }
    for (operation, before) in depends_on.iter().enumerate() {
        for &other in before {
            graph.add_edge(NodeIndex::new(other), NodeIndex::new(operation), ());
        }
    }
    let mut circle = vec![None; depends_on.len()];
    for (number, nodes) in petgraph::algo::tarjan_scc(&graph).into_iter().enumerate() {
        if nodes.len() > 1 {
            for node in nodes {
                circle[node.index()] = Some(number);
            }
        }
    }
    circle
}
