use crate::Segment;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

/// A mapping of names to values, in the order of the names.
pub type Map = BTreeMap<String, Value>;

/// A value of a stack file: what YAML and expressions give, before and after everything in it is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing; for a property, the same as leaving it out.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole or a fractional number.
    Number(Number),
    /// Text.
    String(String),
    /// A list; sets are lists whose schema says that order means nothing.
    List(Vec<Value>),
    /// A mapping or an object.
    Map(Map),
    /// Not known before an apply has made what it comes from.
    Unknown(Unknown),
    /// A value that may be sent to AWS and shown to nobody. Never directly inside another.
    Sensitive(Box<Value>),
}

/// A number; whole numbers stay exact.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// Whole.
    Int(i64),
    /// Fractional, or beyond `i64`. Never NaN or infinite.
    Float(f64),
}

/// Why a value is not known: the reference it waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown {
    /// `vpc.id`, as written in the stack file.
    pub of: String,
    /// For text made of several parts: the text, with `(known after apply)` where a part is missing.
    pub text: Option<String>,
}

impl Number {
    /// As a float; exact up to 2^53.
    #[expect(clippy::cast_precision_loss)]
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Number::Float(f) => f,
        }
    }

    /// As a whole number, if it is one.
    #[expect(clippy::cast_possible_truncation)]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Number::Int(i) => Some(i),
            Number::Float(f) if f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 => Some(f as i64),
            Number::Float(_) => None,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a == b,
            _ => self.as_f64().total_cmp(&other.as_f64()) == Ordering::Equal,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_i64() {
            Some(i) => write!(f, "{i}"),
            None => write!(f, "{}", self.as_f64()),
        }
    }
}

impl Unknown {
    /// An unknown that waits for `of`.
    pub fn new(of: impl Into<String>) -> Self {
        Unknown { of: of.into(), text: None }
    }
}

impl Value {
    /// A value that waits for `of`.
    pub fn unknown(of: impl Into<String>) -> Self {
        Value::Unknown(Unknown::new(of))
    }

