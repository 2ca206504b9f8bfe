//! `wharf release status` and `wait`: one screen from the commit to the end, and why it did not get there.

mod causes;

use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("one screen from the commit to the end", from_commit_to_end),
    ("the screen says why tasks do not serve", causes::tasks_that_fail),
    ("the screen says why a build, a hook or an alarm ended it", causes::other_failures),
    ("what CodeDeploy takes back is told with the cause of the failure", causes::taken_back),
    ("what is gone is missing, and no error", gone),
    ("what the caller may not read is missing, and no error", denied),
    ("wait ends when the time is over, or it is interrupted", waits_end),
    ("watch shows what changes until nothing moves", watched),
    ("a secret in a log is hidden", secret_in_a_log),
];

const STACK: &str = "ecs-pipeline";

/// The reference stack, and somebody who commits to its repository.
struct Shop {
    stage: Stage,
    reader: Reader,
    /// How far ahead the emulator's clock is, in minutes.
    minutes: i64,
}

impl Shop {
    fn new() -> Result<Self> {
        Shop::edited(|_| Ok(()))
    }

    /// With a stack that is edited before it is applied.
    fn edited(edit: impl Fn(&Stage) -> Result<()>) -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("stacks/ecs-pipeline", STACK)?;
        edit(&stage)?;
        stage.ok(&["apply", STACK, "--auto-approve"])?;
        let reader = stage.reader()?;
        Ok(Shop { stage, reader, minutes: 0 })
    }

    /// A commit, which starts the pipeline; its id.
    fn push(&mut self, message: &str) -> Result<String> {
        let branch = json!({"repositoryName": STACK, "branchName": "main"});
        let parent = self.reader.call("codecommit", "get_branch", &branch, Some("branch.commitId")).ok();
        let mut commit = branch;
        commit["commitMessage"] = json!(message);
        // base64 of whatever, another for each message
        let content = format!("{:04}", message.len());
        commit["putFiles"] = json!([{"filePath": format!("{message}.html"), "fileContent": content}]);
        if let Some(parent) = parent {
            commit["parentCommitId"] = parent;
        }
        let id = self.reader.call("codecommit", "create_commit", &commit, Some("commitId"))?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    fn faults(&self, faults: &Value) -> Result<()> {
        self.stage.emulator.post("/_wharf/deployments", &json!({"faults": faults}))?;
        Ok(())
    }

    fn later(&mut self, minutes: i64) -> Result<()> {
        self.minutes += minutes;
        self.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": self.minutes * 60_000}))?;
        Ok(())
    }

    /// The screen. It has to be one.
    fn screen(&self) -> Result<String> {
        let screen = self.stage.ok(&["release", "status", STACK])?.stdout;
        let lines: Vec<&str> = screen.lines().collect();
        assert!(lines.len() <= 40, "{screen}");
        let is_log = |line: &&str| line.starts_with("    | ");
        let words = || lines.iter().filter(|line| !is_log(line));
        assert!(words().all(|line| line.chars().count() <= 100), "{screen}");
        Ok(screen)
    }

    fn report(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.stage.ok(&["release", "status", STACK, "--json"])?.stdout)?)
    }

    /// The id of the newest deployment.
    fn deployment(&self) -> Result<String> {
        let id = self.report()?["deployment"]["id"].as_str().map(str::to_owned);
        Ok(id.ok_or("there is no deployment")?)
    }

    /// Ends a wait of the newest deployment: `READY_WAIT`, `TERMINATION_WAIT`.
    fn go_on(&mut self, wait: &str) -> Result<()> {
        let parameters = json!({"deploymentId": self.deployment()?, "deploymentWaitType": wait});
        self.reader.call("codedeploy", "continue_deployment", &parameters, None)?;
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        let parameters = json!({"deploymentId": self.deployment()?});
        self.reader.call("codedeploy", "stop_deployment", &parameters, None)?;
        Ok(())
    }

    /// What `wait` prints to stderr when it ends with a code.
    fn waits(&self, until: &str, code: i32) -> Result<String> {
        Ok(self.stage.exits(&["release", "wait", STACK, "--until", until, "--timeout", "1m"], code)?.stderr)
    }
}

