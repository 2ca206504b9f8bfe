//! `wharf release` beside the plain case: services behind rules, a canary, several services, several pipelines.

use super::shop::{STACK, text};
use crate::Test;
use crate::failures::contains;
use serde_json::json;
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] =
    &[("several services behind rules, by steps and by several pipelines", several)];

const A: &str = "deployment_group[\"a\"]";
const B: &str = "deployment_group[\"b\"]";
const HOTFIX: &str = "pipeline[\"hotfix\"]";

/// The stack with two services.
struct Several {
    stage: Stage,
    reader: Reader,
}

impl Several {
    fn exits(&self, arguments: &[&str], service: &str, code: i32) -> Result<Run> {
        self.stage.exits(&[&["release"], arguments, &["--service", service, STACK]].concat(), code)
    }

    fn ok(&self, arguments: &[&str], service: &str) -> Result<Run> {
        self.exits(arguments, service, 0)
    }

    /// A deployment of the service's own task definition; its id.
    fn deploy(&mut self, key: &str) -> Result<String> {
        let properties = json!({
            "TaskDefinition": self.stage.id(STACK, "task")?,
            "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80},
        });
        let resource = json!({"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}});
        let content = json!({"version": 0.0, "Resources": [resource]}).to_string();
        let asked = json!({
            "applicationName": STACK,
            "deploymentGroupName": format!("web+=,@.{key}"),
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        });
        text(&self.reader.call("codedeploy", "create_deployment", &asked, Some("deploymentId"))?)
    }

    fn approve(&mut self) -> Result<()> {
        let asked = json!({"name": "shop-hotfix"});
        let query = "stageStates[1].actionStates[0].latestExecution.token";
        let token = self.reader.call("codepipeline", "get_pipeline_state", &asked, Some(query))?;
        let approval = json!({
            "pipelineName": "shop-hotfix", "stageName": "Check", "actionName": "Look", "token": token,
            "result": {"summary": "fine", "status": "Approved"},
        });
        self.reader.call("codepipeline", "put_approval_result", &approval, None).map(drop)?;
        Ok(())
    }
}

fn several() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/release", STACK)?;
    let folder = stage.folder().join(STACK);
    std::fs::rename(folder.join("rules.yaml"), folder.join("stack.yaml"))?;
    contains(
        &stage.exits(&["release", "status", STACK], 1)?.stderr,
        &["error: nothing of the stack `shop` has been applied yet", "hint: `wharf apply shop` makes it"],
    )?;
    let mut reader = stage.reader()?;
    reader.call("ecs", "create_cluster", &json!({"clusterName": "default"}), None)?;
    stage.ok(&["apply", STACK, "--auto-approve"])?;
    let mut several = Several { stage, reader };
    contains(
        &several.stage.exits(&["release", "promote", STACK], 1)?.stderr,
        &["error: the stack `shop` has several: `deployment_group[\"a\"]`", "--service ADDRESS"],
    )?;
    by_path_in_steps(&mut several)?;
    by_name_and_pipeline(&mut several)?;
    // Somebody has deleted the group.
    let group = json!({"applicationName": STACK, "deploymentGroupName": "web+=,@.a"});
    several.reader.call("codedeploy", "delete_deployment_group", &group, None)?;
    for verb in ["promote", "rollback", "history"] {
        contains(
            &several.exits(&[verb], A, 1)?.stderr,
            &[
                "error: `deployment_group[\"a\"]` is gone: AWS has no such",
                "`wharf apply shop` makes it anew",
            ],
        )?;
    }
    contains(&several.ok(&["status"], A)?.stdout, &["Not seen", "`wharf apply shop` makes it anew"])
}

/// The first service: a path leads to it, and a canary brings it.
fn by_path_in_steps(several: &mut Several) -> Result<()> {
    let id = several.deploy("a")?;
    let status = several.ok(&["status"], "service[\"a\"]")?.stdout;
    contains(
        &status,
        &[
            "Test        http://shop-",
            ":9000/app/\n",
            ":81/app/\n",
            "wharf release promote --service 'deployment_group[\"a\"]' shop",
        ],
    )?;
    let mut child = several.stage.start(&["release", "promote", "--service", A, STACK])?;
    several.stage.until("a tenth is moved", || {
        let status = several.ok(&["status"], A)?.stdout;
        Ok(status.contains("production traffic is moving to web:1 (10 of 100); at ")
            && status.contains("it gets all of it")
            && status.contains(" 90%")
            && status.contains(" 10%"))
    })?;
    let late = several.exits(&["wait", "--until", "rerouted", "--timeout", "0s"], A, 8)?;
    contains(
        &late.stderr,
        &["in vain", "(10 of 100)", "rollback --service 'deployment_group[\"a\"]' shop` goes back"],
    )?;
    child.says("(10 of 100); at ")?;
    several.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": 310_000}))?;
    let run = child.exits(0)?;
    contains(
        &run.stderr,
        &[
            ":9000/app/ with 200",
            "web:1 gets 100 of 100 of production traffic",
            "`wharf release promote --finish --service 'deployment_group[\"a\"]' shop` ends them now",
        ],
    )?;
    contains(&run.stdout, &[&format!("{id} has taken over"), ":81/app/"])
}

/// The second: a site's name leads to it, and either of two pipelines brings it, when somebody has approved.
fn by_name_and_pipeline(several: &mut Several) -> Result<()> {
    several.stage.write("app/index.html", "one")?;
    std::os::unix::fs::symlink("app", several.stage.folder().join("link"))?;
    contains(
        &several.exits(&["push", "app"], B, 1)?.stderr,
        &[
            "error: several pipelines deploy `deployment_group[\"b\"]`: `pipeline[\"hotfix\"]`, `pipeline[\"main\"]`",
        ],
    )?;
    // What it has started is found, although another source comes first.
    let run = several.ok(&["push", "link"], HOTFIX)?;
    contains(&run.stderr, &["to hot/fix: 1 file added"])?;
    contains(&run.stdout, &["Execution ", " of shop-hotfix (InProgress)"])?;
    let waiting = "for somebody to approve Look at its stage Check";
    contains(&several.ok(&["status"], B)?.stdout, &["Pipeline shop-hotfix: InProgress", waiting])?;
    contains(
        &several.ok(&["promote"], B)?.stderr,
        &["the pipeline shop-hotfix is on its way to a deployment", "wharf release wait --until ready"],
    )?;
    let late = several.exits(&["wait", "--until", "ready", "--timeout", "0s"], B, 8)?;
    contains(&late.stderr, &["Check (Look): waits for somebody to approve it", waiting])?;
    several.approve()?;
    several.ok(&["wait", "--until", "ready"], B)?;
    contains(&several.ok(&["status"], B)?.stdout, &["http://b.example.com:9000/", "UTC (in 2 days)"])?;
    let run = several.ok(&["promote", "--finish"], B)?;
    contains(&run.stderr, &["web:2 (web:9) answers at http://b.example.com:9000/ with 200"])?;
    contains(&run.stdout, &["web:2 (web:9) serves at http://b.example.com:81/"])
}
