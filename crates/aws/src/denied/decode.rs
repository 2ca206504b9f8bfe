//! Decodes what EC2 says of a denial in a form that only who is allowed to may read.

use super::message::{DECODED, DENIED_BY, before_encoded, plain};
use crate::clients::Clients;
use crate::errors::Named;
use serde::Deserialize;
use std::time::Duration;
use wharf_provider::Error;

/// How long an error waits for its explanation.
const PATIENCE: Duration = Duration::from_secs(5);

/// The error with the encoded part of its message decoded, or left out where the caller may not see it:
/// `sts:DecodeAuthorizationMessage`. Never another error.
pub(super) async fn explained(clients: &Clients, error: Error) -> Error {
    let (before, Some(encoded)) = before_encoded(&error.message) else { return error };
    let request = clients.sts_once().decode_authorization_message().encoded_message(encoded).send();
    let decoded = match tokio::time::timeout(PATIENCE, request).await {
        Ok(answer) => answer.named("sts:DecodeAuthorizationMessage").ok().and_then(|a| a.decoded_message),
        Err(_) => None,
    };
    let more = match decoded.as_deref().and_then(told) {
        Some(told) => format!("; {DECODED}{told}"),
        None => {
            " (AWS encoded the details, and `sts:DecodeAuthorizationMessage` did not decode them)".to_owned()
        }
    };
    let message = format!("{}{more}", before.trim_end_matches('.'));
    Error { message, ..error }
}

/// Of the decoded document, what helps. The rest of it is the request: it stays where it is.
///
/// Source: `DecodeAuthorizationMessage`,
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decoded {
    explicit_deny: bool,
    #[serde(default)]
    matched_statements: Statements,
    context: Context,
}

#[derive(Debug, Default, Deserialize)]
struct Statements {
    #[serde(default)]
    items: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(default)]
    statement_id: String,
    #[serde(default)]
    source_policy_id: String,
}

#[derive(Debug, Deserialize)]
struct Context {
    action: String,
    resource: String,
}

fn told(document: &str) -> Option<String> {
    let decoded: Decoded = serde_json::from_str(document).ok()?;
    let why = match (decoded.explicit_deny, &decoded.matched_statements.items[..]) {
        (false, _) => "no statement allows it".to_owned(),
        (true, []) => DENIED_BY.to_owned(),
        (true, statements) => {
            let name = |statement: &Statement| {
                let Statement { statement_id, source_policy_id } = statement;
                match (statement_id.is_empty(), source_policy_id.is_empty()) {
                    (false, false) => format!("`{statement_id}` of {source_policy_id}"),
                    (false, true) => format!("`{statement_id}`"),
                    (true, false) => format!("one of {source_policy_id}"),
                    (true, true) => "one without a name".to_owned(),
                }
            };
            let names: Vec<String> = statements.iter().map(name).collect();
            format!("{DENIED_BY}: {}", names.join(", "))
        }
    };
    let Context { action, resource } = decoded.context;
    Some(plain(&format!("{action} on {resource}: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents() {
        let context =
            json!({"action": "ec2:RunInstances", "resource": "arn:aws:ec2:e:1:instance/*", "conditions": {}});
        let text = |deny: bool, items: serde_json::Value| {
            let statements = json!({"items": items});
            told(&json!({"allowed": false, "explicitDeny": deny, "matchedStatements": statements, "context": context}).to_string())
        };
        let on = "ec2:RunInstances on arn:aws:ec2:e:1:instance/*: ";
        assert_eq!(text(false, json!([])), Some(format!("{on}no statement allows it")));
        assert_eq!(text(true, json!([])), Some(format!("{on}denied by a statement")));
        let named = json!([{"statementId": "NoRuns", "effect": "DENY", "sourcePolicyId": "p-1"}]);
        assert_eq!(text(true, named), Some(format!("{on}denied by a statement: `NoRuns` of p-1")));
        assert_eq!(told("{}"), None);
        assert_eq!(told("no JSON"), None);
    }
}
