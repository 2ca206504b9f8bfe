use crate::ordering;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use wharf_core::Address;
use wharf_provider::Provider;
use wharf_stack::Expanded;

/// The resource instances of a stack and what each depends on: by reference, by `depends_on`, and by AWS's own order.
///
/// Nodes are instances, by their index in [`Expanded::instances`]; edges go from a dependency to what needs it.
pub struct Graph {
    graph: DiGraph<usize, ()>,
    index: HashMap<Address, usize>,
}

impl Graph {
    /// The graph of an expanded stack. It has no cycle: references have none, and no ordering rule adds one.
    pub fn new(expanded: &Expanded, provider: &dyn Provider) -> Self {
        let instances = expanded.instances();
        let index: HashMap<Address, usize> =
            instances.iter().enumerate().map(|(index, instance)| (instance.address.clone(), index)).collect();
        let mut graph = DiGraph::with_capacity(instances.len(), instances.len() * 2);
        for node in 0..instances.len() {
            graph.add_node(node);
        }
        for (node, instance) in instances.iter().enumerate() {
            for dependency in expanded.dependencies(instance) {
                if let Some(&dependency) = index.get(&dependency) {
                    graph.add_edge(NodeIndex::new(dependency), NodeIndex::new(node), ());
                }
            }
        }
        let mut graph = Graph { graph, index };
        for (first, then) in ordering::edges(&graph, expanded, provider) {
            graph.graph.update_edge(NodeIndex::new(first), NodeIndex::new(then), ());
        }
        graph
    }

    /// How many nodes there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// The node of an address.
    pub fn node(&self, address: &Address) -> Option<usize> {
        self.index.get(address).copied()
    }

    /// What a node depends on directly, in file order.
    pub fn dependencies(&self, node: usize) -> Vec<usize> {
        self.neighbours(node, Direction::Incoming)
    }

    /// What depends on a node directly, in file order.
    pub fn dependents(&self, node: usize) -> Vec<usize> {
        self.neighbours(node, Direction::Outgoing)
    }

    fn neighbours(&self, node: usize, direction: Direction) -> Vec<usize> {
        let mut nodes: Vec<usize> =
            self.graph.neighbors_directed(NodeIndex::new(node), direction).map(NodeIndex::index).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// All nodes, dependencies first, otherwise in file order.
    pub fn order(&self) -> Vec<usize> {
        let mut open: Vec<usize> =
            (0..self.graph.node_count()).map(|node| self.dependencies(node).len()).collect();
        let mut ready: BinaryHeap<Reverse<usize>> =
            (0..open.len()).filter(|&node| open[node] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.push(node);
            for dependent in self.dependents(node) {
                open[dependent] -= 1;
                if open[dependent] == 0 {
                    ready.push(Reverse(dependent));
                }
            }
        }
        order
    }

    /// Everything a node depends on, directly or not.
    pub fn ancestors(&self, node: usize) -> Vec<usize> {
        let mut seen = vec![false; self.graph.node_count()];
        let mut stack = vec![node];
        let mut ancestors = Vec::new();
        while let Some(node) = stack.pop() {
            for dependency in self.graph.neighbors_directed(NodeIndex::new(node), Direction::Incoming) {
                let dependency = dependency.index();
                if !std::mem::replace(&mut seen[dependency], true) {
                    ancestors.push(dependency);
                    stack.push(dependency);
                }
            }
        }
        ancestors
    }
}
