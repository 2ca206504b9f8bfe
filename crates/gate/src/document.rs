//! Policy documents: where they are, and what one allows that another did not.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>.

use crate::change::Change;
use crate::pattern::matches;
use serde_json::Value;
use std::collections::BTreeMap;

/// The properties that hold a policy document, by type.
const DOCUMENTS: &[(&str, &str)] = &[
    ("aws_iam_role", "assume_role_policy"),
    ("aws_iam_policy", "policy"),
    ("aws_iam_role_policy", "policy"),
    ("aws_iam_user_policy", "policy"),
    ("aws_iam_group_policy", "policy"),
    ("aws_s3_bucket", "policy"),
    ("aws_s3_bucket_policy", "policy"),
    ("aws_s3_access_point", "policy"),
    ("aws_ecr_repository_policy", "policy"),
    ("aws_ecr_registry_policy", "policy"),
    ("aws_kms_key", "policy"),
    ("aws_kms_key_policy", "policy"),
    ("aws_sns_topic", "policy"),
    ("aws_sns_topic_policy", "policy"),
    ("aws_sqs_queue", "policy"),
    ("aws_sqs_queue_policy", "policy"),
    ("aws_secretsmanager_secret", "policy"),
    ("aws_secretsmanager_secret_policy", "policy"),
    ("aws_vpc_endpoint", "policy"),
    ("aws_vpc_endpoint_policy", "policy"),
    ("aws_cloudwatch_log_resource_policy", "policy_document"),
    ("aws_cloudwatch_event_bus_policy", "policy"),
    ("aws_codebuild_resource_policy", "policy"),
    ("aws_efs_file_system_policy", "policy"),
    ("aws_dynamodb_resource_policy", "policy"),
    ("aws_backup_vault_policy", "policy"),
];

/// The properties of a type that hold policy documents.
pub(crate) fn properties(resource_type: &str) -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().filter(move |(name, _)| *name == resource_type).map(|(_, property)| *property)
}

/// What a change newly allows by a property, as far as that is known: the ends of sentences.
pub(crate) fn widened(change: &Change, property: &str) -> Vec<String> {
    let before = statements(change.before.get(property));
    let after = statements(change.after.get(property));
    let mut told = Vec::new();
    for statement in after.iter().filter(|statement| statement.allows) {
        let new: Vec<&str> = statement
            .actions
            .iter()
            .filter(|action| !before.iter().any(|other| other.allows && other.covers(statement, action)))
            .map(String::as_str)
            .collect();
        if !new.is_empty() {
            told.push(format!("allows {}{}{}", few(&new), statement.on(property), statement.to_whom()));
        }
    }
    for statement in before.iter().filter(|statement| !statement.allows) {
        let gone: Vec<&str> = statement
            .actions
            .iter()
            .filter(|action| !after.iter().any(|other| !other.allows && other.covers(statement, action)))
            .map(String::as_str)
            .collect();
        if !gone.is_empty() {
            told.push(format!("no longer denies {}{}", few(&gone), statement.on(property)));
        }
    }
    told.dedup();
    told
}

/// The paths in a property that are not known yet: `policy.Statement[0].Resource`.
pub(crate) fn unknown_paths(property: &str, marks: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    walk(property.to_owned(), marks, &mut paths);
    paths
}

fn walk(path: String, marks: &Value, paths: &mut Vec<String>) {
    match marks {
        Value::Bool(true) => paths.push(path),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(format!("{path}[{at}]"), item, paths);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                walk(format!("{path}.{key}"), item, paths);
            }
        }
        _ => {}
    }
}

/// A statement, with `Not...` elements as `anything but ...`.
#[derive(Debug)]
struct Statement {
    allows: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    principals: Vec<String>,
    condition: String,
}

impl Statement {
    fn of(value: &Value) -> Option<Self> {
        let get = |name: &str| value.get(name);
        let either = |name: &str, not: &str| match (get(name), get(not)) {
            (Some(value), _) => list(value),
            (None, Some(value)) => vec![format!("anything but {}", list(value).join(", "))],
            (None, None) => Vec::new(),
        };
        Some(Statement {
            allows: get("Effect")?.as_str()? == "Allow",
            actions: either("Action", "NotAction"),
            resources: either("Resource", "NotResource"),
            principals: match (get("Principal"), get("NotPrincipal")) {
                (Some(value), _) => principals(value),
                (None, Some(value)) => vec![format!("anybody but {}", principals(value).join(", "))],
                (None, None) => Vec::new(),
            },
            condition: get("Condition").map(canonical).unwrap_or_default(),
        })
    }

    /// Whether it says of an action all that another statement says of it.
    fn covers(&self, other: &Statement, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let all = |mine: &[String], others: &[String]| {
            others.iter().all(|other| mine.iter().any(|mine| matches(mine, other)))
        };
        self.condition == other.condition
            && self.actions.iter().any(|mine| matches(&mine.to_ascii_lowercase(), &action))
            && all(&self.resources, &other.resources)
            && all(&self.principals, &other.principals)
    }

    /// On what. Who may take on a role says so of no resource but the role.
    fn on(&self, property: &str) -> String {
        if property == "assume_role_policy" {
            return String::new();
        }
        format!(" on {}", some(&self.resources))
    }

    fn to_whom(&self) -> String {
        let whom = match self.principals.as_slice() {
            [] => String::new(),
            principals => format!(" to {}", some(principals)),
        };
        if self.condition.is_empty() { whom } else { format!("{whom}, with a condition") }
    }
}

/// What stands for a part that is not known yet.
const UNKNOWN: &str = "(known after apply)";

fn statements(document: Option<&Value>) -> Vec<Statement> {
    let parsed;
    let document = match document {
        Some(Value::String(text)) => {
            parsed = serde_json::from_str::<Value>(text).unwrap_or_default();
            &parsed
        }
        Some(other) => other,
        None => return Vec::new(),
    };
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().filter_map(Statement::of).collect(),
        Some(statement) => Statement::of(statement).into_iter().collect(),
        None => Vec::new(),
    }
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null => vec![UNKNOWN.to_owned()],
        other => vec![other.to_string()],
    }
}

fn principals(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) if map.is_empty() => vec![UNKNOWN.to_owned()],
        Value::Object(map) => map.values().flat_map(list).collect(),
        other => list(other),
    }
}

/// The same text for the same condition, in whatever order its keys are.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, String> = map.iter().map(|(k, v)| (k, canonical(v))).collect();
            format!("{sorted:?}")
        }
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(canonical).collect();
            items.sort();
            items.join(",")
        }
        other => other.to_string(),
    }
}

fn some(items: &[String]) -> String {
    if items.is_empty() {
        return UNKNOWN.to_owned();
    }
    few(&items.iter().map(String::as_str).collect::<Vec<_>>())
}

fn few(items: &[&str]) -> String {
    let quoted = |item: &&str| if **item == *UNKNOWN { UNKNOWN.to_owned() } else { format!("`{item}`") };
    let mut items = items.to_vec();
    items.dedup();
    let shown: Vec<String> = items.iter().take(3).map(quoted).collect();
    let more = if items.len() > 3 { format!(" and {} more", items.len() - 3) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
