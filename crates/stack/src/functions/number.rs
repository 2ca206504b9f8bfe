//! Functions on numbers.

use super::Arguments;
use crate::expression::{Fault, compare, normal, number};
use wharf_core::{Number, Value};

type Result<T = Value> = std::result::Result<T, Fault>;

pub(super) fn abs(arguments: &Arguments<'_, '_>) -> Result {
    Ok(Value::Number(match arguments.number(0)? {
        Number::Int(i) => Number::Int(i.checked_abs().ok_or_else(too_large)?),
        Number::Float(f) => Number::Float(f.abs()),
    }))
}

pub(super) fn ceil(arguments: &Arguments<'_, '_>) -> Result {
    rounded(arguments, f64::ceil)
}

pub(super) fn floor(arguments: &Arguments<'_, '_>) -> Result {
    rounded(arguments, f64::floor)
}

fn rounded(arguments: &Arguments<'_, '_>, round: fn(f64) -> f64) -> Result {
    Ok(Value::Number(match arguments.number(0)? {
        Number::Float(f) => normal(round(f)),
        whole @ Number::Int(_) => whole,
    }))
}

pub(super) fn signum(arguments: &Arguments<'_, '_>) -> Result {
    Ok(Value::from(match compare(arguments.number(0)?, Number::Int(0)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    }))
}

pub(super) fn max(arguments: &Arguments<'_, '_>) -> Result {
    best(arguments, std::cmp::Ordering::Greater)
}

pub(super) fn min(arguments: &Arguments<'_, '_>) -> Result {
    best(arguments, std::cmp::Ordering::Less)
}

fn best(arguments: &Arguments<'_, '_>, wins: std::cmp::Ordering) -> Result {
    let mut best = arguments.number(0)?;
    for position in 1..arguments.len() {
        let candidate = arguments.number(position)?;
        if compare(candidate, best) == wins {
            best = candidate;
        }
    }
    Ok(Value::Number(best))
}

pub(super) fn sum(arguments: &Arguments<'_, '_>) -> Result {
    let list = arguments.list(0)?;
    if list.is_empty() {
        return Err(arguments.fault(0, "`sum` needs at least one number"));
    }
    let mut total = Number::Int(0);
    for item in list {
        let item = number(item).ok_or_else(|| arguments.wrong(0, "a list of numbers"))?;
        total = match (total, item) {
            (Number::Int(a), Number::Int(b)) => Number::Int(a.checked_add(b).ok_or_else(too_large)?),
            (a, b) => finite(a.as_f64() + b.as_f64())?,
        };
    }
    Ok(Value::Number(total))
}

pub(super) fn pow(arguments: &Arguments<'_, '_>) -> Result {
    let (base, exponent) = (arguments.number(0)?, arguments.number(1)?);
    if let (Number::Int(base), Some(exponent)) = (base, exponent.as_i64().and_then(|e| u32::try_from(e).ok()))
        && let Some(whole) = base.checked_pow(exponent)
    {
        return Ok(Value::from(whole));
    }
    Ok(Value::Number(finite(base.as_f64().powf(exponent.as_f64()))?))
}

/// `parseint(text, base)`
pub(super) fn parseint(arguments: &Arguments<'_, '_>) -> Result {
    let (text, base) = (arguments.text(0)?, arguments.integer(1)?);
    let radix = u32::try_from(base)
        .ok()
        .filter(|radix| (2..=36).contains(radix))
        .ok_or_else(|| arguments.fault(1, "the base must be from 2 to 36"))?;
    i64::from_str_radix(&text, radix)
        .map(Value::from)
        .map_err(|_| arguments.fault(0, format!("`{text}` is no whole number in base {base}")))
}

/// `range(end)`, `range(start, end)`, `range(start, end, step)`; at most 1024 numbers, as in Terraform.
pub(super) fn range(arguments: &Arguments<'_, '_>) -> Result {
    let zero = Number::Int(0);
    let (start, end) = match arguments.len() {
        1 => (zero, arguments.number(0)?),
        _ => (arguments.number(0)?, arguments.number(1)?),
    };
    let down = compare(end, start).is_lt();
    let step = match arguments.len() {
        3 => arguments.number(2)?,
        _ => Number::Int(if down { -1 } else { 1 }),
    };
    if compare(step, zero).is_eq() {
        return Err(arguments.fault(2, "the step cannot be zero"));
    }
    if compare(start, end).is_ne() && compare(step, zero).is_lt() != down {
        return Err(arguments.fault(2, "the step goes away from the end"));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if down { compare(next, end).is_gt() } else { compare(next, end).is_lt() } {
        if numbers.len() >= 1024 {
            return Err(Fault::new("`range` makes at most 1024 numbers"));
        }
        numbers.push(Value::Number(next));
        next = match (next, step) {
            (Number::Int(a), Number::Int(b)) => Number::Int(a.checked_add(b).ok_or_else(too_large)?),
            (a, b) => finite(a.as_f64() + b.as_f64())?,
        };
    }
    Ok(Value::List(numbers))
}

fn finite(float: f64) -> Result<Number> {
    if float.is_finite() { Ok(normal(float)) } else { Err(too_large()) }
}

fn too_large() -> Fault {
    Fault::new("the number is too large")
}
