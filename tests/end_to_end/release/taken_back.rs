//! What CodeDeploy itself takes back, by a deployment of its own, as it does once something has succeeded before.

use super::shop::{STACK, Shop, text};
use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use wharf_tests::{Result, Run, Running};

pub(crate) const TESTS: &[Test] = &[
    ("rollback waits for the deployment that goes back", stopped),
    ("while it goes back nothing is promoted, and everybody is told", under_way),
    ("a rollback that is taken back is tried again", rollback_taken_back),
    ("what failed and stays is rolled back", left),
    ("a part of the traffic that stays is taken back", part_left),
    ("what is next waits for the deployment that goes back", next),
    ("a release by apply waits for it, and is told of its own", applied),
    ("a destroy lets the deployment that goes back end", destroyed),
];

/// So slowly that it is seen on its way.
const SLOWLY: u32 = 3;

impl Shop {
    fn slowly(&self) -> Result<()> {
        self.deployments_go(&json!({"step_seconds": SLOWLY}))
    }

    /// Until the clock is put forward.
    fn stands_still(&self) -> Result<()> {
        self.deployments_go(&json!({"step_seconds": 3600}))
    }

    /// Goes on when a command waits for the deployment that goes back; what that prints until it has ended well.
    fn goes_on(&mut self, mut command: Running, made: &str) -> Result<Run> {
        command.says(&format!("CodeDeploy goes back by itself, with {made}"))?;
        self.slowly()?;
        self.later(61)?;
        command.exits(0)
    }

    fn at_once(&self) -> Result<()> {
        self.deployments_go(&json!({}))
    }

    fn stop(&mut self, id: &str, rollback: bool) -> Result<()> {
        let asked = json!({"deploymentId": id, "autoRollbackEnabled": rollback});
        self.reader.call("codedeploy", "stop_deployment", &asked, None)?;
        Ok(())
    }

    /// The newest deployment, which takes back another one.
    fn takes_back(&mut self, undone: &str) -> Result<String> {
        let id = self.deployments()?.first().cloned().ok_or("there is no deployment")?;
        let made = self.deployment(&id)?;
        assert_eq!(made["creator"], "codeDeployRollback", "{made:#}");
        assert_eq!(made["rollbackInfo"]["rollbackTriggeringDeploymentId"], json!(undone), "{made:#}");
        Ok(id)
    }

    fn report(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.ok(&["status", "--json"])?.stdout)?)
    }

    /// Whoever asks how a release went is told that it was taken back.
    fn was_taken_back(&mut self, undone: &str, by: &str, how: &str) -> Result<()> {
        let said = format!("error: the deployment {undone} {how}, and is rolled back by {by}\n");
        for until in ["ready", "rerouted", "done"] {
            let run = self.exits(&["wait", "--until", until, "--timeout", "1m"], 7)?;
            contains(&run.stderr, &[&said])?;
        }
        contains(&self.exits(&["promote"], 7)?.stderr, &[&said])?;
        self.exits(&["status", "--watch"], 7)?;
        assert_eq!(self.deployments()?.first().map(String::as_str), Some(by));
        Ok(())
    }
}

