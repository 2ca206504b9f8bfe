//! Container definitions: one form for what people write and what ECS makes of it.
//!
//! ECS fills in defaults, empty lists and host ports, and people write definitions of any generation (capitals,
//! numbers as text). The form here has camel-case names, no defaults, and sorts what has no order.

use wharf_core::{Map, Value};

/// Maps whose keys the user chooses.
const FREE: [&str; 2] = ["options", "dockerLabels"];
/// What is off when it is not there.
const OFF: [&str; 6] = [
    "privileged",
    "readonlyRootFilesystem",
    "interactive",
    "pseudoTerminal",
    "disableNetworking",
    "readOnly",
];
/// What is a number, though templates often make text of it.
const NUMBERS: [&str; 13] = [
    "cpu",
    "memory",
    "memoryReservation",
    "containerPort",
    "hostPort",
    "startTimeout",
    "stopTimeout",
    "interval",
    "timeout",
    "retries",
    "startPeriod",
    "softLimit",
    "hardLimit",
];
/// What ECS fills in, by the property it is in.
const DEFAULTS: [(&str, &str, i64); 5] = [
    ("", "cpu", 0),
    ("healthCheck", "interval", 30),
    ("healthCheck", "timeout", 5),
    ("healthCheck", "retries", 3),
    ("healthCheck", "startPeriod", 0),
];

/// The canonical form of a list of container definitions; with `network_mode` awsvpc or host, host ports are the
/// container's own. What is not known yet stays where it is.
pub(crate) fn canonical(definitions: Value, network_mode: Option<&str>) -> Value {
    let own_ports = matches!(network_mode, Some("awsvpc" | "host"));
    match definitions {
        Value::Sensitive(inner) => canonical(*inner, network_mode).sensitive(),
        Value::List(list) => {
            let containers = list.into_iter().map(|container| clean(container, "", own_ports)).collect();
            Value::List(sorted(containers, "name"))
        }
        other => other,
    }
}

/// One value and all below it; `within` is the property that holds it.
fn clean(value: Value, within: &str, own_ports: bool) -> Value {
    match value {
        Value::Sensitive(inner) => clean(*inner, within, own_ports).sensitive(),
        Value::List(list) => {
            let list = list.into_iter().filter(|item| !item.is_null());
            let list: Vec<_> = list.map(|item| clean(item, within, own_ports)).collect();
            match within {
                "environment" | "secrets" => Value::List(sorted(list, "name")),
                "environmentFiles" => Value::List(sorted(list, "value")),
                _ => Value::List(list),
            }
        }
        Value::Map(map) if FREE.contains(&within) => {
            Value::Map(map.into_iter().map(|(key, value)| (key, text(value))).collect())
        }
        Value::Map(map) => {
            let mut cleaned = Map::new();
            for (key, value) in map {
                let key = lower_first(&key);
                let value = match key.as_str() {
                    "value" if within == "environment" => text(value),
                    name if NUMBERS.contains(&name) => number(value),
                    name => clean(value, name, own_ports),
                };
                if !is_empty(&value) && !is_default(&key, &value, within) {
                    cleaned.insert(key, value);
                }
            }
            if within == "portMappings" {
                drop_host_port(&mut cleaned, own_ports);
            }
            Value::Map(cleaned)
        }
        other => other,
    }
}

