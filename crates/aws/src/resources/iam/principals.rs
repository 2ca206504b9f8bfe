//! Principals that AWS shows by their internal id.
//!
//! A policy stores the id of a role, not its name. AWS shows the role's ARN as long as it can resolve the id, and the
//! id (`AROA...`) when it cannot: for good once the role is gone, even if there is a new one of that name, and for a
//! while after the policy was written. Only the first is a difference.

use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use futures::future::try_join_all;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use wharf_provider::{Absent, ErrorKind, Json, Result};

/// The document with each id of a role or user that the recorded document names by ARN replaced by that ARN.
/// Makes requests only when there is an id in it.
pub(crate) async fn resolve(cloud: &Clients, live: Json, recorded: Option<&Json>) -> Result<Json> {
    let Some(recorded) = recorded.filter(|_| principals(&live.0).any(is_id)) else { return Ok(live) };
    let arns: BTreeSet<&str> = principals(&recorded.0).filter(|name| name.starts_with("arn:")).collect();
    let ids = try_join_all(arns.into_iter().map(|arn| id_of(cloud, arn))).await?;
    Ok(replace(live, &ids.into_iter().flatten().collect()))
}

/// The id of the role or user with this ARN; nothing if there is none in this account, or it may not be asked for.
async fn id_of(cloud: &Clients, entity: &str) -> Result<Option<(String, String)>> {
    let (kind, name) = (arn::resource(entity), arn::last(entity));
    let answer = if kind.starts_with("role/") {
        let answer = cloud.iam().get_role().role_name(name).send().await.named("iam:GetRole").or_absent();
        answer.map(|answer| answer.and_then(|a| a.role).map(|role| (role.role_id, role.arn)))
    } else if kind.starts_with("user/") {
        let answer = cloud.iam().get_user().user_name(name).send().await.named("iam:GetUser").or_absent();
        answer.map(|answer| answer.and_then(|a| a.user).map(|user| (user.user_id, user.arn)))
    } else {
        return Ok(None);
    };
    match answer {
        Ok(found) => Ok(found.filter(|(_, arn)| arn == entity)),
        Err(error) if error.kind == ErrorKind::AccessDenied => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_id(principal: &str) -> bool {
    (principal.starts_with("AROA") || principal.starts_with("AIDA"))
        && principal.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The AWS principals of a policy document.
fn principals(document: &Value) -> impl Iterator<Item = &str> {
    items(document.get("Statement"))
        .flat_map(|statement| ["Principal", "NotPrincipal"].map(|name| statement.get(name)))
        .flatten()
        .flat_map(|principal| items(principal.get("AWS")))
        .filter_map(Value::as_str)
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array);
    list.into_iter().flatten().chain(value.filter(|_| list.is_none()))
}

fn replace(mut document: Json, arns: &HashMap<String, String>) -> Json {
    let change = |name: &mut Value| {
        if let Some(arn) = name.as_str().and_then(|id| arns.get(id)) {
            *name = Value::from(arn.as_str());
        }
    };
    let statements = match document.0.get_mut("Statement") {
        Some(Value::Array(list)) => list.as_mut_slice(),
        Some(one) => std::slice::from_mut(one),
        None => &mut [],
    };
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            match statement.get_mut(element).and_then(|principal| principal.get_mut("AWS")) {
                Some(Value::Array(list)) => list.iter_mut().for_each(change),
                Some(one) => change(one),
                None => {}
            }
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_become_arns() {
        let document = Json(json!({"Statement": {"Principal": {"AWS": ["AROAEXAMPLE1234567890", "1"]}}}));
        assert_eq!(principals(&document.0).filter(|name| is_id(name)).count(), 1);
        let arn = "arn:aws:iam::123456789012:role/a";
        let replaced = replace(document, &HashMap::from([("AROAEXAMPLE1234567890".into(), arn.into())]));
        assert_eq!(replaced.0, json!({"Statement": {"Principal": {"AWS": [arn, "1"]}}}));
    }

    #[test]
    fn arns_and_services_are_no_ids() {
        let document = json!({"Statement": [
            {"Principal": {"Service": "ecs.amazonaws.com"}},
            {"Principal": "*"},
            {"Principal": {"AWS": "arn:aws:iam::123456789012:role/AROA"}},
        ]});
        assert!(!principals(&document).any(is_id));
    }
}
