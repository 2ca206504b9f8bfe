//! What fails, and what the screen says why.

use super::{STACK, Shop};
use crate::failures::contains;
use serde_json::json;
use wharf_tests::Result;

pub(super) fn tasks_that_fail() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.push("First")?;
    shop.waits("ready", 0)?;
    shop.go_on("READY_WAIT")?;
    shop.go_on("TERMINATION_WAIT")?;
    for (message, fault, parts) in [
        (
            "Exits",
            json!({"kind": "container_exits", "exit_code": "3", "log": "starting\nno such table: users"}),
            &[
                "Why\n  2 tasks of ecs-pipeline:3 stopped: Essential container in task exited (web: exit code 3)",
                "    /ecs/ecs-pipeline httpd/web/",
                "    | starting\n    | no such table: users\n",
            ][..],
        ),
        (
            "Cannot be pulled",
            json!({"kind": "tasks_do_not_start", "reason": "CannotPullContainerError: manifest unknown"}),
            &["Why\n  2 tasks of ecs-pipeline:4 stopped: CannotPullContainerError: manifest unknown"],
        ),
        (
            "Has no secret",
            json!({"kind": "tasks_do_not_start", "reason": "ResourceInitializationError: unable to pull secrets"}),
            &[
                "Why\n  2 tasks of ecs-pipeline:5 stopped: ResourceInitializationError: unable to pull secrets",
            ],
        ),
        (
            "Is not healthy",
            json!({"kind": "failing_health_checks", "health_reason": "Target.ResponseCodeMismatch",
                "description": "Health checks failed with these codes: [500]"}),
            &[
                "2 of 2 targets of ecs-pipeline-blue (ecs-pipeline:6) are not healthy:",
                "Target.ResponseCodeMismatch:",
                "Health checks failed with these codes: [500]",
                "2 unhealthy",
            ],
        ),
    ] {
        shop.faults(&json!([fault]))?;
        shop.push(message)?;
        let screen = shop.screen()?;
        contains(&screen, parts)?;
        contains(
            &screen,
            &[
                "now      Install",
                "if they are not healthy by ",
                "`wharf release rollback ecs-pipeline` gives it up now",
            ],
        )?;
        // Whoever waits is told as well.
        let late = ["release", "wait", STACK, "--until", "ready", "--timeout", "0s"];
        let first = parts[0].trim_start_matches("Why\n  ");
        contains(&shop.stage.exits(&late, 8)?.stderr, &[first])?;
        // And when it is over: tasks are known for a while, their targets are not.
        shop.stop()?;
        let screen = shop.screen()?;
        contains(&screen, &[": Stopped, from ", "nothing: ecs-pipeline:2 serves"])?;
        let is_of_targets = message == "Is not healthy";
        let told = ["has tasks that fail their health", "Target.ResponseCodeMismatch"];
        contains(&screen, if is_of_targets { &told } else { parts })?;
        contains(
            &shop.waits("done", 7)?,
            &["was stopped", "`wharf release status ecs-pipeline` shows what serves"],
        )?;
        shop.faults(&json!([]))?;
    }
    // In time the deployment gives up by itself.
    shop.faults(&json!([{"kind": "failing_health_checks"}]))?;
    shop.push("Is never healthy")?;
    shop.screen()?;
    shop.later(61)?;
    contains(&shop.screen()?, &["failed   Install (1 h)", "Target.FailedHealthChecks", "failed: TIMEOUT: "])?;
    contains(
        &shop.waits("ready", 7)?,
        &["error: the deployment d-", " failed, and is rolled back by d-", "TIMEOUT"],
    )
}

/// With an alarm, a hook, and automatic rollbacks.
fn watched_closely() -> Result<Shop> {
    Shop::edited(|stage| {
        let alarms = "auto_rollback_configuration: {enabled: true, events: [DEPLOYMENT_FAILURE]}";
        let with = "auto_rollback_configuration: {enabled: true, events: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM]}\n      alarm_configuration: {enabled: true, alarms: [web-errors]}";
        stage.edit("ecs-pipeline/stack.yaml", alarms, with)?;
        let spec = "          ContainerPort: ${container_port}\n";
        let hooks = "Hooks:\n  - AfterAllowTestTraffic: smoke-test\n";
        stage.edit("ecs-pipeline/templates/appspec.yaml", spec, &format!("{spec}{hooks}"))
    })
}

