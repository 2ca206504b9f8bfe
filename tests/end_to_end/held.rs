//! An apply takes nothing away that a deployment or a service works with, and leaves alone only what CodeDeploy moves.

use crate::Test;
use crate::failures::contains;
use crate::release::shop::{STACK, Shop, text};
use serde_json::json;
use wharf_tests::Result;

pub(crate) const TESTS: &[Test] = &[
    ("what a deployment or a service works with is not taken away", works_with),
    ("without its group, production stays with what serves", without_its_group),
    ("a listener whose rules forward to the pair answers itself as the stack says", rules),
];

const FILE: &str = "shop/stack.yaml";
const APPLY: &[&str] = &["apply", STACK, "--auto-approve"];

fn plan(shop: &Shop, code: i32) -> Result<String> {
    Ok(shop.stage.exits(&["plan", STACK, "--detailed-exitcode"], code)?.stdout)
}

fn count(shop: &Shop, operations: &[&str]) -> Result<u64> {
    let counters = shop.stage.emulator.counters()?;
    Ok(operations.iter().filter_map(|operation| counters.get(*operation)).sum())
}

fn works_with() -> Result<()> {
    let mut shop = Shop::new()?;
    let id = shop.deploy("web:2")?;
    assert_eq!(shop.status(&id)?, "Ready");
    // Another group, and other target groups: neither can be changed in place.
    let group = "properties: {name: shop, description: shop, vpc_id: \"${vpc.id}\"}";
    let other = format!(
        "{}\n    lifecycle: {{create_before_destroy: true}}",
        group.replace("name: shop", "name: other")
    );
    shop.stage.edit(FILE, group, &other)?;
    shop.stage.edit(
        FILE,
        "port: 80, protocol: HTTP, target_type: ip",
        "port: 81, protocol: HTTP, target_type: ip",
    )?;
    let told = plan(&shop, 0)?;
    let not_now = |address: &str| format!("{address}: is not replaced while {id} runs");
    contains(&told, &[&not_now("group"), &not_now("color[\"blue\"]"), &not_now("color[\"green\"]")])?;
    let moves = &[
        "ec2:CreateSecurityGroup",
        "ec2:DeleteSecurityGroup",
        "elbv2:CreateTargetGroup",
        "elbv2:DeleteTargetGroup",
        "elbv2:ModifyListener",
    ];
    let before = count(&shop, moves)?;
    shop.stage.ok(APPLY)?;
    assert_eq!(count(&shop, moves)?, before);
    contains(&shop.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
    // Afterwards what is idle is replaced beside what serves, and the service goes on with its group.
    shop.ok(&["promote", "--finish"])?;
    let (green, group) = (shop.target_group("green")?, shop.stage.id(STACK, "group")?);
    let told = plan(&shop, 2)?;
    contains(
        &told,
        &[
            "color[\"blue\"] must be replaced",
            "color[\"green\"]: is replaced after the next release: until then deployment_group works with it",
            "group: its predecessor is deleted after the next release: until then service works with it",
            "service: needs a release: network_configuration",
        ],
    )?;
    shop.stage.ok(APPLY)?;
    assert_eq!(shop.forwards("production")?, ["shop-green"]);
    assert_eq!(shop.target_group("green")?, green);
    contains(&shop.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
    contains(&plan(&shop, 0)?, &["its predecessor is deleted after the next release", "No changes."])?;
    let is_there = |shop: &mut Shop| {
        let which = json!({"Filters": [{"Name": "group-id", "Values": [group]}]});
        shop.reader.call("ec2", "describe_security_groups", &which, Some("length(SecurityGroups)"))
    };
    assert_eq!(is_there(&mut shop)?, json!(1));
    // A release brings the new group, and moves to the new blue.
    shop.stage.ok(&[APPLY, &["--release"]].concat())?;
    shop.ok(&["promote", "--finish"])?;
    assert_eq!(shop.forwards("production")?, ["shop-blue"]);
    contains(
        &plan(&shop, 2)?,
        &["color[\"green\"] must be replaced", "a predecessor is still to be deleted"],
    )?;
    shop.stage.ok(APPLY)?;
    assert_eq!(is_there(&mut shop)?, json!(0));
    assert!(!plan(&shop, 0)?.contains("after the next release"));
    shop.traffic_was_served().map(drop)
}

/// A text without what is between two of its lines.
fn cut(text: &str, from: &str, to: &str) -> Result<String> {
    let start = text.find(from).ok_or_else(|| format!("no `{from}`"))?;
    let end = text[start..].find(to).ok_or_else(|| format!("no `{to}`"))?;
    Ok(format!("{}{}", &text[..start], &text[start + end..]))
}

fn without_its_group() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let text = std::fs::read_to_string(shop.stage.folder().join(FILE))?;
    let text = cut(&cut(&text, "  app:\n", "  bucket:\n")?, "  pipeline:\n    type", "outputs:")?;
    // What the stack file named at first is another one from now on, and has no tasks.
    shop.stage.write(
        FILE,
        &text.replace("port: 80, protocol: HTTP, target_type", "port: 81, protocol: HTTP, target_type"),
    )?;
    contains(&plan(&shop, 2)?, &["color[\"blue\"] must be replaced", "color[\"green\"]: is replaced after"])?;
    shop.stage.ok(APPLY)?;
    for _ in 0..2 {
        let told = plan(&shop, 0)?;
        contains(
            &told,
            &["listener[\"production\"]: default_action stays with what has the traffic", "No changes."],
        )?;
        shop.stage.ok(APPLY)?;
        assert_eq!(shop.forwards("production")?, ["shop-green"]);
    }
    contains(&shop.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
    // Something else than another target group is the stack file's to say.
    let answer = "{type: fixed-response, fixed_response: {content_type: text/plain, status_code: \"503\"}}";
    shop.stage.edit(FILE, "{type: forward, target_group_arn: \"${color[\\\"blue\\\"].arn}\"}", answer)?;
    contains(&plan(&shop, 2)?, &["listener[\"production\"] will be updated"])?;
    shop.traffic_was_served().map(drop)
}

fn rules() -> Result<()> {
    let rule = r#"default_action: {type: fixed-response, fixed_response: {content_type: text/plain, status_code: "404"}}
  rule:
    type: aws_lb_listener_rule
    for_each: {production: production, test: test}
    properties:
      listener_arn: ${listener[each.key].arn}
      priority: 10
      action: {type: forward, target_group_arn: "${color[\"blue\"].arn}"}
      condition: {host_header: {values: ["*.elb.amazonaws.com"]}}"#;
    let edits = [
        ("default_action: {type: forward, target_group_arn: \"${color[\\\"blue\\\"].arn}\"}", rule),
        ("depends_on: [listener]", "depends_on: [rule]"),
    ];
    let mut shop = Shop::edited(&edits, &[])?;
    contains(&plan(&shop, 0)?, &["traffic: shop-blue 100; test: shop-blue 100", "No changes."])?;
    shop.deployed("web:2")?;
    contains(&plan(&shop, 0)?, &["traffic: shop-green 100, shop-blue 0", "No changes."])?;
    // What the listener does itself is the stack's, what its rule does is CodeDeploy's.
    shop.stage.edit(FILE, "status_code: \"404\"", "status_code: \"403\"")?;
    shop.stage.edit(FILE, "priority: 10", "priority: 20")?;
    contains(&plan(&shop, 2)?, &["status_code = \"404\" -> \"403\"", "priority = 10 -> 20", "4 to change"])?;
    shop.stage.ok(APPLY)?;
    contains(&plan(&shop, 0)?, &["traffic: shop-green 100, shop-blue 0", "No changes."])?;
    // Somebody sends production elsewhere: it goes back to who serves, wherever the stack file began.
    let which = json!({"Names": ["shop-blue"]});
    let vpc = shop.reader.call("elbv2", "describe_target_groups", &which, Some("TargetGroups[0].VpcId"))?;
    let made = json!({"Name": "elsewhere", "Port": 80, "Protocol": "HTTP", "TargetType": "ip", "VpcId": vpc});
    let query = Some("TargetGroups[0].TargetGroupArn");
    let elsewhere = text(&shop.reader.call("elbv2", "create_target_group", &made, query)?)?;
    let production = shop.stage.id(STACK, "rule[\"production\"]")?;
    let sent = json!({"RuleArn": production, "Actions": [{"Type": "forward", "TargetGroupArn": elsewhere}]});
    shop.reader.call("elbv2", "modify_rule", &sent, None)?;
    contains(
        &plan(&shop, 2)?,
        &[
            "`action` is no deployment's doing: it forwards to elsewhere, which is not one of shop-blue and shop-green",
        ],
    )?;
    shop.stage.ok(APPLY)?;
    contains(&plan(&shop, 0)?, &["traffic: shop-green 100;", "No changes."])
}
