//! What depends on what, as text for Graphviz and Mermaid.

use std::fmt::Write as _;
use wharf_plan::Graph;
use wharf_stack::Expanded;

/// Graphviz: arrows go from a resource to what it needs, as in `terraform graph`.
pub(crate) fn dot(expanded: &Expanded, graph: &Graph) -> String {
    let mut text =
        String::from("digraph {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n");
    let quote = |name: String| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    for instance in expanded.instances() {
        let label = format!("{}\n{}", instance.address, expanded.resource(instance).type_name);
        let label = quote(label).replace('\n', "\\n");
        let _ = writeln!(text, "  {} [label = {label}];", quote(instance.address.to_string()));
    }
    each_edge(expanded, graph, |from, to| {
        let _ = writeln!(text, "  {} -> {};", quote(from), quote(to));
    });
    text.push('}');
    text
}

/// Mermaid, as Markdown on many sites shows it.
pub(crate) fn mermaid(expanded: &Expanded, graph: &Graph) -> String {
    let mut text = String::from("flowchart RL\n");
    let instances = expanded.instances();
    for (node, instance) in instances.iter().enumerate() {
        let name = instance.address.to_string().replace('"', "#quot;");
        let _ = writeln!(
            text,
            "  n{node}[\"{name}<br/><small>{}</small>\"]",
            expanded.resource(instance).type_name
        );
    }
    for node in 0..instances.len() {
        for dependency in graph.dependencies(node) {
            let _ = writeln!(text, "  n{node} --> n{dependency}");
        }
    }
    text.trim_end().to_owned()
}

fn each_edge(expanded: &Expanded, graph: &Graph, mut draw: impl FnMut(String, String)) {
    let instances = expanded.instances();
    for (node, instance) in instances.iter().enumerate() {
        for dependency in graph.dependencies(node) {
            draw(instance.address.to_string(), instances[dependency].address.to_string());
        }
    }
}
