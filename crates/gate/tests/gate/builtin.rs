//! The built-in rules.

use crate::support::{Outcome, change, created, fail_on, found, plan, told, verdict};
use serde_json::{Value, json};
use wharf_gate::{DEFAULT_WEIGHTS, Rules, Switch, Weight};

#[test]
fn destroy_and_replace_are_two_things() -> Outcome {
    let deleted = || change("aws_vpc", &["delete"], json!({}), Value::Null);
    let mut replaced = change("aws_vpc", &["delete", "create"], json!({}), json!({}));
    replaced["change"]["replace_paths"] = json!([["cidr_block"], ["health_check", 0, "path"]]);
    assert_eq!(found(Switch::Destroy, deleted())?, ["deny `it` (aws_vpc) is deleted"]);
    assert_eq!(found(Switch::Destroy, replaced.clone())?, Vec::<String>::new());
    assert_eq!(found(Switch::Replace, deleted())?, Vec::<String>::new());
    assert_eq!(
        found(Switch::Replace, replaced)?,
        [
            "deny `it` (aws_vpc) is deleted and made anew: `cidr_block`, `health_check[0].path` cannot be changed in place"
        ]
    );
    let mut left = deleted();
    left["deposed"] = "vpc-1".into();
    assert_eq!(found(Switch::Destroy, left)?, ["deny a predecessor of `it` (aws_vpc) is deleted"]);
    let first = change("aws_vpc", &["create", "delete"], json!({}), json!({}));
    assert_eq!(found(Switch::Replace, first)?.len(), 1);
    for action in ["create", "update", "no-op", "read", "forget"] {
        let other = || change("aws_vpc", &[action], json!({}), json!({}));
        assert!(found(Switch::Destroy, other())?.is_empty(), "{action}");
        assert!(found(Switch::Replace, other())?.is_empty(), "{action}");
    }
    Ok(())
}

fn document(statement: Value) -> Value {
    json!({"policy": json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()})
}

#[test]
fn iam_says_what_is_newly_allowed() -> Outcome {
    let before = document(json!({"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}));
    let wider =
        document(json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}));
    let told = found(Switch::Iam, change("aws_iam_role_policy", &["update"], before.clone(), wider))?;
    assert_eq!(
        told,
        ["deny `it` (aws_iam_role_policy) is updated; its `policy` allows `s3:PutObject` on `*`"]
    );
    let narrower =
        document(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}));
    let told = found(Switch::Iam, change("aws_iam_role_policy", &["update"], before.clone(), narrower))?;
    assert_eq!(told, ["deny `it` (aws_iam_role_policy) is updated; nothing is newly allowed"]);
    let unbound = document(
        json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}),
    );
    let told = found(Switch::Iam, change("aws_iam_role_policy", &["update"], unbound, before))?;
    assert_eq!(told, ["deny `it` (aws_iam_role_policy) is updated; its `policy` allows `s3:Get*` on `*`"]);
    Ok(())
}

#[test]
fn iam_looks_at_policies_of_other_types() -> Outcome {
    let open =
        document(json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}));
    let told = found(Switch::Iam, created("aws_s3_bucket_policy", open.clone()))?;
    assert_eq!(
        told,
        ["deny `it` (aws_s3_bucket_policy) is created; its `policy` allows `s3:*` on `*` to `*`"]
    );
    let denial = document(json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}));
    let told = found(Switch::Iam, change("aws_s3_bucket_policy", &["delete"], denial, Value::Null))?;
    assert_eq!(
        told,
        ["deny `it` (aws_s3_bucket_policy) is deleted; its `policy` no longer denies `s3:*` on `*`"]
    );
    // a key whose description changes is no business of this rule; a role whatever changes is
    let described = |policy: &Value, text: &str| json!({"policy": policy["policy"], "description": text});
    let key = change("aws_kms_key", &["update"], described(&open, "a"), described(&open, "b"));
    assert_eq!(found(Switch::Iam, key)?, Vec::<String>::new());
    let role = change("aws_iam_role", &["update"], json!({"path": "/a/"}), json!({"path": "/b/"}));
    assert_eq!(found(Switch::Iam, role)?, ["deny `it` (aws_iam_role) is updated"]);
    let trusts = |principal: &str| {
        let document =
            document(json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}));
        json!({"assume_role_policy": document["policy"]})
    };
    let trusting = change("aws_iam_role", &["update"], trusts("123456789012"), trusts("*"));
    assert_eq!(
        found(Switch::Iam, trusting)?,
        ["deny `it` (aws_iam_role) is updated; its `assume_role_policy` allows `sts:AssumeRole` to `*`"]
    );
    let attached = created("aws_iam_role_policy_attachment", json!({"policy_arn": "arn:x"}));
    assert_eq!(
        found(Switch::Iam, attached)?,
        ["deny `it` (aws_iam_role_policy_attachment) is created; it attaches `arn:x`"]
    );
    Ok(())
}

