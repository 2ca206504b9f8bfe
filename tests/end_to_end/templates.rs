//! The stack owns the template of the task definition, the pipeline owns the image; what a deployment that runs means for
//! a destroy, and what is left of it when its group goes.

use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("a new revision of the template has the live image", live_image),
    ("the template waits until a release has brought it", waits_for_a_release),
    ("a destroy stops a deployment that runs", destroy_while_running),
    ("while a deployment runs nothing that it moves is touched", left_alone),
    ("without its group, traffic stays where it is", group_goes),
];

const STACK: &str = "ecs-pipeline";
const APPLY: &[&str] = &["apply", STACK, "--auto-approve"];
const BUILT: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/ecs-pipeline:abc";

/// The reference stack, and releases as the pipeline makes them.
struct Releases {
    stage: Stage,
    reader: Reader,
}

impl Releases {
    fn new() -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("stacks/ecs-pipeline", STACK)?;
        stage.ok(APPLY)?;
        let reader = stage.reader()?;
        Ok(Releases { stage, reader })
    }

    fn edit(&self, from: &str, to: &str) -> Result<()> {
        self.stage.edit(&format!("{STACK}/stack.yaml"), from, to)
    }

    fn definition(&mut self, name: &str) -> Result<Value> {
        let name = json!({"taskDefinition": name});
        Ok(self.reader.call("ecs", "describe_task_definition", &name, Some("taskDefinition"))?)
    }

    /// Registers a revision with an image: the newest one otherwise, as a pipeline does it with its template.
    fn register(&mut self, image: &str, cpu: &str, memory: &str) -> Result<String> {
        let mut definition = self.definition(STACK)?;
        definition["containerDefinitions"][0]["image"] = image.into();
        let wanted =
            ["family", "containerDefinitions", "networkMode", "requiresCompatibilities", "runtimePlatform"];
        let roles = ["executionRoleArn", "taskRoleArn"];
        let mut request: serde_json::Map<String, Value> =
            wanted.into_iter().chain(roles).map(|name| (name.to_owned(), definition[name].take())).collect();
        request.insert("cpu".into(), cpu.into());
        request.insert("memory".into(), memory.into());
        let query = Some("taskDefinition.taskDefinitionArn");
        let arn = self.reader.call("ecs", "register_task_definition", &Value::Object(request), query)?;
        Ok(arn.as_str().unwrap_or_default().to_owned())
    }

    fn start(&mut self, revision: &str) -> Result<String> {
        let spec = json!({"version": 0.0, "Resources": [{"TargetService": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "TaskDefinition": revision,
                "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80},
            },
        }}]});
        let request = json!({
            "applicationName": STACK,
            "deploymentGroupName": STACK,
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec.to_string()}},
        });
        let id = self.reader.call("codedeploy", "create_deployment", &request, Some("deploymentId"))?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    fn status(&mut self, deployment: &str) -> Result<String> {
        let which = json!({"deploymentId": deployment});
        let status =
            self.reader.call("codedeploy", "get_deployment", &which, Some("deploymentInfo.status"))?;
        Ok(status.as_str().unwrap_or_default().to_owned())
    }

    /// Lets a deployment take over, and the old tasks go.
    fn finish(&mut self, deployment: &str) -> Result<()> {
        assert_eq!(self.status(deployment)?, "Ready");
        for wait in ["READY_WAIT", "TERMINATION_WAIT"] {
            let request = json!({"deploymentId": deployment, "deploymentWaitType": wait});
            self.reader.call("codedeploy", "continue_deployment", &request, None)?;
            self.status(deployment)?;
        }
        assert_eq!(self.status(deployment)?, "Succeeded");
        Ok(())
    }

    fn release(&mut self, revision: &str) -> Result<()> {
        let deployment = self.start(revision)?;
        self.status(&deployment)?;
        self.finish(&deployment)
    }

    fn plan(&self, code: i32) -> Result<String> {
        Ok(self.stage.exits(&["plan", STACK, "--detailed-exitcode"], code)?.stdout)
    }
}