    /// What kind of value it is, for messages: "a string".
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Unknown(_) => "a value not known yet",
            Value::Sensitive(inner) => inner.kind(),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.bare(), Value::Null)
    }

    /// The value without its own sensitive mark; marks further inside stay.
    pub fn bare(&self) -> &Value {
        match self {
            Value::Sensitive(inner) => inner,
            other => other,
        }
    }

    /// Like [`Value::bare`], and whether there was a mark.
    pub fn into_bare(self) -> (Value, bool) {
        match self {
            Value::Sensitive(inner) => (*inner, true),
            other => (other, false),
        }
    }

    /// Marks it sensitive, once.
    #[must_use]
    pub fn sensitive(self) -> Value {
        match self {
            marked @ Value::Sensitive(_) => marked,
            other => Value::Sensitive(Box::new(other.without_marks())),
        }
    }

    /// Without any sensitive mark, at any depth. For what is sent to AWS.
    #[must_use]
    pub fn without_marks(self) -> Value {
        match self {
            Value::Sensitive(inner) => inner.without_marks(),
            Value::List(list) => Value::List(list.into_iter().map(Value::without_marks).collect()),
            Value::Map(map) => Value::Map(map.into_iter().map(|(k, v)| (k, v.without_marks())).collect()),
            other => other,
        }
    }

    /// Whether it is so, or anything in it.
    pub fn any(&self, is: &dyn Fn(&Value) -> bool) -> bool {
        is(self)
            || match self {
                Value::Sensitive(inner) => inner.any(is),
                Value::List(list) => list.iter().any(|item| item.any(is)),
                Value::Map(map) => map.values().any(|item| item.any(is)),
                _ => false,
            }
    }

    /// Whether anything in it is sensitive.
    pub fn has_sensitive(&self) -> bool {
        self.any(&|value| matches!(value, Value::Sensitive(_)))
    }

    /// The first thing in it that is not known, if any.
    pub fn first_unknown(&self) -> Option<&Unknown> {
        match self {
            Value::Unknown(unknown) => Some(unknown),
            Value::List(list) => list.iter().find_map(Value::first_unknown),
            Value::Map(map) => map.values().find_map(Value::first_unknown),
            Value::Sensitive(inner) => inner.first_unknown(),
            _ => None,
        }
    }

    /// Whether all of it is known.
    pub fn is_known(&self) -> bool {
        self.first_unknown().is_none()
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self.bare() {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.bare() {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self.bare() {
            Value::Number(n) => n.as_i64(),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self.bare() {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self.bare() {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What lies at a path, if anything does.
    pub fn at(&self, path: &[Segment]) -> Option<&Value> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match (self.bare(), first) {
            (Value::Map(map), Segment::Key(key)) => map.get(key)?.at(rest),
            (Value::List(list), Segment::Index(index)) => list.get(*index)?.at(rest),
            _ => None,
        }
    }

    /// Like [`Value::at`], to change it. Does not look inside sensitive values.
    pub fn at_mut(&mut self, path: &[Segment]) -> Option<&mut Value> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match (self, first) {
            (Value::Map(map), Segment::Key(key)) => map.get_mut(key)?.at_mut(rest),
            (Value::List(list), Segment::Index(index)) => list.get_mut(*index)?.at_mut(rest),
            _ => None,
        }
    }

    /// As JSON, marks dropped. `None` if something in it is not known.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(n) => match n.as_i64() {
                Some(i) => i.into(),
                None => n.as_f64().into(),
            },
            Value::String(s) => s.as_str().into(),
            Value::List(list) => list.iter().map(Value::to_json).collect::<Option<Vec<_>>>()?.into(),
            Value::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(k, v)| Some((k.clone(), v.to_json()?)))
                    .collect::<Option<serde_json::Map<_, _>>>()?,
            ),
            Value::Unknown(_) => return None,
            Value::Sensitive(inner) => inner.to_json()?,
        })
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(i) => Value::Number(Number::Int(i)),
                None => Value::Number(Number::Float(n.as_f64().unwrap_or(0.0))),
            },
            serde_json::Value::String(s) => Value::String(s),
            serde_json::Value::Array(list) => Value::List(list.into_iter().map(Value::from).collect()),
            serde_json::Value::Object(map) => {
                Value::Map(map.into_iter().map(|(k, v)| (k, Value::from(v))).collect())
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Value::Number(Number::Int(i))
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Value::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

/// For people: JSON-like, with `(known after apply)` and `(sensitive value)` where they belong.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::String(s) => f.write_str(&serde_json::Value::from(s.as_str()).to_string()),
            Value::List(list) => {
                f.write_str("[")?;
                for (i, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Map(map) => {
                f.write_str("{")?;
                for (i, (key, item)) in map.iter().enumerate() {
                    let key = serde_json::Value::from(key.as_str());
                    write!(f, "{}{key}: {item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Value::Unknown(Unknown { text: Some(text), .. }) => {
                f.write_str(&serde_json::Value::from(text.as_str()).to_string())
            }
            Value::Unknown(_) => f.write_str("(known after apply)"),
            Value::Sensitive(_) => f.write_str("(sensitive value)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_back() {
        let json = serde_json::json!({"a": [1, 2.5, "x", null, true], "b": {"c": -3}});
        assert_eq!(Value::from(json.clone()).to_json(), Some(json));
    }

    #[test]
    fn unknown_is_found_at_any_depth_and_is_no_json() {
        let value = Value::List(vec![Value::Map(Map::from([("a".into(), Value::unknown("vpc.id"))]))]);
        assert_eq!(value.first_unknown().map(|u| u.of.as_str()), Some("vpc.id"));
        assert_eq!(value.to_json(), None);
    }

    #[test]
    fn sensitive_is_marked_once_and_never_shown() {
        let value = Value::List(vec![Value::from("s3cret").sensitive()]).sensitive().sensitive();
        assert_eq!(value, Value::Sensitive(Box::new(Value::List(vec![Value::from("s3cret")]))));
        assert!(!value.to_string().contains("s3cret"));
        assert!(value.has_sensitive());
    }

    #[test]
    fn whole_numbers_are_equal_whatever_their_form() {
        assert_eq!(Number::Int(3), Number::Float(3.0));
        assert_eq!(Number::Float(3.0).to_string(), "3");
    }
}
