use crate::expression::{Call, Evaluator, Fault, argument_range, number, text};
use std::borrow::Cow;
use wharf_core::{Map, Number, Value};

/// The arguments of one call, with conversions that say what is wrong with which.
pub(crate) struct Arguments<'v, 'a> {
    pub(crate) call: &'v Call,
    pub(crate) values: Vec<Cow<'v, Value>>,
    pub(crate) evaluator: &'v Evaluator<'a>,
}

impl Arguments<'_, '_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The argument at a position; null behind the last.
    pub(super) fn value(&self, position: usize) -> &Value {
        self.values.get(position).map_or(&Value::Null, |value| value)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().map(|value| &**value)
    }

    /// A copy of an argument.
    pub(super) fn owned(&self, position: usize) -> Result<Value, Fault> {
        self.evaluator.budget.spend_value(self.value(position))?;
        Ok(self.value(position).clone())
    }

    /// As text.
    pub(super) fn text(&self, position: usize) -> Result<Cow<'_, str>, Fault> {
        text(self.value(position)).ok_or_else(|| self.wrong(position, "a string"))
    }

    /// As a number.
    pub(super) fn number(&self, position: usize) -> Result<Number, Fault> {
        number(self.value(position)).ok_or_else(|| self.wrong(position, "a number"))
    }

    /// As a whole number.
    pub(super) fn integer(&self, position: usize) -> Result<i64, Fault> {
        self.number(position)?.as_i64().ok_or_else(|| self.wrong(position, "a whole number"))
    }

    /// As a list.
    pub(super) fn list(&self, position: usize) -> Result<&[Value], Fault> {
        self.value(position).as_list().ok_or_else(|| {
            let fault = self.wrong(position, "a list");
            match self.value(position) {
                Value::Map(_) => fault.help("`values(...)` makes a list of a mapping"),
                _ => fault,
            }
        })
    }

    /// As a list of texts.
    pub(super) fn texts(&self, position: usize) -> Result<Vec<Cow<'_, str>>, Fault> {
        self.list(position)?
            .iter()
            .map(|item| {
                text(item).ok_or_else(|| {
                    let fault = self.wrong(position, "a list of strings");
                    Fault { message: format!("{} with {} in it", fault.message, item.kind()), ..fault }
                })
            })
            .collect()
    }

    /// As a mapping.
    pub(super) fn map(&self, position: usize) -> Result<&Map, Fault> {
        self.value(position).as_map().ok_or_else(|| self.wrong(position, "a mapping"))
    }

    /// "argument 2 of `join` must be a list, not a number", at the argument.
    pub(super) fn wrong(&self, position: usize, expected: &str) -> Fault {
        let kind = self.value(position).kind();
        let name = self.call.function.name;
        let which =
            if self.len() == 1 { String::from("the argument") } else { format!("argument {}", position + 1) };
        self.fault(position, format!("{which} of `{name}` must be {expected}, not {kind}"))
    }

    /// A fault at an argument.
    pub(super) fn fault(&self, position: usize, message: impl Into<String>) -> Fault {
        let fault = Fault::new(message);
        match argument_range(&self.call.arguments, position) {
            Some(range) => fault.at(&range),
            None => fault,
        }
    }
}