fn live_image() -> Result<()> {
    let mut releases = Releases::new()?;
    let built = releases.register(BUILT, "256", "512")?;
    releases.release(&built)?;
    contains(&releases.plan(0)?, &["revision ecs-pipeline:2", "No changes."])?;
    // Another image for the first start is no matter any more.
    releases.edit("default: \"2.4\"", "default: \"2.5\"")?;
    contains(&releases.plan(0)?, &["No changes."])?;
    // The template says more memory.
    releases.edit("default: 512\n", "default: 1024\n")?;
    let plan = releases.plan(2)?;
    contains(
        &plan,
        &[
            "task_definition gets a new revision (the old one stays)",
            "memory = \"512\" -> \"1024\"",
            "service: needs a release: task_definition (where the template differs: memory)",
        ],
    )?;
    assert!(!plan.contains("httpd:2."), "{plan}");
    let json: Value = serde_json::from_str(&releases.stage.ok(&["plan", STACK, "--json"])?.stdout)?;
    let changes = json["resource_changes"].as_array().cloned().unwrap_or_default();
    let of =
        |name: &str| changes.iter().find(|change| change["wharf_address"] == name).ok_or("no such change");
    assert_eq!(of("task_definition")?["change"]["actions"], json!(["create", "forget"]));
    assert_eq!(of("service")?["delegated"]["template"], json!(["memory"]));
    releases.stage.ok(APPLY)?;
    let registered = releases.definition(STACK)?;
    assert_eq!(registered["containerDefinitions"][0]["image"], BUILT);
    assert_eq!(registered["memory"], "1024");
    for revision in [1, 2] {
        assert_eq!(releases.definition(&format!("{STACK}:{revision}"))?["status"], "ACTIVE");
    }
    // What was registered counts as what the stack asks for.
    contains(&releases.plan(0)?, &["No changes.", "needs a release: task_definition"])?;
    contains(&releases.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
    // In the end nothing is left of what wharf made; the pipeline's own revision is not wharf's.
    releases.stage.ok(&["destroy", STACK, "--auto-approve"])?;
    let left = releases.stage.objects()?;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].ends_with(":2"), "{left:?}");
    Ok(())
}

fn waits_for_a_release() -> Result<()> {
    let mut releases = Releases::new()?;
    releases.edit("default: 512\n", "default: 1024\n")?;
    // Before the first release, the stack's own image is the one.
    contains(&releases.plan(2)?, &["needs a release: task_definition"])?;
    releases.stage.ok(APPLY)?;
    contains(&releases.plan(0)?, &["needs a release: task_definition", "No changes."])?;
    // The pipeline brings the template, with an image of its own and in a revision of its own.
    let built = releases.register(BUILT, "256", "1024")?;
    releases.release(&built)?;
    let plan = releases.plan(0)?;
    assert!(!plan.contains("needs a release"), "{plan}");
    releases.stage.ok(APPLY)?;
    // Somebody releases something else by hand.
    let other = releases.register(BUILT, "512", "1024")?;
    releases.release(&other)?;
    contains(&releases.plan(0)?, &["(where the template differs: cpu)", "No changes."])?;
    // And what the stack registered itself can be released as well.
    let own = releases.stage.id(STACK, "task_definition")?;
    releases.release(&own)?;
    let plan = releases.plan(0)?;
    assert!(!plan.contains("needs a release"), "{plan}");
    Ok(())
}

fn destroy_while_running() -> Result<()> {
    for phase in ["Created", "InProgress", "Ready", "rerouted"] {
        let mut releases = Releases::new()?;
        let built = releases.register(BUILT, "256", "512")?;
        if phase == "Created" || phase == "InProgress" {
            releases.stage.emulator.post("/_wharf/deployments", &json!({"step_seconds": 3600}))?;
        }
        let deployment = releases.start(&built)?;
        if phase == "InProgress" {
            // One step further: the new tasks are being started.
            releases.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": 3_601_000}))?;
        }
        if phase == "rerouted" {
            releases.status(&deployment)?;
            let go_on = json!({"deploymentId": deployment, "deploymentWaitType": "READY_WAIT"});
            releases.reader.call("codedeploy", "continue_deployment", &go_on, None)?;
        }
        let status = releases.status(&deployment)?;
        assert!(
            status == phase || (phase, status.as_str()) == ("rerouted", "InProgress"),
            "{phase}: {status}"
        );
        let plan = releases.stage.ok(&["plan", STACK, "--destroy"])?;
        let line = format!("deployment_group: {deployment} runs: it is stopped and rolled back first");
        contains(&plan.stdout, &[&line])?;
        // AWS may show for a moment what was before the stop.
        let looks = "codedeploy:BatchGetDeploymentGroups";
        releases.stage.emulator.rules(&json!([{"match": looks, "kind": "stale", "ms": 2000}]))?;
        releases.stage.emulator.reset_counters()?;
        releases.stage.ok(&["destroy", STACK, "--auto-approve"])?;
        let looked = releases.stage.emulator.counters()?.get(looks).copied().unwrap_or_default();
        assert!((2..30).contains(&looked), "{phase}: looked {looked} times");
        let left = releases.stage.objects()?;
        assert_eq!(left.len(), 1, "{phase}: {left:?}");
        assert!(left[0].ends_with(":2"), "{phase}: {left:?}");
    }
    Ok(())
}