#[test]
fn documents_that_are_partly_known_are_judged_as_far_as_they_are() -> Outcome {
    let mut role = created(
        "aws_iam_role_policy",
        json!({"policy": {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"]}]}}),
    );
    role["change"]["after_unknown"] = json!({"policy": {"Statement": [{"Resource": true}]}});
    assert_eq!(
        found(Switch::Iam, role.clone())?,
        [
            "deny `it` (aws_iam_role_policy) is created; its `policy` allows `s3:GetObject` on (known after apply)"
        ]
    );
    assert_eq!(
        found(Switch::UnknownPolicy, role.clone())?,
        [
            "deny `it` (aws_iam_role_policy) is created, and `policy.Statement[0].Resource` cannot be judged before the apply"
        ]
    );
    role["change"]["after_unknown"] = json!({"policy": {"Statement": [{"Resource": false}]}});
    assert_eq!(found(Switch::UnknownPolicy, role)?, Vec::<String>::new());
    Ok(())
}

fn ingress(cidr: &str, port: i64) -> Value {
    json!({"cidr_ipv4": cidr, "ip_protocol": "tcp", "from_port": port, "to_port": port})
}

#[test]
fn security_groups_open_to_the_world() -> Outcome {
    let rule = "aws_vpc_security_group_ingress_rule";
    let open = |after| found(Switch::SecurityGroup, created(rule, after));
    assert_eq!(
        open(ingress("0.0.0.0/0", 22))?,
        ["deny `it` (aws_vpc_security_group_ingress_rule) lets the world in: tcp 22 from 0.0.0.0/0"]
    );
    // the world in halves is the world
    assert!(open(ingress("128.0.0.0/1", 22))?[0].starts_with("deny"));
    assert!(
        open(json!({"cidr_ipv6": "2000::/3", "ip_protocol": "-1"}))?[0].contains("all traffic from 2000::/3")
    );
    assert!(open(ingress("203.0.113.0/24", 22))?[0].starts_with("warn"));
    for own in ["10.0.0.0/8", "192.168.1.0/24", "100.64.0.0/10"] {
        assert_eq!(open(ingress(own, 22))?, Vec::<String>::new(), "{own}");
    }
    assert_eq!(open(json!({"cidr_ipv6": "fc00::/7", "ip_protocol": "-1"}))?, Vec::<String>::new());
    assert_eq!(open(json!({"referenced_security_group_id": "sg-1"}))?, Vec::<String>::new());
    let mut later = created(rule, json!({"ip_protocol": "tcp", "from_port": 1, "to_port": 2}));
    later["change"]["after_unknown"] = json!({"cidr_ipv4": true, "cidr_ipv6": true, "id": true});
    // what nobody sets is unknown as well, and nothing to judge
    assert_eq!(found(Switch::SecurityGroup, later.clone())?, Vec::<String>::new());
    later["source"]["properties"]["cidr_ipv4"] = json!({"line": 13, "column": 7});
    assert_eq!(found(Switch::SecurityGroup, later.clone())?.len(), 1);
    assert!(found(Switch::SecurityGroup, later.clone())?[0].contains("known after the apply"));
    later.as_object_mut().ok_or("an entry")?.remove("source");
    let mut terraform = plan(vec![later]);
    let configured =
        json!({"address": "aws_vpc_security_group_ingress_rule.it", "expressions": {"cidr_ipv6": {}}});
    terraform["configuration"] = json!({"root_module": {"resources": [configured]}});
    assert_eq!(verdict(terraform, &fail_on(&[Switch::SecurityGroup]))?.denials(), 1);
    let egress = json!({"type": "egress", "cidr_blocks": ["0.0.0.0/0"], "protocol": "-1"});
    assert_eq!(
        found(Switch::SecurityGroup, created("aws_security_group_rule", egress))?,
        Vec::<String>::new()
    );
    Ok(())
}

#[test]
fn security_groups_that_were_open_before_are_not_opened() -> Outcome {
    let group = |rules: Value| json!({"ingress": rules});
    let block = |from: i64, to: i64, text: &str| json!({"cidr_blocks": ["0.0.0.0/0"], "protocol": "tcp", "from_port": from, "to_port": to, "description": text});
    let update = |before: Value, after: Value| {
        found(Switch::SecurityGroup, change("aws_security_group", &["update"], group(before), group(after)))
    };
    assert_eq!(update(json!([block(80, 90, "a")]), json!([block(80, 80, "b")]))?, Vec::<String>::new());
    let wider = update(json!([block(80, 80, "a")]), json!([block(80, 80, "a"), block(80, 443, "a")]))?;
    assert_eq!(wider, ["deny `it` (aws_security_group) lets the world in: tcp 80-443 from 0.0.0.0/0"]);
    assert_eq!(update(json!([block(80, 80, "a")]), json!([]))?, Vec::<String>::new());
    Ok(())
}

#[test]
fn drift_is_what_the_plan_says_it_is() -> Outcome {
    let mut plan = plan(vec![change("aws_vpc", &["update"], json!({}), json!({}))]);
    let mut entry = change("aws_vpc", &["update"], json!({"a": 1, "b": 2}), json!({"a": 1, "b": 3}));
    entry.as_object_mut().ok_or("an entry")?.remove("source");
    plan["resource_drift"] = json!([
        entry,
        change("aws_lb", &["delete"], json!({}), Value::Null),
        change("aws_eip", &["no-op"], json!({}), json!({}))
    ]);
    let verdict = verdict(plan, &fail_on(&[Switch::Drift]))?;
    assert_eq!(
        told(&verdict),
        [
            "deny `it` (aws_lb) was deleted outside the stack",
            "deny `it` (aws_vpc) was changed outside the stack: `b`",
        ]
    );
    // the line is that of the change
    assert!(
        verdict.findings.iter().all(|finding| finding.place.as_ref().is_some_and(|place| place.line == 10))
    );
    Ok(())
}

#[test]
fn nat_gateways_cost() -> Outcome {
    assert_eq!(found(Switch::CostNat, created("aws_nat_gateway", json!({})))?.len(), 1);
    let replaced = change("aws_nat_gateway", &["create", "delete"], json!({}), json!({}));
    assert_eq!(found(Switch::CostNat, replaced)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn what_is_protected_stays() -> Outcome {
    let keyed = |action: &str| {
        let mut entry = change("aws_subnet", &[action], json!({}), Value::Null);
        entry["wharf_address"] = "subnet[\"a\"]".into();
        entry["address"] = "aws_subnet.subnet[\"a\"]".into();
        entry
    };
    let denied = |pattern: &str, action: &str| -> Result<bool, String> {
        let rules = Rules { protect: vec![pattern.into()], ..Rules::default() };
        Ok(verdict(plan(vec![keyed(action)]), &rules)?.is_denied())
    };
    for pattern in ["subnet[\"a\"]", "subnet", "aws_subnet.subnet", "aws_subnet", "aws_*", "*[\"a\"]"] {
        assert!(denied(pattern, "delete")?, "{pattern}");
        assert!(denied(pattern, "forget")?, "{pattern}");
        assert!(!denied(pattern, "update")?, "{pattern}");
    }
    for pattern in ["subne", "subnet[\"b\"]", "aws_subnets", "aws_vpc"] {
        assert!(!denied(pattern, "delete")?, "{pattern}");
    }
    Ok(())
}

#[test]
fn the_blast_radius_is_the_sum_of_the_weights() -> Outcome {
    let changes = || {
        plan(vec![
            created("aws_eip", json!({})),
            change("aws_s3_bucket", &["delete"], json!({}), Value::Null),
            change("aws_vpc", &["no-op"], json!({}), json!({})),
            change("aws_lb", &["forget"], json!({}), Value::Null),
        ])
    };
    let radius = |weights: &[&str], budget| -> Result<_, Box<dyn std::error::Error>> {
        let weights = weights.iter().map(|text| text.parse()).collect::<Result<Vec<Weight>, _>>()?;
        let verdict = verdict(changes(), &Rules { weights, budget: Some(budget), ..Rules::default() })?;
        Ok((verdict.blast_radius.total, verdict.is_denied()))
    };
    assert_eq!(radius(&[], 52)?, (52, false));
    assert_eq!(radius(&[], 51)?, (52, true));
    assert_eq!(radius(&["aws_s3_*=7"], 100)?, (9, false));
    assert_eq!(radius(&["aws_s3_bucket.update=7"], 100)?, (52, false));
    // the last one counts
    assert_eq!(radius(&["aws_s3_bucket.delete=7", "*=0"], 100)?, (0, false));
    assert_eq!(radius(&["*.delete=18446744073709551615"], 100)?, (u64::MAX, true));
    let total = |weights: &[&str]| radius(weights, 1000).map(|radius| radius.0);
    assert_eq!(total(&["aws_lb.forget=9"])?, 60);
    Ok(())
}

#[test]
fn weights_that_mean_nothing_are_refused() {
    let refused = |text: &str| text.parse::<Weight>().map(|weight| weight.to_string());
    assert!(refused("aws_vpc").is_err());
    assert!(refused("=3").is_err());
    assert!(refused("aws_vpc=-1").is_err());
    let problem = refused("aws_vpc.destory=1").expect_err("a refusal").to_string();
    assert!(problem.contains("there is no action `destory`"), "{problem}");
    assert_eq!(refused("aws_vpc.delete=4"), Ok("aws_vpc.delete=4".into()));
}

#[test]
fn the_docs_have_the_weights() -> Outcome {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gate.md"))?;
    let rows = DEFAULT_WEIGHTS.iter().map(|(name, [create, update, replace, delete])| {
        format!("| `{name}` | {create} | {update} | {replace} | {delete} |\n")
    });
    assert!(docs.contains(&rows.collect::<String>()), "docs/gate.md has other weights");
    for switch in Switch::ALL {
        assert!(docs.contains(&format!("| `{switch}` |")), "docs/gate.md lacks {switch}");
    }
    Ok(())
}
