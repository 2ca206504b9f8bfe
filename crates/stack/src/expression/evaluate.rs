use super::ast::{Expr, ExprKind, For, Part, Step, StepKind};
use super::budget::{Budget, check_text};
use super::{Fault, Index, Scope, operators, traverse};
use crate::files::Files;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use wharf_core::{Map, Unknown, Value};

/// What stands in a text where a value is not known yet.
pub(crate) const NOT_KNOWN: &str = "(known after apply)";

/// Evaluates expressions in one scope.
#[derive(Clone, Copy)]
pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a dyn Scope,
    pub(crate) files: &'a dyn Files,
    pub(crate) budget: &'a Budget,
    /// How many template files it is inside of.
    pub(crate) templates: usize,
    /// Where to note that something unknown was met: for `try` and `can`.
    pub(crate) watch: Option<&'a OnceCell<Unknown>>,
}

/// The variables of the `for`s around an expression, innermost first.
#[derive(Clone, Copy)]
pub(super) struct Bindings<'b> {
    up: Option<&'b Bindings<'b>>,
    name: &'b str,
    value: &'b Value,
}

impl<'b> Bindings<'b> {
    fn find(bindings: Option<&'b Bindings<'b>>, name: &str) -> Option<&'b Value> {
        let mut next = bindings;
        while let Some(binding) = next {
            if binding.name == name {
                return Some(binding.value);
            }
            next = binding.up;
        }
        None
    }
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

/// Something, or the unknown it waits for.
type Known<T> = std::result::Result<T, Unknown>;

/// Keys and values, in order.
type Elements = Vec<(Value, Value)>;

impl<'a> Evaluator<'a> {
    pub(crate) fn new(scope: &'a dyn Scope, files: &'a dyn Files, budget: &'a Budget) -> Self {
        Evaluator { scope, files, budget, templates: 0, watch: None }
    }

