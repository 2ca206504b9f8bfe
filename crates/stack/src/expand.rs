use crate::check::{Checker, Place};
use crate::evaluation::Evaluation;
use crate::expanded::{Environment, Expanded, Group, Instance, NothingKnown};
use crate::expression::Budget;
use crate::files::Files;
use crate::graph::{Item, Uses};
use crate::inputs::Inputs;
use crate::references::is_set;
use crate::settings::{AwsSettings, StateSettings, aws_schema, s3_schema};
use crate::stack::{Resource, Stack};
use crate::written::Written;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wharf_core::{Address, Diagnostic, Diagnostics, Map, Schema, Segment, Value};

/// The most instances a stack may have.
const MAX_INSTANCES: usize = 100_000;
/// The most mistakes told about one resource: its instances often share them.
const MAX_ERRORS: usize = 20;

impl Stack {
    /// Binds variables, expands every `for_each` to instances, and evaluates everything once with all attributes
    /// unknown, so that bad expressions and wrong types are found together.
    ///
    /// # Errors
    /// Every mistake found, in the order of the file.
    pub fn expand(
        self: Arc<Self>,
        inputs: &Inputs,
        environment: &Environment,
        files: Arc<dyn Files + Send + Sync>,
    ) -> Result<Expanded, Diagnostics> {
        let mut errors = Diagnostics::default();
        let variables = inputs.bind(&self, &mut errors);
        let groups = self.resources.iter().map(|_| Group::default()).collect();
        let locals = self.locals.iter().map(|_| None).collect();
        let mut expanded = Expanded {
            environment: environment.clone(),
            files,
            variables,
            locals,
            slots: HashMap::new(),
            waiting: Vec::new(),
            instances: Vec::new(),
            groups,
            aws: AwsSettings::default(),
            state: StateSettings::default(),
            stack: self,
        };
        let stack = expanded.stack.clone();
        let waiting = stack.locals.iter().enumerate().filter(|(_, local)| local.uses.waits);
        expanded.slots = waiting.enumerate().map(|(slot, (local, _))| (local, slot)).collect();
        let kept = Budget::for_locals();
        for item in &stack.order {
            match item {
                Item::Local(local) => expand_local(&mut expanded, *local, &kept, &mut errors),
                Item::Resource(resource) => expand_resource(&mut expanded, *resource, &mut errors),
            }
        }
        put_in_order(&mut expanded);
        evaluate_all(&expanded, &mut errors);
        settle(&mut expanded, &mut errors);
        if errors.has_errors() { Err(errors.sorted()) } else { Ok(expanded) }
    }
}

/// A local that uses no resource has its value from now on.
fn expand_local(expanded: &mut Expanded, local: usize, kept: &Budget, errors: &mut Diagnostics) {
    let stack = expanded.stack.clone();
    let declared = &stack.locals[local];
    if !declared.uses.waits {
        let value =
            Evaluation::new(expanded, &NothingKnown).evaluate(&declared.value, &declared.uses, None, errors);
        expanded.locals[local] = Some(declared.keep(value, kept, errors));
    }
}

fn expand_resource(expanded: &mut Expanded, index: usize, errors: &mut Diagnostics) {
    let stack = expanded.stack.clone();
    let resource = &stack.resources[index];
    let Some(for_each) = &resource.for_each else {
        expanded.groups[index].single = Some(expanded.instances.len());
        let address = Address::single(&resource.name);
        expanded.instances.push(Instance { address, resource: index, each: None });
        return;
    };
    let mut found = Diagnostics::default();
    let value = Evaluation::new(expanded, &NothingKnown).evaluate(for_each, &resource.uses, None, &mut found);
    let failed = found.has_errors();
    errors.extend(found);
    let elements = match elements(&stack, resource, for_each, value) {
        Ok(elements) => elements,
        Err(error) => {
            if !failed {
                errors.push(error.at(for_each.span));
            }
            return;
        }
    };
    if expanded.instances.len() + elements.len() > MAX_INSTANCES {
        let error = Diagnostic::error(format!("the stack has more than {MAX_INSTANCES} instances"));
        return errors.push(error.at(for_each.span));
    }
    if elements.values().any(|value| !value.is_known()) {
        expanded.waiting.push(index);
    }
    let group = &mut expanded.groups[index];
    for (key, value) in elements {
        group.keyed.insert(key.clone(), expanded.instances.len());
        let address = Address::instance(&resource.name, key);
        expanded.instances.push(Instance { address, resource: index, each: Some(value) });
    }
}

