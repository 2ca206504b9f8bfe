//! `wharf release rollback`.

use super::shop::Shop;
use crate::Test;
use crate::failures::contains;
use serde_json::json;
use wharf_tests::Result;

pub(crate) const TESTS: &[Test] = &[
    ("during a deployment it is stopped, before and after the traffic moved", during),
    ("afterwards the last good version is released again, once", afterwards),
    ("without an earlier deployment the stack's own comes back", first),
    ("further back, by name", further),
    ("what starts no tasks any more is refused", gone),
    ("an answer that is lost starts no second deployment", lost_answer),
    ("what else is active is waited for, or refused", busy),
    ("a quota of deployments that is used up ends it", quota),
];

fn during() -> Result<()> {
    let mut shop = Shop::new()?;
    contains(
        &shop.ok(&["rollback"])?.stdout,
        &["AWS knows of no deployment, so there is nothing to roll back; web:1 (web:1) serves"],
    )?;
    for promote in [false, true] {
        let id = shop.deploy("web:2")?;
        if promote {
            shop.ok(&["promote"])?;
            assert_eq!(shop.forwards("production")?, ["shop-green"]);
        }
        let run = shop.ok(&["rollback"])?;
        contains(&run.stdout, &[&format!("{id} is stopped and rolled back; web:1 (web:1) serves")])?;
        assert_eq!((shop.status(&id)?.as_str(), shop.serves()?.as_str()), ("Stopped", "web:1"));
        assert_eq!(shop.forwards("production")?, ["shop-blue"]);
        // Again: there is nothing that would have to be undone.
        let again = shop.ok(&["rollback"])?;
        contains(
            &again.stdout,
            &[&format!("The last deployment, {id}, was stopped, so there is nothing to roll back; web:1")],
        )?;
    }
    assert_eq!(shop.deployments()?.len(), 2);
    shop.traffic_was_served().map(drop)
}

fn afterwards() -> Result<()> {
    let mut shop = Shop::new()?;
    let good = shop.deployed("web:2")?;
    let bad = shop.deployed("web:3")?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stderr, &[&format!("rolls back {bad} to web:2, as {good} brought it")])?;
    contains(&run.stdout, &[&format!("{bad} is rolled back, by d-"), "; web:2 (web:2) serves"])?;
    let made = shop.deployments()?[0].clone();
    let found = shop.deployment(&made)?;
    assert_eq!(found["description"], json!(format!("wharf release rollback of {bad}")));
    assert_eq!(shop.forwards("production")?, ["shop-green"]);
    // Again, while the tasks of before are still there, and when they are gone: no rollback of the rollback.
    contains(&shop.ok(&["rollback"])?.stdout, &[&format!("{bad} is rolled back, by {made}; web:2")])?;
    shop.ok(&["promote", "--finish"])?;
    contains(&shop.ok(&["rollback"])?.stdout, &[&format!("{bad} is already rolled back, by {made}; web:2")])?;
    assert_eq!(shop.deployments()?.len(), 3);
    // What was rolled back is not good: from the next one it goes back further.
    let next = shop.deployed("web:4")?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stdout, &[&format!("{next} is rolled back, by d-"), "; web:2 (web:2) serves"])?;
    let plan = shop.stage.exits(&["plan", "shop", "--detailed-exitcode"], 0)?;
    contains(&plan.stdout, &["No changes."])?;
    shop.traffic_was_served().map(drop)
}

fn first() -> Result<()> {
    let mut shop = Shop::new()?;
    let bad = shop.deployed("web:2")?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stderr, &[&format!("rolls back {bad} to web:1")])?;
    contains(&run.stdout, &["; web:1 (web:1) serves"])?;
    assert_eq!(shop.serves()?, "web:1");
    shop.traffic_was_served().map(drop)
}

