use crate::expression::{Evaluator, Expression};
use crate::yaml::{Entry, Kind, Node, Scalar};
use std::borrow::Cow;
use std::sync::Arc;
use wharf_core::{Diagnostic, Diagnostics, Map, Segment, Span, Type, Value};

/// A value as the stack file writes it: literals, expressions, and lists and mappings of them.
///
/// Made once per place in the file; evaluated once per instance.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) span: Span,
    pub(crate) kind: WrittenKind,
}

#[derive(Debug)]
pub(crate) enum WrittenKind {
    Literal(Value),
    Expression(Box<Expression>),
    List(Vec<Written>),
    Map(Vec<WrittenEntry>),
}

#[derive(Debug)]
pub(crate) struct WrittenEntry {
    pub(crate) key: Written,
    pub(crate) value: Written,
}

impl Written {
    /// Takes a node of the stack file. Where the type wants text, a plain scalar is text exactly as spelled
    /// (`version: 1.10`).
    pub(crate) fn new(node: &Node, ty: Option<&Type>, source: &Arc<str>, errors: &mut Diagnostics) -> Self {
        let kind = match &*node.kind {
            Kind::Scalar(scalar) if Expression::is_one(&scalar.text) => {
                match Expression::parse(&scalar.text, node.origin(source)) {
                    Ok(expression) => WrittenKind::Expression(Box::new(expression)),
                    Err(error) => {
                        errors.push(error);
                        WrittenKind::Literal(Value::unknown("an expression with errors"))
                    }
                }
            }
            Kind::Scalar(scalar) => WrittenKind::Literal(typed(scalar, ty)),
            Kind::List(items) => {
                let inner = ty.and_then(element);
                WrittenKind::List(
                    items.iter().map(|item| Written::new(item, inner, source, errors)).collect(),
                )
            }
            Kind::Map(entries) => {
                let mut written = Vec::with_capacity(entries.len());
                for entry in entries {
                    let name = entry.key.text().unwrap_or_default();
                    written.push(WrittenEntry {
                        key: Written::new(&entry.key, Some(&Type::String), source, errors),
                        value: Written::new(&entry.value, ty.and_then(|ty| member(ty, name)), source, errors),
                    });
                }
                WrittenKind::Map(written)
            }
        };
        Written { span: node.used_at(), kind }
    }

    /// Nothing, written nowhere in particular.
    pub(crate) fn nothing(span: Span) -> Self {
        Written { span, kind: WrittenKind::Literal(Value::Null) }
    }

    /// A node as plain data: `${` means nothing in it.
    pub(crate) fn data(node: &Node) -> Value {
        Written::typed_data(node, None)
    }

    /// Like [`Self::data`]; where the type wants text, a plain scalar is text as spelled.
    pub(crate) fn typed_data(node: &Node, ty: Option<&Type>) -> Value {
        match &*node.kind {
            Kind::Scalar(scalar) => typed(scalar, ty),
            Kind::List(items) => {
                let inner = ty.and_then(element);
                Value::List(items.iter().map(|item| Written::typed_data(item, inner)).collect())
            }
            Kind::Map(entries) => {
                let data = |entry: &Entry| {
                    let name = entry.key.text().unwrap_or_default();
                    (name.to_owned(), Written::typed_data(&entry.value, ty.and_then(|ty| member(ty, name))))
                };
                Value::Map(entries.iter().map(data).collect())
            }
        }
    }

    /// Every expression in it, with the order of the file.
    pub(crate) fn expressions<'w>(&'w self, visit: &mut dyn FnMut(&'w Expression)) {
        match &self.kind {
            WrittenKind::Literal(_) => {}
            WrittenKind::Expression(expression) => visit(expression),
            WrittenKind::List(items) => items.iter().for_each(|item| item.expressions(visit)),
            WrittenKind::Map(entries) => entries.iter().for_each(|entry| {
                entry.key.expressions(visit);
                entry.value.expressions(visit);
            }),
        }
    }

    /// The value. What cannot be evaluated is reported and stands as unknown, so that the rest is looked at too.
    pub(crate) fn evaluate(&self, evaluator: &Evaluator<'_>, errors: &mut Diagnostics) -> Value {
        match &self.kind {
            WrittenKind::Literal(value) => value.clone(),
            WrittenKind::Expression(expression) => match evaluator.evaluate(&expression.root) {
                Ok(value) => value,
                Err(fault) => {
                    errors.push(expression.diagnostic(fault));
                    Value::unknown("an expression with errors")
                }
            },
            WrittenKind::List(items) => {
                Value::List(items.iter().map(|item| item.evaluate(evaluator, errors)).collect())
            }
            WrittenKind::Map(entries) => {
                let mut map = Map::new();
                let mut secret = false;
                for entry in entries {
                    let (key, marked) = entry.name(evaluator, errors);
                    secret |= marked;
                    let Some(key) = key else {
                        return Value::unknown("a key that is not known yet");
                    };
                    let value = entry.value.evaluate(evaluator, errors);
                    if map.insert(key.clone().into_owned(), value).is_some() {
                        errors.push(Diagnostic::error(format!("duplicate key `{key}`")).at(entry.key.span));
                    }
                }
                if secret { Value::Map(map).sensitive() } else { Value::Map(map) }
            }
        }
    }

