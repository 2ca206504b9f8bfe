//! A service that ECS itself deploys: the stack says what, ECS moves the traffic, and no plan moves it back.

mod releases;

use crate::Test;
use crate::failures::{APPLY, contains};
use serde_json::{Value, json};
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("a changed task definition goes there and back, and nothing else moves", there_and_back),
    ("what is under way is left alone", left_alone),
    ("a rule changed for another reason keeps its weights", keeps_weights),
    ("traffic to where nobody serves goes to who serves", to_who_serves),
    ("a deployment that goes back fails the apply that waits for it", goes_back),
    ("steps and pauses come back as they were asked for", steps_and_pauses),
    ("a rolled service comes to be deployed blue/green, and back", from_rolling),
    ("somebody promotes a release, goes back during it and after it", releases::released),
    ("a release waits at every pause, and a destroy for none", releases::every_pause),
    ("the first release in months is rolled back", releases::first_in_months),
    ("what was stopped and serves is rolled back", releases::stopped_and_serves),
    ("what somebody stops is waited for", releases::stopped_by_somebody),
    ("the same command again ends in the same place, whichever change it was killed at", releases::killed),
];

const PLAN: &[&str] = &["plan", "--detailed-exitcode"];
const FILE: &str = "stack.yaml";
const MINUTE: u64 = 60_000;

struct Shop {
    stage: Stage,
    reader: Reader,
    rule: String,
    minutes: u64,
}

impl Shop {
    fn new() -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("tests/ecs-blue-green", ".")?;
        stage.ok(APPLY)?;
        let rule = stage.id(FILE, "production")?;
        Ok(Shop { reader: stage.reader()?, rule, stage, minutes: 0 })
    }

    fn later(&mut self, minutes: u64) -> Result<()> {
        self.minutes += minutes;
        self.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": self.minutes * MINUTE}))?;
        Ok(())
    }

    fn faults(&self, faults: &Value) -> Result<()> {
        self.stage.emulator.post("/_wharf/deployments", &json!({"faults": faults}))?;
        Ok(())
    }

    /// Asks for another image, which makes a new revision of the task definition.
    fn image(&self, from: &str, to: &str) -> Result<()> {
        self.stage.edit(FILE, &format!("httpd:{from}"), &format!("httpd:{to}"))
    }

    /// The production rule's target groups with their weights, as boto3 sees them, by their names.
    fn weights(&mut self) -> Result<Vec<String>> {
        let query = "Rules[0].Actions[].ForwardConfig[].TargetGroups[].[TargetGroupArn, Weight]";
        let rule = json!({"RuleArns": [self.rule]});
        let groups = self.reader.call("elbv2", "describe_rules", &rule, Some(query))?;
        let mut weights: Vec<String> = groups
            .as_array()
            .into_iter()
            .flatten()
            .map(|group| {
                let name = group[0].as_str().and_then(|arn| arn.rsplit('/').nth(1)).unwrap_or_default();
                format!("{name} {}", group[1])
            })
            .collect();
        weights.sort();
        Ok(weights)
    }

    fn forward(&mut self, groups: &[(&str, i64)]) -> Result<()> {
        let mut tuples = Vec::new();
        for (group, weight) in groups {
            let arn = self.stage.id(FILE, group)?;
            tuples.push(json!({"TargetGroupArn": arn, "Weight": weight}));
        }
        let actions = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}]);
        let change = json!({"RuleArn": self.rule, "Actions": actions});
        self.reader.call("elbv2", "modify_rule", &change, None)?;
        Ok(())
    }

    /// Nothing to do, and nothing done; the plan says who has the traffic.
    fn at_rest(&mut self, traffic: &str) -> Result<()> {
        let weights = self.weights()?;
        let plan = self.stage.exits(PLAN, 0)?;
        contains(&plan.stdout, &[&format!("service: traffic: {traffic}"), "No changes."])?;
        contains(&self.stage.exits(&["drift"], 0)?.stdout, &["No drift"])?;
        let before = self.changes()?;
        self.stage.ok(APPLY)?;
        assert_eq!(self.changes()?, before);
        assert_eq!(self.weights()?, weights);
        Ok(())
    }

    /// How often something was changed that deployments are about.
    fn changes(&self) -> Result<Vec<u64>> {
        let counters = self.stage.emulator.counters()?;
        let count = |name: &&str| counters.get(*name).copied().unwrap_or_default();
        Ok(["elbv2:ModifyRule", "elbv2:ModifyListener", "ecs:UpdateService"].iter().map(count).collect())
    }

    /// The writes of rules by somebody, each with the healthy targets behind what has weight.
    fn written(&self, by: &str) -> Result<Vec<u64>> {
        let record = self.stage.emulator.get("/_wharf/traffic")?;
        let writes = record.as_array().into_iter().flatten().filter(|write| write["by"] == by);
        let healthy = |write: &Value| {
            let forwards = write["forwards"].as_array().into_iter().flatten();
            forwards
                .filter(|group| group["weight"].as_u64() > Some(0))
                .filter_map(|group| group["healthy"].as_u64())
                .min()
                .unwrap_or_default()
        };
        Ok(writes.map(healthy).collect())
    }
}

