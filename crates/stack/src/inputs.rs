use crate::check::Place;
use crate::expression::{self, Budget, Evaluator, NoScope};
use crate::files::NoFiles;
use crate::functions::{parse_json, parse_yaml};
use crate::stack::Stack;
use crate::variables::Variable;
use crate::written::Written;
use crate::yaml::{self, Node};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use wharf_core::{Diagnostic, Diagnostics, Segment, SourceId, Sources, Type, Value};

/// The prefix of environment variables that set variables.
pub const ENVIRONMENT_PREFIX: &str = "WHARF_VAR_";

/// Values for variables, from outside the stack file.
///
/// `--var` wins over `--var-file`, a later file over an earlier one, both over the environment, that over what a saved plan
/// has kept, all over defaults.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// `--var name=value`, in their order; the last of a name wins.
    pub vars: Vec<(String, String)>,
    /// `--var-file`: YAML files, in their order.
    pub files: Vec<VarFile>,
    /// `WHARF_VAR_name` of the environment, with or without the prefix.
    pub environment: BTreeMap<String, String>,
    /// What a saved plan was made with, where that is no secret.
    pub kept: BTreeMap<String, Value>,
}

/// The text of a `--var-file`.
#[derive(Debug, Clone)]
pub struct VarFile {
    /// Its place among the sources, for diagnostics.
    pub source: SourceId,
    /// Its path, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl Inputs {
    /// Adds a file that [`Sources`] holds.
    #[must_use]
    pub fn with_file(mut self, sources: &Sources, source: SourceId) -> Self {
        self.files.push(VarFile {
            source,
            path: sources.path(source).map(std::path::Path::to_path_buf).unwrap_or_default(),
            text: sources.text(source).map(ToString::to_string).unwrap_or_default(),
        });
        self
    }

    /// Adds a `--var`.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Takes what is meant for variables from the process's environment.
    #[must_use]
    pub fn with_environment(mut self, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment
            .extend(environment.into_iter().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX)));
        self
    }

    /// The value of every variable of a stack; what has none is reported and stands as unknown.
    pub(crate) fn bind(&self, stack: &Stack, errors: &mut Diagnostics) -> HashMap<String, Value> {
        let mut values: HashMap<String, Value> = HashMap::new();
        for (name, value) in &self.kept {
            if let Some(variable) = variable(stack, name) {
                let mut report = |_: &[Segment], _: Place, error: Diagnostic| {
                    errors.push(error.at(variable.span).label("the value in the saved plan"));
                };
                values.insert(name.clone(), variable.convert(value.clone(), &mut report));
            }
        }
        for (name, text) in &self.environment {
            let name = name.strip_prefix(ENVIRONMENT_PREFIX).unwrap_or(name);
            if let Some(variable) = variable(stack, name) {
                let origin = format!("in the environment variable `{ENVIRONMENT_PREFIX}{name}`");
                values.insert(name.to_owned(), from_text(variable, text, &origin, errors));
            }
        }
        for file in &self.files {
            read_file(file, stack, &mut values, errors);
        }
        for (name, text) in &self.vars {
            match variable(stack, name) {
                Some(variable) => {
                    let origin = format!("in `--var {name}=...`");
                    values.insert(name.clone(), from_text(variable, text, &origin, errors));
                }
                None => errors.push(unknown(stack, name).help("it is given with `--var`")),
            }
        }
        for variable in &stack.variables {
            if values.contains_key(&variable.name) {
                continue;
            }
            let value = match &variable.default {
                Some(default) => variable.default_value(default, errors),
                None => {
                    errors.push(missing(variable));
                    Value::unknown(format!("var.{}", variable.name))
                }
            };
            values.insert(variable.name.clone(), value);
        }
        values
    }
}

fn variable<'s>(stack: &'s Stack, name: &str) -> Option<&'s Variable> {
    stack.variables.get(*stack.names.variables.get(name)?)
}

fn unknown(stack: &Stack, name: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("the stack has no variable `{name}`"));
    let names = stack.variables.iter().map(|variable| variable.name.as_str());
    let near = wharf_core::suggest(name, names);
    error.maybe_help(near.map(|near| format!("did you mean `{near}`?")))
}

fn missing(variable: &Variable) -> Diagnostic {
    let name = &variable.name;
    Diagnostic::error(format!("variable `{name}` has no value"))
        .at(variable.span)
        .label("it has no default")
        .help(format!("give `--var {name}=...`, or set {ENVIRONMENT_PREFIX}{name} in the environment"))
}

fn read_file(file: &VarFile, stack: &Stack, values: &mut HashMap<String, Value>, errors: &mut Diagnostics) {
    let root: Node = match yaml::parse_text(&file.text, file.source) {
        Ok(root) => root,
        Err(error) => return errors.push(error),
    };
    let Some(entries) = root.entries() else {
        if !root.is_null() {
            let found = root.describe();
            errors.push(
                Diagnostic::error(format!("a file of variables must be a mapping, not {found}"))
                    .at(root.span),
            );
        }
        return;
    };
    for entry in entries {
        let name = entry.key.text().unwrap_or_default();
        let Some(variable) = variable(stack, name) else {
            errors.push(unknown(stack, name).at(entry.key.used_at()));
            continue;
        };
        let mut report = |_: &[Segment], _: Place, error: Diagnostic| {
            errors.push(error.at(entry.value.used_at()).label(format!("the value of `{name}`")));
        };
        let data = Written::typed_data(&entry.value, Some(&variable.ty));
        values.insert(name.to_owned(), variable.convert(data, &mut report));
    }
}

/// A value given as text: taken as it is for a string; else an HCL expression, JSON or YAML.
fn from_text(variable: &Variable, text: &str, origin: &str, errors: &mut Diagnostics) -> Value {
    let value = match &variable.ty {
        Type::String => Value::from(text),
        _ => structured(text),
    };
    let mut report = |path: &[Segment], _: Place, error: Diagnostic| {
        let place = wharf_core::PropertyPath(path.to_vec());
        let message = if path.is_empty() {
            format!("variable `{}`: {}", variable.name, error.message)
        } else {
            format!("variable `{}`, at `{place}`: {}", variable.name, error.message)
        };
        errors.push(Diagnostic { message, ..error }.at(variable.span).label(origin));
    };
    variable.convert(value, &mut report)
}

/// A list or mapping; anything else stays the text it is, so that `0123` and `1.10` keep their form until their type
/// is known.
fn structured(text: &str) -> Value {
    let collection = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
    parse_json(text)
        .ok()
        .filter(collection)
        .or_else(|| {
            let budget = Budget::default();
            let parsed = expression::parse_expression(text).ok()?;
            let evaluator = Evaluator::new(&NoScope, &NoFiles, &budget);
            evaluator.evaluate(&parsed).ok().filter(collection)
        })
        .or_else(|| parse_yaml(text).ok().filter(collection))
        .unwrap_or_else(|| Value::from(text))
}