fn from_commit_to_end() -> Result<()> {
    let mut shop = Shop::new()?;
    // A pipeline runs when it is made, and finds no branch.
    // The emulator's services are there at the second look.
    shop.screen()?;
    let screen = shop.screen()?;
    contains(
        &screen,
        &[
            "Pipeline ecs-pipeline: Failed",
            "primary  ecs-pipeline:1  docker/library/httpd:2.4  2/2    2 healthy  100%  0%",
            "Why\n  the action Application (CodeCommit) of the stage Source failed: ConfigurationError",
            "nothing: ecs-pipeline:1 serves; there was no deployment yet",
        ],
    )?;
    contains(&shop.waits("ready", 7)?, &["the pipeline ecs-pipeline failed before it deployed"])?;
    let commit = shop.push("Make the button blue")?;
    contains(
        &shop.waits("ready", 0)?,
        &["Ready", "ecs-pipeline:2 waits for `wharf release promote ecs-pipeline` until"],
    )?;
    let screen = shop.screen()?;
    let image = format!(
        "green          ecs-pipeline:2  ecs-pipeline:{}  2/2    2 healthy  0%    100%",
        &commit[..12]
    );
    contains(
        &screen,
        &[
            &format!("{} Make the button blue", &commit[..8]),
            "DeployImage  DeployImage  InProgress",
            ": Ready, from ",
            "  done     BeforeInstall, Install, AfterInstall, AllowTestTraffic, AfterAllowTestTraffic\n  to come  Before",
            "blue, primary  ecs-pipeline:1",
            &image,
            ".elb.amazonaws.com/\nTest",
            ".elb.amazonaws.com:8080/\n",
            "until ",
        ],
    )?;
    assert!(!screen.contains("Why"), "{screen}");
    looks_little(&shop)?;
    shop.go_on("READY_WAIT")?;
    contains(
        &shop.waits("rerouted", 0)?,
        &["the 2 tasks of ecs-pipeline:1 are stopped at ", "rollback ecs-pipeline` goes back"],
    )?;
    contains(
        &shop.screen()?,
        &[
            "production traffic has moved",
            "green, primary  ecs-pipeline:2",
            "promote --finish ecs-pipeline` ends that wait",
        ],
    )?;
    contains(
        &shop.stage.exits(&["release", "wait", STACK, "--until", "done", "--timeout", "1s"], 8)?.stderr,
        &["waited 1 s"],
    )?;
    shop.go_on("TERMINATION_WAIT")?;
    contains(&shop.waits("done", 0)?, &["nothing: ecs-pipeline:2 serves"])?;
    // Further is as good.
    shop.waits("ready", 0)?;
    let report = shop.report()?;
    assert_eq!(report["deployment"]["phase"], "done");
    assert_eq!(report["pipeline"]["revision"], json!(commit));
    assert_eq!(report["pipeline"]["status"], "Succeeded");
    let [only] = report["task_sets"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(format!("not one task set: {report:#}").into());
    };
    assert_eq!((&only["role"], &only["task_definition"]), (&json!("primary"), &json!("ecs-pipeline:2")));
    assert_eq!(only["target_group"], "ecs-pipeline-green");
    assert_eq!(report["listeners"][0]["weights"], json!({"ecs-pipeline-green": 100, "ecs-pipeline-blue": 0}));
    assert_eq!((&report["causes"], &report["missing"]), (&json!([]), &json!([])));
    contains(&shop.screen()?, &["nothing: ecs-pipeline:2 serves"])
}

