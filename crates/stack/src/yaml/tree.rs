use super::{Origin, resolve};
use std::sync::Arc;
use wharf_core::{Span, Value};

/// One node of a YAML document. Aliases share what they stand for.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it is written; for an alias, where its anchor is.
    pub(crate) span: Span,
    /// Where it is used, if it is used through an alias.
    pub(crate) alias: Option<Span>,
    pub(crate) kind: Arc<Kind>,
    /// How many values it expands to.
    pub(super) weight: usize,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A text, number, boolean or null: which one, YAML decides by how it is written.
#[derive(Debug)]
pub(crate) struct Scalar {
    /// The text, with quotes, escapes and folding undone.
    pub(crate) text: Arc<str>,
    pub(crate) style: Style,
    /// `!!str` and its like, without the prefix.
    pub(crate) tag: Option<String>,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// After `|` or `>`.
    Block,
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Node,
    pub(crate) value: Node,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &*self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&self) -> Option<&[Entry]> {
        match &*self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether nothing is written.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&*self.kind, Kind::Scalar(scalar) if scalar.value() == Value::Null)
    }

    /// Where a reader should look first: the use rather than the definition.
    pub(crate) fn used_at(&self) -> Span {
        self.alias.unwrap_or(self.span)
    }

    /// What it is, for messages: "the string `no`".
    pub(crate) fn describe(&self) -> String {
        match &*self.kind {
            Kind::List(_) => "a list".into(),
            Kind::Map(_) => "a mapping".into(),
            Kind::Scalar(scalar) => describe(&scalar.value()),
        }
    }

    /// Maps positions inside the text of this scalar to the file `source`.
    pub(crate) fn origin(&self, source: &Arc<str>) -> Origin {
        let style = match &*self.kind {
            Kind::Scalar(scalar) => scalar.style,
            _ => Style::Plain,
        };
        Origin::new(source.clone(), self.span, style)
    }
}

impl Scalar {
    /// What YAML 1.2 reads it as.
    pub(crate) fn value(&self) -> Value {
        match (self.style, self.tag.as_deref()) {
            (Style::Plain, None) | (_, Some("int" | "float" | "bool" | "null")) => resolve(&self.text),
            _ => Value::from(&*self.text),
        }
    }
}

/// A value in a few words, for messages.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(b) => format!("the boolean `{b}`"),
        Value::Number(n) => format!("the number `{n}`"),
        Value::String(s) if s.chars().count() <= 40 && !s.contains('\n') => format!("the string `{s}`"),
        other => other.kind().into(),
    }
}
