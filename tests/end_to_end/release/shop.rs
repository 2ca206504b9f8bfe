use serde_json::{Value, json};
use std::process::Command;
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Run, Stage};

pub(crate) const STACK: &str = "shop";
const GROUP: [&str; 2] = ["shop", "web"];

/// A service that CodeDeploy deploys, with a pipeline, and somebody beside wharf who looks and deploys.
pub(crate) struct Shop {
    pub(crate) stage: Stage,
    pub(crate) reader: Reader,
    /// How far ahead the emulator's clock is, in minutes.
    minutes: i64,
}

impl Shop {
    pub(crate) fn new() -> Result<Self> {
        Shop::with(&[])
    }

    /// With variables of its stack.
    pub(crate) fn with(variables: &[&str]) -> Result<Self> {
        Shop::edited(&[], variables)
    }

    /// With texts of its stack file replaced.
    pub(crate) fn edited(edits: &[(&str, &str)], variables: &[&str]) -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("tests/release", STACK)?;
        for (from, to) in edits {
            stage.edit("shop/stack.yaml", from, to)?;
        }
        let mut apply = vec!["apply", STACK, "--auto-approve"];
        for variable in variables {
            apply.extend(["--var", *variable]);
        }
        stage.ok(&apply)?;
        let reader = stage.reader()?;
        Ok(Shop { stage, reader, minutes: 0 })
    }

    /// `wharf release VERB shop`, with more arguments before the stack.
    pub(crate) fn release(&self, arguments: &[&str]) -> Command {
        self.stage.command(&[&["release"], arguments, &[STACK]].concat())
    }

    /// The same, run to its end, which has to be with a code.
    pub(crate) fn exits(&self, arguments: &[&str], code: i32) -> Result<Run> {
        self.stage.exits(&[&["release"], arguments, &[STACK]].concat(), code)
    }

    pub(crate) fn ok(&self, arguments: &[&str]) -> Result<Run> {
        self.exits(arguments, 0)
    }

    /// A new revision of the task definition with an image.
    pub(crate) fn register(&mut self, image: &str) -> Result<String> {
        let asked = json!({"taskDefinition": "web"});
        let found = self.reader.call("ecs", "describe_task_definition", &asked, Some("taskDefinition"))?;
        let mut made = json!({});
        for name in ["family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn"]
        {
            made[name] = found[name].clone();
        }
        made["containerDefinitions"] =
            json!([{"name": "web", "image": image, "portMappings": [{"containerPort": 80}]}]);
        text(&self.reader.call(
            "ecs",
            "register_task_definition",
            &made,
            Some("taskDefinition.taskDefinitionArn"),
        )?)
    }

    /// A deployment of a new revision with an image; its id.
    pub(crate) fn deploy(&mut self, image: &str) -> Result<String> {
        let definition = self.register(image)?;
        self.deploy_revision(&definition)
    }

    /// A deployment of a task definition; its id.
    pub(crate) fn deploy_revision(&mut self, definition: &str) -> Result<String> {
        let properties = json!({
            "TaskDefinition": definition,
            "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80},
        });
        let resource = json!({"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}});
        let content = json!({"version": 0.0, "Resources": [resource]}).to_string();
        let asked = json!({
            "applicationName": GROUP[0],
            "deploymentGroupName": GROUP[1],
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        });
        text(&self.reader.call("codedeploy", "create_deployment", &asked, Some("deploymentId"))?)
    }

    /// A deployment from its start to its end.
    pub(crate) fn deployed(&mut self, image: &str) -> Result<String> {
        let id = self.deploy(image)?;
        self.ok(&["promote", "--finish"])?;
        Ok(id)
    }

    /// The ids of the deployments, the newest first.
    pub(crate) fn deployments(&mut self) -> Result<Vec<String>> {
        let asked = json!({"applicationName": GROUP[0], "deploymentGroupName": GROUP[1]});
        let ids = self.reader.call("codedeploy", "list_deployments", &asked, Some("deployments"))?;
        Ok(serde_json::from_value(ids)?)
    }

    /// A deployment, as boto3 sees it.
    pub(crate) fn deployment(&mut self, id: &str) -> Result<Value> {
        let asked = json!({"deploymentId": id});
        Ok(self.reader.call("codedeploy", "get_deployment", &asked, Some("deploymentInfo"))?)
    }

    pub(crate) fn status(&mut self, id: &str) -> Result<String> {
        text(&self.deployment(id)?["status"])
    }

    /// The task definition that serves: `family:revision`.
    pub(crate) fn serves(&mut self) -> Result<String> {
        let asked = json!({"cluster": "shop", "services": ["web"]});
        let query = "services[0].taskSets[?status=='PRIMARY'].taskDefinition | [0]";
        let arn = text(&self.reader.call("ecs", "describe_services", &asked, Some(query))?)?;
        Ok(arn.rsplit('/').next().unwrap_or(&arn).to_owned())
    }

    /// What a listener forwards to: names of target groups with their weights, those without left out.
    pub(crate) fn forwards(&mut self, listener: &str) -> Result<Vec<String>> {
        let asked = json!({"ListenerArns": [self.listener(listener)?]});
        let query = "Listeners[0].DefaultActions[0].ForwardConfig.TargetGroups[?Weight>`0`].TargetGroupArn";
        let arns = self.reader.call("elbv2", "describe_listeners", &asked, Some(query))?;
        let name = |arn: &Value| arn.as_str().and_then(|arn| arn.rsplit('/').nth(1)).map(str::to_owned);
        Ok(arns.as_array().into_iter().flatten().filter_map(name).collect())
    }

    pub(crate) fn listener(&self, name: &str) -> Result<String> {
        self.stage.id(STACK, &format!("listener[\"{name}\"]"))
    }

    pub(crate) fn target_group(&self, color: &str) -> Result<String> {
        self.stage.id(STACK, &format!("color[\"{color}\"]"))
    }

    /// The pace and the faults of deployments.
    pub(crate) fn deployments_go(&self, settings: &Value) -> Result<()> {
        self.stage.emulator.post("/_wharf/deployments", settings)?;
        Ok(())
    }

    pub(crate) fn later(&mut self, minutes: i64) -> Result<()> {
        self.minutes += minutes;
        self.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": self.minutes * 60_000}))?;
        Ok(())
    }

    /// Whatever was written to a production listener: traffic never went to where no target was healthy while there was
    /// somewhere else where one was.
    pub(crate) fn traffic_was_served(&self) -> Result<usize> {
        let record = self.stage.emulator.get("/_wharf/traffic")?;
        let record = record.as_array().cloned().unwrap_or_default();
        let production: Vec<&Value> = record.iter().filter(|write| write["port"] == 80).collect();
        for write in &production {
            let groups = write["forwards"].as_array().cloned().unwrap_or_default();
            let number = |group: &Value, name: &str| group[name].as_i64().unwrap_or_default();
            let is_empty = |group: &Value| number(group, "weight") > 0 && number(group, "healthy") == 0;
            // The first write, when the listener is made: there is no service yet.
            if write["by"] != "elbv2:CreateListener" && groups.iter().any(is_empty) {
                return Err(format!("traffic went to where nobody serves: {write:#}").into());
            }
        }
        Ok(production.len())
    }
}

pub(crate) fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?.to_owned())
}
