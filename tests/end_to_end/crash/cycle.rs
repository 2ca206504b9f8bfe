use super::account::{Account, BUCKET};
use super::phase::Phase;
use super::point::{Place, Point, Requests};
use super::trouble::Trouble;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use wharf_tests::{Result, Stage, ended};

const STACK: &str = "stack.yaml";
/// What the run that was killed printed.
const KILLED: &str = "killed.txt";
/// What the run after it printed.
const AGAIN: &str = "again.txt";
/// Longer than a lock lasts, in milliseconds.
const PAST_THE_LOCK: u64 = 120_000;

/// What an undisturbed life of the stack looks like.
#[derive(Debug, Default)]
pub(crate) struct Undisturbed {
    /// The requests of each phase.
    pub(crate) requests: BTreeMap<Phase, Requests>,
    /// What there is after each phase.
    accounts: BTreeMap<Phase, Account>,
}

/// What came of one point.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) point: Point,
    /// The operation whose request it was; none if the run ended before it made so many.
    pub(crate) operation: Option<String>,
    pub(crate) result: Result<(), Trouble>,
}

/// An account and a folder for lives of the stack, one after the other.
pub(crate) struct Theatre {
    stage: Stage,
    /// How far S3's clock is ahead, in milliseconds.
    ahead: u64,
}

impl Theatre {
    pub(crate) fn new() -> Result<Self> {
        Ok(Theatre { stage: Stage::new()?, ahead: 0 })
    }

    /// Lives once without a disturbance.
    pub(crate) fn undisturbed(&mut self, place: Place) -> Result<Undisturbed> {
        self.clear(place)?;
        let mut found = Undisturbed::default();
        for phase in Phase::ALL {
            self.stage.emulator.rules(&json!([
                {"kind": "latency", "ms": 0, "mutating": true},
                {"kind": "latency", "ms": 0, "mutating": false},
            ]))?;
            self.stage.ok(&phase.command())?;
            let hits = self.stage.emulator.rule_hits()?;
            let [changes, reads] = hits[..] else { return Err("two rules were set".into()) };
            found.requests.insert(phase, Requests { changes, reads });
            self.stage.exits(&phase.plan(), 0)?;
            let account = Account::of(&self.stage, STACK)?;
            if account.is_empty() != (phase == Phase::Destroy) {
                return Err(format!("after {}: {account:?}", phase.name()).into());
            }
            found.accounts.insert(phase, account);
        }
        Ok(found)
    }

    /// Lives once with the state at a place, killed at one point at most of each phase. Ends with the first phase that
    /// did not recover.
    pub(crate) fn disturbed(
        &mut self,
        place: Place,
        points: &[Point],
        undisturbed: &Undisturbed,
    ) -> Result<Vec<Outcome>> {
        self.clear(place)?;
        let mut outcomes = Vec::new();
        for phase in Phase::ALL {
            let Some(point) = points.iter().find(|point| point.phase == phase) else {
                if points.iter().all(|point| point.phase < phase) {
                    break;
                }
                self.stage.ok(&phase.command())?;
                continue;
            };
            let operation = self.killed(*point)?;
            if place == Place::S3 {
                // The lock that was left ends by S3's clock: nobody waits for it here.
                self.ahead += PAST_THE_LOCK;
                self.stage.emulator.post("/_wharf/clock", &json!({"offset_ms": self.ahead}))?;
            }
            let result =
                self.recovered(phase, undisturbed).map_err(|trouble| trouble.with(|text| self.told(text)));
            let failed = result.is_err();
            outcomes.push(Outcome { point: *point, operation, result });
            if failed {
                break;
            }
        }
        Ok(outcomes)
    }

    /// An empty account, but for the bucket of a state in S3, and an empty folder with the stack file.
    fn clear(&mut self, place: Place) -> Result<()> {
        self.stage.emulator.post("/_wharf/reset", &json!({}))?;
        self.ahead = 0;
        let state = self.stage.folder().join(".wharf");
        if state.exists() {
            fs::remove_dir_all(state)?;
        }
        self.stage.copy("tests/crash/stack.yaml", STACK)?;
        if place == Place::S3 {
            let path = self.stage.folder().join(STACK);
            let section = format!("\nstate: {{s3: {{bucket: {BUCKET}, key: team/crash.json}}}}\nresources:");
            fs::write(&path, fs::read_to_string(&path)?.replacen("\nresources:", &section, 1))?;
            self.stage.ok(&["state", "init"])?;
        }
        Ok(())
    }

    /// Runs a phase's command until it is killed at a point; gives the operation it was killed at.
    fn killed(&self, point: Point) -> Result<Option<String>> {
        let waiting = self.stage.waiting(&point.phase.command(), KILLED)?;
        self.stage.emulator.rules(&json!([point.rule(waiting.pid())]))?;
        if ended(waiting.go()?)?.is_none() {
            return Err("the run was neither killed nor did it end".into());
        }
        // What it had sent before may still be on its way.
        let operation = self.stage.at_rest()?;
        self.stage.emulator.rules(&json!([]))?;
        Ok(operation)
    }

    /// The same command again finishes the work, and nothing is lost, double or left to do.
    fn recovered(&self, phase: Phase, undisturbed: &Undisturbed) -> Result<(), Trouble> {
        self.runs(&phase.command())?;
        // What is there tells more than a plan that is not empty.
        let account = Account::of(&self.stage, STACK)?;
        let wanted = undisturbed.accounts.get(&phase).ok_or("a phase that was not run")?;
        account.compared_with(wanted)?;
        self.stage.exits(&phase.plan(), 0)?;
        let violations = self.stage.emulator.get("/_wharf/violations")?;
        match violations.as_array().and_then(|list| list.first()) {
            None => Ok(()),
            Some(violation) => Err(Trouble::Other(format!("a request against AWS's model: {violation}"))),
        }
    }

    /// Runs a command to its end, which may not take long; it has to succeed.
    fn runs(&self, arguments: &[&str]) -> Result<()> {
        let status = ended(self.stage.waiting(arguments, AGAIN)?.go()?)?;
        if status.is_some_and(|status| status.success()) {
            return Ok(());
        }
        let ended = status.map_or_else(|| "hung".to_owned(), |status| format!("ended with {status}"));
        Err(format!("the run after the kill {ended}\n{}", self.printed(AGAIN)).into())
    }

    /// The last lines of a file in the folder.
    fn printed(&self, name: &str) -> String {
        let printed = fs::read_to_string(self.stage.folder().join(name)).unwrap_or_default();
        let lines: Vec<&str> = printed.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// An error, with what the run that was killed had printed.
    fn told(&self, error: &str) -> String {
        format!("{error}\n--- the killed run's last lines ---\n{}", self.printed(KILLED))
    }
}
