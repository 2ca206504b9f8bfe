use super::Fault;
use std::cell::Cell;
use wharf_core::{Map, Value};

/// The longest text an expression may make.
pub(crate) const MAX_TEXT: usize = 16 << 20;
/// The deepest value an expression may make.
pub(crate) const MAX_VALUE_DEPTH: usize = 128;

/// The work one evaluation may do: values looked at and made. Small inputs can ask for huge results.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { left: Cell::new(5_000_000) }
    }
}

impl Budget {
    /// For what is kept while others are evaluated: all locals together.
    pub(crate) fn for_locals() -> Self {
        Budget { left: Cell::new(2_000_000) }
    }

    /// Pays for `amount` of work.
    pub(crate) fn spend(&self, amount: usize) -> Result<(), Fault> {
        match self.left.get().checked_sub(amount as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                Err(Fault::new("the expression makes too much").help("a stack file's values should be small"))
            }
        }
    }

    /// Pays for a value that was made; also bounds its depth.
    pub(crate) fn spend_value(&self, value: &Value) -> Result<(), Fault> {
        self.walk(value, 0)
    }

    fn walk(&self, value: &Value, depth: usize) -> Result<(), Fault> {
        if depth > MAX_VALUE_DEPTH {
            return Err(Fault::new(format!("the value is nested deeper than {MAX_VALUE_DEPTH} levels")));
        }
        self.spend(1)?;
        match value {
            Value::String(text) => self.spend(text.len() / 16),
            Value::List(list) => list.iter().try_for_each(|item| self.walk(item, depth + 1)),
            Value::Map(map) => self.walk_map(map, depth),
            Value::Sensitive(inner) => self.walk(inner, depth),
            Value::Unknown(unknown) => self.spend(unknown.text.as_ref().map_or(0, String::len) / 16),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn walk_map(&self, map: &Map, depth: usize) -> Result<(), Fault> {
        map.iter().try_for_each(|(key, item)| {
            self.spend(key.len() / 16)?;
            self.walk(item, depth + 1)
        })
    }
}

/// Refuses a text that is too long before it is made.
pub(crate) fn check_text(length: usize) -> Result<(), Fault> {
    if length > MAX_TEXT {
        return Err(Fault::new(format!("the text would be longer than {} MiB", MAX_TEXT >> 20)));
    }
    Ok(())
}
