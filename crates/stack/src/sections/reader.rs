use crate::types::Types;
use crate::written::Written;
use crate::yaml::{Entry, Kind, Node};
use std::sync::Arc;
use wharf_core::{Diagnostic, Diagnostics, Type, Value};

/// What reading a section needs, and the mistakes found so far.
pub(crate) struct Reader<'r> {
    pub(crate) source: Arc<str>,
    pub(crate) types: &'r dyn Types,
    pub(crate) errors: Diagnostics,
}

impl Reader<'_> {
    /// The entries of a mapping; nothing for null. Anything else is reported.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &*node.kind {
            Kind::Map(entries) => entries,
            _ if node.is_null() => &[],
            _ => {
                let found = node.describe();
                self.errors.push(
                    Diagnostic::error(format!("{what} must be a mapping, not {found}")).at(node.used_at()),
                );
                &[]
            }
        }
    }

    /// The entries of a mapping with fixed keys; others are reported.
    pub(super) fn fixed<'n>(&mut self, node: &'n Node, what: &str, allowed: &[&str]) -> Fixed<'n> {
        let entries = self.mapping(node, what);
        for entry in entries {
            let key = entry.key.text().unwrap_or_default();
            if !allowed.contains(&key) {
                let error = Diagnostic::error(format!("unknown key `{key}`")).at(entry.key.used_at());
                self.errors.push(match wharf_core::suggest(key, allowed.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("{what} has: {}", allowed.join(", "))),
                });
            }
        }
        Fixed { node, entries }
    }

    /// A literal string.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &*node.kind {
            Kind::Scalar(scalar) if scalar.value() != Value::Null => Some(scalar.text.to_string()),
            _ => {
                self.expected(node, what, "a string");
                None
            }
        }
    }

    /// A literal boolean.
    pub(super) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Kind::Scalar(scalar) = &*node.kind {
            match scalar.value() {
                Value::Bool(b) => return Some(b),
                Value::String(text) if matches!(text.as_str(), "yes" | "on" | "no" | "off") => {
                    let meant = matches!(text.as_str(), "yes" | "on");
                    self.errors.push(
                        Diagnostic::error(format!("{what} must be true or false, not {}", node.describe()))
                            .at(node.used_at())
                            .help(format!("YAML 1.2 reads `{text}` as text: write `{meant}`")),
                    );
                    return None;
                }
                _ => {}
            }
        }
        self.expected(node, what, "true or false");
        None
    }

    /// The items of a list; nothing for null.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &*node.kind {
            Kind::List(items) => items,
            _ if node.is_null() => &[],
            _ => {
                self.expected(node, what, "a list");
                &[]
            }
        }
    }

    pub(super) fn expected(&mut self, node: &Node, what: &str, expected: &str) {
        let found = node.describe();
        self.errors
            .push(Diagnostic::error(format!("{what} must be {expected}, not {found}")).at(node.used_at()));
    }

    /// A value with expressions.
    pub(super) fn written(&mut self, node: &Node, ty: Option<&Type>) -> Written {
        Written::new(node, ty, &self.source, &mut self.errors)
    }
}

/// A mapping with fixed keys.
pub(super) struct Fixed<'n> {
    pub(super) node: &'n Node,
    entries: &'n [Entry],
}

impl<'n> Fixed<'n> {
    /// The value of a key, unless it is missing or null.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value).filter(|value| !value.is_null())
    }

    /// The whole entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key.text() == Some(key))
    }
}
