//! `wharf release`, killed at each of its requests: the same command again ends in the same place, and traffic is never
//! without somebody who serves.

use super::shop::{STACK, Shop, text};
use crate::Test;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use wharf_tests::{Result, ended};

pub(crate) const TESTS: &[Test] =
    &[("the same command again ends in the same place, wherever it was killed", killed_everywhere)];

/// How many shops are open at once: most of the time their clients wait.
const SHOPS: usize = 3;
/// Of the requests that only look one in so many is a point to be killed at: nothing depends on the others.
const READS: u64 = 4;
/// What the run that was killed, and the one after it, printed.
const PRINTED: &str = "printed.txt";

/// What is done, from a beginning that is made anew each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Play {
    Promote,
    RollbackReady,
    RollbackRerouted,
    RollbackDone,
    Push,
    PushParts,
    PushFirst,
}

/// One instant at which a run is killed.
#[derive(Debug, Clone, Copy)]
struct Point {
    play: Play,
    is_change: bool,
    number: u64,
    boundary: &'static str,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_change { "change" } else { "read" };
        write!(f, "{:?}: {} {kind} {}", self.play, self.boundary, self.number)
    }
}

/// What the account is like, as far as a play should change it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    serves: String,
    forwards: Vec<String>,
    /// The states of the deployments since the beginning, the newest first.
    deployments: Vec<String>,
    branches: Value,
    commits: usize,
    files: Value,
}

impl Play {
    const ALL: [Play; 7] = [
        Play::Promote,
        Play::RollbackReady,
        Play::RollbackRerouted,
        Play::RollbackDone,
        Play::Push,
        Play::PushParts,
        Play::PushFirst,
    ];

    fn command(self) -> Vec<&'static str> {
        let verb: &[&str] = match self {
            Play::Promote => &["promote", "--finish"],
            Play::RollbackReady | Play::RollbackRerouted | Play::RollbackDone => &["rollback"],
            Play::Push | Play::PushParts | Play::PushFirst => &["push", "app"],
        };
        [&["release"], verb, &[STACK]].concat()
    }

    /// Makes the beginning: two versions in turn, of which web:2 serves.
    fn begin(self, shop: &mut Shop) -> Result<()> {
        shop.at_rest()?;
        let wait = |shop: &mut Shop, id: &str, kind: &str| {
            let asked = json!({"deploymentId": id, "deploymentWaitType": kind});
            shop.reader.call("codedeploy", "continue_deployment", &asked, None).map(drop)
        };
        match self {
            Play::Promote | Play::RollbackReady => drop(shop.deploy_revision("web:3")?),
            Play::RollbackRerouted => {
                let id = shop.deploy_revision("web:3")?;
                wait(shop, &id, "READY_WAIT")?;
            }
            Play::RollbackDone => {
                let id = shop.deploy_revision("web:3")?;
                wait(shop, &id, "READY_WAIT")?;
                wait(shop, &id, "TERMINATION_WAIT")?;
            }
            Play::Push => shop.application(&["one"], 1)?,
            Play::PushParts => shop.application(&["one", "two"], 120)?,
            Play::PushFirst => {
                let asked = json!({"repositoryName": STACK});
                shop.reader.call("codecommit", "delete_repository", &asked, None)?;
                shop.reader.call("codecommit", "create_repository", &asked, None)?;
                shop.write_pages("first", 120)?;
            }
        }
        Ok(())
    }

    /// All points at which a run is killed that makes so many requests.
    fn points(self, changes: u64, reads: u64) -> Vec<Point> {
        let of = |is_change, number, boundary| Point { play: self, is_change, number, boundary };
        let boundaries = ["kill_before", "kill_after", "kill_answered"];
        let changes = (0..changes).flat_map(|number| boundaries.map(|boundary| of(true, number, boundary)));
        let reads = (0..reads).step_by(READS as usize).map(|number| of(false, number, "kill_before"));
        changes.chain(reads).collect()
    }
}

impl Shop {
    /// No deployment is active, and web:2 serves.
    fn at_rest(&mut self) -> Result<()> {
        let newest = self.deployments()?.first().cloned();
        if let Some(id) = newest
            && !["Succeeded", "Stopped", "Failed"].contains(&self.status(&id)?.as_str())
        {
            self.ok(&["promote", "--finish"])?;
        }
        if self.serves()? != "web:2" {
            self.deploy_revision("web:2")?;
            self.ok(&["promote", "--finish"])?;
        }
        Ok(())
    }

    fn write_pages(&self, content: &str, count: usize) -> Result<()> {
        for number in 0..count {
            self.stage.write(&format!("app/{number}.html"), &format!("{content} {number}"))?;
        }
        Ok(())
    }

    /// Whatever is on the branch is not what is in the folder.
    fn application(&mut self, contents: &[&str], count: usize) -> Result<()> {
        for content in contents {
            self.write_pages(content, count)?;
            self.ok(&["push", "app"])?;
        }
        self.write_pages(&format!("next to {}", contents.len()), count)
    }

