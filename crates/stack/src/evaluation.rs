use crate::check::{Checker, Place};
use crate::expanded::{Expanded, Instance, Lookup};
use crate::expression::{self, Budget, Evaluator, Expr};
use crate::graph::Uses;
use crate::scope::{Each, StackScope};
use crate::sections::owner_span;
use crate::written::{Written, WrittenKind};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use wharf_core::{Diagnostic, Diagnostics, Map, Segment, Value};

/// Evaluates the parts of a stack against one state of the world.
pub struct Evaluation<'e> {
    pub(crate) expanded: &'e Expanded,
    pub(crate) lookup: &'e dyn Lookup,
    /// The locals that use resources, as far as they were needed.
    locals: Vec<OnceCell<Value>>,
    /// The values of `for_each`s that use resources, as far as they were needed.
    collections: HashMap<usize, OnceCell<Value>>,
    /// Mistakes in locals, for whoever needed them first.
    errors: RefCell<Diagnostics>,
    kept: Budget,
}

impl<'e> Evaluation<'e> {
    pub(crate) fn new(expanded: &'e Expanded, lookup: &'e dyn Lookup) -> Self {
        Evaluation {
            expanded,
            lookup,
            locals: vec![OnceCell::new(); expanded.slots.len()],
            collections: expanded.waiting.iter().map(|resource| (*resource, OnceCell::new())).collect(),
            errors: RefCell::default(),
            kept: Budget::for_locals(),
        }
    }

    /// See [`Expanded::properties`].
    ///
    /// # Errors
    /// Expressions that cannot be evaluated, and values that do not fit the schema.
    pub fn properties(&self, instance: &Instance) -> Result<Map, Diagnostics> {
        let resource = self.expanded.resource(instance);
        let each_value = self.each_value(instance);
        let each = each(instance, each_value.as_ref());
        let mut errors = Diagnostics::default();
        let value = self.evaluate(&resource.properties, &resource.uses, each, &mut errors);
        let written = &resource.properties;
        let mut report = |path: &[Segment], place: Place, error: Diagnostic| {
            errors.push(error.at(match place {
                Place::Value => written.span_of(path),
                Place::Key => written.key_span_of(path),
                Place::Owner if path.is_empty() => resource.span,
                Place::Owner => owner_span(written, path),
            }));
        };
        let mut checker = Checker::new(&resource.type_name, false, &mut report);
        let (value, secret) = value.into_bare();
        let properties = match value {
            Value::Map(map) => checker.fields(map, &resource.schema),
            Value::Null => checker.fields(Map::new(), &resource.schema),
            Value::Unknown(unknown) => {
                let of = unknown.of;
                report(
                    &[],
                    Place::Value,
                    Diagnostic::error(format!("the properties wait for `{of}`"))
                        .help("name the properties here; their values may wait for other resources"),
                );
                Map::new()
            }
            other => {
                let found = other.kind();
                report(
                    &[],
                    Place::Value,
                    Diagnostic::error(format!("the properties must be a mapping, not {found}")),
                );
                Map::new()
            }
        };
        if errors.has_errors() {
            return Err(about_instance(errors, instance).sorted());
        }
        Ok(properties
            .into_iter()
            .map(|(name, value)| {
                let hidden = secret || resource.schema.field(&name).is_some_and(|field| field.sensitive);
                (name, if hidden { value.sensitive() } else { value })
            })
            .collect())
    }

    /// See [`Expanded::outputs`].
    ///
    /// # Errors
    /// Expressions that cannot be evaluated.
    pub fn outputs(&self) -> Result<Vec<(String, Value)>, Diagnostics> {
        let mut errors = Diagnostics::default();
        let outputs = self
            .expanded
            .stack
            .outputs
            .iter()
            .map(|output| {
                (output.name.clone(), self.evaluate(&output.value, &output.uses, None, &mut errors))
            })
            .collect();
        if errors.has_errors() { Err(errors.sorted()) } else { Ok(outputs) }
    }

