use super::Fault;
use std::borrow::Cow;
use std::collections::BTreeMap;
use wharf_core::{Map, Value};

/// One evaluated step behind a name.
#[derive(Debug)]
pub(crate) enum Index<'k> {
    /// `.name`
    Attribute(&'k str),
    /// `[value]`
    Key(Cow<'k, Value>),
}

impl Index<'_> {
    /// The name it takes from a mapping, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Index::Attribute(name) => Some(name),
            Index::Key(value) => value.as_str(),
        }
    }
}

/// The names an expression may use.
pub(crate) trait Scope {
    /// What `name` stands for, and how many of the steps behind it were taken on the way: `var.a` takes one,
    /// `subnet["a"].id` two.
    fn resolve<'s>(&'s self, name: &str, steps: &[Index<'_>]) -> Result<(Cow<'s, Value>, usize), Fault>;
}

/// No names at all.
pub(crate) struct NoScope;

impl Scope for NoScope {
    fn resolve<'s>(&'s self, name: &str, _: &[Index<'_>]) -> Result<(Cow<'s, Value>, usize), Fault> {
        Err(Fault::new(format!("`{name}` cannot be used here"))
            .help("write the value itself; use `locals:` for values made of others"))
    }
}

/// The variables handed to a template file.
pub(crate) struct VariablesScope<'v>(pub(crate) &'v BTreeMap<String, Value>);

impl Scope for VariablesScope<'_> {
    fn resolve<'s>(&'s self, name: &str, _: &[Index<'_>]) -> Result<(Cow<'s, Value>, usize), Fault> {
        let variables: &Map = self.0;
        match variables.get(name) {
            Some(value) => Ok((Cow::Borrowed(value), 0)),
            None => Err(Fault::new(format!("the template uses `{name}`, which it is not given"))
                .suggest(name, variables.keys().map(String::as_str))
                .help(format!("add `{name} = ...` to the second argument of `templatefile`"))),
        }
    }
}
