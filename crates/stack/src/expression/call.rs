use super::Fault;
use super::ast::{Call, Expr};
use super::evaluate::{Bindings, Evaluator, Result, marked};
use crate::functions::{Arguments, Body, Needs};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;
use wharf_core::{Unknown, Value};

impl Evaluator<'_> {
    pub(super) fn call<'v>(
        &'v self,
        call: &'v Call,
        range: &'v Range<usize>,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Cow<'v, Value>> {
        let (needs, run) = match call.function.body {
            Body::Try => return self.first_without_fault(call, range, bindings),
            Body::Can => {
                let tried = call.arguments.first().map(|argument| self.tried(argument, bindings));
                return Ok(Cow::Owned(match tried {
                    Some(Err(unknown)) => unknown,
                    Some(Ok(result)) => Value::Bool(result.is_ok()),
                    None => Value::Bool(false),
                }));
            }
            Body::Eager(needs, run) => (needs, run),
        };
        let Some(mut values) = self.arguments(call, bindings)? else {
            return Ok(Cow::Owned(Value::unknown(call.function.name)));
        };
        if call.expands {
            call.function.check_count(values.len()).map_err(|fault| fault.at(range))?;
        }
        let secret = reveal(&mut values, needs) && call.function.name != "nonsensitive";
        if let Some(unknown) = missing(&values, needs) {
            return Ok(Cow::Owned(marked(Value::unknown(&unknown.of), secret)));
        }
        let arguments = Arguments { call, values, evaluator: self };
        let value = run(&arguments).map_err(|fault| {
            // what a function says may quote its arguments
            let name = call.function.name;
            let fault =
                if secret { Fault::new(format!("`{name}` cannot take this sensitive value")) } else { fault };
            fault.at(range)
        })?;
        self.budget.spend_value(&value).map_err(|fault| fault.at(range))?;
        Ok(Cow::Owned(marked(value, secret)))
    }

    /// The arguments, `...` expanded; nothing if what is expanded is not known.
    fn arguments<'v>(
        &'v self,
        call: &'v Call,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Option<Vec<Cow<'v, Value>>>> {
        let mut values = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            values.push(self.value(argument, bindings)?);
        }
        if !call.expands {
            return Ok(Some(values));
        }
        let last = values.pop().map(Cow::into_owned).unwrap_or_default();
        let (list, secret) = last.into_bare();
        match list {
            Value::List(list) => {
                values.extend(list.into_iter().map(|item| Cow::Owned(marked(item, secret))));
                Ok(Some(values))
            }
            Value::Unknown(_) => Ok(None),
            other => {
                let range = call.arguments.last().map_or(0..0, |argument| argument.range.clone());
                Err(Fault::new(format!("`...` needs a list, not {}", other.kind())).at(&range))
            }
        }
    }

    /// `try`: the first argument that can be evaluated.
    fn first_without_fault<'v>(
        &'v self,
        call: &'v Call,
        range: &Range<usize>,
        bindings: Option<&'v Bindings<'v>>,
    ) -> Result<Cow<'v, Value>> {
        let mut why = String::new();
        for argument in &call.arguments {
            match self.tried(argument, bindings) {
                Ok(Ok(value)) => return Ok(Cow::Owned(value)),
                Ok(Err(fault)) => why = fault.message,
                Err(unknown) => return Ok(Cow::Owned(unknown)),
            }
        }
        let fault = Fault::new("no argument of `try` can be evaluated").at(range);
        Err(fault.help(format!("the last one: {why}")))
    }

    /// Evaluates what may fail. Where it meets something unknown nobody can say whether it will: as in Terraform,
    /// the result is unknown then, whatever it looks like now.
    fn tried(
        &self,
        argument: &Expr,
        bindings: Option<&Bindings<'_>>,
    ) -> std::result::Result<Result<Value>, Value> {
        let watch = OnceCell::new();
        let inner = Evaluator { watch: Some(&watch), ..*self };
        let result = inner.value(argument, bindings).and_then(|value| self.keep(value));
        match watch.into_inner() {
            Some(unknown) => {
                // who tries this one has met it too
                if let Some(outer) = self.watch {
                    outer.get_or_init(|| unknown.clone());
                }
                let secret = result.is_ok_and(|value| value.has_sensitive());
                Err(marked(Value::unknown(unknown.of), secret))
            }
            None => Ok(result),
        }
    }
}

/// Takes the marks off that the function need not see; whether there were any.
fn reveal(values: &mut [Cow<'_, Value>], needs: Needs) -> bool {
    let mut secret = false;
    for value in values {
        let hides = match needs {
            Needs::AllKnown => value.has_sensitive(),
            Needs::ShapeKnown | Needs::Nothing => matches!(&**value, Value::Sensitive(_)),
        };
        if hides {
            secret = true;
            *value = Cow::Owned(std::mem::take(value).into_owned().without_marks());
        }
    }
    secret
}

/// The unknown that keeps the function from being called, if any.
fn missing<'v>(values: &'v [Cow<'_, Value>], needs: Needs) -> Option<&'v Unknown> {
    values.iter().find_map(|value| match (needs, &**value) {
        (Needs::AllKnown, value) => value.first_unknown(),
        (Needs::ShapeKnown, Value::Unknown(unknown)) => Some(unknown),
        _ => None,
    })
}

/// The place of an argument; the call's last one for those that `...` made.
pub(crate) fn argument_range(arguments: &[Expr], position: usize) -> Option<Range<usize>> {
    arguments.get(position).or(arguments.last()).map(|argument| argument.range.clone())
}
