//! Edges from the provider's ordering rules.

use crate::Graph;
use std::collections::{BTreeMap, HashMap, HashSet};
use wharf_core::{Map, Value};
use wharf_provider::{Link, OrderingRule, Provider};
use wharf_stack::{Expanded, NothingKnown};

/// The edges (first, then) that the rules add to a graph of references.
pub(crate) fn edges(graph: &Graph, expanded: &Expanded, provider: &dyn Provider) -> Vec<(usize, usize)> {
    let mut by_type: HashMap<&str, Vec<usize>> = HashMap::new();
    for (node, instance) in expanded.instances().iter().enumerate() {
        by_type.entry(type_of(expanded, instance.resource)).or_default().push(node);
    }
    let mut finder = Finder { graph, expanded, ancestors: HashMap::new() };
    let mut added: Vec<(usize, usize)> = Vec::new();
    // What comes before what through the edges added so far, so that two rules together make no cycle either.
    let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
    for rule in provider.orderings() {
        let (Some(first), Some(then)) = (by_type.get(rule.first), by_type.get(rule.then)) else { continue };
        for (first, then) in finder.pairs(rule, first, then) {
            if first != then && !finder.comes_after(first, then, &before) {
                before.entry(then).or_default().push(first);
                added.push((first, then));
            }
        }
    }
    added
}

fn type_of(expanded: &Expanded, resource: usize) -> &str {
    expanded.stack().resources.get(resource).map_or("", |resource| resource.type_name.as_str())
}

struct Finder<'a> {
    graph: &'a Graph,
    expanded: &'a Expanded,
    ancestors: HashMap<usize, HashSet<usize>>,
}

impl Finder<'_> {
    fn ancestors(&mut self, node: usize) -> &HashSet<usize> {
        let graph = self.graph;
        self.ancestors.entry(node).or_insert_with(|| graph.ancestors(node).into_iter().collect())
    }

    /// The pairs that a rule's link joins.
    fn pairs(&mut self, rule: &OrderingRule, first: &[usize], then: &[usize]) -> Vec<(usize, usize)> {
        match rule.link {
            Link::Through(resource_type) => {
                let mut shared: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for &node in first {
                    for ancestor in self.ancestors_of_type(node, resource_type) {
                        shared.entry(ancestor).or_default().push(node);
                    }
                }
                let mut pairs = Vec::new();
                for &node in then {
                    for ancestor in self.ancestors_of_type(node, resource_type) {
                        pairs.extend(shared.get(&ancestor).into_iter().flatten().map(|&first| (first, node)));
                    }
                }
                pairs.sort_unstable();
                pairs.dedup();
                pairs
            }
            Link::Mentions(property) => {
                let texts: Vec<(usize, Vec<String>)> =
                    then.iter().map(|&node| (node, strings(&self.properties(node)))).collect();
                let mut pairs = Vec::new();
                for &node in first {
                    let properties = self.properties(node);
                    let Some(name) = properties.get(property).and_then(Value::as_str).filter(|n| n.len() > 2)
                    else {
                        continue;
                    };
                    let mentions =
                        texts.iter().filter(|(_, texts)| texts.iter().any(|text| text.contains(name)));
                    pairs.extend(mentions.map(|(then, _)| (node, *then)));
                }
                pairs
            }
        }
    }

    fn ancestors_of_type(&mut self, node: usize, resource_type: &str) -> Vec<usize> {
        let expanded = self.expanded;
        let of_type = |node: &usize| type_of(expanded, expanded.instances()[*node].resource) == resource_type;
        let mut nodes: Vec<usize> = self.ancestors(node).iter().copied().filter(of_type).collect();
        nodes.sort_unstable();
        nodes
    }

    fn properties(&self, node: usize) -> Map {
        self.expanded.properties(&self.expanded.instances()[node], &NothingKnown).unwrap_or_default()
    }

    /// Whether `node` already comes after `other`, by references or by added edges.
    fn comes_after(&mut self, node: usize, other: usize, before: &HashMap<usize, Vec<usize>>) -> bool {
        let mut seen = HashSet::new();
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            if node == other {
                return true;
            }
            if !seen.insert(node) {
                continue;
            }
            if self.ancestors(node).contains(&other) {
                return true;
            }
            // Only nodes that have added edges lead anywhere new.
            let ancestors: Vec<usize> = self.ancestors(node).iter().copied().collect();
            for ancestor in ancestors.into_iter().chain([node]) {
                stack.extend(before.get(&ancestor).into_iter().flatten().copied());
            }
        }
        false
    }
}

fn strings(map: &Map) -> Vec<String> {
    fn collect(value: &Value, texts: &mut Vec<String>) {
        match value.bare() {
            Value::String(text) => texts.push(text.clone()),
            Value::List(list) => list.iter().for_each(|value| collect(value, texts)),
            Value::Map(map) => map.values().for_each(|value| collect(value, texts)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    for value in map.values() {
        collect(value, &mut texts);
    }
    texts
}
