use wharf_core::{Number, Value};

/// Reads a plain scalar by YAML 1.2's core schema and nothing else: `no`, `on`, `1_000` and `12:30` are strings.
///
/// Unlike in the bare core schema, a leading zero keeps a number a string (`0123`, account ids).
pub(crate) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::from(text), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Number::Int);
    if let Some(hex) = text.strip_prefix("0x").filter(|digits| !digits.starts_with(['+', '-'])) {
        return radix(hex, 16);
    }
    if let Some(octal) = text.strip_prefix("0o").filter(|digits| !digits.starts_with(['+', '-'])) {
        return radix(octal, 8);
    }
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    if body.bytes().all(|b| b.is_ascii_digit()) {
        if body.len() > 1 && body.starts_with('0') {
            return None;
        }
        if let Ok(whole) = text.parse() {
            return Some(Number::Int(whole));
        }
    }
    let mantissa = body.split(['e', 'E']).next().unwrap_or_default();
    let looks_like_a_float = body.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b))
        && mantissa.bytes().any(|b| b.is_ascii_digit())
        && mantissa.matches('.').count() <= 1;
    let float: f64 = if looks_like_a_float { text.parse().ok()? } else { return None };
    float.is_finite().then_some(Number::Float(float))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_number() {
        for (text, number) in [("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0o17", 15)] {
            assert_eq!(resolve(text), Value::Number(Number::Int(number)), "{text}");
        }
        for (text, number) in [("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-2.5E-1", -0.25)] {
            assert_eq!(resolve(text), Value::Number(Number::Float(number)), "{text}");
        }
    }

    #[test]
    fn what_yaml_1_1_would_have_turned_into_something_else() {
        for text in
            ["no", "yes", "on", "off", "y", "0123", "1_000", "12:30", "0x", "1.2.3", "-", ".", "e3", "1e999"]
        {
            assert_eq!(resolve(text), Value::from(text));
        }
    }

    #[test]
    fn nothing_and_booleans() {
        assert_eq!(resolve("~"), Value::Null);
        assert_eq!(resolve(""), Value::Null);
        assert_eq!(resolve("True"), Value::Bool(true));
        assert_eq!(resolve("tRue"), Value::from("tRue"));
    }
}
