//! What CodeDeploy moves is CodeDeploy's: no plan switches traffic back.

use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("after a reroute there is nothing to do", rerouted),
    ("a listener changed for another reason keeps its weights", keeps_weights),
    ("traffic to where nobody serves is drift, and goes to who serves", to_who_serves),
    ("a changed template waits for a deployment", waits),
];

const STACK: &str = "ecs-pipeline";
const APPLY: &[&str] = &["apply", STACK, "--auto-approve"];

/// The reference stack after an apply, and what a deployment works with.
struct Pipeline {
    stage: Stage,
    reader: Reader,
    production: String,
    blue: String,
    green: String,
}

impl Pipeline {
    fn new() -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("stacks/ecs-pipeline", STACK)?;
        stage.ok(APPLY)?;
        let reader = stage.reader()?;
        let id = |address: &str| stage.id(STACK, address);
        let (production, blue, green) =
            (id("production_listener")?, id("target_group[\"blue\"]")?, id("target_group[\"green\"]")?);
        Ok(Pipeline { stage, reader, production, blue, green })
    }

    /// What a deployment of CodeDeploy comes to: tasks behind a target group, which become the ones that serve, and a
    /// listener that forwards to them.
    fn deploy(&mut self, to: &str, weights: &[(&str, i64)]) -> Result<()> {
        let service = json!({"cluster": STACK, "service": STACK});
        let mut set = service.clone();
        set["externalId"] = json!("d-1");
        set["taskDefinition"] = json!(STACK);
        set["launchType"] = json!("FARGATE");
        set["loadBalancers"] = json!([{"targetGroupArn": to, "containerName": "web", "containerPort": 80}]);
        let set = self.reader.call("ecs", "create_task_set", &set, Some("taskSet.taskSetArn"))?;
        let mut primary = service;
        primary["primaryTaskSet"] = set;
        self.reader.call("ecs", "update_service_primary_task_set", &primary, None)?;
        self.forward(weights)
    }

    fn forward(&mut self, weights: &[(&str, i64)]) -> Result<()> {
        let groups: Vec<Value> =
            weights.iter().map(|(arn, weight)| json!({"TargetGroupArn": arn, "Weight": weight})).collect();
        let forward = json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]);
        let change = json!({"ListenerArn": self.production, "DefaultActions": forward});
        self.reader.call("elbv2", "modify_listener", &change, None)?;
        Ok(())
    }

    /// The listener's target groups with their weights, as boto3 sees them.
    fn weights(&mut self) -> Result<Vec<(String, i64)>> {
        let listener = json!({"ListenerArns": [self.production]});
        let query = "Listeners[0].DefaultActions[].ForwardConfig[].TargetGroups[]";
        let groups = self.reader.call("elbv2", "describe_listeners", &listener, Some(query))?;
        let mut weights: Vec<(String, i64)> = groups
            .as_array()
            .into_iter()
            .flatten()
            .map(|group| {
                let arn = group["TargetGroupArn"].as_str().unwrap_or_default().to_owned();
                (arn, group["Weight"].as_i64().unwrap_or(1))
            })
            .collect();
        weights.sort();
        Ok(weights)
    }

    fn edit(&self, from: &str, to: &str) -> Result<()> {
        self.stage.edit(&format!("{STACK}/stack.yaml"), from, to)
    }

    /// Nothing to do, and nothing done: the listener and the state are what they were.
    fn at_rest(&mut self, traffic: &str) -> Result<()> {
        let (weights, state) = (self.weights()?, self.stage.ok(&["state", "pull", STACK])?.stdout);
        let plan = self.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
        contains(&plan.stdout, &[&format!("deployment_group: traffic: {traffic}"), "No changes."])?;
        let comment = self.stage.ok(&["plan", STACK, "--format", "markdown"])?.stdout;
        contains(&comment, &[&format!("- `deployment_group`: `traffic: {traffic}")])?;
        contains(&self.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
        let before = self.stage.emulator.counters()?;
        self.stage.ok(APPLY)?;
        let after = self.stage.emulator.counters()?;
        let key = "elbv2:ModifyListener";
        assert_eq!(before.get(key), after.get(key));
        assert_eq!(self.weights()?, weights);
        assert_eq!(self.stage.ok(&["state", "pull", STACK])?.stdout, state);
        Ok(())
    }
}

