//! Whether a role's trust policy lets a service assume it.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html>.

use crate::arn;
use serde_json::{Map, Value};

/// Whether a service may assume a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It may.
    Yes,
    /// It may not.
    No,
    /// It depends on these condition keys.
    Depends(Vec<String>),
}

/// What a trust policy says of a service that works for an account.
pub(crate) fn of(document: &Value, service: &str, account: &str) -> Trust {
    let mut depends = Vec::new();
    let mut allows = false;
    for statement in list(&document["Statement"]) {
        if !(is_for(&statement["Principal"], service) && is_assume_role(statement)) {
            continue;
        }
        let denies = statement["Effect"] == "Deny";
        match (denies, conditions(&statement["Condition"], account)) {
            (true, Trust::Yes) => return Trust::No,
            (false, Trust::Yes) => allows = true,
            (_, Trust::No) => {}
            (_, Trust::Depends(keys)) => depends.push((denies, keys)),
        }
    }
    // A condition on an Allow does not matter if another one has none; one on a Deny always does.
    let relevant = depends.into_iter().filter(|(denies, _)| *denies || !allows);
    let mut keys: Vec<String> = relevant.flat_map(|(_, keys)| keys).collect();
    keys.sort();
    keys.dedup();
    match (allows, keys.is_empty()) {
        (_, false) => Trust::Depends(keys),
        (true, true) => Trust::Yes,
        (false, true) => Trust::No,
    }
}

fn is_for(principal: &Value, service: &str) -> bool {
    let services = match principal {
        Value::String(text) => return text == "*",
        Value::Object(kinds) => kinds.get("Service").map(list).unwrap_or_default(),
        _ => return false,
    };
    services.iter().filter_map(|name| name.as_str()).any(|name| is_service(name, service))
}

/// Also the names that a service has in a region, or in China.
fn is_service(name: &str, service: &str) -> bool {
    if name == "*" || name == service {
        return true;
    }
    let name = name.strip_suffix(".cn").unwrap_or(name);
    let Some(short) = service.strip_suffix(".amazonaws.com") else { return false };
    let Some(rest) = name.strip_prefix(short).and_then(|rest| rest.strip_suffix("amazonaws.com")) else {
        return false;
    };
    // `.` or `.eu-central-1.`
    rest.starts_with('.') && rest.matches('.').count() <= 2
}

fn is_assume_role(statement: &Value) -> bool {
    let names = |text: &Value| {
        list(text).iter().filter_map(|action| action.as_str()).any(|action| {
            let action = action.to_ascii_lowercase();
            action
                .strip_suffix('*')
                .map_or(action == "sts:assumerole", |prefix| "sts:assumerole".starts_with(prefix))
        })
    };
    match statement.get("NotAction") {
        Some(others) => !names(others),
        None => names(&statement["Action"]),
    }
}

/// Whether conditions hold for an account. Only those are understood that say for whose work the service may assume the role.
fn conditions(condition: &Value, account: &str) -> Trust {
    let Some(operators) = condition.as_object() else { return Trust::Yes };
    let mut unknown = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().unwrap_or(&Map::new()) {
            match holds(operator, key, &list(values), account) {
                Some(true) => {}
                Some(false) => return Trust::No,
                None => unknown.push(key.clone()),
            }
        }
    }
    if unknown.is_empty() { Trust::Yes } else { Trust::Depends(unknown) }
}

fn holds(operator: &str, key: &str, values: &[&Value], account: &str) -> Option<bool> {
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_suffix("ifexists").unwrap_or(&operator);
    let known = ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"];
    if !known.contains(&operator) {
        return None;
    }
    let texts = || values.iter().filter_map(|value| value.as_str());
    match key.to_ascii_lowercase().as_str() {
        "aws:sourceaccount" => Some(texts().any(|value| is_like(value, account))),
        "aws:sourcearn" => Some(
            texts().any(|value| value == "*" || arn::account(value).is_some_and(|of| is_like(of, account))),
        ),
        _ => None,
    }
}

fn is_like(pattern: &str, account: &str) -> bool {
    pattern.split_once('*').map_or(pattern == account, |(before, after)| {
        account.len() >= before.len() + after.len() && account.starts_with(before) && account.ends_with(after)
    })
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ACCOUNT: &str = "123456789012";
    const SERVICE: &str = "codedeploy.amazonaws.com";

    fn trust(statements: Value) -> Trust {
        of(&json!({"Version": "2012-10-17", "Statement": statements}), SERVICE, ACCOUNT)
    }

    fn allow(condition: Value) -> Value {
        json!({"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole", "Condition": condition})
    }

    #[test]
    fn services_go_by_several_names() {
        for (principal, trusted) in [
            (json!({"Service": "codedeploy.amazonaws.com"}), true),
            (json!({"Service": ["ecs-tasks.amazonaws.com", "codedeploy.eu-central-1.amazonaws.com"]}), true),
            (json!({"Service": "codedeploy.cn-north-1.amazonaws.com.cn"}), true),
            (json!("*"), true),
            (json!({"Service": "ecs-tasks.amazonaws.com"}), false),
            (json!({"Service": "codedeployer.amazonaws.com"}), false),
            (json!({"AWS": ACCOUNT}), false),
        ] {
            let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
            assert_eq!(trust(statement), if trusted { Trust::Yes } else { Trust::No }, "{principal}");
        }
        assert_eq!(
            trust(json!({"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"})),
            Trust::No
        );
        assert_eq!(trust(json!({"Effect": "Allow", "Principal": "*", "Action": ["sts:*"]})), Trust::Yes);
        assert_eq!(of(&Value::Null, SERVICE, ACCOUNT), Trust::No);
    }

    #[test]
    fn conditions_on_whose_work_it_is_are_understood() {
        for (condition, expected) in [
            (json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}), Trust::Yes),
            (json!({"StringEquals": {"aws:SourceAccount": ["999999999999", ACCOUNT]}}), Trust::Yes),
            (json!({"StringEquals": {"aws:SourceAccount": "999999999999"}}), Trust::No),
            (json!({"ArnLike": {"aws:SourceArn": format!("arn:aws:ecs:eu:{ACCOUNT}:*")}}), Trust::Yes),
            (json!({"ArnLike": {"AWS:SourceArn": "arn:aws:ecs:eu:*:*"}}), Trust::Yes),
            (json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu:999999999999:*"}}), Trust::No),
            (json!({"StringEquals": {"sts:ExternalId": "x"}}), Trust::Depends(vec!["sts:ExternalId".into()])),
            (
                json!({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}),
                Trust::Depends(vec!["aws:SourceAccount".into()]),
            ),
        ] {
            assert_eq!(trust(allow(condition.clone())), expected, "{condition}");
        }
        let unknown = allow(json!({"StringEquals": {"sts:ExternalId": "x"}}));
        assert_eq!(trust(json!([unknown, allow(json!({}))])), Trust::Yes);
    }

    #[test]
    fn a_deny_wins() {
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*"});
        assert_eq!(trust(json!([allow(json!({})), deny])), Trust::No);
        let other = json!({"Effect": "Deny", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "*"});
        assert_eq!(trust(json!([allow(json!({})), other])), Trust::Yes);
    }
}