fn stopped() -> Result<()> {
    let mut shop = Shop::new()?;
    let good = shop.deployed("web:2")?;
    for (number, promote) in [false, true].into_iter().enumerate() {
        let id = shop.deploy("web:3")?;
        if promote {
            shop.ok(&["promote"])?;
            assert_eq!(shop.forwards("production")?, ["shop-blue"]);
        }
        shop.slowly()?;
        let run = shop.ok(&["rollback"])?;
        contains(&run.stdout, &[&format!("{id} is stopped and rolled back; web:2 (web:2) serves at http")])?;
        shop.at_once()?;
        let made = shop.takes_back(&id)?;
        assert_eq!((shop.status(&id)?, shop.status(&made)?), ("Stopped".into(), "Succeeded".into()));
        assert_eq!(
            (shop.serves()?, shop.forwards("production")?),
            ("web:2".into(), vec!["shop-green".into()])
        );
        // Again: it is done.
        let again = shop.ok(&["rollback"])?;
        contains(&again.stdout, &[&format!("{id} is already rolled back, by {made}; web:2 (web:2) serves")])?;
        assert_eq!(shop.deployments()?.len(), 3 + 2 * number);
        shop.was_taken_back(&id, &made, "was stopped")?;
        let history = shop.ok(&["history"])?.stdout;
        contains(&history, &[&format!("    CodeDeploy's rollback of {id}\n")])?;
        let entries: Value = serde_json::from_str(&shop.ok(&["history", "--json"])?.stdout)?;
        let newest = &entries["deployments"][0];
        assert_eq!((&newest["rolls_back"], &newest["creator"]), (&json!(id), &json!("codeDeployRollback")));
    }
    let plan = shop.stage.exits(&["plan", STACK, "--detailed-exitcode"], 0)?;
    contains(&plan.stdout, &["No changes."])?;
    // The next one is undone by what was good before, not by what CodeDeploy made.
    let bad = shop.deployed("web:4")?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stderr, &[&format!("rolls back {bad} to web:2, as {good} brought it")])?;
    shop.traffic_was_served().map(drop)
}

fn under_way() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let id = shop.deploy("web:3")?;
    shop.ok(&["promote"])?;
    shop.stands_still()?;
    shop.stop(&id, true)?;
    let made = shop.takes_back(&id)?;
    let screen = shop.ok(&["status"])?.stdout;
    contains(
        &screen,
        &[
            &format!("Deployment {made}: Created"),
            &format!("it rolls back {id}"),
            "MANUAL_STOP",
            &format!("Next\n  traffic goes back to web:2; {made} rolls back {id}\n"),
            // As the one calls them that is taken back.
            "green, primary  web:3",
            "blue            web:2",
        ],
    )?;
    let report = shop.report()?;
    assert_eq!(report["deployment"]["phase"], "rerouting");
    assert_eq!((&report["deployment"]["rolls_back"], &report["rolled_back"]["id"]), (&json!(id), &json!(id)));
    contains(&shop.exits(&["promote"], 7)?.stderr, &[&format!("the deployment {id} was stopped")])?;
    shop.exits(&["wait", "--until", "ready"], 7)?;
    shop.stage.write("app/index.html", "one")?;
    contains(&shop.exits(&["push", "app"], 4)?.stderr, &[&format!("the deployment {made} is active")])?;
    let plan = shop.stage.ok(&["plan", STACK])?;
    contains(&plan.stdout, &[&format!("deployment {made} (Created)")])?;
    // An apply leaves the traffic to it.
    shop.stage.ok(&["apply", STACK, "--auto-approve"])?;
    assert_eq!(shop.forwards("production")?, ["shop-blue"]);
    // Its two steps.
    for status in ["InProgress", "Succeeded"] {
        let mut watcher = shop.stage.start(&["release", "status", "--watch", STACK])?;
        let mut waiter = shop.stage.start(&["release", "rollback", STACK])?;
        watcher.says(&format!("{made} rolls back {id}"))?;
        waiter.says(&format!("CodeDeploy goes back by itself, with {made}"))?;
        if status == "InProgress" {
            watcher.kill()?;
            waiter.kill()?;
            shop.later(61)?;
            assert_eq!(shop.status(&made)?, status);
            contains(&shop.ok(&["status"])?.stdout, &[&format!("web:2 serves; {made} rolls back {id}")])?;
            continue;
        }
        shop.later(61)?;
        contains(
            &watcher.exits(7)?.stdout,
            &["nothing: web:2 serves; `wharf release push DIR shop` brings another version"],
        )?;
        let done = format!("{id} is rolled back, by {made}; web:2 (web:2) serves");
        contains(&waiter.exits(0)?.stdout, &[&done])?;
    }
    assert_eq!(shop.deployments()?.len(), 3);
    shop.traffic_was_served().map(drop)
}