    /// Notes the first unknown thing that is met.
    fn watched<'v>(&self, value: Cow<'v, Value>) -> Cow<'v, Value> {
        if let Some(watch) = self.watch
            && watch.get().is_none()
            && let Some(unknown) = value.first_unknown()
        {
            watch.get_or_init(|| unknown.clone());
        }
        value
    }

    /// The value of an expression.
    pub(crate) fn evaluate(&self, expr: &Expr) -> Result<Value> {
        let value = self.value(expr, None)?;
        self.budget.spend_value(&value)?;
        Ok(value.into_owned())
    }

    /// The value of an expression inside `for`s, borrowed where it can be.
    pub(super) fn value<'v>(
        &'v self,
        expr: &'v Expr,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Cow<'v, Value>> {
        self.budget.spend(1)?;
        let fault = |fault: Fault| fault.at(&expr.range);
        let value = match &expr.kind {
            ExprKind::Literal(value) => return Ok(Cow::Borrowed(value)),
            ExprKind::Name(name) => {
                let value = match Bindings::find(bindings, name) {
                    Some(value) => Cow::Borrowed(value),
                    None => self.scope.resolve(name, &[]).map_err(fault)?.0,
                };
                return Ok(self.watched(value));
            }
            ExprKind::Traversal(base, steps) => {
                let value = self.traversal(base, steps, bindings).map_err(fault)?;
                return Ok(self.watched(value));
            }
            ExprKind::Template(parts) => self.template(parts, bindings)?,
            ExprKind::List(items) => {
                Value::List(items.iter().map(|item| self.owned(item, bindings)).collect::<Result<Vec<_>>>()?)
            }
            ExprKind::Object(items) => self.object(items, bindings)?,
            ExprKind::Call(call) => return self.call(call, &expr.range, bindings),
            ExprKind::Not(operand) => operators::not(&*self.value(operand, bindings)?).map_err(fault)?,
            ExprKind::Negate(operand) => {
                operators::negate(&*self.value(operand, bindings)?).map_err(fault)?
            }
            ExprKind::Binary(operator, sides) => {
                let left = self.value(&sides.0, bindings)?;
                if let Some(decided) = operators::decided(*operator, &left) {
                    decided
                } else {
                    let right = self.value(&sides.1, bindings)?;
                    operators::binary(*operator, &left, &right).map_err(fault)?
                }
            }
            ExprKind::Conditional(branches) => {
                let (condition, then, otherwise) = &**branches;
                let (taken, secret) = self.condition(condition, bindings)?;
                match taken {
                    Ok(taken) => {
                        let value = self.value(if taken { then } else { otherwise }, bindings)?;
                        return Ok(mark(value, secret));
                    }
                    Err(unknown) => marked(Value::Unknown(unknown), secret),
                }
            }
            ExprKind::For(f) => self.for_expr(f, bindings).map_err(fault)?,
        };
        Ok(Cow::Owned(value))
    }

    /// Like [`Self::value`], for a place that keeps it.
    fn owned<'v>(&'v self, expr: &'v Expr, bindings: Option<&'v Bindings<'v>>) -> Result<Value> {
        let value = self.value(expr, bindings)?;
        self.keep(value)
    }

    /// Pays for the copy, if it is one.
    pub(super) fn keep(&self, value: Cow<'_, Value>) -> Result<Value> {
        if let Cow::Borrowed(value) = &value {
            self.budget.spend_value(value)?;
        }
        Ok(value.into_owned())
    }

    /// A condition: which way, or the unknown that decides; and whether the answer is a secret.
    fn condition<'v>(
        &'v self,
        expr: &'v Expr,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<(Known<bool>, bool)> {
        let value = self.value(expr, bindings)?;
        let secret = matches!(&*value, Value::Sensitive(_));
        match operators::boolean(value.bare()) {
            Some(answer) => Ok((Ok(answer), secret)),
            None => match value.bare() {
                Value::Unknown(unknown) => Ok((Err(Unknown::new(&unknown.of)), secret)),
                other => Err(Fault::new(format!("a condition must be true or false, not {}", other.kind()))
                    .at(&expr.range)),
            },
        }
    }

    fn object<'v>(&'v self, items: &'v [(Expr, Expr)], bindings: Option<&'v Bindings<'v>>) -> Result<Value> {
        let mut map = Map::new();
        let mut secret = false;
        for (key, item) in items {
            let name = match self.key(key, bindings)? {
                (Ok(name), marked) => {
                    secret |= marked;
                    name
                }
                (Err(unknown), marked) => return Ok(self::marked(Value::Unknown(unknown), secret | marked)),
            };
            map.insert(name, self.owned(item, bindings)?);
        }
        Ok(marked(Value::Map(map), secret))
    }

    /// The key of an object: its text, or the unknown it waits for; and whether it is a secret.
    fn key<'v>(
        &'v self,
        expr: &'v Expr,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<(Known<String>, bool)> {
        let value = self.value(expr, bindings)?;
        let secret = matches!(&*value, Value::Sensitive(_));
        match (operators::text(value.bare()), value.bare()) {
            (Some(text), _) => Ok((Ok(text.into_owned()), secret)),
            (None, Value::Unknown(unknown)) => Ok((Err(Unknown::new(&unknown.of)), secret)),
            (None, other) => {
                Err(Fault::new(format!("a key must be a string, not {}", other.kind())).at(&expr.range))
            }
        }
    }

    fn traversal<'v>(
        &'v self,
        base: &'v Expr,
        steps: &'v [Step],
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Cow<'v, Value>> {
        let ExprKind::Name(name) = &base.kind else {
            return self.walk(self.value(base, bindings)?, steps, bindings);
        };
        if let Some(value) = Bindings::find(bindings, name) {
            return self.walk(Cow::Borrowed(value), steps, bindings);
        }
        let mut indices = Vec::with_capacity(steps.len());
        for step in steps {
            indices.push(match &step.kind {
                StepKind::Attribute(name) => Index::Attribute(name),
                StepKind::Index(index) => Index::Key(self.value(index, bindings)?),
                StepKind::Splat(_) => break,
            });
        }
        let (mut value, taken) = self.scope.resolve(name, &indices)?;
        for (index, step) in indices.iter().zip(steps).skip(taken) {
            value = traverse::step(value, index).map_err(|fault| fault.at(&step.range))?;
        }
        self.walk(value, steps.get(indices.len()..).unwrap_or_default(), bindings)
    }

    /// Takes the steps into a value.
    fn walk<'v>(
        &'v self,
        value: Cow<'v, Value>,
        steps: &'v [Step],
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Cow<'v, Value>> {
        let mut value = value;
        for step in steps {
            let fault = |fault: Fault| fault.at(&step.range);
            value = match &step.kind {
                StepKind::Attribute(name) => traverse::step(value, &Index::Attribute(name)).map_err(fault)?,
                StepKind::Index(index) => {
                    let index = Index::Key(self.value(index, bindings)?);
                    traverse::step(value, &index).map_err(fault)?
                }
                StepKind::Splat(inside) => Cow::Owned(self.splat(&value, inside, bindings)?),
            };
        }
        Ok(value)
    }

    fn splat(&self, value: &Value, inside: &[Step], bindings: Option<&Bindings<'_>>) -> Result<Value> {
        match value {
            Value::Null => Ok(Value::List(Vec::new())),
            Value::Unknown(unknown) => Ok(Value::unknown(&unknown.of)),
            Value::Sensitive(inner) => Ok(self.splat(inner, inside, bindings)?.sensitive()),
            Value::List(list) => {
                let each = |item| self.keep(self.walk(Cow::Borrowed(item), inside, bindings)?);
                Ok(Value::List(list.iter().map(each).collect::<Result<_>>()?))
            }
            other => {
                Ok(Value::List(vec![self.keep(self.walk(Cow::Borrowed(other), inside, bindings)?)?]))
            }
        }
    }

    /// What a `for` goes through: keys and values; or the unknown it waits for.
    fn elements<'v>(
        &'v self,
        collection: &'v Expr,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<(Known<Elements>, bool)> {
        let value = self.value(collection, bindings)?;
        self.budget.spend_value(&value)?;
        let (value, secret) = value.into_owned().into_bare();
        let elements = match value {
            Value::Unknown(unknown) => Err(Unknown::new(unknown.of)),
            Value::List(list) => Ok((0i64..).zip(list).map(|(i, item)| (Value::from(i), item)).collect()),
            Value::Map(map) => Ok(map.into_iter().map(|(key, item)| (Value::String(key), item)).collect()),
            other => {
                return Err(Fault::new(format!(
                    "`for` goes through a list or a mapping, not {}",
                    other.kind()
                ))
                .at(&collection.range));
            }
        };
        Ok((elements, secret))
    }

    fn for_expr<'v>(&'v self, f: &'v For, bindings: Option<&'v Bindings<'v>>) -> Result<Value> {
        let (elements, mut secret) = self.elements(&f.collection, bindings)?;
        let elements = match elements {
            Ok(elements) => elements,
            Err(unknown) => return Ok(marked(Value::Unknown(unknown), secret)),
        };
        let mut list = Vec::new();
        let mut map: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (key, item) in &elements {
            let key_name = f.key_name.as_deref().unwrap_or("");
            let with_key = Bindings { up: bindings, name: key_name, value: key };
            let up = if f.key_name.is_some() { Some(&with_key) } else { bindings };
            let inner = Bindings { up, name: &f.value_name, value: item };
            if let Some(condition) = &f.condition {
                let (kept, marks) = self.condition(condition, Some(&inner))?;
                secret |= marks;
                match kept {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(unknown) => return Ok(marked(Value::Unknown(unknown), secret)),
                }
            }
            let result = self.owned(&f.result, Some(&inner))?;
            let Some(key) = &f.key else {
                list.push(result);
                continue;
            };
            let (name, marks) = self.key(key, Some(&inner))?;
            secret |= marks;
            let name = match name {
                Ok(name) => name,
                Err(unknown) => return Ok(marked(Value::Unknown(unknown), secret)),
            };
            let results = map.entry(name.clone()).or_default();
            if !f.groups && !results.is_empty() {
                return Err(Fault::new(format!("two elements have the key `{name}`"))
                    .at(&key.range)
                    .help("make the keys unique, or write `...` after the value to group them"));
            }
            results.push(result);
        }
        let value = if f.key.is_none() {
            Value::List(list)
        } else if f.groups {
            Value::Map(map.into_iter().map(|(key, results)| (key, Value::List(results))).collect())
        } else {
            Value::Map(map.into_iter().filter_map(|(key, mut results)| Some((key, results.pop()?))).collect())
        };
        Ok(marked(value, secret))
    }

    fn template<'v>(&'v self, parts: &'v [Part], bindings: Option<&'v Bindings<'v>>) -> Result<Value> {
        let mut text = Text::default();
        self.parts(parts, bindings, &mut text)?;
        let value = match text.unknown {
            Some(of) => Value::Unknown(Unknown { of, text: Some(text.content) }),
            None => Value::String(text.content),
        };
        Ok(marked(value, text.secret))
    }

    fn parts<'v>(
        &'v self,
        parts: &'v [Part],
        bindings: Option<&'v Bindings<'v>>,
        text: &mut Text,
    ) -> Result<()> {
        for part in parts {
            match part {
                Part::Text(literal) => text.push(literal)?,
                Part::Expr(expr) => {
                    let value = self.value(expr, bindings)?;
                    text.push_value(&value).map_err(|fault| fault.at(&expr.range))?;
                }
                Part::If { condition, then, otherwise } => match self.condition(condition, bindings)? {
                    (Ok(taken), secret) => {
                        text.secret |= secret;
                        self.parts(if taken { then } else { otherwise }, bindings, text)?;
                    }
                    (Err(unknown), secret) => text.push_unknown(&unknown, secret)?,
                },
                Part::For { key, value, collection, body } => match self.elements(collection, bindings)? {
                    (Ok(elements), secret) => {
                        text.secret |= secret;
                        for (index, item) in &elements {
                            let with_key =
                                Bindings { up: bindings, name: key.as_deref().unwrap_or(""), value: index };
                            let up = if key.is_some() { Some(&with_key) } else { bindings };
                            self.budget.spend(1)?;
                            self.parts(body, Some(&Bindings { up, name: value, value: item }), text)?;
                        }
                    }
                    (Err(unknown), secret) => text.push_unknown(&unknown, secret)?,
                },
            }
            self.budget.spend(1)?;
        }
        Ok(())
    }
}

