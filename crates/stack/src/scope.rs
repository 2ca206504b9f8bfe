use crate::evaluation::Evaluation;
use crate::expanded::{Expanded, Group};
use crate::expression::{Fault, Index, Scope};
use crate::functions::encode_json;
use std::borrow::Cow;
use wharf_core::{Address, Map, Type, Unknown, Value};

/// `each` of an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Each<'i> {
    pub(crate) key: &'i str,
    pub(crate) value: &'i Value,
}

/// The names of a stack, seen from one of its instances or from none.
pub(crate) struct StackScope<'a> {
    pub(crate) evaluation: &'a Evaluation<'a>,
    pub(crate) each: Option<Each<'a>>,
}

type Resolved<'s> = (Cow<'s, Value>, usize);

impl Scope for StackScope<'_> {
    fn resolve<'s>(&'s self, name: &str, steps: &[Index<'_>]) -> Result<Resolved<'s>, Fault> {
        let expanded = self.expanded();
        let member = || {
            steps
                .first()
                .and_then(Index::name)
                .ok_or_else(|| Fault::new(format!("`{name}` alone is no value")))
        };
        let known = |text: &Option<String>, of: &str| match text {
            Some(text) => Value::from(text.as_str()),
            None => Value::unknown(of),
        };
        let value = match name {
            "var" => {
                let name = member()?;
                Cow::Borrowed(expanded.variables.get(name).ok_or_else(|| no(&format!("var.{name}")))?)
            }
            "local" => {
                let name = member()?;
                let local =
                    expanded.stack.names.locals.get(name).ok_or_else(|| no(&format!("local.{name}")))?;
                match self.evaluation.local(*local) {
                    Some(value) => Cow::Borrowed(value),
                    None => Cow::Owned(Value::unknown(format!("local.{name}"))),
                }
            }
            "each" => {
                let each = self.each.ok_or_else(|| no("each"))?;
                match member()? {
                    "key" => Cow::Owned(Value::from(each.key)),
                    _ => Cow::Borrowed(each.value),
                }
            }
            "aws" => {
                let environment = &expanded.environment;
                Cow::Owned(match member()? {
                    "region" => known(&environment.region, "aws.region"),
                    "account_id" => known(&environment.account_id, "aws.account_id"),
                    _ => known(&environment.partition, "aws.partition"),
                })
            }
            "stack" => Cow::Owned(Value::from(expanded.stack.name.as_str())),
            "path" => Cow::Owned(Value::from(".")),
            resource => {
                let index = expanded.stack.names.resources.get(resource).ok_or_else(|| no(resource))?;
                return self.resource(*index, steps);
            }
        };
        Ok((value, 1))
    }
}

fn no(name: &str) -> Fault {
    Fault::new(format!("unknown name `{name}`"))
}