fn there_and_back() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.at_rest("shop-blue 100, shop-green 0; test: shop-blue 100, shop-green 0; revision shop:1")?;
    shop.image("2.4", "2.5")?;
    let plan = shop.stage.exits(PLAN, 2)?;
    assert!(!plan.stdout.contains("production"), "{}", plan.stdout);
    shop.stage.ok(APPLY)?;
    shop.at_rest("shop-green 100, shop-blue 0; test: shop-green 100, shop-blue 0; deployment")?;
    shop.later(6)?;
    shop.at_rest("shop-green 100, shop-blue 0; test: shop-green 100, shop-blue 0; revision shop:2\n")?;
    // What Terraform's updates do not: the target groups alternate.
    shop.image("2.5", "2.6")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    shop.at_rest("shop-blue 100, shop-green 0; test: shop-blue 100, shop-green 0; revision shop:3\n")?;
    // Three deployments moved two rules each, never to where nobody was, and nobody else moved any.
    assert_eq!(shop.written("ecs")?, [2; 6]);
    assert_eq!(shop.written("elbv2:ModifyRule")?, [0; 0]);
    shop.stage.ok(&["destroy", "--auto-approve"])?;
    assert!(shop.stage.objects()?.is_empty());
    Ok(())
}

fn left_alone() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.faults(&json!([{"kind": "waiting_hook", "hook": "POST_TEST_TRAFFIC_SHIFT"}]))?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    let before = shop.changes()?;
    shop.stage.edit(
        FILE,
        "health_check_grace_period_seconds: 60",
        "health_check_grace_period_seconds: 77",
    )?;
    shop.stage.edit(FILE, "priority: 20", "priority: 30")?;
    let plan = shop.stage.exits(PLAN, 0)?;
    contains(
        &plan.stdout,
        &[
            "service: traffic: shop-blue 100, shop-green 0; test: shop-green 100, shop-blue 0; deployment",
            "(IN_PROGRESS, brings shop:2)",
            "service: is left alone while ",
            "after it: health_check_grace_period_seconds",
            "production: is left alone while ",
            "after it: priority",
            "No changes.",
        ],
    )?;
    shop.stage.ok(APPLY)?;
    assert_eq!(shop.changes()?, before);
    // A rule that is moved under its eyes is the deployment's business as well.
    shop.forward(&[("target_group[\"green\"]", 1)])?;
    shop.stage.exits(PLAN, 0)?;
    shop.faults(&json!([]))?;
    shop.stage.exits(PLAN, 0)?;
    shop.later(6)?;
    let plan = shop.stage.exits(PLAN, 2)?;
    contains(&plan.stdout, &["health_check_grace_period_seconds", "priority", "2 to change"])?;
    shop.stage.ok(APPLY)?;
    shop.at_rest("shop-green 100, shop-blue 0")
}

fn keeps_weights() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    shop.stage.edit(FILE, "values: [\"/*\"]", "values: [\"/shop/*\"]")?;
    let plan = shop.stage.exits(PLAN, 2)?;
    contains(&plan.stdout, &["condition", "1 to change"])?;
    shop.stage.ok(APPLY)?;
    assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
    shop.at_rest("shop-green 100, shop-blue 0")
}