fn left_alone() -> Result<()> {
    let mut releases = Releases::new()?;
    let built = releases.register(BUILT, "256", "512")?;
    let deployment = releases.start(&built)?;
    assert_eq!(releases.status(&deployment)?, "Ready");
    releases.edit("ports: {production: 80, qa: 8080}", "ports: {production: 8443, qa: 8080}")?;
    releases.edit("health_check_grace_period_seconds: 60", "health_check_grace_period_seconds: 77")?;
    let plan = releases.plan(2)?;
    let alone = format!("is left alone while {deployment} runs; after it:");
    contains(
        &plan,
        &[
            &format!("production_listener: {alone} port"),
            &format!("service: {alone} health_check_grace_period_seconds"),
            // What no deployment moves goes on.
            "load_balancer_ingress[\"production\"]",
        ],
    )?;
    let before = releases.stage.emulator.counters()?;
    releases.stage.ok(APPLY)?;
    let after = releases.stage.emulator.counters()?;
    for operation in
        ["elbv2:ModifyListener", "elbv2:DeleteListener", "ecs:UpdateService", "ecs:DeleteService"]
    {
        assert_eq!(before.get(operation), after.get(operation), "{operation}");
    }
    contains(&releases.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
    // Afterwards it is done, with the weights that the deployment has left.
    releases.finish(&deployment)?;
    contains(
        &releases.plan(2)?,
        &["port = 80 -> 8443", "(direct update: health_check_grace_period_seconds)"],
    )?;
    releases.stage.ok(APPLY)?;
    contains(&releases.plan(0)?, &["traffic: ecs-pipeline-green 100", "No changes."])?;
    Ok(())
}

fn group_goes() -> Result<()> {
    let mut releases = Releases::new()?;
    let built = releases.register(BUILT, "256", "512")?;
    releases.release(&built)?;
    let listener = json!({"ListenerArns": [releases.stage.id(STACK, "production_listener")?]});
    let query = "Listeners[0].DefaultActions[0].ForwardConfig.TargetGroups";
    let before = releases.reader.call("elbv2", "describe_listeners", &listener, Some(query))?;
    // Without the group, its pipeline and what may use them.
    let path = format!("{STACK}/stack.yaml");
    let text = std::fs::read_to_string(releases.stage.folder().join(&path))?;
    let mut kept = String::new();
    let mut skips = false;
    for line in text.split_inclusive('\n') {
        let names = ["deployment_group:", "pipeline:", "push_target:", "pipeline_policy:", "trigger_policy:"];
        if line.starts_with("  ") && !line.starts_with("   ") && !line.trim_start().starts_with('#') {
            skips = names.iter().any(|name| line.trim() == *name);
        }
        if !line.starts_with(' ') && !line.trim().is_empty() {
            skips = false;
        }
        if !skips {
            kept.push_str(line);
        }
    }
    releases.stage.write(&path, &kept)?;
    releases.stage.ok(APPLY)?;
    for _ in 0..2 {
        contains(&releases.plan(0)?, &["No changes."])?;
        releases.stage.ok(APPLY)?;
        let now = releases.reader.call("elbv2", "describe_listeners", &listener, Some(query))?;
        assert_eq!(now, before);
    }
    // The stack file can still say otherwise.
    releases.edit(
        "default_action: {type: forward, target_group_arn: '${target_group[\"blue\"].arn}'}",
        "default_action: {type: fixed-response, fixed_response: {content_type: text/plain, status_code: \"503\"}}",
    )?;
    contains(&releases.plan(2)?, &["production_listener will be updated"])?;
    Ok(())
}
