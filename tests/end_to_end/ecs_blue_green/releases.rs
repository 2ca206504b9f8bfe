//! `wharf release` where ECS itself deploys: promoted, rolled back, stopped by somebody else, killed.

use super::{Shop, pause, pauses};
use crate::failures::{APPLY, contains};
use serde_json::{Value, json};
use wharf_tests::{Result, ended};

pub(super) fn released() -> Result<()> {
    let mut shop = Shop::new()?;
    pauses(&shop)?;
    let release = |shop: &Shop, verb: &[&str]| shop.stage.ok(&[&["release"][..], verb].concat());
    let status = |shop: &Shop| -> Result<Value> {
        Ok(serde_json::from_str(&release(shop, &["status", "--json"])?.stdout)?)
    };
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    release(&shop, &["wait", "--until", "ready"])?;
    let report = status(&shop)?;
    assert_eq!((&report["controller"], &report["deployment"]["phase"]), (&json!("ECS"), &json!("ready")));
    let sets: Vec<Value> = report["task_sets"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|set| {
            json!([set["color"], set["role"], set["task_definition"], set["target_group"], set["running"]])
        })
        .collect();
    let (blue, green) = (
        json!(["Blue", "primary", "shop:1", "shop-blue", 2]),
        json!(["Green", "other", "shop:2", "shop-green", 2]),
    );
    assert_eq!(sets, [blue, green]);
    contains(
        &release(&shop, &["status"])?.stdout,
        &["POST_TEST_TRAFFIC_SHIFT", "shop:2 waits for `wharf release promote`", "httpd:2.5"],
    )?;
    contains(&release(&shop, &["promote"])?.stdout, &["has taken over; shop:2"])?;
    assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
    // Nothing ends the bake time early.
    contains(&shop.stage.exits(&["release", "promote", "--finish"], 1)?.stderr, &["bake time"])?;
    contains(&release(&shop, &["rollback"])?.stdout, &["is stopped and rolled back; shop:1"])?;
    assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
    contains(&release(&shop, &["rollback"])?.stdout, &["there is nothing to roll back"])?;
    // What went back is not deployed again unasked.
    shop.at_rest("shop-blue 100, shop-green 0")?;
    contains(
        &shop.stage.ok(&["plan"])?.stdout,
        &["service: needs a release: task_definition (where the template differs: container_definitions"],
    )?;
    shop.stage.ok(&[APPLY, &["--release"]].concat())?;
    release(&shop, &["promote"])?;
    shop.later(6)?;
    release(&shop, &["wait", "--until", "done"])?;
    shop.at_rest("shop-green 100, shop-blue 0")?;
    contains(&release(&shop, &["rollback"])?.stdout, &["is rolled back", "shop:1"])?;
    assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
    shop.later(12)?;
    contains(&release(&shop, &["rollback"])?.stdout, &["already rolled back"])?;
    let history: Value = serde_json::from_str(&release(&shop, &["history", "--json"])?.stdout)?;
    let shown: Vec<Value> = history["deployments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| json!([entry["status"], entry["task_definition"], entry["serves"]]))
        .collect();
    let wanted = [
        json!(["SUCCESSFUL", "shop:1", true]),
        json!(["SUCCESSFUL", "shop:2", false]),
        json!(["ROLLBACK_SUCCESSFUL", "shop:2", false]),
        json!(["SUCCESSFUL", "shop:1", false]),
    ];
    assert_eq!(shown, wanted);
    let healthy = shop.written("ecs")?;
    assert!(!healthy.is_empty() && healthy.iter().all(|healthy| *healthy > 0), "{healthy:?}");
    Ok(())
}

/// ECS lists what it deployed for 90 days.
pub(super) fn first_in_months() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.later(100 * 24 * 60)?;
    let rollback = |shop: &Shop| -> Result<String> { Ok(shop.stage.ok(&["release", "rollback"])?.stdout) };
    contains(&rollback(&shop)?, &["AWS knows of no deployment", "shop:1 (httpd:2.4) serves"])?;
    contains(&shop.stage.ok(&["release", "history"])?.stdout, &["no deployment in the last 90 days"])?;
    let screen = shop.stage.ok(&["release", "status"])?.stdout;
    contains(&screen, &["2 healthy", "nothing: shop:1 serves; an apply of another task definition"])?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    contains(&rollback(&shop)?, &["is rolled back, by ", "shop:1 (httpd:2.4) serves"])?;
    shop.later(6)?;
    contains(&rollback(&shop)?, &["is already rolled back, by ", "shop:1 (httpd:2.4) serves"])?;
    shop.at_rest("shop-blue 100, shop-green 0")?;
    assert!(shop.written("ecs")?.iter().all(|healthy| *healthy > 0));
    Ok(())
}