fn to_who_serves() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    let (blue, green) = ("target_group[\"blue\"]", "target_group[\"green\"]");
    for (groups, reason) in [
        (&[(blue, 100), (green, 0)][..], "the revision that serves is behind shop-green"),
        (&[(blue, 0), (green, 0)], "all its weights are 0"),
    ] {
        shop.forward(groups)?;
        let plan = shop.stage.exits(PLAN, 2)?;
        contains(&plan.stdout, &["production: `action` is no deployment's doing", reason])?;
        shop.stage.exits(&["drift"], 6)?;
        shop.stage.ok(APPLY)?;
        assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
        shop.at_rest("shop-green 100, shop-blue 0")?;
    }
    // Whom a rule outside the pair would have sent to a stranger.
    let made = json!({"Name": "stranger", "Protocol": "HTTP", "Port": 80, "TargetType": "ip",
                      "VpcId": shop.stage.id(FILE, "vpc")?});
    let query = Some("TargetGroups[0].TargetGroupArn");
    let stranger = shop.reader.call("elbv2", "create_target_group", &made, query)?;
    let actions = json!([{"Type": "forward", "TargetGroupArn": stranger}]);
    let change = json!({"RuleArn": shop.rule, "Actions": actions});
    shop.reader.call("elbv2", "modify_rule", &change, None)?;
    let plan = shop.stage.exits(PLAN, 2)?;
    contains(&plan.stdout, &["it forwards to stranger, which is not one of shop-blue and shop-green"])?;
    shop.stage.ok(APPLY)?;
    assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
    // Both are attached still, so the next deployment can go back.
    shop.image("2.5", "2.6")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    shop.at_rest("shop-blue 100, shop-green 0")
}

fn goes_back() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.stage.edit(FILE, "default: false", "default: true")?;
    shop.stage.ok(APPLY)?;
    shop.faults(&json!([{"kind": "failing_hook", "hook": "POST_TEST_TRAFFIC_SHIFT", "reason": "no cart"}]))?;
    shop.image("2.4", "2.5")?;
    let run = shop.stage.exits(APPLY, 1)?;
    contains(&run.all(), &["ECS gave deployment", "shop:1 serves", "no cart"])?;
    assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
    // The stack file still asks for it, so the next apply tries again.
    shop.faults(&json!([]))?;
    shop.stage.edit(FILE, "default: 5", "default: 0")?;
    let plan = shop.stage.exits(PLAN, 2)?;
    contains(&plan.stdout, &["task_definition", "traffic: shop-blue 100, shop-green 0"])?;
    shop.stage.ok(APPLY)?;
    shop.at_rest("shop-green 100, shop-blue 0")
}

fn steps_and_pauses() -> Result<()> {
    let mut shop = Shop::new()?;
    let hook = "          lifecycle_stages: [POST_TEST_TRAFFIC_SHIFT]\n";
    let mut before = "strategy: BLUE_GREEN".to_owned();
    for steps in [
        "CANARY\n        canary_configuration: {canary_percent: 12.5, canary_bake_time_in_minutes: 3}",
        "LINEAR\n        linear_configuration: {step_percent: 50}",
    ] {
        let after = format!("strategy: {steps}");
        shop.stage.edit(FILE, &before, &after)?;
        contains(&shop.stage.exits(PLAN, 2)?.stdout, &["deployment_configuration[0]", "1 to change"])?;
        shop.stage.ok(APPLY)?;
        shop.at_rest("shop-blue 100, shop-green 0")?;
        before = after;
    }
    // A function that is called, and a stop until somebody says go on.
    let text = std::fs::read_to_string(shop.stage.folder().join(FILE))?;
    let start = text.find("        lifecycle_hook:").ok_or("no hook")?;
    let end = text.find("      deployment_circuit_breaker").ok_or("no circuit breaker")?;
    let pause = "        lifecycle_hook: {target_type: PAUSE, lifecycle_stages: [PRE_SCALE_UP]}\n";
    assert!(text[start..end].contains(hook));
    shop.stage.write(FILE, &format!("{}{pause}{}", &text[..start], &text[end..]))?;
    shop.stage.ok(APPLY)?;
    shop.at_rest("shop-blue 100, shop-green 0")?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    shop.later(60)?;
    shop.at_rest("shop-blue 100, shop-green 0; test: shop-blue 100, shop-green 0; deployment")?;
    let listed = json!({"cluster": "shop", "service": "shop"});
    let query = Some("serviceDeployments[0].serviceDeploymentArn");
    let deployment = shop.reader.call("ecs", "list_service_deployments", &listed, query)?;
    let query = Some("serviceDeployments[0].lifecycleHookDetails[0].hookId");
    let described = json!({"serviceDeploymentArns": [deployment]});
    let hook = shop.reader.call("ecs", "describe_service_deployments", &described, query)?;
    let go_on = json!({"serviceDeploymentArn": deployment, "hookId": hook});
    shop.reader.call("ecs", "continue_service_deployment", &go_on, None)?;
    shop.at_rest("shop-blue 50, shop-green 50")?;
    shop.later(7)?;
    shop.at_rest("shop-green 100, shop-blue 0; test: shop-green 100, shop-blue 0; deployment")?;
    shop.later(6)?;
    shop.at_rest("shop-green 100, shop-blue 0; test: shop-green 100, shop-blue 0; revision shop:2\n")
}

