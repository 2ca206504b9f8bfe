//! What is a plan, and what is not.

use crate::support::{Outcome, change, created, fail_on, plan, subject, told, verdict};
use serde_json::{Value, json};
use wharf_gate::{NotAPlan, Rules, Subject, Switch, judge};

#[test]
fn what_is_no_plan_is_refused() {
    let refused = |plan: Value| subject(plan).check().expect_err("a refusal");
    assert_eq!(refused(json!([])), NotAPlan::Other);
    assert_eq!(refused(json!({"format_version": "1.2"})), NotAPlan::Other);
    assert_eq!(refused(json!({"format_version": "1.0", "values": {}})), NotAPlan::State);
    let newer = json!({"format_version": "2.0", "resource_changes": []});
    assert_eq!(refused(newer), NotAPlan::Version("2.0".into()));
    let failed = json!({"format_version": "1.2", "errored": true, "resource_changes": []});
    assert_eq!(refused(failed), NotAPlan::Errored);
    for broken in [
        json!({"type": "aws_vpc", "change": {"actions": ["create"]}}),
        json!({"address": "a", "change": {"actions": ["create"]}}),
        json!({"address": "a", "type": "aws_vpc"}),
        json!({"address": "a", "type": "aws_vpc", "change": {"actions": ["transmogrify"]}}),
    ] {
        let problem = refused(plan(vec![broken.clone()]));
        assert!(matches!(problem, NotAPlan::Entry { index: 0, .. }), "{broken}: {problem}");
    }
}

#[test]
fn an_empty_plan_of_terraform_is_one() -> Outcome {
    let empty = json!({"format_version": "1.2", "planned_values": {"root_module": {}}});
    assert!(!verdict(empty, &fail_on(&Switch::ALL))?.is_denied());
    Ok(())
}

#[test]
fn places_are_below_the_folder_of_the_stack() -> Outcome {
    let world = json!({"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "protocol": "-1"});
    let verdict =
        verdict(plan(vec![created("aws_security_group_rule", world)]), &fail_on(&[Switch::SecurityGroup]))?;
    let place = verdict.findings[0].place.as_ref().ok_or("no place")?;
    assert_eq!((place.file.as_str(), place.line, place.column), ("stacks/one/stack.yaml", 12, 7));
    Ok(())
}

#[test]
fn findings_of_several_plans_name_theirs() -> Outcome {
    let deleted = plan(vec![change("aws_vpc", &["delete"], json!({}), Value::Null)]);
    let subjects = ["a", "b"].map(|name| Subject { name: name.into(), plan: deleted.clone(), base: None });
    let rules = Rules { budget: Some(10), ..fail_on(&[Switch::Destroy]) };
    let verdict = judge(&subjects, &rules, None).map_err(|(_, problem)| problem)?;
    let plans: Vec<_> = verdict.findings.iter().map(|finding| verdict.plan_of(finding)).collect();
    assert_eq!(plans, [Some("a"), Some("b"), None], "{:?}", told(&verdict));
    // the blast radius is that of all plans together
    assert_eq!(verdict.blast_radius.total, 100);
    Ok(())
}

#[test]
fn the_same_plan_gives_the_same_verdict() -> Outcome {
    let changes =
        ["aws_vpc", "aws_iam_role", "aws_lb"].map(|name| change(name, &["delete"], json!({}), Value::Null));
    let rules = Rules { budget: Some(0), protect: vec!["aws_*".into()], ..fail_on(&Switch::ALL) };
    let once = verdict(plan(changes.to_vec()), &rules)?;
    assert_eq!(once, verdict(plan(changes.to_vec()), &rules)?);
    Ok(())
}

#[test]
fn sensitive_values_of_terraform_are_known_and_not_told() -> Outcome {
    let mut role = created(
        "aws_iam_role_policy",
        json!({"policy": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"hunter2\",\"Resource\":\"*\"}}"}),
    );
    role["change"]["after_sensitive"] = json!({"policy": true});
    let plan = plan(vec![role]);
    assert!(subject(plan.clone()).sensitive()[0].contains("hunter2"));
    let told = told(&verdict(plan, &fail_on(&[Switch::Iam]))?).join("\n");
    assert!(told.contains("is created") && !told.contains("hunter2"), "{told}");
    let variables = json!({
        "format_version": "1.2", "resource_changes": [],
        "variables": {"password": {"value": "hunter2"}, "name": {"value": "web"}},
        "configuration": {"root_module": {"variables": {"password": {"sensitive": true}, "name": {}}}},
        "output_changes": {"o": {"actions": ["create"], "after": {"a": ["secret"]}, "after_sensitive": true}},
    });
    assert_eq!(subject(variables).sensitive(), ["hunter2", "secret"]);
    Ok(())
}
