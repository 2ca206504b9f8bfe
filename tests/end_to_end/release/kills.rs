//! `wharf release`, killed at each of its requests: the same command again ends in the same place, and traffic is never
//! without somebody who serves.

use super::shop::{STACK, Shop, text};
use crate::Test;
use crate::crash::WHICH;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use wharf_tests::{Result, ended};

pub(crate) const TESTS: &[Test] =
    &[("the same command again ends in the same place, wherever it was killed", killed_everywhere)];

/// How many shops are open at once: most of the time their clients wait.
const SHOPS: usize = 3;
/// Of the requests that only look one in so many is a point to be killed at: nothing depends on the others.
const READS: usize = 4;
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

/// What a play has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Released {
        serves: String,
        /// To how many target groups production traffic goes.
        targets: usize,
        /// The states of the deployments since the beginning, the newest first.
        deployments: Vec<String>,
    },
    Pushed {
        branches: Value,
        default: Value,
        /// How many commits there are more.
        commits: usize,
        /// The files on the branch that are not those of the folder.
        strangers: Vec<String>,
    },
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

    fn is_push(self) -> bool {
        matches!(self, Play::Push | Play::PushParts | Play::PushFirst)
    }

    /// Makes the beginning, from one where web:2 serves.
    fn begin(self, shop: &mut Shop) -> Result<()> {
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
        // `cargo xtask test --crash` tries them all.
        let all = std::env::var_os(WHICH).is_some();
        let (step, of_reads) = if all { (1, &boundaries[..]) } else { (READS, &boundaries[..1]) };
        let reads = (0..reads).step_by(step);
        let reads = reads.flat_map(|number| of_reads.iter().map(move |boundary| of(false, number, boundary)));
        changes.chain(reads).collect()
    }
}

impl Shop {
    /// No deployment is active, and web:2 serves; gives how many deployments there were.
    fn deployments_at_rest(&mut self) -> Result<usize> {
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
        Ok(self.deployments()?.len())
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

    fn released(&mut self, before: usize) -> Result<End> {
        let mut deployments = self.deployments()?;
        deployments.truncate(deployments.len().saturating_sub(before));
        Ok(End::Released {
            serves: self.serves()?,
            targets: self.forwards("production")?.len(),
            deployments: deployments.iter().map(|id| self.status(id)).collect::<Result<_>>()?,
        })
    }

    fn pushed(&mut self, before: usize) -> Result<End> {
        let repository = json!({"repositoryName": STACK});
        let branches = self.reader.call("codecommit", "list_branches", &repository, Some("branches"))?;
        let query = "repositoryMetadata.defaultBranch";
        let default = self.reader.call("codecommit", "get_repository", &repository, Some(query))?;
        let mut of_main = repository;
        of_main["afterCommitSpecifier"] = json!("main");
        let query = "differences[].afterBlob.[path, blobId]";
        let there = self.reader.call("codecommit", "get_differences", &of_main, Some(query))?;
        let there: BTreeSet<(String, String)> = serde_json::from_value(there)?;
        let here = self.hashes()?;
        let strangers = there.symmetric_difference(&here).map(|(path, _)| path.clone()).collect();
        let commits = self.commits_of("main")?.saturating_sub(before);
        Ok(End::Pushed { branches, default, commits, strangers })
    }

    /// What git makes of the files in the folder.
    fn hashes(&self) -> Result<BTreeSet<(String, String)>> {
        let folder = self.stage.folder().join("app");
        let entries = std::fs::read_dir(&folder)?.collect::<std::io::Result<Vec<_>>>()?;
        let names: Vec<String> =
            entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let output = Command::new("git").arg("hash-object").args(&names).current_dir(&folder).output()?;
        let hashes = String::from_utf8(output.stdout)?;
        Ok(names.into_iter().zip(hashes.lines().map(str::to_owned)).collect())
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

    /// Plays from a new beginning to the end, killed on the way or not; gives the operation it was killed at.
    fn plays(&mut self, play: Play, kill: Option<Point>) -> Result<(End, Option<String>)> {
        let deployments = self.deployments_at_rest()?;
        play.begin(self)?;
        let commits = if play.is_push() && play != Play::PushFirst { self.commits_of("main")? } else { 0 };
        let mut operation = None;
        if let Some(point) = kill {
            let waiting = self.stage.waiting(&play.command(), PRINTED)?;
            self.stage.emulator.rules(&json!([{
                "kind": point.boundary, "pid": waiting.pid(), "mutating": point.is_change, "after": point.number,
            }]))?;
            ended(waiting.go()?)?.ok_or("the run that was to be killed hung")?;
            operation = self.stage.at_rest()?;
            self.stage.emulator.rules(&json!([]))?;
            if point.is_change && operation.is_none() {
                return Err("it ended before it was to be killed".into());
            }
        }
        let status = ended(self.stage.waiting(&play.command(), PRINTED)?.go()?)?.ok_or("the run hung")?;
        if !status.success() {
            let printed = std::fs::read_to_string(self.stage.folder().join(PRINTED))?;
            return Err(format!("the run after the kill ended with {status}:\n{printed}").into());
        }
        self.traffic_was_served()?;
        let end = if play.is_push() { self.pushed(commits)? } else { self.released(deployments)? };
        Ok((end, operation))
    }
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
        shop.deployments_at_rest()?;
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
        undisturbed.push((play, shop.plays(play, None)?.0));
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
                        Ok((end, _)) if Some(&end) == wanted => continue,
                        Ok((end, operation)) => {
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