fn from_rolling() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/ecs-blue-green", ".")?;
    let text = std::fs::read_to_string(stage.folder().join(FILE))?.replace("default: 5", "default: 0");
    let part = |from: &str, to: &str| -> Result<String> {
        let start = text.find(from).ok_or("no such part")?;
        let end = text[start..].find(to).ok_or("no such end")? + start;
        Ok(text[start..end].to_owned())
    };
    let configuration = part("      deployment_configuration:", "      deployment_circuit_breaker")?;
    let advanced = part("        advanced_configuration:", "      health_check_grace")?;
    let rolled = text
        .replace(&configuration, "      deployment_configuration: {strategy: ROLLING}\n")
        .replace(&advanced, "");
    stage.write(FILE, &rolled)?;
    stage.ok(APPLY)?;
    stage.exits(PLAN, 0)?;
    stage.write(FILE, &text)?;
    stage.ok(APPLY)?;
    let plan = stage.exits(PLAN, 0)?;
    contains(&plan.stdout, &["service: traffic: shop-green 100, shop-blue 0"])?;
    // With its tasks where the stack file does not say, production would go to nobody.
    stage.write(FILE, &rolled)?;
    let run = stage.exits(APPLY, 1)?;
    contains(&run.all(), &["shop serves from shop-green, which is not", "Deploy once more"])?;
    stage.write(FILE, &text.replace("httpd:2.4", "httpd:2.5"))?;
    stage.ok(APPLY)?;
    contains(&stage.exits(PLAN, 0)?.stdout, &["service: traffic: shop-blue 100, shop-green 0"])?;
    stage.write(FILE, &rolled.replace("httpd:2.4", "httpd:2.5"))?;
    stage.ok(APPLY)?;
    // Nobody moves the rules any longer, so they are the stack's again.
    let plan = stage.exits(PLAN, 2)?;
    contains(&plan.stdout, &["production will be updated", "test will be updated", "2 to change"])?;
    assert!(!plan.stdout.contains("traffic:"), "{}", plan.stdout);
    stage.ok(APPLY)?;
    stage.exits(PLAN, 0)?;
    stage.ok(&["destroy", "--auto-approve"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}

/// A pause before production traffic moves, in the place of a function.
fn pauses(shop: &Shop) -> Result<()> {
    pause(&shop.stage, "POST_TEST_TRAFFIC_SHIFT")?;
    shop.stage.ok(APPLY)?;
    Ok(())
}

/// Has the stack file pause at these stages, in the place of a function.
pub(crate) fn pause(stage: &Stage, stages: &str) -> Result<()> {
    let text = std::fs::read_to_string(stage.folder().join(FILE))?;
    let start = text.find("        lifecycle_hook:").ok_or("no hook")?;
    let end = text.find("      deployment_circuit_breaker").ok_or("no circuit breaker")?;
    let pause = format!("        lifecycle_hook: {{target_type: PAUSE, lifecycle_stages: [{stages}]}}\n");
    stage.write(FILE, &format!("{}{pause}{}", &text[..start], &text[end..]))
}
