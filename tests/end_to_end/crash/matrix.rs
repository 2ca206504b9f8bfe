use super::cycle::{Outcome, Theatre, Undisturbed};
use super::phase::Phase;
use super::point::Point;
use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use wharf_tests::Result;

/// `all` for every point, how many of each phase, or the points to run with commas between; a small sample if not set.
pub(crate) const WHICH: &str = "WHARF_CRASH";
/// How many points of each phase the small sample has.
const SAMPLE: usize = 6;
/// How many lives run at once for each processor: most of the time they wait for delays.
const LIVES: usize = 3;

/// Kills wharf at the boundaries of its requests, in every phase of the stack's life, and lets it go on.
pub(crate) fn run() -> Result<()> {
    let start = Instant::now();
    let undisturbed = Theatre::new()?.undisturbed()?;
    let which = std::env::var(WHICH).unwrap_or_default();
    let by_phase = chosen(&which, &undisturbed)?;
    let total: usize = by_phase.iter().map(Vec::len).sum();
    let work = Work::of(by_phase);
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| work.take_part(&undisturbed, total));
        }
    });
    let outcomes = work.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed: Vec<String> = outcomes.iter().filter_map(described).collect();
    let missed = outcomes.iter().filter(|outcome| outcome.operation.is_none()).count();
    if !which.is_empty() {
        say(&format!(
            "crash matrix: killed at {} points in {:.0?}; {} runs ended before their point; {} did not recover",
            outcomes.len() - missed,
            start.elapsed(),
            missed,
            failed.len(),
        ));
    }
    if outcomes.len() != total {
        return Err(format!("{} of {total} points were run", outcomes.len()).into());
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n\n").into()) }
}

/// The points to run, by phase.
fn chosen(which: &str, undisturbed: &Undisturbed) -> Result<Vec<Vec<Point>>> {
    let of = |phase: &Phase| {
        let requests = undisturbed.requests.get(phase).copied().unwrap_or_default();
        Point::all(*phase, requests)
    };
    match which {
        "all" => Ok(Phase::ALL.iter().map(of).collect()),
        count if count.parse::<usize>().is_ok() || count.is_empty() => {
            let count = count.parse().unwrap_or(SAMPLE);
            Ok(Phase::ALL.iter().map(|phase| spread(of(phase), count)).collect())
        }
        list => {
            let points = list.split(',').map(|text| text.trim().parse()).collect::<Result<Vec<Point>>>()?;
            let of = |phase: &Phase| points.iter().copied().filter(|point| point.phase == *phase).collect();
            Ok(Phase::ALL.iter().map(of).collect())
        }
    }
}

/// So many of a list, evenly spread.
fn spread(points: Vec<Point>, count: usize) -> Vec<Point> {
    let count = count.min(points.len());
    (0..count).map(|index| points[(2 * index + 1) * points.len() / (2 * count)]).collect()
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * LIVES
}

/// What is to be done and what is done; shared by the workers.
struct Work {
    cycles: Mutex<VecDeque<Vec<Point>>>,
    done: Mutex<Vec<Outcome>>,
}

impl Work {
    /// Lives with one point of each phase, as long as there are any.
    fn of(by_phase: Vec<Vec<Point>>) -> Self {
        let longest = by_phase.iter().map(Vec::len).max().unwrap_or_default();
        let nth = |index: usize| by_phase.iter().filter_map(|points| points.get(index).copied()).collect();
        Work { cycles: Mutex::new((0..longest).map(nth).collect()), done: Mutex::default() }
    }

    fn take_part(&self, undisturbed: &Undisturbed, total: usize) {
        let theatre = Theatre::new();
        while let Some(points) = self.next() {
            let outcomes = match &theatre {
                Ok(theatre) => theatre.disturbed(&points, undisturbed),
                Err(error) => Err(error.to_string().into()),
            };
            // A life that could not go on says nothing of its later points: they get another one.
            let outcomes = outcomes.unwrap_or_else(|error| {
                let first = points.first().copied();
                first
                    .map(|point| Outcome { point, operation: None, result: Err(error) })
                    .into_iter()
                    .collect()
            });
            let is_run = |point: &Point| outcomes.iter().any(|outcome| outcome.point == *point);
            let rest: Vec<Point> = points.iter().copied().filter(|point| !is_run(point)).collect();
            if !rest.is_empty() {
                lock(&self.cycles).push_back(rest);
            }
            let mut done = lock(&self.done);
            let before = done.len();
            done.extend(outcomes);
            if total > 100 && before / 50 < done.len() / 50 {
                say(&format!("crash matrix: {} of {total} points", done.len()));
            }
        }
    }

    fn next(&self) -> Option<Vec<Point>> {
        lock(&self.cycles).pop_front()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn described(outcome: &Outcome) -> Option<String> {
    let error = outcome.result.as_ref().err()?;
    let operation = outcome.operation.as_deref().unwrap_or("no request");
    Some(format!("{WHICH}={} ({operation}): {error}", outcome.point))
}

/// Progress of a run of many minutes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
