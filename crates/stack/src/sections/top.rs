use super::reader::{Fixed, Reader};
use crate::stack::{Local, Output, Stack};
use crate::yaml::Node;
use wharf_core::{Address, Diagnostic};

const KEYS: [&str; 9] =
    ["stack", "description", "aws", "state", "variables", "locals", "resources", "outputs", "moved"];

/// Reads a whole stack file. References between its parts are looked at later.
pub(crate) fn read(reader: &mut Reader<'_>, root: &Node) -> Stack {
    if root.is_null() {
        reader.errors.push(
            Diagnostic::error("the stack file is empty").at(root.span).help("begin with `stack: <name>`"),
        );
    }
    let top = top_keys(reader, root);
    Stack {
        name: if root.is_null() { String::new() } else { name(reader, &top) },
        description: top.get("description").and_then(|node| reader.text(node, "`description`")),
        resources: top.get("resources").map(|node| reader.resources(node)).unwrap_or_default(),
        moved: top.get("moved").map(|node| reader.moved(node)).unwrap_or_default(),
        variables: top.get("variables").map(|node| reader.variables(node)).unwrap_or_default(),
        locals: top.get("locals").map(|node| reader.locals(node)).unwrap_or_default(),
        outputs: top.get("outputs").map(|node| reader.outputs(node)).unwrap_or_default(),
        aws: reader.aws(top.get("aws"), root.span),
        state: reader.state(top.get("state"), root.span),
        ..Stack::default()
    }
}

fn top_keys<'n>(reader: &mut Reader<'_>, root: &'n Node) -> Fixed<'n> {
    let mut allowed = KEYS.to_vec();
    let data = root.entries().unwrap_or_default().iter().find(|entry| entry.key.text() == Some("data"));
    if let Some(data) = data {
        allowed.push("data");
        reader.errors.push(
            Diagnostic::error("`data:` is reserved")
                .at(data.key.used_at())
                .label("wharf cannot read things the stack does not manage yet")
                .help("pass what you need in as a variable"),
        );
    }
    reader.fixed(root, "a stack file", &allowed)
}

fn name(reader: &mut Reader<'_>, top: &Fixed<'_>) -> String {
    let Some(node) = top.get("stack") else {
        let at = top.entry("stack").map_or(top.node.span, |entry| entry.key.used_at());
        let at = wharf_core::Span { end: at.end.min(at.start + 1), ..at };
        reader
            .errors
            .push(Diagnostic::error("missing `stack`").at(at).help("add `stack: <name>` at the top"));
        return String::new();
    };
    let name = reader.text(node, "`stack`").unwrap_or_default();
    let fits = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !fits && !name.is_empty() {
        reader.errors.push(
            Diagnostic::error(format!("`{name}` cannot be the name of a stack"))
                .at(node.used_at())
                .help("a letter or digit, then letters, digits, `-` and `_`, at most 64 in all"),
        );
    }
    name
}

impl Reader<'_> {
    fn locals(&mut self, node: &Node) -> Vec<Local> {
        let mut locals = Vec::new();
        for entry in self.mapping(node, "`locals`") {
            let name = entry.key.text().unwrap_or_default();
            self.check_name("local", name, &entry.key);
            let value = self.written(&entry.value, None);
            locals.push(Local { name: name.to_owned(), value, ..Local::default() });
        }
        locals
    }

    fn outputs(&mut self, node: &Node) -> Vec<Output> {
        let mut outputs = Vec::new();
        for entry in self.mapping(node, "`outputs`") {
            let name = entry.key.text().unwrap_or_default();
            self.check_name("output", name, &entry.key);
            let value = self.written(&entry.value, None);
            outputs.push(Output { name: name.to_owned(), value, uses: Default::default() });
        }
        outputs
    }

    /// Names of resources, variables, locals and outputs have one alphabet.
    pub(super) fn check_name(&mut self, what: &str, name: &str, key: &Node) {
        if !Address::is_name(name) {
            self.errors.push(
                Diagnostic::error(format!("`{name}` cannot be the name of a {what}"))
                    .at(key.used_at())
                    .help("a letter or `_`, then letters, digits, `_` and `-`"),
            );
        }
    }
}
