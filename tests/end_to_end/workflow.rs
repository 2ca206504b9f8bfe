//! From a commit to the traffic: the whole workflow of the reference stack with the real binary.

use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("ten steps from a commit to the traffic, and back", ten_steps),
    ("a changed template is released with the live image", release_of_a_template),
];

const STACK: &str = "ecs-pipeline";
const APP: &str = "ecs-pipeline/app";
const APPLY: &[&str] = &["apply", STACK, "--auto-approve"];

/// The reference stack with somebody who releases.
struct Workflow {
    stage: Stage,
    reader: Reader,
    production: String,
    qa: String,
}

impl Workflow {
    /// Step 1: prepare.
    fn new() -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("stacks/ecs-pipeline", STACK)?;
        stage.ok(APPLY)?;
        let reader = stage.reader()?;
        let output = |name: &str| -> Result<String> {
            Ok(stage.ok(&["output", STACK, "--name", name, "--raw"])?.stdout.trim().to_owned())
        };
        let (production, qa) = (output("production_url")?, output("qa_url")?);
        Ok(Workflow { stage, reader, production, qa })
    }

    fn release(&self, verb: &[&str]) -> Result<String> {
        let arguments: Vec<&str> = [&["release"], verb, &[STACK]].concat();
        Ok(self.stage.ok(&arguments)?.stdout)
    }

    /// Commits a page; the commit's id.
    fn push(&self, words: &str) -> Result<String> {
        self.stage.write(&format!("{APP}/index.html"), &format!("<h1>{words}</h1> @VERSION@\n"))?;
        let run = self.stage.ok(&["release", "push", APP, STACK, "-m", words])?;
        let text = run.all();
        let commit = text.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 40);
        Ok(commit.ok_or_else(|| format!("no commit in {text}"))?.to_owned())
    }

    fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.release(&["status", "--json"])?)?)
    }

    fn definition(&mut self, name: &str) -> Result<Value> {
        let name = json!({"taskDefinition": name});
        Ok(self.reader.call("ecs", "describe_task_definition", &name, Some("taskDefinition"))?)
    }

    fn page(&self, url: &str) -> Result<String> {
        let (status, page) = self.stage.emulator.page(url)?;
        assert_eq!(status, 200, "{url}: {page}");
        Ok(page)
    }

    /// Nothing to do, nothing done, and the plan says who has the traffic.
    fn at_rest(&self, color: &str) -> Result<()> {
        let traffic = self.stage.emulator.get("/_wharf/traffic")?;
        let plan = self.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
        contains(&plan.stdout, &[&format!("traffic: ecs-pipeline-{color} 100"), "No changes."])?;
        contains(&self.stage.exits(&["drift", STACK], 0)?.stdout, &["No drift"])?;
        contains(&self.stage.ok(APPLY)?.stdout, &["No changes."])?;
        assert_eq!(self.stage.emulator.get("/_wharf/traffic")?, traffic, "an apply has written a listener");
        Ok(())
    }

    /// Whoever looked at production at any instant was served.
    fn always_served(&self) -> Result<()> {
        let record = self.stage.emulator.get("/_wharf/traffic")?;
        let writes = record.as_array().ok_or("no record")?;
        let mut count = 0;
        // Before the service is there, nobody can be.
        for write in writes.iter().filter(|write| write["port"] == 80 && write["by"] == "codedeploy") {
            let forwards = write["forwards"].as_array().ok_or("no forwards")?;
            let served = forwards.iter().filter(|group| group["weight"].as_i64() > Some(0));
            assert!(served.clone().count() > 0, "{write}");
            for group in served {
                assert!(group["healthy"].as_i64() > Some(0), "{write}");
            }
            count += 1;
        }
        assert!(count > 0, "production was never moved");
        assert!(writes.iter().all(|write| {
            let by = write["by"].as_str().unwrap_or_default();
            by == "codedeploy" || by == "elbv2:CreateListener"
        }));
        Ok(())
    }
}

