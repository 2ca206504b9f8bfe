use crate::expression::Budget;
use crate::graph::{Item, Uses};
use crate::settings::{WrittenAws, WrittenState};
use crate::variables::Variable;
use crate::written::Written;
use std::collections::HashMap;
use std::sync::Arc;
use wharf_core::{Address, Diagnostic, Diagnostics, PropertyPath, Schema, Span, Value};

/// A stack file, read and validated as far as that needs no inputs. Made by [`crate::parse`].
#[derive(Debug, Default)]
pub struct Stack {
    /// `stack:`, the stack's name.
    pub name: String,
    /// `description:`
    pub description: Option<String>,
    /// `resources:`, in the order of the file.
    pub resources: Vec<Resource>,
    /// `moved:`
    pub moved: Vec<Moved>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) locals: Vec<Local>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) aws: WrittenAws,
    pub(crate) state: WrittenState,
    pub(crate) names: Names,
    /// Locals and resources, each after everything it uses.
    pub(crate) order: Vec<Item>,
}

impl Stack {
    /// Whether a variable of it is sensitive.
    pub fn has_secrets(&self) -> bool {
        self.variables.iter().any(|variable| variable.sensitive)
    }
}

/// One entry under `resources:`.
#[derive(Debug)]
pub struct Resource {
    /// Its key.
    pub name: String,
    /// `type:`, as in Terraform.
    pub type_name: String,
    /// What the type takes and has.
    pub schema: Arc<Schema>,
    /// `lifecycle:`
    pub lifecycle: Lifecycle,
    /// Where its key is.
    pub span: Span,
    pub(crate) properties: Written,
    pub(crate) for_each: Option<Written>,
    pub(crate) depends_on: Vec<DependsOn>,
    pub(crate) uses: Uses,
}

/// What `lifecycle:` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// A plan that would delete it is an error.
    pub prevent_destroy: bool,
    /// A replacement is created before the old object is deleted, or after it; unset, as the type has it.
    pub create_before_destroy: Option<bool>,
    /// What may differ without being a change.
    pub ignore_changes: IgnoreChanges,
    /// Removing it from the stack leaves it in AWS.
    pub retain: bool,
}

/// `lifecycle.ignore_changes`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IgnoreChanges {
    /// Every property.
    All,
    /// These and what is in them.
    Paths(Vec<PropertyPath>),
}

/// One entry of `moved:`: what was `from` in the state is `to` now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The old address.
    pub from: Address,
    /// The new one.
    pub to: Address,
    /// Where it is written.
    pub span: Span,
}

/// One entry of `depends_on:`.
#[derive(Debug)]
pub(crate) struct DependsOn {
    pub(crate) address: Address,
    pub(crate) span: Span,
}

/// One entry under `locals:`.
#[derive(Debug, Default)]
pub(crate) struct Local {
    pub(crate) name: String,
    pub(crate) value: Written,
    pub(crate) uses: Uses,
}

impl Local {
    /// Keeps a value, unless the locals together have become too large.
    pub(crate) fn keep(&self, value: Value, kept: &Budget, errors: &mut Diagnostics) -> Value {
        match kept.spend_value(&value) {
            Ok(()) => value,
            Err(_) => {
                errors.push(
                    Diagnostic::error("the locals together are too large")
                        .at(self.value.span)
                        .label(format!("`local.{}` is where it becomes too much", self.name)),
                );
                Value::unknown(format!("local.{}", self.name))
            }
        }
    }
}

/// One entry under `outputs:`.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) value: Written,
    pub(crate) uses: Uses,
}

/// Where things are in the lists of a stack, by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) resources: HashMap<String, usize>,
    pub(crate) locals: HashMap<String, usize>,
    pub(crate) variables: HashMap<String, usize>,
}

impl Names {
    /// The names of a stack.
    pub(crate) fn of(stack: &Stack) -> Self {
        fn index<'n>(names: impl Iterator<Item = &'n String>) -> HashMap<String, usize> {
            names.enumerate().map(|(i, name)| (name.clone(), i)).collect()
        }
        Names {
            resources: index(stack.resources.iter().map(|resource| &resource.name)),
            locals: index(stack.locals.iter().map(|local| &local.name)),
            variables: index(stack.variables.iter().map(|variable| &variable.name)),
        }
    }
}

impl Default for IgnoreChanges {
    fn default() -> Self {
        IgnoreChanges::Paths(Vec::new())
    }
}