pub(super) fn taken_back() -> Result<()> {
    let mut shop = watched_closely()?;
    shop.push("Works")?;
    shop.waits("ready", 0)?;
    shop.go_on("READY_WAIT")?;
    shop.go_on("TERMINATION_WAIT")?;
    shop.waits("done", 0)?;
    let hook = json!({"kind": "failing_hook", "hook": "AfterAllowTestTraffic", "reason": "GET / answered 500", "log": "GET / 500"});
    let alarm = json!({"kind": "alarm", "alarm": "web-errors"});
    let health = json!({"kind": "failing_health_checks"});
    for (message, fault, code, why) in [
        (
            "Does not pass",
            hook,
            "Failed",
            &["the hook of AfterAllowTestTraffic failed: ", "    | GET / 500\n"][..],
        ),
        ("Alarms", alarm, "Stopped", &["an alarm stopped the deployment d-", "web-errors"]),
        ("Is never healthy", health, "Failed", &["Target.FailedHealthChecks", "failed: TIMEOUT: "]),
    ] {
        if code == "Stopped" {
            shop.push(message)?;
            shop.waits("ready", 0)?;
            // Somebody has let it take over, and somebody waits for its end.
            shop.go_on("READY_WAIT")?;
            let waits = shop.stage.start(&["release", "wait", STACK, "--until", "done"])?;
            shop.stage.emulator.reset_counters()?;
            shop.stage.until("it looks", || {
                Ok(shop
                    .stage
                    .emulator
                    .counters()?
                    .get("codedeploy:GetDeployment")
                    .is_some_and(|count| *count > 1))
            })?;
            shop.faults(&json!([fault]))?;
            contains(&waits.exits(7)?.stderr, &["error: the deployment d-", " was stopped", why[0]])?;
        } else {
            shop.faults(&json!([fault]))?;
            shop.push(message)?;
            shop.screen()?;
            if message == "Is never healthy" {
                shop.later(61)?;
            }
        }
        let screen = shop.screen()?;
        let report = shop.report()?;
        let (made, undone) = (report["deployment"]["id"].clone(), report["rolled_back"]["id"].clone());
        assert_eq!(report["deployment"]["rolls_back"], undone, "{report:#}");
        assert_eq!(report["rolled_back"]["status"], code);
        contains(&screen, why)?;
        contains(
            &screen,
            &[
                &format!("Deployment {}: Succeeded", made.as_str().unwrap_or_default()),
                &format!("Deployment {}: {code}", undone.as_str().unwrap_or_default()),
                "DeployImage  DeployImage  Failed",
                "rollback: it rolls back d-",
                "nothing: ecs-pipeline:2 serves; `wharf release push DIR ecs-pipeline` brings another version",
            ],
        )?;
        let how = if code == "Failed" { "failed" } else { "was stopped" };
        let said = format!(
            "error: the deployment {} {how}, and is rolled back by d-",
            undone.as_str().unwrap_or_default()
        );
        for until in ["ready", "rerouted", "done"] {
            contains(&shop.waits(until, 7)?, &[&said, why[0]])?;
        }
        shop.stage.exits(&["release", "status", STACK, "--watch"], 7)?;
        contains(&shop.stage.exits(&["release", "promote", STACK], 7)?.stderr, &[&said])?;
        let rollback = shop.stage.ok(&["release", "rollback", STACK])?.stdout;
        contains(&rollback, &["is already rolled back, by d-", "; ecs-pipeline:2 (", " serves at "])?;
        shop.faults(&json!([]))?;
    }
    // What failed is past when the next one is on its way.
    shop.push("Works again")?;
    shop.waits("ready", 0)?;
    assert!(!shop.screen()?.contains("Why"));
    Ok(())
}

pub(super) fn other_failures() -> Result<()> {
    let mut shop = watched_closely()?;
    let build = json!({"kind": "failing_build", "phase": "BUILD", "reason": "exit status 2", "log": "cc main.c\nmain.c:1: no"});
    shop.faults(&json!([build]))?;
    shop.push("Does not compile")?;
    contains(
        &shop.screen()?,
        &[
            "BuildImage   BuildImage   Failed",
            "Why\n  the build ecs-pipeline:",
            "in its phase BUILD",
            "exit status 2",
            "    | main.c:1: no\n",
        ],
    )?;
    contains(&shop.waits("ready", 7)?, &["failed before it deployed", "    | main.c:1: no"])?;
    let hook = json!({"kind": "failing_hook", "hook": "AfterAllowTestTraffic", "reason": "GET / answered 500", "log": "GET / 500"});
    shop.faults(&json!([hook]))?;
    shop.push("Does not pass")?;
    contains(
        &shop.screen()?,
        &[
            "  failed   AfterAllowTestTraffic",
            "Why\n  the hook of AfterAllowTestTraffic failed: ",
            "GET / answered 500",
            "nothing: ecs-pipeline:1 serves",
        ],
    )?;
    shop.faults(&json!([]))?;
    shop.push("Alarms")?;
    shop.waits("ready", 0)?;
    shop.faults(&json!([{"kind": "alarm", "alarm": "web-errors"}]))?;
    contains(
        &shop.screen()?,
        &["Why\n  an alarm stopped the deployment d-", "web-errors", "nothing: ecs-pipeline:1 serves"],
    )?;
    shop.faults(&json!([]))?;
    // What failed is past when the next one is under way.
    shop.push("Works")?;
    shop.waits("ready", 0)?;
    assert!(!shop.screen()?.contains("Why"));
    Ok(())
}