impl<'a> StackScope<'a> {
    fn expanded(&self) -> &'a Expanded {
        self.evaluation.expanded
    }

    /// `vpc`, `vpc.id`, `subnet`, `subnet["a"]` or `subnet["a"].id`: never more than is asked for.
    fn resource(&self, resource: usize, steps: &[Index<'_>]) -> Result<Resolved<'a>, Fault> {
        let Some(group) = self.expanded().groups.get(resource) else { return Err(no("resource")) };
        if let Some(place) = group.single {
            return Ok(self.instance(place, steps));
        }
        let Some((key, rest)) = steps.split_first() else {
            let all = group.keyed.iter().map(|(key, place)| (key.clone(), self.whole(*place)));
            return Ok((Cow::Owned(Value::Map(all.collect())), 0));
        };
        if let Index::Key(value) = key
            && let Value::Unknown(unknown) = value.bare()
        {
            return Ok((Cow::Owned(Value::unknown(&unknown.of)), 1));
        }
        let name = &self.expanded().stack.resources[resource].name;
        let text = match key {
            Index::Attribute(name) => Cow::Borrowed(*name),
            Index::Key(value) => crate::expression::text(value)
                .ok_or_else(|| Fault::new(format!("instances of `{name}` are named by strings")))?,
        };
        let Some(place) = group.keyed.get(&*text) else { return Err(no_instance(name, &text, group)) };
        let (value, taken) = self.instance(*place, rest);
        let secret = matches!(key, Index::Key(value) if matches!(&**value, Value::Sensitive(_)));
        Ok((if secret { Cow::Owned(value.into_owned().sensitive()) } else { value }, taken + 1))
    }

    fn instance(&self, place: usize, steps: &[Index<'_>]) -> Resolved<'a> {
        match steps.first().and_then(Index::name) {
            Some(name) => (self.attribute(place, name), 1),
            None => (Cow::Owned(self.whole(place)), 0),
        }
    }

    /// One attribute of one instance.
    fn attribute(&self, place: usize, name: &str) -> Cow<'a, Value> {
        let expanded = self.expanded();
        let instance = &expanded.instances[place];
        let field = expanded.resource(instance).schema.field(name);
        let value = match self.evaluation.lookup.attributes(&instance.address) {
            None => Cow::Owned(Value::unknown(attribute_name(&instance.address, name))),
            Some(attributes) => match (attributes.get(name), field) {
                (Some(value), Some(field)) => as_read(value, &field.ty),
                (Some(value), None) => Cow::Borrowed(value),
                (None, _) => Cow::Owned(Value::Null),
            },
        };
        if field.is_some_and(|field| field.sensitive) && !value.is_null() {
            return Cow::Owned(value.into_owned().sensitive());
        }
        value
    }

    /// All attributes of one instance.
    fn whole(&self, place: usize) -> Value {
        let expanded = self.expanded();
        let schema = &expanded.resource(&expanded.instances[place]).schema;
        let fields = schema.fields.iter().map(|field| field.name.as_str());
        let id = schema.field("id").is_none().then_some("id");
        let attribute = |name: &str| (name.to_owned(), self.attribute(place, name).into_owned());
        Value::Map(fields.chain(id).map(attribute).collect::<Map>())
    }
}

fn attribute_name(address: &Address, attribute: &str) -> String {
    format!("{address}.{attribute}")
}

fn no_instance(name: &str, key: &str, group: &Group) -> Fault {
    let keys = group.keyed.keys().map(String::as_str);
    let fault = Fault::new(format!("`{name}` has no instance `{key}`"));
    match wharf_core::suggest(key, keys.clone()) {
        Some(near) => fault.help(format!("did you mean `{name}[\"{near}\"]`?")),
        None if group.keyed.is_empty() => fault.help("it has no instances at all"),
        None => {
            let some: Vec<&str> = keys.take(10).collect();
            fault.help(format!("it has: {}", some.join(", ")))
        }
    }
}

/// A value as expressions read it: JSON documents are text, as in Terraform.
fn as_read<'v>(value: &'v Value, ty: &Type) -> Cow<'v, Value> {
    if holds_json(ty) { Cow::Owned(with_json_as_text(value, ty)) } else { Cow::Borrowed(value) }
}

fn holds_json(ty: &Type) -> bool {
    match ty {
        Type::Json => true,
        Type::List(item) | Type::Set(item) | Type::Map(item) => holds_json(item),
        Type::Object(schema) | Type::Block { schema, .. } => {
            schema.fields.iter().any(|field| holds_json(&field.ty))
        }
        _ => false,
    }
}

fn with_json_as_text(value: &Value, ty: &Type) -> Value {
    match (value, ty) {
        (Value::Sensitive(inner), _) => with_json_as_text(inner, ty).sensitive(),
        (Value::Null | Value::Unknown(_), _) => value.clone(),
        (document, Type::Json) => json_text(document),
        (Value::List(list), Type::List(item) | Type::Set(item)) => {
            Value::List(list.iter().map(|value| with_json_as_text(value, item)).collect())
        }
        (Value::List(list), Type::Block { schema, .. }) => {
            let item = Type::Object(schema.clone());
            Value::List(list.iter().map(|value| with_json_as_text(value, &item)).collect())
        }
        (Value::Map(map), Type::Map(item)) => {
            Value::Map(map.iter().map(|(key, value)| (key.clone(), with_json_as_text(value, item))).collect())
        }
        (Value::Map(map), Type::Object(schema)) => Value::Map(
            map.iter()
                .map(|(key, value)| {
                    let value = match schema.field(key) {
                        Some(field) => with_json_as_text(value, &field.ty),
                        None => value.clone(),
                    };
                    (key.clone(), value)
                })
                .collect(),
        ),
        _ => value.clone(),
    }
}

fn json_text(document: &Value) -> Value {
    // AWS may tell a document as text already
    if let Value::String(_) = document {
        return document.clone();
    }
    let text = encode_json(document).unwrap_or_default();
    let value = match document.first_unknown() {
        Some(unknown) => Value::Unknown(Unknown { of: unknown.of.clone(), text: Some(text) }),
        None => Value::String(text),
    };
    if document.has_sensitive() { value.sensitive() } else { value }
}