/// A look costs so many requests, and changes nothing.
fn looks_little(shop: &Shop) -> Result<()> {
    shop.stage.emulator.reset_counters()?;
    shop.screen()?;
    let mut counters = shop.stage.emulator.counters()?;
    let expected = [
        ("codedeploy:BatchGetDeploymentTargets", 1),
        ("codedeploy:GetDeployment", 1),
        ("codedeploy:GetDeploymentGroup", 1),
        ("codepipeline:GetPipelineState", 1),
        ("codepipeline:ListActionExecutions", 1),
        ("codepipeline:ListPipelineExecutions", 1),
        ("ecs:DescribeServices", 1),
        ("ecs:DescribeTaskDefinition", 2),
        ("elbv2:DescribeListeners", 1),
        ("elbv2:DescribeLoadBalancers", 1),
        ("elbv2:DescribeTargetGroups", 1),
        ("elbv2:DescribeTargetHealth", 2),
        ("sts:GetCallerIdentity", 1),
    ];
    for (operation, count) in expected {
        assert_eq!(counters.remove(operation), Some(count), "{operation}");
    }
    assert!(counters.is_empty(), "{counters:?}");
    Ok(())
}

fn gone() -> Result<()> {
    let mut shop = Shop::new()?;
    let listener = shop.stage.id(STACK, "qa_listener")?;
    shop.reader.call("elbv2", "delete_listener", &json!({"ListenerArn": listener}), None)?;
    shop.reader.call("codepipeline", "delete_pipeline", &json!({"name": STACK}), None)?;
    let screen = shop.screen()?;
    contains(
        &screen,
        &["Not seen\n", "is gone\n  the pipeline ecs-pipeline is gone\n", "primary  ecs-pipeline:1", "100%"],
    )?;
    contains(
        &shop.waits("ready", 1)?,
        &["there is nothing to wait for", "`wharf release push DIR ecs-pipeline` starts one"],
    )?;
    let service = json!({"cluster": STACK, "service": STACK, "force": true});
    shop.reader.call("ecs", "delete_service", &service, None)?;
    let group = json!({"applicationName": STACK, "deploymentGroupName": STACK});
    shop.reader.call("codedeploy", "delete_deployment_group", &group, None)?;
    contains(
        &shop.screen()?,
        &["the deployment group ecs-pipeline of the application ecs-pipeline is gone"],
    )?;
    shop.stage.until("the service is gone", || {
        let screen = shop.screen()?;
        Ok(screen.contains("the service ecs-pipeline in the cluster ecs-pipeline is gone")
            && screen.contains("nothing: no tasks serve, `wharf plan ecs-pipeline` shows what is gone"))
    })
}

fn denied() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.faults(&json!([{"kind": "container_exits", "exit_code": "1", "log": "boom"}]))?;
    shop.push("Exits")?;
    let rule = |operation: &str| json!([{"match": operation, "kind": "deny"}]);
    shop.stage.emulator.rules(&rule("logs:GetLogEvents"))?;
    contains(
        &shop.screen()?,
        &["Essential container in task exited", "    | (it cannot be read: logs:GetLogEvents"],
    )?;
    shop.stage.emulator.rules(&rule("ecs:ListTasks"))?;
    contains(
        &shop.screen()?,
        &["Not seen\n  why tasks stopped could not be seen: ecs:ListTasks", "now      Install"],
    )?;
    shop.stage.emulator.rules(&rule("codepipeline:ListActionExecutions"))?;
    contains(&shop.screen()?, &["Not seen\n  the pipeline could not be seen: ", "Deployment d-"])?;
    // Without what everything depends on it is an error that says what is needed.
    shop.stage.emulator.rules(&rule("codedeploy:GetDeployment"))?;
    let error = shop.stage.exits(&["release", "status", STACK], 1)?.stderr;
    contains(&error, &["AWS denies", "GetDeployment"])
}

