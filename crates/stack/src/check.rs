use crate::expression::{boolean, number, text};
use crate::functions::parse_json;
use crate::yaml::describe;
use wharf_core::{Diagnostic, Field, Map, Schema, Segment, Type, Unknown, Value};

/// What stands for a value with errors, so that it is not missed as well.
const WRONG: &str = "a value with errors";

/// Brings values to the form a schema wants, and says everything that does not fit.
pub(crate) struct Checker<'c> {
    /// What the values belong to, for messages: `aws_vpc`.
    pub(crate) owner: &'c str,
    /// Whether what is left out of an object stands as null, as in variables.
    pub(crate) fills: bool,
    /// Turns a fault at a path into a diagnostic with a place.
    pub(crate) report: &'c mut dyn FnMut(&[Segment], Place, Diagnostic),
    path: Vec<Segment>,
    /// Whether the value at hand is a secret, which no message may show.
    secret: bool,
}

/// What of a path a diagnostic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value there.
    Value,
    /// The key before it.
    Key,
    /// Whatever should hold it.
    Owner,
}

impl<'c> Checker<'c> {
    pub(crate) fn new(
        owner: &'c str,
        fills: bool,
        report: &'c mut dyn FnMut(&[Segment], Place, Diagnostic),
    ) -> Self {
        Checker { owner, fills, report, path: Vec::new(), secret: false }
    }

    fn fault(&mut self, place: Place, diagnostic: Diagnostic) {
        (self.report)(&self.path, place, diagnostic);
    }

    /// The properties of a resource or block, or the fields of an object.
    pub(crate) fn fields(&mut self, map: Map, schema: &Schema) -> Map {
        let mut checked = Map::new();
        // a misspelt property is not missing as well
        let mut meant = Vec::new();
        for (name, value) in map {
            self.path.push(Segment::Key(name.clone()));
            match schema.field(&name).filter(|field| !field.computed) {
                Some(field) => {
                    let value = self.field(value, field);
                    if self.fills || !value.is_null() {
                        checked.insert(name, value);
                    }
                }
                None => {
                    meant.extend(wharf_core::suggest(
                        &name,
                        schema.properties().map(|field| field.name.as_str()),
                    ));
                    self.unknown_key(&name, schema);
                }
            }
            self.path.pop();
        }
        for field in schema.properties() {
            if checked.contains_key(&field.name) || meant.contains(&field.name.as_str()) {
                continue;
            }
            if field.required {
                let what = if self.path.is_empty() { "property" } else { "field" };
                let missing = Diagnostic::error(format!("missing {what} `{}`", field.name))
                    .label(format!("`{}` needs `{}`", self.owner_here(), field.name))
                    .help(format!("add `{}:` with {}", field.name, field.ty.describe()));
                self.fault(Place::Owner, missing);
            } else if self.fills {
                checked.insert(field.name.clone(), field.default.clone().unwrap_or_default());
            }
        }
        checked
    }