fn further() -> Result<()> {
    let mut shop = Shop::new()?;
    for image in ["web:2", "web:3", "web:4"] {
        shop.deployed(image)?;
    }
    contains(&shop.ok(&["rollback", "--to", "2"])?.stdout, &["; web:2 (web:2) serves"])?;
    contains(&shop.ok(&["rollback", "--to", "web:2"])?.stdout, &["; web:2 (web:2) serves"])?;
    assert_eq!(shop.deployments()?.len(), 4);
    // It is still under way, and stopped for another one.
    contains(&shop.ok(&["rollback", "--to", "web:1"])?.stdout, &["; web:1 (web:1) serves"])?;
    contains(&shop.exits(&["rollback", "--to", "web:9"], 1)?.stderr, &["web:9 is gone"])?;
    shop.traffic_was_served().map(drop)
}

fn gone() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    shop.deployed("web:3")?;
    shop.reader.call("ecs", "deregister_task_definition", &json!({"taskDefinition": "web:2"}), None)?;
    let refused = shop.exits(&["rollback"], 1)?;
    contains(&refused.stderr, &["the task definition web:2 is deregistered", "`--to`"])?;
    assert_eq!(shop.deployments()?.len(), 2);
    contains(&shop.ok(&["rollback", "--to", "web:1"])?.stdout, &["; web:1 (web:1) serves"])
}

fn lost_answer() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let bad = shop.deployed("web:3")?;
    for kind in ["drop_after", "error_after"] {
        shop.stage
            .emulator
            .rules(&json!([{"match": "codedeploy:CreateDeployment", "kind": kind, "times": 1}]))?;
        let before = shop.deployments()?.len();
        let run = shop.ok(&["rollback"])?;
        contains(&run.stdout, &["is rolled back, by d-", "; web:2 (web:2) serves"])?;
        assert_eq!(shop.deployments()?.len(), before + 1, "{kind}");
        shop.stage.emulator.rules(&json!([]))?;
        shop.ok(&["promote", "--finish"])?;
        shop.deployed("web:4")?;
    }
    assert_ne!(shop.deployments()?[0], bad);
    Ok(())
}

fn busy() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let id = shop.deploy("web:3")?;
    let refused = shop.exits(&["rollback", "--when-busy", "fail"], 4)?;
    contains(&refused.stderr, &[&format!("error: the deployment {id} is active; nothing was changed")])?;
    assert_eq!(shop.status(&id)?, "Ready");
    // Its end is waited for, then it is undone: somebody else lets it take over.
    let mut child = shop.stage.start(&["release", "rollback", "--when-busy", "wait", "shop"])?;
    child.says(&format!("waiting until {id} has ended"))?;
    shop.ok(&["promote", "--finish"])?;
    contains(&child.exits(0)?.stderr, &[&format!("rolls back {id} to web:2")])?;
    assert_eq!(shop.serves()?, "web:2");
    shop.traffic_was_served().map(drop)
}

fn quota() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    shop.deployed("web:3")?;
    let mut rule = json!({
        "match": "codedeploy:CreateDeployment",
        "kind": "error_before",
        "code": "DeploymentLimitExceededException",
        "message": "The number of allowed deployments was exceeded",
    });
    shop.stage.emulator.rules(&json!([rule]))?;
    shop.stage.edit("shop/stack.yaml", "memory: 512", "memory: 1024")?;
    let apply = ["apply", "shop", "--auto-approve", "--release"];
    // Nothing of the group is active, so nothing is to come that would end it.
    let children = [shop.stage.start(&["release", "rollback", "shop"])?, shop.stage.start(&apply)?];
    for child in children {
        contains(
            &child.exits(1)?.stderr,
            &["error: a quota of the AWS account is used up\n", "was exceeded", "Service Quotas"],
        )?;
    }
    assert_eq!((shop.deployments()?.len(), shop.serves()?), (2, "web:3".into()));
    // What passes is waited for.
    rule["times"] = json!(2);
    shop.stage.emulator.rules(&json!([rule]))?;
    contains(&shop.ok(&["rollback"])?.stdout, &["; web:2 (web:2) serves"])?;
    shop.traffic_was_served().map(drop)
}