    fn end(&mut self, before: usize) -> Result<End> {
        let mut deployments = self.deployments()?;
        deployments.truncate(deployments.len().saturating_sub(before));
        let states = deployments.iter().map(|id| self.status(id)).collect::<Result<_>>()?;
        let repository = json!({"repositoryName": STACK});
        let branches = self.reader.call("codecommit", "list_branches", &repository, Some("branches"))?;
        let mut of_main = repository.clone();
        of_main["afterCommitSpecifier"] = json!("main");
        let query = "differences[].afterBlob.[path, blobId, mode]";
        let has_main = branches.as_array().is_some_and(|names| names.contains(&json!("main")));
        let files = match has_main {
            true => self.reader.call("codecommit", "get_differences", &of_main, Some(query))?,
            false => Value::Null,
        };
        Ok(End {
            serves: self.serves()?,
            forwards: self.forwards("production")?,
            deployments: states,
            commits: if has_main { self.commits_of("main")? } else { 0 },
            branches,
            files,
        })
    }

    fn commits_of(&mut self, branch: &str) -> Result<usize> {
        let asked = json!({"repositoryName": STACK, "branchName": branch});
        let mut id = text(&self.reader.call("codecommit", "get_branch", &asked, Some("branch.commitId"))?)?;
        let mut count = 1;
        loop {
            let asked = json!({"repositoryName": STACK, "commitId": id});
            let parents = self.reader.call("codecommit", "get_commit", &asked, Some("commit.parents"))?;
            match parents[0].as_str() {
                Some(parent) => parent.clone_into(&mut id),
                None => return Ok(count),
            }
            count += 1;
        }
    }

    /// Runs a play to its end, and compares only what it added.
    fn plays(&mut self, play: Play, kill: Option<Point>) -> Result<(End, usize, Option<String>)> {
        play.begin(self)?;
        let before = self.deployments()?.len();
        let commits = if play == Play::PushFirst || !matches!(play, Play::Push | Play::PushParts) {
            0
        } else {
            self.commits_of("main")?
        };
        let mut operation = None;
        if let Some(point) = kill {
            let waiting = self.stage.waiting(&play.command(), PRINTED)?;
            self.stage.emulator.rules(&json!([{
                "kind": point.boundary, "pid": waiting.pid(), "mutating": point.is_change, "after": point.number,
            }]))?;
            ended(waiting.go()?)?.ok_or("the run that was to be killed hung")?;
            operation = self.stage.at_rest()?;
            self.stage.emulator.rules(&json!([]))?;
        }
        let status = ended(self.stage.waiting(&play.command(), PRINTED)?.go()?)?.ok_or("the run hung")?;
        if !status.success() {
            let printed = std::fs::read_to_string(self.stage.folder().join(PRINTED))?;
            return Err(format!("the run after the kill ended with {status}:\n{printed}").into());
        }
        self.traffic_was_served()?;
        let mut end = self.end(before)?;
        end.commits -= commits;
        Ok((end, before, operation))
    }
}

/// The same places have the same ends, apart from which of two target groups is which this time.
fn same(mut end: End) -> End {
    end.forwards = vec![format!("{} target group", end.forwards.len())];
    end
}

fn open() -> Result<Shop> {
    let mut shop = Shop::new()?;
    shop.register("web:2")?;
    shop.register("web:3")?;
    Ok(shop)
}

fn killed_everywhere() -> Result<()> {
    let mut shop = open()?;
    let mut undisturbed = Vec::new();
    let mut points = Vec::new();
    for play in Play::ALL {
        play.begin(&mut shop)?;
        // Counted once, on the way to the end of it.
        shop.stage.emulator.rules(&json!([
            {"kind": "latency", "ms": 0, "mutating": true},
            {"kind": "latency", "ms": 0, "mutating": false},
        ]))?;
        shop.stage.ok(&play.command())?;
        let hits = shop.stage.emulator.rule_hits()?;
        shop.stage.emulator.rules(&json!([]))?;
        let [changes, reads] = hits[..] else { return Err("two rules were set".into()) };
        assert!(changes > 0, "{play:?} changes nothing");
        points.extend(play.points(changes, reads));
        let (end, ..) = shop.plays(play, None)?;
        undisturbed.push((play, same(end)));
    }
    let points = Mutex::new(points.into_iter());
    let failures = Mutex::new(Vec::new());
    let shops = std::iter::once(Ok(shop)).chain(std::iter::repeat_with(open)).take(SHOPS);
    std::thread::scope(|scope| -> Result<()> {
        for shop in shops {
            let (mut shop, points, failures, undisturbed) = (shop?, &points, &failures, &undisturbed);
            scope.spawn(move || {
                loop {
                    let point = points.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(point) = point else { break };
                    let wanted = undisturbed.iter().find(|(play, _)| *play == point.play).map(|(_, end)| end);
                    let failure = match shop.plays(point.play, Some(point)) {
                        Ok((end, ..)) if Some(&same(end.clone())) == wanted => continue,
                        Ok((end, _, operation)) => {
                            format!("{point} ({operation:?}): {end:#?}\nnot {wanted:#?}")
                        }
                        Err(error) => format!("{point}: {error}"),
                    };
                    failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
                }
            });
        }
        Ok(())
    })?;
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n").into()) }
}