fn rollback_taken_back() -> Result<()> {
    let mut shop = Shop::new()?;
    let good = shop.deployed("web:2")?;
    let bad = shop.deployed("web:3")?;
    shop.stands_still()?;
    let child = shop.stage.start(&["release", "rollback", STACK])?;
    let description = json!(format!("wharf release rollback of {bad}"));
    shop.stage
        .until("the rollback is made", || Ok(shop.report()?["deployment"]["description"] == description))?;
    let undoing = shop.deployments()?[0].clone();
    shop.deployments_go(&json!({"step_seconds": 1}))?;
    shop.stop(&undoing, true)?;
    let said = child.exits(7)?.stderr;
    shop.stage.until("CodeDeploy has gone back", || Ok(shop.report()?["deployment"]["phase"] == "done"))?;
    let made = shop.takes_back(&undoing)?;
    contains(&said, &[&format!("the deployment {undoing} was stopped, and is rolled back by {made}")])?;
    assert_eq!(shop.serves()?, "web:3");
    shop.at_once()?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stderr, &[&format!("rolls back {bad} to web:2, as {good} brought it")])?;
    contains(&run.stdout, &[&format!("{bad} is rolled back, by d-"), "; web:2 (web:2) serves"])?;
    // That one may be under way still: it is what was wanted.
    shop.ok(&["promote", "--finish"])?;
    contains(&shop.ok(&["rollback"])?.stdout, &[&format!("{bad} is already rolled back, by d-")])?;
    shop.traffic_was_served().map(drop)
}

fn left() -> Result<()> {
    let mut shop = Shop::new()?;
    let good = shop.deployed("web:2")?;
    let id = shop.deploy("web:3")?;
    shop.ok(&["promote"])?;
    // Somebody stops it, and leaves the traffic where it is.
    shop.stop(&id, false)?;
    contains(
        &shop.ok(&["status"])?.stdout,
        &["nothing: web:3 serves all the same; `wharf release rollback shop` goes back"],
    )?;
    let run = shop.ok(&["rollback"])?;
    contains(&run.stderr, &[&format!("rolls back {id} to web:2, as {good} brought it")])?;
    contains(&run.stdout, &[&format!("{id} is rolled back, by d-"), "; web:2 (web:2) serves"])?;
    shop.traffic_was_served().map(drop)
}

fn part_left() -> Result<()> {
    let canary = "CodeDeployDefault.ECSCanary10Percent5Minutes";
    let mut shop = Shop::edited(&[("CodeDeployDefault.ECSAllAtOnce", canary)], &[])?;
    // What ended minutes ago sends nothing back any more.
    shop.later(-10)?;
    let id = shop.deploy("web:2")?;
    let mut promoting = shop.stage.start(&["release", "promote", STACK])?;
    promoting.says("(10 of 100); at ")?;
    shop.stop(&id, false)?;
    promoting.exits(7)?;
    assert_eq!(shop.forwards("production")?.len(), 2);
    contains(&shop.ok(&["status"])?.stdout, &["web:1 serves, with a part of the traffic left to others"])?;
    let mut rollback = shop.stage.start(&["release", "rollback", STACK])?;
    rollback.says(&format!("rolls back {id} to web:1"))?;
    rollback.says("AllowTraffic: InProgress")?;
    shop.later(6)?;
    let run = rollback.exits(0)?;
    contains(&run.stdout, &[&format!("{id} is rolled back, by d-"), "; web:1 (web:1) serves"])?;
    assert_eq!((shop.forwards("production")?.len(), shop.serves()?), (1, "web:1".into()));
    assert_eq!(shop.ok(&["rollback"])?.stdout, run.stdout);
    shop.traffic_was_served().map(drop)
}