pub(super) fn stopped_and_serves() -> Result<()> {
    let mut shop = Shop::new()?;
    // Something else to go back to, which is not where it came from.
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    shop.later(6)?;
    shop.image("2.5", "2.6")?;
    shop.stage.ok(APPLY)?;
    let listed = json!({"cluster": "shop", "service": "shop"});
    let query = Some("serviceDeployments[0].serviceDeploymentArn");
    let arn = shop.reader.call("ecs", "list_service_deployments", &listed, query)?;
    let stop = json!({"serviceDeploymentArn": arn, "stopType": "ABORT"});
    shop.reader.call("ecs", "stop_service_deployment", &stop, None)?;
    assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
    contains(&shop.stage.ok(&["release", "status"])?.stdout, &["shop:3 serves all the same"])?;
    let run = shop.stage.ok(&["release", "rollback"])?;
    contains(&run.stdout, &["is rolled back, by ", "shop:2 (httpd:2.5) serves"])?;
    shop.later(6)?;
    let again = shop.stage.ok(&["release", "rollback"])?;
    contains(&again.stdout, &["is already rolled back, by ", "shop:2 (httpd:2.5) serves"])?;
    assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
    Ok(())
}

/// By `rollback`, and by a destroy.
pub(super) fn stopped_by_somebody() -> Result<()> {
    for command in [&["release", "rollback"][..], &["destroy", "--auto-approve"]] {
        let mut shop = Shop::new()?;
        shop.image("2.4", "2.5")?;
        shop.stage.ok(APPLY)?;
        shop.stage.emulator.post("/_wharf/deployments", &json!({"step_seconds": 3}))?;
        let listed = json!({"cluster": "shop", "service": "shop"});
        let query = Some("serviceDeployments[0].serviceDeploymentArn");
        let arn = shop.reader.call("ecs", "list_service_deployments", &listed, query)?;
        shop.reader.call("ecs", "stop_service_deployment", &json!({"serviceDeploymentArn": arn}), None)?;
        shop.stage.ok(command)?;
        if command == ["release", "rollback"] {
            assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
        }
    }
    Ok(())
}

pub(super) fn killed() -> Result<()> {
    for (change, verb, is_done) in [
        ("ecs:ContinueServiceDeployment", "promote", false),
        ("ecs:StopServiceDeployment", "rollback", false),
        ("ecs:UpdateService", "rollback", true),
    ] {
        let mut ends = Vec::new();
        for kind in [None, Some("kill_before"), Some("kill_after"), Some("kill_answered")] {
            let mut shop = Shop::new()?;
            pauses(&shop)?;
            shop.image("2.4", "2.5")?;
            shop.stage.ok(APPLY)?;
            if is_done {
                shop.stage.ok(&["release", "promote"])?;
                shop.later(6)?;
            }
            if let Some(kind) = kind {
                let waiting = shop.stage.waiting(&["release", verb], "printed.txt")?;
                let rule = json!([{"match": change, "kind": kind, "pid": waiting.pid(), "times": 1}]);
                shop.stage.emulator.rules(&rule)?;
                let status = ended(waiting.go()?)?.ok_or("the run hung")?;
                assert_eq!(status.code(), None, "{change} {kind}: it was not killed");
                shop.stage.emulator.rules(&json!([]))?;
            }
            shop.stage.ok(&["release", verb])?;
            shop.later(6)?;
            let history = shop.stage.ok(&["release", "history", "--json"])?.stdout;
            let history: Value = serde_json::from_str(&history)?;
            let entries = history["deployments"].as_array().into_iter().flatten();
            let entries: Vec<Value> = entries
                .map(|entry| json!([entry["status"], entry["task_definition"], entry["serves"]]))
                .collect();
            ends.push((shop.weights()?, entries));
            assert!(shop.written("ecs")?.iter().all(|healthy| *healthy > 0));
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{change}: {ends:#?}");
    }
    Ok(())
}

pub(super) fn every_pause() -> Result<()> {
    let mut shop = Shop::new()?;
    pause(
        &shop.stage,
        "PRE_SCALE_UP, POST_SCALE_UP, PRE_PRODUCTION_TRAFFIC_SHIFT, POST_PRODUCTION_TRAFFIC_SHIFT",
    )?;
    shop.stage.ok(APPLY)?;
    shop.image("2.4", "2.5")?;
    shop.stage.ok(APPLY)?;
    let shows = |shop: &Shop, line: &str| contains(&shop.stage.ok(&["release", "status"])?.stdout, &[line]);
    shows(&shop, "shop:2 waits, before its tasks are started, for `wharf release promote`")?;
    // Each has its own look at what there is to see by then.
    let run = shop.stage.ok(&["release", "promote"])?;
    contains(&run.stdout, &["has taken over; shop:2"])?;
    contains(&run.stderr, &["POST_SCALE_UP: InProgress", "waits for `wharf release promote --finish`"])?;
    assert_eq!(shop.weights()?, ["shop-blue 0", "shop-green 100"]);
    shop.stage.ok(&["release", "promote", "--finish"])?;
    shows(&shop, "until then `wharf release rollback` goes back to them")?;
    shop.later(6)?;
    shop.at_rest("shop-green 100, shop-blue 0")?;
    // Going back nobody is asked, as those tasks have served before.
    contains(&shop.stage.ok(&["release", "rollback"])?.stdout, &["is rolled back", "shop:1"])?;
    assert_eq!(shop.weights()?, ["shop-blue 100", "shop-green 0"]);
    // What is deployed for as long as nobody says anything goes with its service.
    shop.stage.ok(&["destroy", "--auto-approve"])?;
    assert!(shop.stage.objects()?.is_empty());
    assert_eq!(shop.stage.emulator.counters()?.get("ecs:StopServiceDeployment"), Some(&1));
    assert!(shop.written("ecs")?.iter().all(|healthy| *healthy > 0));
    Ok(())
}
