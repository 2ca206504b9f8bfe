//! What a template may do with a value: `{cluster:last}`.

use super::place::Place;
use crate::arn;
use std::collections::BTreeMap;
use wharf_core::Value;

/// The ARNs of the stack's roles, by name.
pub(super) type Roles = BTreeMap<String, String>;

/// A value as a function makes it; `*` is a value that is not known.
pub(super) fn apply(function: &str, value: &str, place: &Place, roles: &Roles) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    let unknown = value == "*";
    match function {
        "last" => one(arn::last(value)),
        "key" => vec![key(value, place)],
        "role" => role(value, place, roles),
        "kind" => one(match value {
            "application" => "app",
            "network" => "net",
            "gateway" => "gwy",
            other => other,
        }),
        "bus" => match arn::last(value) {
            "default" => one(""),
            "*" => one("*"),
            bus => vec![format!("{bus}/")],
        },
        "balancer" if unknown => vec![place.arn("elasticloadbalancing", "loadbalancer/*")],
        "listener" if unknown => vec![place.arn("elasticloadbalancing", "listener/*")],
        "rule" if unknown => vec![place.arn("elasticloadbalancing", "listener-rule/*")],
        "listener" => vec![value.replace(":loadbalancer/", ":listener/")],
        "rule" => vec![value.replace(":listener/", ":listener-rule/")],
        _ => one(value),
    }
}

/// A key by ARN or id; by an alias, any: what an alias names is another one tomorrow.
fn key(value: &str, place: &Place) -> String {
    match arn::resource(value) {
        resource if resource.starts_with("key/") && value.starts_with("arn:") => value.to_owned(),
        resource if resource.starts_with("alias/") => place.arn("kms", "key/*"),
        id => place.arn("kms", &format!("key/{}", id.strip_prefix("key/").unwrap_or(id))),
    }
}

/// A role by ARN or name. The path of one that is not the stack's own is not known.
fn role(value: &str, place: &Place, roles: &Roles) -> Vec<String> {
    if value.starts_with("arn:") {
        return vec![value.to_owned()];
    }
    if let Some(arn) = roles.get(value) {
        return vec![arn.clone()];
    }
    if value == "*" {
        return vec![place.arn("iam", "role/*")];
    }
    ["role/", "role/*/"].map(|path| place.arn("iam", &format!("{path}{value}"))).to_vec()
}

/// The roles or users (`kind`: `role/`, `user/`) that are principals of a policy document, by ARN. None of a secret one.
pub(super) fn principals(document: &Value, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    if document.has_sensitive() {
        return found;
    }
    let statements = document.as_map().and_then(|document| document.get("Statement"));
    for statement in items(statements).filter_map(Value::as_map) {
        for element in ["Principal", "NotPrincipal"] {
            let principal = statement.get(element).and_then(Value::as_map);
            let texts = items(principal.and_then(|principal| principal.get("AWS"))).filter_map(Value::as_str);
            let wanted =
                texts.filter(|text| text.starts_with("arn:") && arn::resource(text).starts_with(kind));
            found.extend(wanted.map(str::to_owned));
        }
    }
    found
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_list);
    list.into_iter().flatten().chain(value.filter(|_| list.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions() {
        let place = Place { partition: "aws".into(), region: "eu-1".into(), account: "1".into() };
        let roles = Roles::from([("own".to_owned(), "arn:aws:iam::1:role/path/own".to_owned())]);
        for (function, value, expected) in [
            ("last", "arn:aws:ecs:eu-1:1:cluster/main", "main"),
            ("key", "12-ab", "arn:aws:kms:eu-1:1:key/12-ab"),
            ("key", "arn:aws:kms:eu-2:2:key/12-ab", "arn:aws:kms:eu-2:2:key/12-ab"),
            ("key", "alias/app", "arn:aws:kms:eu-1:1:key/*"),
            ("key", "*", "arn:aws:kms:eu-1:1:key/*"),
            ("role", "own", "arn:aws:iam::1:role/path/own"),
            ("role", "*", "arn:aws:iam::1:role/*"),
            ("kind", "network", "net"),
            ("bus", "default", ""),
            ("bus", "arn:aws:events:eu-1:1:event-bus/orders", "orders/"),
            ("balancer", "*", "arn:aws:elasticloadbalancing:eu-1:1:loadbalancer/*"),
            ("listener", "arn:e:loadbalancer/app/a/*", "arn:e:listener/app/a/*"),
            ("rule", "arn:e:listener/app/a/*/*", "arn:e:listener-rule/app/a/*/*"),
        ] {
            assert_eq!(apply(function, value, &place, &roles), [expected], "{function} {value}");
        }
        let elsewhere = apply("role", "other", &place, &roles);
        assert_eq!(elsewhere, ["arn:aws:iam::1:role/other", "arn:aws:iam::1:role/*/other"]);
    }

    #[test]
    fn principals_of_a_document() {
        let document = Value::from(serde_json::json!({"Statement": [
            {"Principal": {"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:user/b", "1"]}},
            {"Principal": {"AWS": "arn:aws:iam::1:role/c"}},
            {"Principal": "*"},
        ]}));
        assert_eq!(principals(&document, "role/"), ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/c"]);
        assert_eq!(principals(&document, "user/"), ["arn:aws:iam::1:user/b"]);
    }
}
