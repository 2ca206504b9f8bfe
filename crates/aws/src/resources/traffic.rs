//! Where listeners send traffic while somebody else moves it: shares, in words, and what nobody who moves them leaves.

use serde_json::json;
use wharf_core::{Map, Value};

/// What each deployment moves within an action: which of the pair it is is not for the stack file to say.
pub(crate) const MOVED_WITHIN: &[&str] = &["target_group"];

/// The first block of a name.
pub(crate) fn first<'a>(map: &'a Map, block: &str) -> Option<&'a Map> {
    map.get(block)?.as_list()?.first()?.as_map()
}

/// The target groups that actions forward to, each with its weight.
pub(crate) fn weights(actions: &Value) -> Vec<(&str, i64)> {
    let mut found = Vec::new();
    for action in actions.as_list().unwrap_or_default().iter().filter_map(Value::as_map) {
        let groups = first(action, "forward").and_then(|forward| forward.get("target_group")?.as_list());
        let groups = groups.unwrap_or_default().iter().filter_map(Value::as_map);
        let weighted = groups.filter_map(|group| {
            Some((group.get("arn")?.as_str()?, group.get("weight").and_then(Value::as_i64).unwrap_or(1)))
        });
        let before = found.len();
        found.extend(weighted);
        if found.len() == before {
            found.extend(action.get("target_group_arn").and_then(Value::as_str).map(|arn| (arn, 1)));
        }
    }
    found
}

/// A target group's name, from its ARN.
pub(crate) fn name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

/// Shares in hundredths, the largest first.
pub(crate) fn words(weights: &[(&str, i64)]) -> String {
    let all: i64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut shares: Vec<(&str, i64)> = weights
        .iter()
        .map(|(arn, weight)| (name(arn), if all == 0 { 0 } else { weight * 100 / all }))
        .collect();
    shares.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    match shares.as_slice() {
        [] => "to no target group".to_owned(),
        shares => shares.iter().map(|(name, share)| format!("{name} {share}")).collect::<Vec<_>>().join(", "),
    }
}

/// What serves, in words, and the target group that it is behind.
pub(crate) type Serving<'a> = (&'a str, &'a str);

/// What is wrong with an action: what a controller leaves forwards to the pair of these names, to where something serves.
pub(crate) fn fault(weights: &[(&str, i64)], pair: &[&str], serving: Option<Serving<'_>>) -> Option<String> {
    if weights.is_empty() {
        return Some("it forwards to no target group".to_owned());
    }
    if let Some((outside, _)) = weights.iter().find(|(arn, _)| !pair.contains(&name(arn))) {
        return Some(format!("it forwards to {}, which is not one of {}", name(outside), pair.join(" and ")));
    }
    if weights.iter().all(|(_, weight)| *weight == 0) {
        return Some("all its weights are 0".to_owned());
    }
    let (what, serving) = serving?;
    if weights.iter().any(|(arn, weight)| *arn == serving && *weight > 0) {
        return None;
    }
    let there: Vec<&str> =
        weights.iter().filter(|(_, weight)| *weight > 0).map(|(arn, _)| name(arn)).collect();
    Some(format!("it forwards to {}, and {what} is behind {}", there.join(", "), name(serving)))
}

/// A forward to target groups, by weight, in canonical form.
pub(crate) fn forward(weights: &[(&str, i64)]) -> Value {
    let groups: Vec<_> = weights.iter().map(|(arn, weight)| json!({"arn": arn, "weight": weight})).collect();
    Value::from(json!([{"type": "forward", "forward": [{"target_group": groups}]}]))
}
