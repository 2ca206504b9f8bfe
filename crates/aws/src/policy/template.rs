//! Fills templates of ARNs; see [`Scope`](wharf_provider::Scope) for their form.

use super::functions::{self, Roles};
use super::place::Place;
use wharf_core::{Map, Unknown, Value};

/// What stands in a text for a part that is not known.
const MISSING: &str = "(known after apply)";

/// What templates are filled with.
pub(super) struct Facts<'a> {
    pub(super) place: &'a Place,
    pub(super) roles: &'a Roles,
    pub(super) attributes: &'a Map,
}

/// A filled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) text: String,
    /// Whether a part of it is only known once the stack has made the object.
    pub(super) is_open: bool,
}

/// Everything a template stands for: several texts where a property has several values, none where one is absent that
/// may be.
pub(super) fn fill(template: &str, facts: &Facts<'_>) -> Vec<Filled> {
    let mut filled = vec![Filled { text: String::new(), is_open: false }];
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
        let values = values(placeholder, facts);
        let with = |head: &Filled| {
            values
                .iter()
                .map(|value| Filled {
                    text: format!("{}{before}{}", head.text, value.text),
                    is_open: head.is_open || value.is_open,
                })
                .collect::<Vec<_>>()
        };
        filled = filled.iter().flat_map(with).collect();
        rest = after;
    }
    for one in &mut filled {
        one.text.push_str(rest);
        if let Some((service, resource)) = short(template, &one.text) {
            one.text = facts.place.arn(service, resource);
        }
    }
    filled
}

/// The service and the resource of a template that is short for an ARN.
fn short<'t>(template: &str, text: &'t str) -> Option<(&'t str, &'t str)> {
    let (service, resource) = text.split_once(':')?;
    let is_service = service.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_service && service != "arn" && template.starts_with(service)).then_some((service, resource))
}

fn values(placeholder: &str, facts: &Facts<'_>) -> Vec<Filled> {
    let (name, function) = placeholder.split_once(':').unwrap_or((placeholder, ""));
    let (name, default) = match name.split_once('|') {
        Some((name, default)) => (name, Some(default)),
        None => (name, None),
    };
    let (name, may_be_absent) = match name.strip_suffix('?') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let filled = |text: &str, is_open: bool| Filled { text: text.to_owned(), is_open };
    match (name, function) {
        ("partition", _) => return vec![filled(&facts.place.partition, false)],
        ("region", _) => return vec![filled(&facts.place.region, false)],
        ("account", _) => return vec![filled(&facts.place.account, false)],
        (_, "roles" | "users") => {
            let kind = if function == "roles" { "role/" } else { "user/" };
            let document = facts.attributes.get(name).map(|document| functions::principals(document, kind));
            return document.into_iter().flatten().map(|arn| filled(&arn, false)).collect();
        }
        _ => {}
    }
    let mut found = texts(facts.attributes, name);
    if found.is_empty() {
        let prefix = texts(facts.attributes, &format!("{name}_prefix")).into_iter().next();
        found = match (prefix, default) {
            (Some(prefix), _) => vec![Filled { text: format!("{}*", prefix.text), is_open: true }],
            (None, Some(default)) => vec![filled(default, default.contains('*'))],
            (None, None) if may_be_absent => Vec::new(),
            (None, None) => vec![filled("*", name == "id")],
        };
    }
    let applied = found.into_iter().flat_map(|value| {
        let texts = functions::apply(function, &value.text, facts.place, facts.roles);
        texts.into_iter().map(move |text| Filled { text, is_open: value.is_open })
    });
    applied.collect()
}

/// The texts at a path. What is not known is `*`, and so is what is secret: a policy shows none of it.
fn texts(attributes: &Map, path: &str) -> Vec<Filled> {
    let mut names = path.split('.');
    let first = names.next().and_then(|name| attributes.get(name));
    let mut values: Vec<&Value> = first.into_iter().flat_map(items).collect();
    for name in names {
        let inside = values.into_iter().filter_map(|value| match value {
            Value::Map(map) => map.get(name),
            Value::Unknown(_) | Value::Sensitive(_) => Some(value),
            _ => None,
        });
        values = inside.flat_map(items).collect();
    }
    let text = |value: &Value| match value {
        Value::Unknown(Unknown { text: Some(text), .. }) => {
            Some(Filled { text: text.replace(MISSING, "*"), is_open: true })
        }
        Value::Unknown(_) | Value::Sensitive(_) => Some(Filled { text: "*".to_owned(), is_open: true }),
        Value::String(text) if text.is_empty() => None,
        // An attribute that was told before AWS set it.
        Value::String(text) => Some(Filled { text: text.clone(), is_open: text.contains('*') }),
        Value::Number(number) => Some(Filled { text: number.to_string(), is_open: false }),
        _ => None,
    };
    values.into_iter().filter_map(text).collect()
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(list) => list.iter().flat_map(items).collect(),
        other => vec![other],
    }
}

/// Whether a property is set, and not false.
pub(super) fn is_set(attributes: &Map, property: &str) -> bool {
    match attributes.get(property).map(Value::bare) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::List(list)) => !list.is_empty(),
        Some(Value::Map(map)) => !map.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(template: &str, attributes: serde_json::Value) -> Vec<String> {
        let place = Place { partition: "aws".into(), region: "eu-1".into(), account: "1".into() };
        let Value::Map(mut attributes) = Value::from(attributes) else { return Vec::new() };
        attributes.insert("vpc_id".to_owned(), Value::unknown("vpc.id"));
        attributes.insert("secret".to_owned(), Value::from("hidden").sensitive());
        let facts = Facts { place: &place, roles: &Roles::new(), attributes: &attributes };
        fill(template, &facts)
            .into_iter()
            .map(|filled| format!("{}{}", filled.text, if filled.is_open { " open" } else { "" }))
            .collect()
    }

    #[test]
    fn placeholders() {
        for (template, expected) in [
            ("ec2:vpc/{vpc_id}", &["arn:aws:ec2:eu-1:1:vpc/* open"][..]),
            ("ec2:vpc/{id}", &["arn:aws:ec2:eu-1:1:vpc/* open"]),
            ("iam:role{path|/}{name}", &["arn:aws:iam::1:role/web"]),
            ("s3:{bucket|wharf-*}", &["arn:aws:s3:::app-* open"]),
            ("s3:{absent|wharf-*}/a", &["arn:aws:s3:::wharf-*/a open"]),
            ("s3:{absent?}", &[]),
            ("s3:{empty?}", &[]),
            ("s3:{absent}", &["arn:aws:s3:::*"]),
            ("s3:{secret}", &["arn:aws:s3:::* open"]),
            ("{stage.action.role_arn?}", &["a", "b"]),
            ("ecr.{region}.amazonaws.com", &["ecr.eu-1.amazonaws.com"]),
            ("{arn:listener}/*", &["arn:aws:e:eu-1:1:listener/app/x/*"]),
        ] {
            let attributes = json!({
                "name": "web", "bucket_prefix": "app-", "empty": "",
                "arn": "arn:aws:e:eu-1:1:loadbalancer/app/x",
                "stage": [{"action": [{"role_arn": "a"}, {}]}, {"action": [{"role_arn": "b"}]}],
            });
            assert_eq!(filled(template, attributes), expected, "{template}");
        }
    }
}