/// The text of a template so far.
#[derive(Default)]
struct Text {
    content: String,
    /// What the first missing part waits for.
    unknown: Option<String>,
    secret: bool,
}

impl Text {
    fn push(&mut self, text: &str) -> Result<()> {
        check_text(self.content.len() + text.len())?;
        self.content.push_str(text);
        Ok(())
    }

    fn push_unknown(&mut self, unknown: &Unknown, secret: bool) -> Result<()> {
        self.secret |= secret;
        self.unknown.get_or_insert_with(|| unknown.of.clone());
        self.push(unknown.text.as_deref().unwrap_or(NOT_KNOWN))
    }

    fn push_value(&mut self, value: &Value) -> Result<()> {
        self.secret |= matches!(value, Value::Sensitive(_));
        match (operators::text(value.bare()), value.bare()) {
            (Some(text), _) => self.push(&text),
            (None, Value::Unknown(unknown)) => self.push_unknown(unknown, false),
            (None, Value::Null) => Err(Fault::new("null cannot be put into text")
                .help("use `coalesce(value, \"\")` if it may be missing")),
            (None, other) => Err(Fault::new(format!("{} cannot be put into text", other.kind()))
                .help("use `join(\", \", list)` or `jsonencode(value)`")),
        }
    }
}

/// A value, marked sensitive if it is a secret.
pub(super) fn marked(value: Value, secret: bool) -> Value {
    if secret { value.sensitive() } else { value }
}

fn mark(value: Cow<'_, Value>, secret: bool) -> Cow<'_, Value> {
    if secret { Cow::Owned(value.into_owned().sensitive()) } else { value }
}