fn drop_host_port(mapping: &mut Map, own_ports: bool) {
    let host = mapping.get("hostPort").and_then(Value::as_i64);
    if host == Some(0)
        || own_ports && host.is_some() && mapping.get("hostPort") == mapping.get("containerPort")
    {
        mapping.remove("hostPort");
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn is_default(key: &str, value: &Value, within: &str) -> bool {
    match key {
        "essential" => value.as_bool() == Some(true),
        "versionConsistency" => value.as_str() == Some("enabled"),
        "protocol" => within == "portMappings" && value.as_str() == Some("tcp"),
        _ if OFF.contains(&key) => value.as_bool() == Some(false),
        _ => DEFAULTS.iter().any(|(place, name, default)| {
            *place == within && *name == key && value.as_i64() == Some(*default)
        }),
    }
}

/// `PortMappings`, as the Go and .NET SDKs write it, for `portMappings`.
fn lower_first(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Numbers and booleans as text.
fn text(value: Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        Value::Sensitive(inner) => text(*inner).sensitive(),
        other => other,
    }
}

/// Text that is a whole number, as a number.
fn number(value: Value) -> Value {
    match value.as_str().map(str::parse::<i64>) {
        Some(Ok(number)) if !matches!(value, Value::Sensitive(_)) => Value::from(number),
        _ => value,
    }
}

/// Sorted by the text of a key, if all of them are known.
fn sorted(mut list: Vec<Value>, key: &str) -> Vec<Value> {
    let name = |item: &Value| item.as_map()?.get(key)?.as_str().map(str::to_owned);
    if list.iter().all(|item| name(item).is_some()) {
        list.sort_by_cached_key(name);
    }
    list
}

/// What can be seen to be wrong with container definitions before any request.
pub(crate) fn check(definitions: &Value) -> Vec<String> {
    let Some(list) = definitions.as_list() else {
        return match definitions.bare() {
            Value::Unknown(_) => Vec::new(),
            other => vec![format!("container definitions are a list, not {}", other.kind())],
        };
    };
    let mut faults = Vec::new();
    if list.is_empty() {
        faults.push("a task needs at least one container".to_owned());
    }
    let mut names = Vec::new();
    for container in list.iter().filter_map(Value::as_map) {
        match container.get("name") {
            None => faults.push("a container has no `name`".to_owned()),
            Some(name) => names.extend(name.as_str()),
        }
        if !container.contains_key("image") {
            let name = container.get("name").and_then(Value::as_str).unwrap_or("?");
            faults.push(format!("the container `{name}` has no `image`"));
        }
    }
    names.sort_unstable();
    if let Some([name, _]) = names.array_windows().find(|[one, next]| one == next) {
        faults.push(format!("two containers have the name `{name}`"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(definitions: serde_json::Value, network_mode: &str) -> serde_json::Value {
        canonical(Value::from(definitions), Some(network_mode)).to_json().unwrap_or_default()
    }

    #[test]
    fn what_ecs_fills_in_makes_no_difference() {
        let written = json!([{
            "Name": "web", "image": "httpd", "cpu": "256",
            "portMappings": [{"containerPort": "80"}],
            "environment": [{"name": "B", "value": 1}, {"name": "A", "value": ""}],
            "healthCheck": {"command": ["CMD", "true"]},
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "max-buffer-size": 5}},
        }]);
        let told = json!([{
            "name": "web", "image": "httpd", "cpu": 256, "essential": true,
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "environment": [{"name": "A", "value": ""}, {"name": "B", "value": "1"}],
            "mountPoints": [], "volumesFrom": [], "systemControls": [], "dockerLabels": {},
            "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
            "logConfiguration": {
                "logDriver": "awslogs", "secretOptions": [],
                "options": {"awslogs-group": "web", "max-buffer-size": "5"},
            },
        }]);
        assert_eq!(form(written, "awsvpc"), form(told, "awsvpc"));
    }

    #[test]
    fn a_host_port_of_a_bridge_is_kept() {
        let definitions = json!([{"name": "a", "portMappings": [{"containerPort": 80, "hostPort": 80}]}]);
        assert_eq!(form(definitions.clone(), "bridge"), definitions);
        assert_eq!(
            form(json!([{"name": "a", "portMappings": [{"containerPort": 80, "hostPort": 0}]}]), "bridge"),
            json!([{"name": "a", "portMappings": [{"containerPort": 80}]}])
        );
    }

    #[test]
    fn what_is_not_known_or_secret_stays_so() {
        let image = Value::unknown("repository.repository_url");
        let password = Value::from("hunter2").sensitive();
        let variable = Map::from([("name".to_owned(), "P".into()), ("value".to_owned(), password.clone())]);
        let definitions = Value::List(vec![Value::Map(Map::from([
            ("name".to_owned(), "web".into()),
            ("image".to_owned(), image.clone()),
            ("environment".to_owned(), Value::List(vec![Value::Map(variable)])),
        ]))]);
        assert_eq!(canonical(definitions.clone(), None), definitions);
        assert_eq!(canonical(image.clone(), None), image);
        assert!(check(&definitions).is_empty());
    }

    #[test]
    fn faults() {
        let check = |definitions| check(&Value::from(definitions));
        assert_eq!(check(json!([])), ["a task needs at least one container"]);
        assert_eq!(check(json!({})), ["container definitions are a list, not a mapping"]);
        assert_eq!(
            check(json!([{"name": "a", "image": "i"}, {"name": "a"}])),
            ["the container `a` has no `image`", "two containers have the name `a`"]
        );
    }
}