fn ten_steps() -> Result<()> {
    let mut workflow = Workflow::new()?;
    workflow.at_rest("blue")?;
    // A fresh stack serves its bootstrap image, without an image of its own.
    contains(
        &workflow.page(&workflow.production)?,
        &["ecs-pipeline:1", "public.ecr.aws/docker/library/httpd"],
    )?;
    // Step 2: commit. Steps 3 to 7 are the pipeline's and CodeDeploy's.
    let commit = workflow.push("First")?;
    workflow.release(&["wait", "--until", "ready"])?;
    let report = workflow.status()?;
    // Step 3: build.
    let stages: BTreeMap<&str, &str> = report["pipeline"]["stages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|stage| (stage["name"].as_str().unwrap_or("?"), stage["status"].as_str().unwrap_or("?")))
        .collect();
    let wanted = [("Source", "Succeeded"), ("BuildImage", "Succeeded"), ("DeployImage", "InProgress")];
    assert_eq!(stages, BTreeMap::from(wanted));
    assert_eq!(report["pipeline"]["revision"], json!(commit));
    // Step 4: push image.
    let image = json!({"repositoryName": STACK, "imageIds": [{"imageTag": commit}]});
    let tags = workflow.reader.call("ecr", "describe_images", &image, Some("imageDetails[].imageTags[]"))?;
    assert_eq!(tags, json!([commit]));
    // Step 5: start deployment.
    assert_eq!(report["deployment"]["status"], "Ready");
    let definition = workflow.definition(&format!("{STACK}:2"))?;
    let image = definition["containerDefinitions"][0]["image"].as_str().unwrap_or_default().to_owned();
    assert!(image.ends_with(&format!("/{STACK}:{commit}")), "{image}");
    // Step 6: launch green. Step 7: register in the second target group.
    let sets = report["task_sets"].as_array().cloned().unwrap_or_default();
    let shown: Vec<Value> = sets
        .iter()
        .map(|set| {
            json!([set["task_definition"], set["target_group"], set["running"], set["health"]["healthy"]])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["ecs-pipeline:1", "ecs-pipeline-blue", 2, 2]),
            json!(["ecs-pipeline:2", "ecs-pipeline-green", 2, 2])
        ]
    );
    // Step 8: test through QA; production is where it was.
    contains(&workflow.page(&workflow.qa)?, &["ecs-pipeline:2", &image])?;
    contains(&workflow.page(&workflow.production)?, &["ecs-pipeline:1"])?;
    contains(&workflow.release(&["status"])?, &["release promote", &workflow.qa])?;
    // While it waits, an apply touches nothing.
    let plan = workflow.stage.ok(&["plan", STACK])?.stdout;
    contains(&plan, &["(Ready)", "No changes."])?;
    // Step 9: reroute.
    workflow.release(&["promote"])?;
    contains(&workflow.page(&workflow.production)?, &["ecs-pipeline:2", &image])?;
    workflow.at_rest("green")?;
    // Step 10: finish.
    workflow.release(&["promote", "--finish"])?;
    let report = workflow.status()?;
    assert_eq!(report["deployment"]["status"], "Succeeded");
    assert_eq!(report["pipeline"]["status"], "Succeeded");
    assert_eq!(report["task_sets"].as_array().map(Vec::len), Some(1));
    workflow.at_rest("green")?;
    // And again: the colours change places.
    let second = workflow.push("Second")?;
    assert_ne!(second, commit);
    workflow.release(&["wait", "--until", "ready"])?;
    workflow.release(&["promote", "--finish"])?;
    contains(&workflow.page(&workflow.production)?, &["ecs-pipeline:3", &second])?;
    workflow.at_rest("blue")?;
    // And back to the first.
    workflow.release(&["rollback"])?;
    contains(&workflow.page(&workflow.production)?, &["ecs-pipeline:2", &commit])?;
    workflow.release(&["promote", "--finish"])?;
    workflow.at_rest("green")?;
    workflow.always_served()?;
    workflow.stage.ok(&["destroy", STACK, "--auto-approve"])?;
    let left = workflow.stage.objects()?;
    // What the pipeline registered is not wharf's.
    assert!(left.iter().all(|object| object.starts_with("aws_ecs_task_definition ")), "{left:?}");
    Ok(())
}

