use super::ast::{Expr, ExprKind, Part as TemplatePart, Step, StepKind};
use std::ops::Range;

/// A name that an expression uses from outside itself, with the steps behind it.
#[derive(Debug)]
pub(crate) struct Mention<'e> {
    pub(crate) name: &'e str,
    pub(crate) path: Vec<Part<'e>>,
    pub(crate) range: Range<usize>,
}

/// One step of a mention.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'e> {
    /// `.name`
    Attribute(&'e str, &'e Range<usize>),
    /// `["name"]`, written out
    Key(&'e str, &'e Range<usize>),
    /// `[0]`, written out
    Position,
    /// `[each.key]` and other computed keys; whether the variable of a `for` is in it.
    Computed { key: &'e Expr, bound: bool },
    /// `[*]`
    Splat,
}

/// Every name the expression uses, in the order they are written; variables of its own `for`s are left out.
pub(crate) fn mentions(expr: &Expr) -> Vec<Mention<'_>> {
    let mut walker = Walker { bound: Vec::new(), found: Vec::new() };
    walker.expr(expr);
    walker.found
}

struct Walker<'e> {
    bound: Vec<&'e str>,
    found: Vec<Mention<'e>>,
}

impl<'e> Walker<'e> {
    fn name(&mut self, name: &'e str, path: Vec<Part<'e>>, range: &Range<usize>) {
        if !self.bound.contains(&name) {
            self.found.push(Mention { name, path, range: range.clone() });
        }
    }

    fn expr(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Literal(_) => {}
            ExprKind::Name(name) => self.name(name, Vec::new(), &expr.range),
            ExprKind::Traversal(base, steps) => {
                if let ExprKind::Name(name) = &base.kind {
                    let path = self.path(steps);
                    self.name(name, path, &expr.range);
                } else {
                    self.expr(base);
                }
                self.indices(steps);
            }
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Object(items) => items.iter().for_each(|(key, item)| {
                self.expr(key);
                self.expr(item);
            }),
            ExprKind::Call(call) => call.arguments.iter().for_each(|argument| self.expr(argument)),
            ExprKind::Not(operand) | ExprKind::Negate(operand) => self.expr(operand),
            ExprKind::Binary(_, sides) => {
                self.expr(&sides.0);
                self.expr(&sides.1);
            }
            ExprKind::Conditional(branches) => {
                self.expr(&branches.0);
                self.expr(&branches.1);
                self.expr(&branches.2);
            }
            ExprKind::For(f) => {
                self.expr(&f.collection);
                self.with(f.key_name.as_deref(), &f.value_name, |walker| {
                    [&f.key, &f.condition].into_iter().flatten().for_each(|part| walker.expr(part));
                    walker.expr(&f.result);
                });
            }
        }
    }

    /// Looks inside a `for`, whose variables hide names of the same spelling.
    fn with(&mut self, key: Option<&'e str>, value: &'e str, inside: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        self.bound.extend(key);
        self.bound.push(value);
        inside(self);
        self.bound.truncate(before);
    }

    fn parts(&mut self, parts: &'e [TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Text(_) => {}
                TemplatePart::Expr(expr) => self.expr(expr),
                TemplatePart::If { condition, then, otherwise } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
                TemplatePart::For { key, value, collection, body } => {
                    self.expr(collection);
                    self.with(key.as_deref(), value, |walker| walker.parts(body));
                }
            }
        }
    }

    fn indices(&mut self, steps: &'e [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Attribute(_) => {}
                StepKind::Index(index) => self.expr(index),
                StepKind::Splat(inside) => self.indices(inside),
            }
        }
    }

    fn path(&self, steps: &'e [Step]) -> Vec<Part<'e>> {
        let mut path = Vec::with_capacity(steps.len());
        for step in steps {
            match &step.kind {
                StepKind::Attribute(name) => path.push(Part::Attribute(name, &step.range)),
                StepKind::Splat(inside) => {
                    path.push(Part::Splat);
                    path.extend(self.path(inside));
                }
                StepKind::Index(index) => path.push(match &index.kind {
                    ExprKind::Literal(value) => match value.as_str() {
                        Some(key) => Part::Key(key, &step.range),
                        None => Part::Position,
                    },
                    _ => Part::Computed { key: index, bound: self.uses_bound(index) },
                }),
            }
        }
        path
    }

    fn uses_bound(&self, expr: &Expr) -> bool {
        mentions(expr).iter().any(|mention| self.bound.contains(&mention.name))
    }
}