    /// Evaluates something of the stack file, after the locals it needs.
    pub(crate) fn evaluate(
        &self,
        written: &Written,
        uses: &Uses,
        each: Option<Each<'_>>,
        errors: &mut Diagnostics,
    ) -> Value {
        self.prepare(uses);
        errors.extend(self.errors.take());
        self.evaluate_only(written, each, errors)
    }

    fn evaluate_only(&self, written: &Written, each: Option<Each<'_>>, errors: &mut Diagnostics) -> Value {
        if let WrittenKind::Literal(value) = &written.kind {
            return value.clone();
        }
        let scope = StackScope { evaluation: self, each };
        let budget = Budget::default();
        let evaluator = Evaluator::new(&scope, &*self.expanded.files, &budget);
        written.evaluate(&evaluator, errors)
    }

    /// Evaluates the locals something needs that wait for resources, each after those it needs itself. Chains may be
    /// long, so there is no recursion.
    fn prepare(&self, uses: &Uses) {
        let mut path: Vec<(usize, bool)> = uses.locals().map(|local| (local, false)).collect();
        while let Some((local, ready)) = path.pop() {
            let Some(cell) = self.slot(local).filter(|cell| cell.get().is_none()) else { continue };
            let Some(declared) = self.expanded.stack.locals.get(local) else { continue };
            if !ready {
                path.push((local, true));
                path.extend(declared.uses.locals().map(|used| (used, false)));
                continue;
            }
            let mut errors = Diagnostics::default();
            let value = self.evaluate_only(&declared.value, None, &mut errors);
            let value = declared.keep(value, &self.kept, &mut errors);
            self.errors.borrow_mut().extend(errors);
            cell.get_or_init(|| value);
        }
    }

    fn slot(&self, local: usize) -> Option<&OnceCell<Value>> {
        self.locals.get(*self.expanded.slots.get(&local)?)
    }

    /// The value of a local.
    pub(crate) fn local(&self, local: usize) -> Option<&Value> {
        match self.expanded.locals.get(local)? {
            Some(value) => Some(value),
            None => self.slot(local)?.get(),
        }
    }

    /// `each.value`, if it must be looked up anew.
    pub(crate) fn each_value(&self, instance: &Instance) -> Option<Value> {
        let cell = self.collections.get(&instance.resource)?;
        let collection = cell.get_or_init(|| {
            let resource = self.expanded.resource(instance);
            let mut errors = Diagnostics::default();
            match &resource.for_each {
                Some(for_each) => self.evaluate(for_each, &resource.uses, None, &mut errors),
                None => Value::Null,
            }
        });
        let key = instance.address.key.as_ref()?;
        collection.as_map()?.get(key).cloned()
    }

    /// The value of a key that an instance computes, if it is known.
    pub(crate) fn key(&self, instance: &Instance, key: &Expr) -> Option<String> {
        let scope = StackScope { evaluation: self, each: each(instance, None) };
        let budget = Budget::default();
        let evaluator = Evaluator::new(&scope, &*self.expanded.files, &budget);
        expression::text(&evaluator.evaluate(key).ok()?).map(std::borrow::Cow::into_owned)
    }
}

/// `each` for an instance; `value` is `each.value` where the one from the expansion may be outdated.
fn each<'i>(instance: &'i Instance, value: Option<&'i Value>) -> Option<Each<'i>> {
    let key = instance.address.key.as_deref()?;
    let value = value.or(instance.each.as_ref())?;
    Some(Each { key, value })
}

/// Says which instance the mistakes are about, where there are several.
fn about_instance(errors: Diagnostics, instance: &Instance) -> Diagnostics {
    if instance.address.key.is_none() {
        return errors;
    }
    let mark = |mut error: Diagnostic| {
        error.label.get_or_insert_with(|| format!("for `{}`", instance.address));
        error
    };
    Diagnostics(errors.into_iter().map(mark).collect())
}