fn release_of_a_template() -> Result<()> {
    let mut workflow = Workflow::new()?;
    let commit = workflow.push("First")?;
    workflow.release(&["wait", "--until", "ready"])?;
    workflow.release(&["promote", "--finish"])?;
    workflow.stage.edit(&format!("{STACK}/stack.yaml"), "default: 512\n", "default: 1024\n")?;
    let groups = "security_groups: [\"${service_security_group.id}\"";
    let more = format!("{groups}, \"${{load_balancer_security_group.id}}\"");
    workflow.stage.edit(&format!("{STACK}/stack.yaml"), groups, &more)?;
    let release = ["apply", STACK, "--auto-approve", "--release"];
    let run = workflow.stage.ok(&release)?;
    contains(&run.stdout, &["ecs-pipeline:3 is ready", "release promote"])?;
    let definition = workflow.definition(&format!("{STACK}:3"))?;
    assert_eq!(definition["memory"], "1024");
    let image = definition["containerDefinitions"][0]["image"].as_str().unwrap_or_default();
    assert!(image.ends_with(&commit), "{image}");
    // The same command goes on with what it began; another deployment is not started.
    contains(&workflow.stage.ok(&release)?.all(), &["is under way already", "ecs-pipeline:3 is ready"])?;
    let group = json!({"applicationName": STACK, "deploymentGroupName": STACK});
    let all = workflow.reader.call("codedeploy", "list_deployments", &group, Some("deployments"))?;
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    workflow.release(&["promote", "--finish"])?;
    let which = json!({"cluster": STACK, "services": [STACK]});
    let query = "services[0].taskSets[0].networkConfiguration.awsvpcConfiguration.securityGroups";
    let groups = workflow.reader.call("ecs", "describe_services", &which, Some(query))?;
    assert_eq!(groups.as_array().map(Vec::len), Some(2), "{groups}");
    let plan = workflow.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?.stdout;
    assert!(!plan.contains("needs a release"), "{plan}");
    contains(&workflow.stage.ok(&release)?.stdout, &["Nothing waits for a release."])?;
    // The pipeline has delivered since with an older template: what is released has its image.
    let built = format!("{image}-later");
    let mut later = workflow.definition(&format!("{STACK}:2"))?;
    later["containerDefinitions"][0]["image"] = json!(built);
    let names = [
        "family",
        "containerDefinitions",
        "networkMode",
        "requiresCompatibilities",
        "runtimePlatform",
        "cpu",
        "memory",
        "executionRoleArn",
        "taskRoleArn",
    ];
    let request: serde_json::Map<String, Value> =
        names.into_iter().map(|name| (name.to_owned(), later[name].take())).collect();
    let query = Some("taskDefinition.taskDefinitionArn");
    let arn = workflow.reader.call("ecs", "register_task_definition", &Value::Object(request), query)?;
    let spec = json!({"version": 0.0, "Resources": [{"TargetService": {
        "Type": "AWS::ECS::Service",
        "Properties": {"TaskDefinition": arn, "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80}},
    }}]});
    let mut deployment = group;
    deployment["revision"] =
        json!({"revisionType": "AppSpecContent", "appSpecContent": {"content": spec.to_string()}});
    workflow.reader.call("codedeploy", "create_deployment", &deployment, None)?;
    workflow.release(&["promote", "--finish"])?;
    contains(&workflow.stage.ok(&["plan", STACK])?.stdout, &["(where the template differs: memory)"])?;
    // Nobody else's deployment is overtaken, unless that is asked for.
    workflow.reader.call("codedeploy", "create_deployment", &deployment, None)?;
    contains(&workflow.stage.exits(&release, 4)?.stderr, &["is active", "--when-busy"])?;
    workflow.stage.ok(&[&release[..], &["--when-busy", "stop"]].concat())?;
    let newest = workflow.definition(STACK)?;
    assert_eq!(
        (&newest["memory"], &newest["containerDefinitions"][0]["image"]),
        (&json!("1024"), &json!(built))
    );
    Ok(())
}