/// The keys and values of a `for_each`.
fn elements(
    stack: &Stack,
    resource: &Resource,
    for_each: &Written,
    value: Value,
) -> Result<BTreeMap<String, Value>, Diagnostic> {
    let secret = || {
        Diagnostic::error("`for_each` cannot be sensitive")
            .label("its keys would be shown in every address")
            .help("use `nonsensitive(...)` if the keys are no secret, or a mapping with plain keys")
    };
    match value {
        Value::Map(map) => match map.keys().find(|key| key.is_empty()) {
            Some(_) => {
                Err(Diagnostic::error("a key of `for_each` is empty").help("every instance needs a name"))
            }
            None => Ok(map),
        },
        Value::List(_) if !is_set(stack, for_each) => {
            Err(Diagnostic::error("`for_each` takes a mapping or a set, not a list")
                .help("for a list of strings write `${toset(...)}`; each string is then a key"))
        }
        Value::List(list) => {
            let mut elements = BTreeMap::new();
            for item in list {
                match item {
                    Value::String(key) if !key.is_empty() => {
                        elements.insert(key.clone(), Value::String(key));
                    }
                    Value::Unknown(unknown) => return Err(not_known(&unknown.of, resource)),
                    Value::Sensitive(_) => return Err(secret()),
                    other => {
                        return Err(Diagnostic::error(format!(
                            "a set for `for_each` holds strings that are not empty, not {}",
                            other.kind()
                        )));
                    }
                }
            }
            Ok(elements)
        }
        Value::Sensitive(_) => Err(secret()),
        Value::Unknown(unknown) => Err(not_known(&unknown.of, resource)),
        Value::Null => Err(Diagnostic::error("`for_each` is null").help("write `{}` for no instances")),
        other => Err(Diagnostic::error(format!("`for_each` takes a mapping or a set, not {}", other.kind()))),
    }
}

fn not_known(of: &str, resource: &Resource) -> Diagnostic {
    Diagnostic::error(format!("the keys of `for_each` wait for `{of}`"))
        .label(format!("known only after an apply, but `{}` needs its instances now", resource.name))
        .help("use a mapping whose keys are written out; its values may wait for other resources")
}

/// File order, then key order.
fn put_in_order(expanded: &mut Expanded) {
    expanded.instances.sort_by(|a, b| (a.resource, &a.address.key).cmp(&(b.resource, &b.address.key)));
    for (place, instance) in expanded.instances.iter().enumerate() {
        let group = &mut expanded.groups[instance.resource];
        match &instance.address.key {
            None => group.single = Some(place),
            Some(key) => {
                group.keyed.insert(key.clone(), place);
            }
        }
    }
}

/// Evaluates every property and output with nothing known, for the mistakes.
fn evaluate_all(expanded: &Expanded, errors: &mut Diagnostics) {
    let evaluation = Evaluation::new(expanded, &NothingKnown);
    let mut told = vec![Vec::new(); expanded.stack.resources.len()];
    for instance in &expanded.instances {
        let told: &mut Vec<(Option<wharf_core::Span>, String)> = &mut told[instance.resource];
        if told.len() >= MAX_ERRORS {
            continue;
        }
        for error in evaluation.properties(instance).err().into_iter().flatten() {
            let same = (error.span, error.message.clone());
            if !told.contains(&same) {
                told.push(same);
                errors.push(error);
            }
        }
    }
    errors.extend(evaluation.outputs().err().into_iter().flatten());
    // locals nobody uses may be wrong too
    for local in &expanded.stack.locals {
        if local.uses.waits {
            evaluation.evaluate(&local.value, &local.uses, None, errors);
        }
    }
}

/// Evaluates the settings.
fn settle(expanded: &mut Expanded, errors: &mut Diagnostics) {
    let stack = expanded.stack.clone();
    let aws = settings(expanded, &stack.aws.value, &stack.aws.uses, &aws_schema(), errors);
    let state =
        stack.state.s3.as_ref().map(|s3| settings(expanded, s3, &stack.state.uses, &s3_schema(), errors));
    expanded.aws = AwsSettings::from_values(&aws);
    expanded.state = state.as_ref().map(StateSettings::s3_from_values).unwrap_or_default();
}

fn settings(
    expanded: &Expanded,
    written: &Written,
    uses: &Uses,
    schema: &Schema,
    errors: &mut Diagnostics,
) -> Map {
    let value = Evaluation::new(expanded, &NothingKnown).evaluate(written, uses, None, errors);
    if let Some(unknown) = value.first_unknown().filter(|_| !errors.has_errors()) {
        errors.push(
            Diagnostic::error(format!("this setting waits for `{}`", unknown.of))
                .at(written.span)
                .help("settings are needed before anything else: use a variable"),
        );
    }
    let mut report = |path: &[Segment], place: Place, error: Diagnostic| {
        errors.push(error.at(if place == Place::Key {
            written.key_span_of(path)
        } else {
            written.span_of(path)
        }));
    };
    match value.without_marks() {
        Value::Map(map) => Checker::new("settings", false, &mut report).fields(map, schema),
        _ => Map::new(),
    }
}
