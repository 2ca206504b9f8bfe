//! Plans to judge, and what was found in them.

use serde_json::{Value, json};
use wharf_gate::{Level, Namespaces, Policies, Rules, Subject, Switch, Text, Verdict, judge};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// An entry of `resource_changes` at line 10, whose property `cidr_blocks` is at line 12.
pub(crate) fn change(resource_type: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": format!("{resource_type}.it"),
        "wharf_address": "it",
        "mode": "managed",
        "type": resource_type,
        "name": "it",
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}},
        "source": {
            "file": "stack.yaml", "line": 10, "column": 3,
            "properties": {"cidr_blocks": {"line": 12, "column": 7}, "policy": {"line": 14, "column": 7}},
        },
    })
}

pub(crate) fn created(resource_type: &str, after: Value) -> Value {
    change(resource_type, &["create"], Value::Null, after)
}

pub(crate) fn plan(changes: Vec<Value>) -> Value {
    json!({"format_version": "1.2", "stack": "test", "resource_changes": changes})
}

pub(crate) fn subject(plan: Value) -> Subject {
    Subject { name: "plan".into(), plan, base: Some("stacks/one".into()) }
}

pub(crate) fn fail_on(switches: &[Switch]) -> Rules {
    Rules { fail_on: switches.iter().copied().collect(), ..Rules::default() }
}

pub(crate) fn verdict(plan: Value, rules: &Rules) -> Result<Verdict, String> {
    judge(&[subject(plan)], rules, None).map_err(|(_, problem)| problem.to_string())
}

/// `deny it: message` of each finding of one switch in a plan of one change.
pub(crate) fn found(switch: Switch, change: Value) -> Result<Vec<String>, String> {
    Ok(told(&verdict(plan(vec![change]), &fail_on(&[switch]))?))
}

pub(crate) fn told(verdict: &Verdict) -> Vec<String> {
    let word = |level| if level == Level::Deny { "deny" } else { "warn" };
    let findings = verdict.findings.iter();
    findings.map(|finding| format!("{} {}", word(finding.level), finding.message)).collect()
}

pub(crate) fn policies(texts: &[&str]) -> Policies {
    let files = texts.iter().enumerate();
    Policies {
        files: files
            .map(|(at, text)| Text { path: format!("p{at}.rego"), text: (*text).to_owned() })
            .collect(),
        data: Vec::new(),
        namespaces: Namespaces::Default,
        authz: Vec::new(),
        limit: Policies::LIMIT * 2,
    }
}

pub(crate) fn judged(plan: Value, policies: &Policies) -> Result<Verdict, String> {
    judge(&[subject(plan)], &Rules::default(), Some(policies)).map_err(|(_, problem)| problem.to_string())
}