    /// The innermost name around here: the block's, or the type's.
    fn owner_here(&self) -> String {
        let inner = self.path.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        });
        inner.unwrap_or(self.owner).to_owned()
    }

    fn unknown_key(&mut self, name: &str, schema: &Schema) {
        let owner = self.owner.to_owned();
        let diagnostic = if schema.field(name).is_some() {
            Diagnostic::error(format!("`{name}` cannot be set"))
                .label("AWS sets this one")
                .help(format!("remove it; read it elsewhere as `${{<resource>.{name}}}`"))
        } else if schema.unsupported.iter().any(|other| other == name) {
            Diagnostic::error(format!("Terraform has `{name}` for `{owner}`, wharf does not"))
                .help("remove it, or ask for it in an issue")
        } else {
            let what = if self.path.len() > 1 { "field" } else { "property" };
            let place = self.path.iter().rev().skip(1).find_map(|segment| match segment {
                Segment::Key(key) => Some(key.clone()),
                Segment::Index(_) => None,
            });
            let of = place.map_or_else(|| format!("`{owner}`"), |place| format!("`{place}`"));
            let names: Vec<&str> = schema.properties().map(|field| field.name.as_str()).collect();
            let error = Diagnostic::error(format!("unknown {what} `{name}`"));
            match wharf_core::suggest(name, names.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if names.len() <= 30 => error.help(format!("{of} has: {}", names.join(", "))),
                None => error.help(format!("{of} has no such {what}")),
            }
        };
        self.fault(Place::Key, diagnostic);
    }

    fn field(&mut self, value: Value, field: &Field) -> Value {
        let value = self.value(value, &field.ty);
        let refused = value
            .as_str()
            .filter(|text| !field.allowed.is_empty() && !field.allowed.iter().any(|allowed| allowed == text));
        if let Some(text) = refused {
            let shown = if matches!(value, Value::Sensitive(_)) { "(sensitive value)" } else { text };
            let error = Diagnostic::error(format!("`{}` cannot be `{shown}`", field.name));
            let near = field
                .allowed
                .iter()
                .find(|allowed| allowed.eq_ignore_ascii_case(text))
                .map(String::as_str)
                .or_else(|| wharf_core::suggest(text, field.allowed.iter().map(String::as_str)));
            let error = match near {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            };
            let allowed = field.allowed.iter().map(|allowed| format!("`{allowed}`")).collect::<Vec<_>>();
            self.fault(Place::Value, error.help(format!("it is one of {}", allowed.join(", "))));
        }
        value
    }

    /// One value. Unknown stays unknown, null stays null, marks stay where they are.
    pub(crate) fn value(&mut self, value: Value, ty: &Type) -> Value {
        match (value, ty) {
            (value @ (Value::Null | Value::Unknown(Unknown { text: None, .. })), _) => value,
            // text in the making is text; what else it may become, only the whole text tells
            (Value::Unknown(unknown), Type::String | Type::Any) => Value::Unknown(unknown),
            (Value::Unknown(unknown), _) => Value::unknown(unknown.of),
            (Value::Sensitive(inner), ty) => {
                let outside = std::mem::replace(&mut self.secret, true);
                let value = self.value(*inner, ty).sensitive();
                self.secret = outside;
                value
            }
            (value, Type::Any) => value,
            (Value::List(list), Type::List(item) | Type::Set(item)) => self.items(list, item),
            (Value::List(list), Type::Block { max, .. }) => {
                if let Some(max) = max.filter(|max| list.len() > *max) {
                    let name = self.owner_here();
                    let times = if max == 1 { "once".to_owned() } else { format!("{max} times") };
                    self.fault(
                        Place::Value,
                        Diagnostic::error(format!("`{name}` may be there at most {times}")),
                    );
                }
                self.items(list, &one_of(ty))
            }
            (value @ Value::Map(_), Type::Block { .. }) => self.items(vec![value], &one_of(ty)),
            (Value::Map(map), Type::Object(schema)) => Value::Map(self.fields(map, schema)),
            (Value::Map(map), Type::Map(item)) => {
                let mut checked = Map::new();
                for (key, value) in map {
                    self.path.push(Segment::Key(key.clone()));
                    let value = self.value(value, item);
                    self.path.pop();
                    if self.fills || !value.is_null() {
                        checked.insert(key, value);
                    }
                }
                Value::Map(checked)
            }
            (value @ (Value::Map(_) | Value::List(_)), Type::Json) => value,
            (Value::String(json), Type::Json) => match parse_json(&json) {
                Ok(value) => value,
                Err(message) => {
                    let error =
                        Diagnostic::error(message).help("write the document as YAML, or as JSON text");
                    self.fault(Place::Value, error);
                    Value::unknown(WRONG)
                }
            },
            (value, ty) => match scalar(&value, ty) {
                Some(value) => value,
                None => {
                    self.mismatch(&value, ty);
                    Value::unknown(WRONG)
                }
            },
        }
    }

    fn items(&mut self, list: Vec<Value>, item: &Type) -> Value {
        let mut checked = Vec::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            self.path.push(Segment::Index(index));
            checked.push(self.value(value, item));
            self.path.pop();
        }
        Value::List(checked)
    }

    fn mismatch(&mut self, value: &Value, ty: &Type) {
        let found = if self.secret { value.kind().to_owned() } else { describe(value) };
        let mut error = Diagnostic::error(format!("expected {}, found {found}", ty.describe()));
        if let Some(help) = surprise(value, ty).filter(|_| !self.secret) {
            error = error.help(help);
        } else if matches!((value, ty), (Value::String(_) | Value::Number(_), Type::List(_) | Type::Set(_))) {
            error = error.help("write it as a list: `[...]`, or one `- ` per line");
        }
        self.fault(Place::Value, error);
    }
}

/// A block's type for each of its mappings.
fn one_of(ty: &Type) -> Type {
    match ty {
        Type::Block { schema, .. } => Type::Object(schema.clone()),
        other => other.clone(),
    }
}

/// Conversions between text, numbers and booleans, as Terraform makes them.
fn scalar(value: &Value, ty: &Type) -> Option<Value> {
    match ty {
        Type::String => text(value).map(|text| Value::String(text.into_owned())),
        Type::Bool => boolean(value).map(Value::Bool),
        Type::Number | Type::Integer if is_octal(value) => None,
        Type::Number => number(value).map(Value::Number),
        Type::Integer => number(value).and_then(wharf_core::Number::as_i64).map(Value::from),
        _ => None,
    }
}

/// `0123`: YAML 1.1 reads it as octal, people as decimal.
fn is_octal(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() > 1 && text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Help for what YAML 1.1 reads as something else.
fn surprise(value: &Value, ty: &Type) -> Option<String> {
    let written = value.as_str()?;
    match (ty, written) {
        (Type::Bool, "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y") => {
            Some(format!("YAML 1.2 reads `{written}` as text: write `true`"))
        }
        (Type::Bool, "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N") => {
            Some(format!("YAML 1.2 reads `{written}` as text: write `false`"))
        }
        (Type::Bool, "True" | "TRUE" | "False" | "FALSE") => {
            Some(format!("write `{}` without quotes", written.to_lowercase()))
        }
        (Type::Integer | Type::Number, _) if is_octal(value) => {
            let plain = written.trim_start_matches('0');
            let plain = if plain.is_empty() { "0" } else { plain };
            Some(format!("YAML 1.1 reads `{written}` as octal: write `{plain}`, or `0o{plain}` for octal"))
        }
        (Type::Integer | Type::Number, _)
            if written.contains(':') && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') =>
        {
            Some(format!("YAML 1.1 reads `{written}` as a number to the base 60: write the number itself"))
        }
        (Type::Integer | Type::Number, _)
            if written.contains('_') && written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') =>
        {
            Some(format!("write `{}`: YAML 1.2 has no `_` in numbers", written.replace('_', "")))
        }
        _ => None,
    }
}
