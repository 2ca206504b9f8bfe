use super::ast::{Call, Expr, ExprKind, For, Step, StepKind};
use super::{Fault, operators};
use crate::functions;
use hcl_edit::Span;
use hcl_edit::expr::{self as hcl, Expression, ObjectKey, TraversalOperator, UnaryOperator};
use std::ops::Range;
use wharf_core::{Number, Value};

/// Turns hcl-edit's syntax tree, made for editing, into ours, made for evaluating.
pub(super) struct Lowering<'t> {
    pub(super) text: &'t str,
}

impl<'t> Lowering<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lowering { text }
    }

    pub(super) fn expr(&self, expression: &Expression) -> Result<Expr, Fault> {
        let range = expression.span().unwrap_or(0..0);
        let kind = match expression {
            Expression::Null(_) => ExprKind::Literal(Value::Null),
            Expression::Bool(b) => ExprKind::Literal(Value::Bool(*b.value())),
            Expression::Number(n) => ExprKind::Literal(Value::Number(number(n.value()))),
            Expression::String(s) => ExprKind::Literal(Value::from(s.value().as_str())),
            Expression::Array(list) => {
                ExprKind::List(list.iter().map(|item| self.expr(item)).collect::<Result<_, _>>()?)
            }
            Expression::Object(object) => self.object(object)?,
            Expression::StringTemplate(template) => return self.template(template.iter(), range),
            Expression::HeredocTemplate(heredoc) => return self.template(heredoc.template.iter(), range),
            Expression::Parenthesis(inner) => return self.expr(inner.inner()),
            Expression::Variable(name) => ExprKind::Name(name.as_str().to_owned()),
            Expression::Conditional(c) => ExprKind::Conditional(Box::new((
                self.expr(&c.cond_expr)?,
                self.expr(&c.true_expr)?,
                self.expr(&c.false_expr)?,
            ))),
            Expression::FuncCall(call) => self.call(call, &range)?,
            Expression::Traversal(traversal) => {
                let steps: Vec<&hcl_edit::Decorated<TraversalOperator>> =
                    traversal.operators.iter().collect();
                ExprKind::Traversal(Box::new(self.expr(&traversal.expr)?), self.steps(&steps)?)
            }
            Expression::UnaryOp(unary) => {
                let operand = Box::new(self.expr(&unary.expr)?);
                match unary.operator.value() {
                    UnaryOperator::Not => ExprKind::Not(operand),
                    UnaryOperator::Neg => ExprKind::Negate(operand),
                }
            }
            Expression::BinaryOp(binary) => ExprKind::Binary(
                *binary.operator.value(),
                Box::new((self.expr(&binary.lhs_expr)?, self.expr(&binary.rhs_expr)?)),
            ),
            Expression::ForExpr(f) => self.for_expr(f)?,
        };
        Ok(Expr { range, kind })
    }

    fn object(&self, object: &hcl::Object) -> Result<ExprKind, Fault> {
        let mut items = Vec::with_capacity(object.len());
        for (key, value) in object {
            let key = match key {
                ObjectKey::Ident(word) => Expr {
                    range: word.span().unwrap_or(0..0),
                    kind: ExprKind::Literal(Value::from(word.as_str())),
                },
                ObjectKey::Expression(key) => self.expr(key)?,
            };
            items.push((key, self.expr(value.expr())?));
        }
        Ok(ExprKind::Object(items))
    }

    fn call(&self, call: &hcl::FuncCall, range: &Range<usize>) -> Result<ExprKind, Fault> {
        let name = call.name.name.as_str();
        let name_range = call.name.name.span().unwrap_or_else(|| range.clone());
        if call.name.is_namespaced() {
            return Err(Fault::new("functions have no namespace here")
                .at(&name_range)
                .help(format!("write `{name}(...)`")));
        }
        let function = functions::find(name).map_err(|fault| fault.at(&name_range))?;
        let arguments =
            call.args.iter().map(|argument| self.expr(argument)).collect::<Result<Vec<_>, _>>()?;
        let expands = call.args.expand_final();
        if !expands {
            function.check_count(arguments.len()).map_err(|fault| fault.at(range))?;
        }
        Ok(ExprKind::Call(Call { function, arguments, expands }))
    }

    fn for_expr(&self, f: &hcl::ForExpr) -> Result<ExprKind, Fault> {
        Ok(ExprKind::For(Box::new(For {
            key_name: f.intro.key_var.as_ref().map(|name| name.as_str().to_owned()),
            value_name: f.intro.value_var.as_str().to_owned(),
            collection: self.expr(&f.intro.collection_expr)?,
            key: f.key_expr.as_ref().map(|key| self.expr(key)).transpose()?,
            result: self.expr(&f.value_expr)?,
            groups: f.grouping,
            condition: f.cond.as_ref().map(|condition| self.expr(&condition.expr)).transpose()?,
        })))
    }

    /// `.*` takes the attributes behind it into every element, `[*]` takes everything.
    fn steps(&self, operators: &[&hcl_edit::Decorated<TraversalOperator>]) -> Result<Vec<Step>, Fault> {
        let mut steps = Vec::with_capacity(operators.len());
        let mut rest = operators;
        while let Some((operator, behind)) = rest.split_first() {
            rest = behind;
            let kind = match operator.value() {
                TraversalOperator::GetAttr(name) => StepKind::Attribute(name.as_str().to_owned()),
                TraversalOperator::Index(index) => StepKind::Index(self.expr(index)?),
                TraversalOperator::LegacyIndex(index) => {
                    let index = i64::try_from(*index.value()).unwrap_or(i64::MAX);
                    let literal = ExprKind::Literal(Value::from(index));
                    StepKind::Index(Expr { range: operator.span().unwrap_or(0..0), kind: literal })
                }
                TraversalOperator::FullSplat(_) => StepKind::Splat(self.steps(std::mem::take(&mut rest))?),
                TraversalOperator::AttrSplat(_) => {
                    let attributes = rest
                        .iter()
                        .take_while(|operator| matches!(operator.value(), TraversalOperator::GetAttr(_)))
                        .count();
                    let (inside, outside) = rest.split_at(attributes);
                    rest = outside;
                    StepKind::Splat(self.steps(inside)?)
                }
            };
            let start = operator.span().unwrap_or(0..0);
            steps.push(Step { range: start, kind });
        }
        Ok(steps)
    }
}

fn number(number: &hcl_edit::Number) -> Number {
    match number.as_i64() {
        Some(whole) => Number::Int(whole),
        None => operators::normal(number.as_f64().unwrap_or(0.0)),
    }
}