fn rerouted() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let (blue, green) = (pipeline.blue.clone(), pipeline.green.clone());
    pipeline.at_rest("ecs-pipeline-blue 100")?;
    // As CodeDeploy leaves it since 2022, and as it did before; there and back.
    pipeline.deploy(&green, &[(&green, 100), (&blue, 0)])?;
    pipeline.at_rest("ecs-pipeline-green 100, ecs-pipeline-blue 0")?;
    pipeline.deploy(&blue, &[(&blue, 100), (&green, 0)])?;
    pipeline.at_rest("ecs-pipeline-blue 100, ecs-pipeline-green 0")?;
    pipeline.deploy(&green, &[(&green, 1)])?;
    pipeline.at_rest("ecs-pipeline-green 100")?;
    // A part of the traffic, as a canary has it.
    pipeline.forward(&[(&green, 90), (&blue, 10)])?;
    pipeline.at_rest("ecs-pipeline-green 90, ecs-pipeline-blue 10")?;
    // And all of it goes away.
    pipeline.stage.ok(&["destroy", STACK, "--auto-approve"])?;
    assert!(pipeline.stage.objects()?.is_empty());
    Ok(())
}

fn keeps_weights() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let (blue, green) = (pipeline.blue.clone(), pipeline.green.clone());
    pipeline.deploy(&green, &[(&green, 100), (&blue, 0)])?;
    let weights = pipeline.weights()?;
    pipeline
        .edit("port: ${local.ports.production}\n      protocol: HTTP", "port: 8443\n      protocol: HTTP")?;
    let plan = pipeline.stage.exits(&["plan", STACK, "--detailed-exitcode"], 2)?;
    contains(&plan.stdout, &["port = 80 -> 8443", "1 to change"])?;
    assert!(!plan.stdout.contains("default_action"), "{}", plan.stdout);
    pipeline.stage.ok(APPLY)?;
    assert_eq!(pipeline.weights()?, weights);
    pipeline.at_rest("ecs-pipeline-green 100, ecs-pipeline-blue 0")
}

fn to_who_serves() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let (blue, green) = (pipeline.blue.clone(), pipeline.green.clone());
    pipeline.deploy(&green, &[(&green, 100), (&blue, 0)])?;
    for (weights, reason) in [
        (
            &[(blue.as_str(), 100), (green.as_str(), 0)][..],
            "the primary task set is behind ecs-pipeline-green",
        ),
        (&[(blue.as_str(), 0), (green.as_str(), 0)][..], "all its weights are 0"),
    ] {
        pipeline.forward(weights)?;
        let plan = pipeline.stage.exits(&["plan", STACK, "--detailed-exitcode"], 2)?;
        contains(&plan.stdout, &["production_listener will be updated", reason])?;
        contains(&pipeline.stage.exits(&["drift", STACK], 6)?.stdout, &["production_listener"])?;
        pipeline.stage.ok(APPLY)?;
        assert_eq!(pipeline.weights()?, [(green.clone(), 1)]);
        pipeline.at_rest("ecs-pipeline-green 100")?;
    }
    Ok(())
}

fn waits() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let (blue, green) = (pipeline.blue.clone(), pipeline.green.clone());
    pipeline.deploy(&green, &[(&green, 100), (&blue, 0)])?;
    // What only a deployment brings is not sent to the service; what the service takes at once is.
    let groups = "security_groups: [\"${service_security_group.id}\"";
    pipeline.edit(groups, &format!("{groups}, \"${{load_balancer_security_group.id}}\""))?;
    let plan = pipeline.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
    contains(
        &plan.stdout,
        &["service: needs a release: network_configuration; `apply --release` starts one", "No changes."],
    )?;
    let json: Value = serde_json::from_str(&pipeline.stage.ok(&["plan", STACK, "--json"])?.stdout)?;
    let changes = json["resource_changes"].as_array().cloned().unwrap_or_default();
    let service = changes.iter().find(|change| change["wharf_address"] == "service").ok_or("no service")?;
    assert_eq!(service["delegated"]["by"], "deployment_group");
    assert_eq!(service["delegated"]["waiting"], json!(["network_configuration"]));
    assert_eq!(service["change"]["actions"], json!(["no-op"]));
    assert_eq!(service["routes"], json!({"release": ["network_configuration"]}));
    // It goes on waiting, whatever else is applied meanwhile.
    pipeline.edit("health_check_grace_period_seconds: 60", "health_check_grace_period_seconds: 77")?;
    let plan = pipeline.stage.exits(&["plan", STACK, "--detailed-exitcode"], 2)?;
    contains(
        &plan.stdout,
        &[
            "(direct update: health_check_grace_period_seconds)",
            "1 to change",
            "needs a release: network_configuration",
        ],
    )?;
    pipeline.stage.ok(APPLY)?;
    let plan = pipeline.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
    contains(&plan.stdout, &["service: needs a release: network_configuration; `apply --release` starts one"])
}
