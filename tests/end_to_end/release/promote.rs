//! `wharf release promote`.

use super::shop::Shop;
use crate::Test;
use crate::failures::contains;
use serde_json::json;
use wharf_tests::{Result, Run};

pub(crate) const TESTS: &[Test] = &[
    ("what is healthy and answers takes over, once", takes_over),
    ("what is not well does not take over", not_well),
    ("a deployment that is not ready is waited for", waits),
    ("where nobody has to be asked it only waits", goes_on_by_itself),
    ("an interrupted promotion goes on in AWS", interrupted),
];

fn takes_over() -> Result<()> {
    let mut shop = Shop::new()?;
    let none = shop.ok(&["promote"])?;
    contains(&none.stdout, &["There is no deployment to promote; web:1 (web:1) serves at http://shop-"])?;
    let id = shop.deploy("web:2")?;
    let run = shop.ok(&["promote"])?;
    contains(&run.stderr, &["web:2 (web:2) answers at http://shop-", ":8080/ with 200", "--finish"])?;
    contains(&run.stdout, &[&format!("{id} has taken over; web:2 (web:2) serves at http://shop-")])?;
    assert_eq!(shop.forwards("production")?, ["shop-green"]);
    assert_eq!(shop.status(&id)?, "InProgress");
    // Again: nothing is asked of AWS.
    shop.stage.emulator.reset_counters()?;
    contains(&shop.ok(&["promote"])?.stdout, &["has taken over already; web:2"])?;
    assert_eq!(shop.stage.emulator.counters()?.get("codedeploy:ContinueDeployment"), None);
    shop.ok(&["promote", "--finish"])?;
    assert_eq!(shop.status(&id)?, "Succeeded");
    let over = shop.ok(&["promote", "--finish"])?;
    contains(&over.stdout, &[&format!("There is nothing to promote: {id} is done; web:2 (web:2) serves")])?;
    // And for the stack, nothing has changed.
    let plan = shop.stage.exits(&["plan", "shop", "--detailed-exitcode"], 0)?;
    contains(&plan.stdout, &["traffic: shop-green 100", "No changes."])?;
    shop.traffic_was_served().map(drop)
}

fn not_well() -> Result<()> {
    let mut shop = Shop::new()?;
    let id = shop.deploy("web:2")?;
    let group = shop.target_group("green")?;
    let asked = json!({"TargetGroupArn": group});
    let query = "TargetHealthDescriptions[].Target.{Id: Id, Port: Port}";
    let targets = shop.reader.call("elbv2", "describe_target_health", &asked, Some(query))?;
    // One of its two tasks is gone.
    let one = json!({"TargetGroupArn": group, "Targets": [targets[0]]});
    shop.reader.call("elbv2", "deregister_targets", &one, None)?;
    let refused = shop.exits(&["promote"], 1)?;
    contains(
        &refused.stderr,
        &[
            "error: the new version is not healthy, so it does not take over",
            "1 of 2 targets in shop-green are healthy",
            "hint: nothing was changed",
            "`--force` lets it take over all the same",
        ],
    )?;
    shop.reader.call("elbv2", "register_targets", &one, None)?;
    // Nobody answers, as far as the load balancer is concerned.
    let answer = json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]);
    let broken = json!({"ListenerArn": shop.listener("test")?, "DefaultActions": answer});
    shop.reader.call("elbv2", "modify_listener", &broken, None)?;
    let refused = shop.exits(&["promote"], 1)?;
    contains(
        &refused.stderr,
        &["error: nobody answers at http://shop-", "it answers with HTTP status 503", "test listener"],
    )?;
    // No way there at all.
    let refused = Run::of(shop.release(&["promote"]).env("HTTP_PROXY", "http://127.0.0.1:9"))?;
    assert_eq!(refused.code, 1);
    contains(&refused.stderr, &["error: nobody answers at http://shop-", "HTTP_PROXY"])?;
    // What somebody has deleted cannot be tried.
    shop.reader.call("elbv2", "delete_listener", &json!({"ListenerArn": shop.listener("test")?}), None)?;
    let refused = shop.exits(&["promote"], 1)?;
    contains(&refused.stderr, &["error: the test listener is gone", "is gone\n", "`--force` lets it"])?;
    assert_eq!((shop.status(&id)?, shop.forwards("production")?), ("Ready".into(), vec!["shop-blue".into()]));
    let forced = shop.ok(&["promote", "--force"])?;
    contains(&forced.stdout, &[&format!("{id} has taken over; web:2 (web:2) serves")])?;
    assert_eq!(shop.forwards("production")?, ["shop-green"]);
    Ok(())
}

fn waits() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployments_go(&json!({"step_seconds": 0.5}))?;
    let id = shop.deploy("web:2")?;
    let run = shop.ok(&["promote", "--finish"])?;
    contains(
        &run.stderr,
        &[
            &format!("{id} is still starting its tasks; waiting until it is ready"),
            &format!("deployment {id}: Install: Succeeded"),
            &format!("deployment {id}: AllowTraffic: Succeeded"),
        ],
    )?;
    assert_eq!(shop.status(&id)?, "Succeeded");
    // One that never gets ready.
    let faults = json!([{"kind": "tasks_do_not_start", "reason": "CannotPullContainerError"}]);
    shop.deployments_go(&json!({"faults": faults}))?;
    let id = shop.deploy("web:3")?;
    shop.later(61)?;
    let failed = shop.exits(&["promote"], 7)?;
    contains(&failed.stderr, &[&format!("error: the deployment {id} failed"), "TIMEOUT", "release status"])?;
    assert_eq!(shop.serves()?, "web:2");
    shop.traffic_was_served().map(drop)
}

fn goes_on_by_itself() -> Result<()> {
    let mut shop = Shop::with(&["on_timeout=CONTINUE_DEPLOYMENT"])?;
    shop.deployments_go(&json!({"step_seconds": 0.5}))?;
    let id = shop.deploy("web:2")?;
    shop.stage.emulator.reset_counters()?;
    contains(&shop.ok(&["promote"])?.stdout, &[&format!("{id} has taken over; web:2 (web:2) serves")])?;
    assert_eq!(shop.stage.emulator.counters()?.get("codedeploy:ContinueDeployment"), None);
    Ok(())
}

fn interrupted() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployments_go(&json!({"faults": [{"kind": "failing_health_checks"}]}))?;
    let id = shop.deploy("web:2")?;
    shop.stage.emulator.reset_counters()?;
    let child = shop.stage.start(&["release", "promote", "shop"])?;
    // It has begun to wait when it looks for the third time.
    shop.stage.until("it waits", || {
        let counters = shop.stage.emulator.counters()?;
        Ok(counters.get("codedeploy:GetDeployment").is_some_and(|looks| *looks >= 3))
    })?;
    child.send("-INT")?;
    contains(&child.exits(130)?.stderr, &["interrupted; nothing is lost: what is under way goes on in AWS"])?;
    shop.deployments_go(&json!({"faults": []}))?;
    contains(&shop.ok(&["promote"])?.stdout, &[&format!("{id} has taken over")])
}