fn waits_end() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.push("Waits")?;
    let hold = json!([{"match": "codedeploy:GetDeployment", "kind": "hold_before", "times": 1, "after": 1}]);
    shop.stage.emulator.rules(&hold)?;
    let child = shop.stage.start(&["release", "wait", STACK, "--until", "rerouted"])?;
    shop.stage.until("it looks again", || Ok(shop.stage.emulator.rule_hits()?.first() == Some(&1)))?;
    child.send("-INT")?;
    let stderr = child.exits(130)?.stderr;
    shop.stage.emulator.post("/_wharf/release", &json!({}))?;
    shop.stage.emulator.rules(&json!([]))?;
    contains(&stderr, &[": Ready\n", "interrupted; nothing is lost: what is under way goes on in AWS"])?;
    // What fails in passing does not end a wait.
    let throttle = json!([{"match": "codedeploy:GetDeployment", "kind": "error_before", "code": "InternalFailure",
        "status": 500, "message": "not now", "after": 1, "times": 8}]);
    shop.stage.emulator.rules(&throttle)?;
    let late =
        shop.stage.exits(&["release", "wait", STACK, "--until", "rerouted", "--timeout", "20s"], 8)?.stderr;
    contains(
        &late,
        &["could not look, trying again", "in vain", "`wharf release promote ecs-pipeline` until"],
    )
}

fn watched() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.push("Watched")?;
    let deployment = shop.deployment()?;
    shop.stage.emulator.reset_counters()?;
    let mut lines = shop.stage.start(&["release", "status", STACK, "--watch", "--json"])?;
    let mut blocks = shop.stage.start(&["release", "status", STACK, "--watch"])?;
    lines.says("\"phase\":\"ready\"")?;
    blocks.says("waits for `wharf release promote ecs-pipeline`")?;
    let mut go_on = |wait: &str| {
        let asked = json!({"deploymentId": deployment, "deploymentWaitType": wait});
        shop.reader.call("codedeploy", "continue_deployment", &asked, None)
    };
    go_on("READY_WAIT")?;
    go_on("TERMINATION_WAIT")?;
    let (lines, blocks) = (lines.exits(0)?, blocks.exits(0)?);
    // Each of them has read each of the two revisions once.
    assert_eq!(shop.stage.emulator.counters()?.get("ecs:DescribeTaskDefinition"), Some(&4));
    let reports: Vec<Value> =
        lines.stdout.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    let phases: Vec<&str> =
        reports.iter().filter_map(|report| report["deployment"]["phase"].as_str()).collect();
    assert_eq!((phases.first(), phases.last()), (Some(&"ready"), Some(&"done")));
    assert!(phases.len() <= 3, "only what changes is shown: {phases:?}");
    contains(&blocks.stdout, &["\n\necs-pipeline/ecs-pipeline", "nothing: ecs-pipeline:2 serves"])?;
    // One that ends in a failure says so.
    shop.faults(&json!([{"kind": "failing_build"}]))?;
    shop.push("Fails")?;
    shop.stage.exits(&["release", "status", STACK, "--watch"], 7)?;
    Ok(())
}

fn secret_in_a_log() -> Result<()> {
    let mut shop = Shop::edited(|stage| {
        let first = "  application_name:\n";
        stage.edit(
            "ecs-pipeline/stack.yaml",
            first,
            &format!("  password: {{type: string, sensitive: true, default: zq7-secret}}\n{first}"),
        )
    })?;
    shop.faults(
        &json!([{"kind": "container_exits", "exit_code": "1", "log": "connecting as app:zq7-secret@db"}]),
    )?;
    shop.push("Talks")?;
    let screen = shop.screen()?;
    contains(&screen, &["    | connecting as app:(sensitive value)@db"])?;
    let json = shop.stage.ok(&["release", "status", STACK, "--json"])?.stdout;
    contains(&json, &["connecting as app:(sensitive value)@db"])?;
    let waited =
        shop.stage.exits(&["release", "wait", STACK, "--until", "ready", "--timeout", "0s"], 8)?.stderr;
    assert!(!format!("{screen}{json}{waited}").contains("zq7-secret"));
    Ok(())
}
