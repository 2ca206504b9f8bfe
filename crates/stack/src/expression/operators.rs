use super::{Fault, equal};
use hcl_edit::expr::BinaryOperator;
use std::borrow::Cow;
use wharf_core::{Number, Value};

/// A value as text, converted as Terraform does; nothing for null, collections and unknowns.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
        Value::Sensitive(inner) => text(inner),
        _ => None,
    }
}

/// A value as a number, converted as Terraform does.
pub(crate) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(*number),
        Value::String(text) => parse_number(text),
        Value::Sensitive(inner) => number(inner),
        _ => None,
    }
}

/// A value as a boolean, converted as Terraform does.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        Value::Sensitive(inner) => boolean(inner),
        _ => None,
    }
}

fn parse_number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse() {
        return Some(Number::Int(whole));
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
        return None;
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite()).map(normal)
}

/// A whole float as an exact number.
pub(crate) fn normal(float: f64) -> Number {
    match Number::Float(float).as_i64() {
        Some(whole) => Number::Int(whole),
        None => Number::Float(float),
    }
}

/// `!value`
pub(super) fn not(value: &Value) -> Result<Value, Fault> {
    unary(value, |value| boolean(value).map(|b| Ok(Value::Bool(!b))), "`!` needs a boolean")
}

/// `-value`
pub(super) fn negate(value: &Value) -> Result<Value, Fault> {
    let negated = |value: &Value| {
        number(value).map(|number| match number {
            Number::Int(i) => i.checked_neg().map(Number::Int).ok_or_else(too_large),
            Number::Float(f) => Ok(Number::Float(-f)),
        })
    };
    unary(value, |value| negated(value).map(|number| number.map(Value::Number)), "`-` needs a number")
}

fn unary(
    value: &Value,
    apply: impl Fn(&Value) -> Option<Result<Value, Fault>>,
    needs: &str,
) -> Result<Value, Fault> {
    match value {
        Value::Sensitive(inner) => unary(inner, apply, needs).map(Value::sensitive),
        Value::Unknown(unknown) => Ok(Value::unknown(&unknown.of)),
        other => apply(other).unwrap_or_else(|| Err(Fault::new(format!("{needs}, not {}", other.kind())))),
    }
}

/// The result of `&&` or `||` where the left side alone decides: the right side is not looked at.
pub(super) fn decided(operator: BinaryOperator, left: &Value) -> Option<Value> {
    let decides = match operator {
        BinaryOperator::And => false,
        BinaryOperator::Or => true,
        _ => return None,
    };
    (boolean(left) == Some(decides)).then(|| {
        let value = Value::Bool(decides);
        if matches!(left, Value::Sensitive(_)) { value.sensitive() } else { value }
    })
}

/// `left operator right`
pub(super) fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, Fault> {
    use BinaryOperator::{And, Eq, NotEq, Or};
    let secret = match operator {
        Eq | NotEq => left.has_sensitive() || right.has_sensitive(),
        _ => matches!(left, Value::Sensitive(_)) || matches!(right, Value::Sensitive(_)),
    };
    let value = match operator {
        Eq | NotEq => match equal(left, right) {
            Ok(same) => Value::Bool(same == (operator == Eq)),
            Err(unknown) => Value::unknown(&unknown.of),
        },
        And | Or => logic(operator, left.bare(), right.bare())?,
        _ => arithmetic(operator, left.bare(), right.bare())?,
    };
    Ok(if secret { value.sensitive() } else { value })
}

/// One side that decides makes the other irrelevant, known or not.
fn logic(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, Fault> {
    let decides = operator == BinaryOperator::Or;
    for side in [left, right] {
        if boolean(side).is_none() && !matches!(side, Value::Unknown(_)) {
            return Err(Fault::new(format!("`{}` needs booleans, not {}", operator.as_str(), side.kind())));
        }
    }
    Ok(match (left, right) {
        (Value::Unknown(unknown), other) | (other, Value::Unknown(unknown)) => {
            if boolean(other) == Some(decides) { Value::Bool(decides) } else { Value::unknown(&unknown.of) }
        }
        _ => Value::Bool(if boolean(left) == Some(decides) { decides } else { boolean(right) == Some(true) }),
    })
}

fn arithmetic(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, Fault> {
    use BinaryOperator::{Greater, GreaterEq, Less, LessEq};
    for side in [left, right] {
        if number(side).is_none() && !matches!(side, Value::Unknown(_)) {
            let fault = Fault::new(format!("`{}` needs numbers, not {}", operator.as_str(), side.kind()));
            let adds_text = operator == BinaryOperator::Plus && matches!(side, Value::String(_));
            return Err(if adds_text { fault.help("to join text write `\"${a}${b}\"`") } else { fault });
        }
    }
    let (left, right) = match (left, right) {
        (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => {
            return Ok(Value::unknown(&unknown.of));
        }
        (left, right) => match (number(left), number(right)) {
            (Some(left), Some(right)) => (left, right),
            _ => return Ok(Value::Null),
        },
    };
    Ok(match operator {
        Less => Value::Bool(compare(left, right).is_lt()),
        LessEq => Value::Bool(compare(left, right).is_le()),
        Greater => Value::Bool(compare(left, right).is_gt()),
        GreaterEq => Value::Bool(compare(left, right).is_ge()),
        _ => Value::Number(calculate(operator, left, right)?),
    })
}

/// Orders numbers; exactly, where both are whole.
pub(crate) fn compare(left: Number, right: Number) -> std::cmp::Ordering {
    match (left, right) {
        (Number::Int(left), Number::Int(right)) => left.cmp(&right),
        _ => left.as_f64().total_cmp(&right.as_f64()),
    }
}

fn calculate(operator: BinaryOperator, left: Number, right: Number) -> Result<Number, Fault> {
    use BinaryOperator::{Div, Minus, Mod, Mul, Plus};
    if matches!(operator, Div | Mod) && right.as_f64() == 0.0 {
        return Err(Fault::new("division by zero"));
    }
    if let (Number::Int(a), Number::Int(b)) = (left, right) {
        let whole = match operator {
            Plus => Some(a.checked_add(b)),
            Minus => Some(a.checked_sub(b)),
            Mul => Some(a.checked_mul(b)),
            Mod => Some(a.checked_rem(b)),
            Div if a.checked_rem(b) == Some(0) => Some(a.checked_div(b)),
            _ => None,
        };
        if let Some(whole) = whole {
            return whole.map(Number::Int).ok_or_else(too_large);
        }
    }
    let (a, b) = (left.as_f64(), right.as_f64());
    let float = match operator {
        Plus => a + b,
        Minus => a - b,
        Mul => a * b,
        Mod => a % b,
        _ => a / b,
    };
    if float.is_finite() { Ok(normal(float)) } else { Err(too_large()) }
}

fn too_large() -> Fault {
    Fault::new("the number is too large")
}
