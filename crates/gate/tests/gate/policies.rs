//! Rego policies, by conftest's conventions.

use crate::support::{Outcome, created, judged, plan, policies, told};
use serde_json::{Value, json};
use std::time::Duration;
use wharf_gate::{Namespaces, Policies, Text};

fn vpc() -> Value {
    plan(vec![created("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))])
}

fn says(texts: &[&str]) -> Result<Vec<String>, String> {
    Ok(told(&judged(vpc(), &policies(texts))?))
}

#[test]
fn both_syntaxes() -> Outcome {
    let v0 = "package main\ndeny[msg] { r := input.resource_changes[_]; msg := sprintf(\"%s, in v0\", [r.type]) }\n";
    let v1 = "package main\nwarn contains msg if { some r in input.resource_changes; msg := sprintf(\"%s, in v1\", [r.type]) }\n";
    let future =
        "package main\nimport future.keywords\nviolation_it contains {\"msg\": \"future\"} if { true }\n";
    assert_eq!(says(&[v0, v1, future])?, ["deny aws_vpc, in v0", "deny future", "warn aws_vpc, in v1"]);
    Ok(())
}

#[test]
fn what_is_not_asked_for_says_nothing() -> Outcome {
    let other = "package other\ndeny contains \"no\"\n";
    let main = "package main\ndeny contains \"never\" if { input.resource_changes[_].type == \"aws_lb\" }\nallow := true\nhelper(x) := x\n";
    assert_eq!(says(&[other, main])?, Vec::<String>::new());
    let all = Policies { namespaces: Namespaces::All, ..policies(&[other, main]) };
    assert_eq!(told(&judged(vpc(), &all)?), ["deny no"]);
    let named = Policies { namespaces: Namespaces::Named(vec!["other".into()]), ..policies(&[other, main]) };
    assert_eq!(told(&judged(vpc(), &named)?), ["deny no"]);
    Ok(())
}

#[test]
fn exceptions_excuse_and_are_listed() -> Outcome {
    let policy =
        "package main\nimport rego.v1\ndeny_a contains \"a\"\ndeny_b contains \"b\"\ndeny contains \"c\"\n";
    let exception =
        |names: &str| format!("package main\nimport rego.v1\nexception contains rules if rules := {names}\n");
    let verdict = judged(vpc(), &policies(&[policy, &exception("[\"a\"]")]))?;
    assert_eq!(told(&verdict), ["deny c", "deny b"]);
    assert_eq!(verdict.exempted.len(), 1);
    assert_eq!(verdict.exempted[0].message, "a");
    let verdict = judged(vpc(), &policies(&[policy, &exception("[\"\", \"b\"]")]))?;
    assert_eq!(told(&verdict), ["deny a"]);
    let wrong = judged(vpc(), &policies(&[policy, &exception("\"a\"")]))?;
    assert!(told(&wrong)[0].contains("`main.exception` has to be a set of lists"), "{:?}", told(&wrong));
    Ok(())
}

#[test]
fn places_are_found_by_address() -> Outcome {
    let place = |policy: &str| -> Result<Option<(String, u64)>, String> {
        let text = format!("package main\nimport rego.v1\n{policy}\n");
        let verdict = judged(vpc(), &policies(&[&text]))?;
        let finding = verdict.findings.first().ok_or("nothing was found")?;
        let place = finding.place.clone();
        Ok(finding.address.clone().zip(place.map(|place| place.line)))
    };
    let it = |line| Some(("it".to_owned(), line));
    assert_eq!(place("deny contains {\"msg\": \"x\", \"address\": \"aws_vpc.it\"}")?, it(10));
    assert_eq!(place("deny contains {\"msg\": \"x\", \"metadata\": {\"address\": \"it\"}}")?, it(10));
    assert_eq!(
        place(
            "deny contains {\"msg\": \"x\", \"resource\": r, \"property\": \"policy\"} if some r in input.resource_changes"
        )?,
        it(14)
    );
    assert_eq!(place("deny contains \"aws_vpc.it: is wrong\"")?, it(10));
    assert_eq!(place("deny contains \"aws_vpc.item: is wrong\"")?, None);
    assert_eq!(place("deny contains \"module.a.aws_vpc.it is wrong\"")?, None);
    assert_eq!(place("deny contains \"`it` is wrong\"")?, it(10));
    Ok(())
}

#[test]
fn what_fails_is_denied() -> Outcome {
    for (policy, reason) in [
        ("package main\ndeny[msg {", "is no Rego"),
        (
            "package main\nimport rego.v1\ndeny contains msg if { msg := to_number(\"x\") }",
            "`main.deny` failed",
        ),
        ("package main\nimport rego.v1\ndeny contains nowhere(1)", "nowhere"),
        ("package main\nimport rego.v1\ndeny := true", "and is a boolean"),
        ("package main\nimport rego.v1\ndefault deny := false", "and is a boolean"),
        ("package main\nimport rego.v1\ndeny := \"no\"", "and is a text"),
        ("package main\nimport rego.v1\ndeny contains 3", "has a number among its messages"),
        ("package main\nimport rego.v1\nwarn contains {\"message\": \"x\"}", "without the text `msg`"),
        ("package main\nimport rego.v1\ndeny(x) := x", "is a function"),
        ("package main\nimport rego.v1\nallow := true", "no rule that counts"),
        ("package mian\nimport rego.v1\ndeny contains \"x\"", "no package `main`; did you mean `mian`?"),
        ("package main\nimport rego.v1\na := b\nb := a\ndeny contains \"x\" if a", "recursion"),
        ("package main\nimport rego.v1\na := 1\na := 2\ndeny contains \"x\" if a == 1", "main.deny` failed"),
    ] {
        let verdict = judged(vpc(), &policies(&[policy]))?;
        assert!(verdict.is_denied(), "{policy}");
        let told = told(&verdict).join("\n");
        assert!(told.contains(reason), "{policy}\n{told}");
        assert_eq!(verdict.findings[0].rule, "policy-error", "{policy}");
    }
    let none = judged(vpc(), &policies(&[]))?;
    assert!(told(&none)[0].contains("there is no policy"), "{:?}", told(&none));
    let all = Policies { namespaces: Namespaces::All, ..policies(&["package a\nx := 1\n"]) };
    assert!(judged(vpc(), &all)?.is_denied());
    Ok(())
}

#[test]
fn what_fails_is_shown_where_it_is() -> Outcome {
    let verdict = judged(
        vpc(),
        &policies(&["package main\nimport rego.v1\n\ndeny contains msg if { msg := to_number(\"x\") }\n"]),
    )?;
    let place = verdict.findings[0].place.as_ref().ok_or("no place")?;
    assert_eq!((place.file.as_str(), place.line), ("p0.rego", 4));
    Ok(())
}

#[test]
fn one_rule_that_fails_leaves_the_others() -> Outcome {
    let policy = "package main\nimport rego.v1\ndeny_a contains to_number(\"x\")\ndeny_b contains \"b\"\n";
    let said = says(&[policy])?;
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(said[1], "deny b");
    Ok(())
}

#[test]
fn what_does_not_end_is_denied() -> Outcome {
    let endless = "package main\nimport rego.v1\ndeny contains \"x\" if {\n\tsome a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\tsome c in numbers.range(1, 3000)\n\ta + b + c == -1\n}\n";
    let policies = Policies { limit: Duration::from_millis(300), ..policies(&[endless]) };
    let said = told(&judged(vpc(), &policies)?);
    assert!(said[0].contains("did not end within 0.3 s"), "{said:?}");
    Ok(())
}

#[test]
fn authorization_is_a_boolean() -> Outcome {
    let policy = |value: &str| format!("package main\nimport rego.v1\nauthz := {value}\n");
    let says = |value: &str| judged(vpc(), &policies(&[&policy(value)])).map(|verdict| told(&verdict));
    assert_eq!(says("true")?, Vec::<String>::new());
    assert_eq!(says("false")?, ["deny `main.authz` is false: the policy does not allow this plan"]);
    assert!(says("true if input.nothing")?[0].contains("is undefined"));
    assert!(says("\"true\"")?[0].contains("has to be true or false"));
    // as in OPA's own example for Terraform
    let analysis = "package terraform.analysis\nimport rego.v1\ndefault authz := false\nauthz if count(input.resource_changes) > 1\n";
    let asked = |rule: &str| Policies { authz: vec![rule.into()], ..policies(&[analysis]) };
    assert_eq!(
        told(&judged(vpc(), &asked("data.terraform.analysis.authz"))?),
        ["deny `terraform.analysis.authz` is false: the policy does not allow this plan"]
    );
    let unknown = told(&judged(vpc(), &asked("terraform.analysis.auth"))?);
    assert!(unknown[0].contains("did you mean `terraform.analysis.authz`?"), "{unknown:?}");
    Ok(())
}

#[test]
fn data_is_given_to_policies() -> Outcome {
    let policy = "package main\nimport rego.v1\ndeny contains msg if some msg in data.settings.say\n";
    let with = |path: &str, text: &str| Policies {
        data: vec![Text { path: path.into(), text: text.into() }],
        ..policies(&[policy])
    };
    assert_eq!(told(&judged(vpc(), &with("a.yaml", "settings: {say: [one]}\n"))?), ["deny one"]);
    assert_eq!(told(&judged(vpc(), &with("a.json", "{\"settings\": {\"say\": [\"two\"]}}"))?), ["deny two"]);
    for (path, text) in [("a.json", "{"), ("a.yaml", "a: ["), ("a.yaml", "- a\n")] {
        let said = told(&judged(vpc(), &with(path, text))?);
        assert!(said[0].contains("cannot be used"), "{said:?}");
    }
    Ok(())
}

#[test]
fn messages_come_in_order_and_once() -> Outcome {
    let policy = "package main\nimport rego.v1\ndeny contains msg if some msg in [\"b\", \"a\", \"b\"]\ndeny_x contains \" \"\n";
    assert_eq!(says(&[policy])?, ["deny a", "deny b", "deny (the policy gives no message)"]);
    Ok(())
}

#[test]
fn functions_of_other_packages_can_be_called() -> Outcome {
    let lib = "package lib.tags\nimport rego.v1\nmissing(r) := [\"Owner\"] if not r.change.after.tags\n";
    let main = "package main\nimport data.lib.tags\nimport data.lib.tags as t\nimport data.lib.tags.missing\nimport rego.v1\n\
                deny contains concat(\" \", array.concat(tags.missing(r), array.concat(t.missing(r), missing(r)))) if some r in input.resource_changes\n";
    assert_eq!(says(&[lib, main])?, ["deny Owner Owner Owner"]);
    Ok(())
}