    /// The value when every expression is unknown: what can be checked before any input is there.
    pub(crate) fn outline(&self) -> Value {
        match &self.kind {
            WrittenKind::Literal(value) => value.clone(),
            WrittenKind::Expression(expression) => match &expression.root.kind {
                crate::expression::ExprKind::Literal(value) => value.clone(),
                _ => Value::unknown("an expression"),
            },
            WrittenKind::List(items) => Value::List(items.iter().map(Written::outline).collect()),
            WrittenKind::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    match entry.key.outline() {
                        Value::String(key) => map.insert(key, entry.value.outline()),
                        _ => return Value::unknown("an expression"),
                    };
                }
                Value::Map(map)
            }
        }
    }

    /// Where what lies at a path is written; the nearest thing around it if it is not written by itself.
    pub(crate) fn span_of(&self, path: &[Segment]) -> Span {
        let Some((first, rest)) = path.split_first() else { return self.span };
        match (&self.kind, first) {
            (WrittenKind::List(items), Segment::Index(index)) => {
                items.get(*index).map_or(self.span, |item| item.span_of(rest))
            }
            // a block that is one mapping
            (WrittenKind::Map(_), Segment::Index(0)) => self.span_of(rest),
            (_, Segment::Key(key)) => match self.entry(key) {
                Some(entry) => entry.value.span_of(rest),
                None => self.span,
            },
            _ => self.span,
        }
    }

    /// Like [`Self::span_of`], but the key of the last step where it has one.
    pub(crate) fn key_span_of(&self, path: &[Segment]) -> Span {
        match path.split_last() {
            Some((Segment::Key(key), before)) => self
                .inside(before)
                .and_then(|map| map.entry(key))
                .map_or_else(|| self.span_of(path), |entry| entry.key.span),
            _ => self.span_of(path),
        }
    }

    fn inside(&self, path: &[Segment]) -> Option<&Written> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match (&self.kind, first) {
            (WrittenKind::List(items), Segment::Index(index)) => items.get(*index)?.inside(rest),
            (WrittenKind::Map(_), Segment::Index(0)) => self.inside(rest),
            (_, Segment::Key(key)) => self.entry(key)?.value.inside(rest),
            _ => None,
        }
    }

    /// The entry of a literal key.
    pub(crate) fn entry(&self, key: &str) -> Option<&WrittenEntry> {
        match &self.kind {
            WrittenKind::Map(entries) => entries.iter().find(
                |entry| matches!(&entry.key.kind, WrittenKind::Literal(Value::String(name)) if name == key),
            ),
            _ => None,
        }
    }
}

impl Default for Written {
    fn default() -> Self {
        Written::nothing(Span::default())
    }
}

impl WrittenEntry {
    /// The key, if it is known, and whether it is a secret.
    fn name(&self, evaluator: &Evaluator<'_>, errors: &mut Diagnostics) -> (Option<Cow<'_, str>>, bool) {
        if let WrittenKind::Literal(Value::String(name)) = &self.key.kind {
            return (Some(Cow::Borrowed(name)), false);
        }
        let (key, secret) = self.key.evaluate(evaluator, errors).into_bare();
        match (crate::expression::text(&key), &key) {
            (Some(text), _) => (Some(Cow::Owned(text.into_owned())), secret),
            (None, Value::Unknown(_)) => (None, secret),
            (None, Value::Null) => (Some(Cow::Borrowed("")), secret),
            (None, other) => {
                errors.push(
                    Diagnostic::error(format!("a key must be a string, not {}", other.kind()))
                        .at(self.key.span),
                );
                (None, secret)
            }
        }
    }
}

fn typed(scalar: &Scalar, ty: Option<&Type>) -> Value {
    match (scalar.value(), ty) {
        (Value::Null, _) => Value::Null,
        (_, Some(Type::String)) => Value::from(&*scalar.text),
        (value, _) => value,
    }
}

fn element(ty: &Type) -> Option<&Type> {
    match ty {
        Type::List(item) | Type::Set(item) => Some(item),
        Type::Block { .. } => Some(ty),
        _ => None,
    }
}

fn member<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    match ty {
        Type::Map(item) => Some(item),
        Type::Object(schema) | Type::Block { schema, .. } => schema.field(name).map(|field| &field.ty),
        _ => None,
    }
}