fn next() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let id = shop.deploy("web:3")?;
    shop.stage.write("app/index.html", "one")?;
    shop.slowly()?;
    let run = shop.ok(&["push", "app", "--when-busy", "stop"])?;
    let made = made_for(&mut shop, &id)?;
    let place = |what: &str| run.stderr.find(what).ok_or_else(|| format!("no {what:?} in {}", run.stderr));
    assert!(place(&format!("stopping {id}, with a rollback"))? < place(&format!("{made}: Succeeded"))?);
    assert!(place(&format!("{made}: Succeeded"))? < place("committed ")?);
    // One that goes back already is not stopped.
    shop.at_once()?;
    let id = shop.deploy("web:4")?;
    shop.stage.write("app/index.html", "two")?;
    shop.stands_still()?;
    shop.stop(&id, true)?;
    let made = shop.takes_back(&id)?;
    let child = shop.stage.start(&["release", "push", "app", "--when-busy", "stop", STACK])?;
    contains(&shop.goes_on(child, &made)?.stderr, &["committed "])?;
    assert_eq!(shop.status(&made)?, "Succeeded");
    shop.traffic_was_served().map(drop)
}

fn applied() -> Result<()> {
    let mut shop = Shop::new()?;
    shop.deployed("web:2")?;
    let id = shop.deploy("web:3")?;
    shop.ok(&["promote"])?;
    shop.stage.edit("shop/stack.yaml", "memory: 512", "memory: 1024")?;
    shop.stands_still()?;
    shop.stop(&id, true)?;
    let apply = ["apply", STACK, "--auto-approve", "--release", "--when-busy"];
    contains(&shop.stage.exits(&[&apply[..], &["fail"]].concat(), 4)?.stderr, &["is active"])?;
    let made = shop.takes_back(&id)?;
    let child = shop.stage.start(&[&apply[..], &["stop"]].concat())?;
    contains(&shop.goes_on(child, &made)?.stdout, &["is ready at http"])?;
    assert_eq!((shop.status(&made)?, shop.serves()?), ("Succeeded".into(), "web:2".into()));
    shop.at_once()?;
    shop.ok(&["rollback"])?;
    // Its own is stopped before it is ready.
    let before = shop.deployments()?.len();
    shop.stands_still()?;
    let child = shop.stage.start(&[&apply[..], &["stop"]].concat())?;
    let description = json!("wharf apply --release");
    shop.stage.until("it is started", || {
        let newest = &shop.report()?["deployment"];
        Ok(newest["description"] == description && newest["phase"] == "preparing")
    })?;
    assert_eq!(shop.deployments()?.len(), before + 1);
    let id = shop.deployments()?[0].clone();
    shop.slowly()?;
    shop.stop(&id, true)?;
    let said = child.exits(7)?.stderr;
    let made = made_for(&mut shop, &id)?;
    contains(&said, &[&format!("error: the deployment {id} was stopped, and is rolled back by {made}")])?;
    shop.traffic_was_served().map(drop)
}

/// The deployment that has taken back another one.
fn made_for(shop: &mut Shop, undone: &str) -> Result<String> {
    text(&shop.deployment(undone)?["rollbackInfo"]["rollbackDeploymentId"])
}

fn destroyed() -> Result<()> {
    for already in [false, true] {
        let mut shop = Shop::new()?;
        shop.deployed("web:2")?;
        let id = shop.deploy("web:3")?;
        shop.ok(&["promote"])?;
        shop.slowly()?;
        if already {
            shop.stop(&id, true)?;
        }
        shop.stage.ok(&["destroy", STACK, "--auto-approve"])?;
        let made = made_for(&mut shop, &id)?;
        assert_eq!((shop.status(&id)?, shop.status(&made)?), ("Stopped".into(), "Succeeded".into()));
        let all = shop.reader.call("codedeploy", "list_deployments", &json!({}), Some("deployments"))?;
        assert_eq!(all.as_array().map(Vec::len), Some(3));
        shop.traffic_was_served()?;
    }
    Ok(())
}
