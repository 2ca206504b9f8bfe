//! Policy documents in the form in which two of them can be compared, whichever service keeps them.

use wharf_core::{Map, Value};

/// Writes the accounts among the principals of the policy in this property as their numbers: AWS gives
/// `arn:aws:iam::123456789012:root` back for `123456789012`. The rest of what means the same in a policy is the same
/// for all documents, and no matter of a type.
pub(crate) fn canonical(properties: &mut Map, property: &str) {
    let Some(Value::Map(document)) = properties.get_mut(property) else { return };
    match document.get_mut("Statement") {
        Some(Value::List(statements)) => statements.iter_mut().for_each(statement),
        Some(one) => statement(one),
        None => {}
    }
}

fn statement(value: &mut Value) {
    let Value::Map(statement) = value else { return };
    for name in ["Principal", "NotPrincipal"] {
        let Some(Value::Map(principal)) = statement.get_mut(name) else { continue };
        match principal.get_mut("AWS") {
            Some(Value::List(list)) => {
                list.iter_mut().for_each(account);
                // The numbers are in other places now.
                list.sort_by_cached_key(ToString::to_string);
                list.dedup();
            }
            Some(one) => account(one),
            None => {}
        }
    }
}

fn account(principal: &mut Value) {
    let Value::String(text) = principal else { return };
    let account = text
        .strip_suffix(":root")
        .and_then(|arn| arn.split_once(":iam::"))
        .filter(|(head, account)| head.starts_with("arn:") && account.bytes().all(|b| b.is_ascii_digit()))
        .map(|(_, account)| account.to_owned());
    if let Some(account) = account {
        *text = account;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn canonical_of(document: serde_json::Value) -> Value {
        let mut map = Map::from([("policy".to_owned(), Value::from(document))]);
        canonical(&mut map, "policy");
        map.remove("policy").unwrap_or_default()
    }

    #[test]
    fn an_account_is_the_same_by_number_and_by_arn() {
        let (role, root) = ("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:root");
        let with = |aws: serde_json::Value| canonical_of(json!({"Statement": [{"Principal": {"AWS": aws}}]}));
        assert_eq!(with(json!("123456789012")), with(json!(root)));
        assert_eq!(with(json!(["123456789012", role])), with(json!([role, root])));
        assert_ne!(with(json!(role)), with(json!(root)));
    }

    #[test]
    fn what_is_not_known_stays() {
        let mut unknown = Map::from([("policy".to_owned(), Value::unknown("x.y"))]);
        canonical(&mut unknown, "policy");
        assert_eq!(unknown["policy"], Value::unknown("x.y"));
        let principal = Value::Map(Map::from([("AWS".to_owned(), Value::unknown("role.arn"))]));
        let statement = Value::Map(Map::from([("Principal".to_owned(), principal)]));
        let document = Value::Map(Map::from([("Statement".to_owned(), statement)]));
        let mut map = Map::from([("policy".to_owned(), document.clone())]);
        canonical(&mut map, "policy");
        assert_eq!(map["policy"], document);
    }
}
