//! Policy documents: statements that say the same are one, and what is too long for AWS becomes several documents.

use super::grants::Grants;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How long a managed policy may be, in characters without white space.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
pub const LIMIT: usize = 6144;

type Conditions = Vec<[String; 3]>;

/// One statement: everything in `actions` on everything in `resources`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    actions: BTreeSet<String>,
    resources: BTreeSet<String>,
    conditions: Conditions,
}

/// Identity-based policies that allow this and nothing else, each within [`LIMIT`]. The same for the same grants.
pub fn documents(grants: &Grants) -> Vec<Value> {
    let mut open: Vec<Statement> = statements(grants);
    open.reverse();
    let (mut documents, mut current) = (Vec::new(), Vec::new());
    let mut used = length(&document(&[]));
    while let Some(statement) = open.pop() {
        let more = length(&statement.to_json()) + 1;
        if used + more <= LIMIT {
            used += more;
            current.push(statement.to_json());
        } else if current.is_empty() {
            match statement.halves() {
                Some((first, second)) => open.extend([second, first]),
                // One action on one resource: no policy can say it shorter.
                None => documents.push(document(&[statement.to_json()])),
            }
        } else {
            documents.push(document(&current));
            current.clear();
            used = length(&document(&[]));
            open.push(statement);
        }
    }
    if !current.is_empty() || documents.is_empty() {
        documents.push(document(&current));
    }
    documents
}

/// Actions on the same resources under the same conditions are in one statement.
fn statements(grants: &Grants) -> Vec<Statement> {
    let mut merged: BTreeMap<(&Conditions, &BTreeSet<String>), BTreeSet<String>> = BTreeMap::new();
    for (grant, resources) in grants {
        merged.entry((&grant.conditions, resources)).or_default().insert(grant.action.clone());
    }
    let statement =
        |((conditions, resources), actions): ((&Conditions, &BTreeSet<String>), BTreeSet<String>)| {
            Statement { actions, resources: resources.clone(), conditions: conditions.clone() }
        };
    let mut statements: Vec<Statement> = merged.into_iter().map(statement).collect();
    statements.sort();
    statements
}

impl Statement {
    fn to_json(&self) -> Value {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), json!("Allow"));
        statement.insert("Action".to_owned(), json!(self.actions));
        statement.insert("Resource".to_owned(), json!(self.resources));
        if !self.conditions.is_empty() {
            let mut operators: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
            for [operator, key, value] in &self.conditions {
                operators.entry(operator).or_default().insert(key, value);
            }
            statement.insert("Condition".to_owned(), json!(operators));
        }
        Value::Object(statement)
    }

    /// Two statements that say the same together.
    fn halves(&self) -> Option<(Statement, Statement)> {
        let by_actions = self.actions.len() > 1;
        let whole = if by_actions { &self.actions } else { &self.resources };
        if whole.len() < 2 {
            return None;
        }
        let half = |items: BTreeSet<String>| {
            if by_actions {
                Statement { actions: items, ..self.clone() }
            } else {
                Statement { resources: items, ..self.clone() }
            }
        };
        let middle = whole.len() / 2;
        Some((
            half(whole.iter().take(middle).cloned().collect()),
            half(whole.iter().skip(middle).cloned().collect()),
        ))
    }
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// As AWS counts. No action and no ARN has white space in it that JSON would not escape or AWS refuse.
fn length(value: &Value) -> usize {
    value.to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::super::grants::Grant;
    use super::*;

    fn grants(count: usize) -> Grants {
        let grant = |number: usize| Grant { action: format!("s3:Action{number:04}"), conditions: Vec::new() };
        let arns = |number: usize| BTreeSet::from([format!("arn:aws:s3:::bucket-{}", number % 7)]);
        (0..count).map(|number| (grant(number), arns(number))).collect()
    }

    fn pairs(documents: &[Value]) -> BTreeSet<(String, String)> {
        let texts = |value: &Value| -> Vec<String> {
            let list = value.as_array().cloned().unwrap_or_default();
            list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let mut pairs = BTreeSet::new();
        for statement in documents.iter().flat_map(|d| d["Statement"].as_array().cloned().unwrap_or_default())
        {
            for action in texts(&statement["Action"]) {
                pairs.extend(texts(&statement["Resource"]).into_iter().map(|arn| (action.clone(), arn)));
            }
        }
        pairs
    }

    #[test]
    fn what_says_the_same_is_one_statement() {
        let [document] = &documents(&grants(70))[..] else { panic!("several documents") };
        assert_eq!(document["Statement"].as_array().map(Vec::len), Some(7));
    }

    #[test]
    fn what_is_too_long_is_split_and_nothing_lost() {
        for count in [0, 1, 300, 2000] {
            let grants = grants(count);
            let documents = documents(&grants);
            assert!(documents.iter().all(|document| length(document) <= LIMIT));
            let wanted =
                grants.iter().flat_map(|(g, arns)| arns.iter().map(|arn| (g.action.clone(), arn.clone())));
            assert_eq!(pairs(&documents), wanted.collect());
            assert_eq!(documents.len() > 1, count > 300);
        }
    }

    #[test]
    fn conditions_are_all_there() {
        let conditions = vec![
            ["StringEquals", "a", "1"].map(str::to_owned),
            ["StringEquals", "b", "2"].map(str::to_owned),
            ["ArnEquals", "c", "3"].map(str::to_owned),
        ];
        let grant = Grant { action: "s3:GetObject".to_owned(), conditions };
        let documents = documents(&Grants::from([(grant, BTreeSet::from(["*".to_owned()]))]));
        let expected = json!({"ArnEquals": {"c": "3"}, "StringEquals": {"a": "1", "b": "2"}});
        assert_eq!(documents[0]["Statement"][0]["Condition"], expected);
    }
}
