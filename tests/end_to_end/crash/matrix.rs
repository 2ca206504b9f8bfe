use super::cycle::{Outcome, Theatre, Undisturbed};
use super::phase::Phase;
use super::point::{Place, Point};
use super::trouble::Trouble;
use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use wharf_tests::Result;

/// `all` for every point, how many of each phase with the state at each place, or the points to run with commas between;
/// a small sample if not set.
pub(crate) const WHICH: &str = "WHARF_CRASH";
/// How many points of each phase with the state at each place the small sample has.
const SAMPLE: usize = 2;
/// How many lives run at once for each processor: most of the time they wait for delays.
const LIVES: usize = 3;
/// After how many points a long run says how far it is.
const STEP: usize = 50;

/// Kills wharf at the boundaries of its requests, in every phase of the stack's life, with its state in a file and in
/// S3, and lets it go on.
pub(crate) fn run() -> Result<()> {
    let start = Instant::now();
    let undisturbed = lives_undisturbed()?;
    let which = std::env::var(WHICH).unwrap_or_default();
    let work = Work::of(&chosen(&which, &undisturbed)?);
    let total = work.total;
    if total > 2 * STEP {
        say(&format!("crash matrix: {total} points, {} lives at once", workers()));
    }
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| work.take_part(&undisturbed));
        }
    });
    let outcomes = work.done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !which.is_empty() {
        let missed = outcomes.iter().filter(|outcome| outcome.operation.is_none()).count();
        let seconds = start.elapsed().as_secs();
        say(&format!("{} in {seconds} s; {missed} runs ended before their point", summary(&outcomes, total)));
    }
    if outcomes.len() != total {
        return Err(format!("{} of {total} points were run", outcomes.len()).into());
    }
    let failed: Vec<String> = outcomes.iter().filter_map(described).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n\n").into()) }
}

/// A life without a disturbance for each place of the state.
fn lives_undisturbed() -> Result<Vec<(Place, Undisturbed)>> {
    std::thread::scope(|scope| {
        let lives = Place::ALL.map(|place| (place, scope.spawn(move || Theatre::new()?.undisturbed(place))));
        lives
            .into_iter()
            .map(|(place, life)| Ok((place, life.join().map_err(|_| "a life panicked")??)))
            .collect()
    })
}

/// The points to run, by place and phase.
fn chosen(which: &str, undisturbed: &[(Place, Undisturbed)]) -> Result<Vec<Vec<Vec<Point>>>> {
    let all = |place: Place, undisturbed: &Undisturbed| -> Vec<Vec<Point>> {
        let of = |phase| undisturbed.requests.get(phase).copied().unwrap_or_default();
        Phase::ALL.iter().map(|phase| Point::all(place, *phase, of(phase))).collect()
    };
    let all = undisturbed.iter().map(|(place, undisturbed)| all(*place, undisturbed));
    if which == "all" {
        return Ok(all.collect());
    }
    if which.is_empty() || which.parse::<usize>().is_ok() {
        let count = which.parse().unwrap_or(SAMPLE);
        let spread = |phases: Vec<Vec<Point>>| phases.into_iter().map(|points| spread(&points, count));
        return Ok(all.map(|phases| spread(phases).collect()).collect());
    }
    let points = which.split(',').map(|text| text.trim().parse()).collect::<Result<Vec<Point>>>()?;
    let of = |place, phase| {
        points.iter().copied().filter(move |point: &Point| point.place == place && point.phase == phase)
    };
    Ok(Place::ALL.map(|place| Phase::ALL.map(|phase| of(place, phase).collect()).to_vec()).to_vec())
}

/// So many of a list, evenly spread.
fn spread(points: &[Point], count: usize) -> Vec<Point> {
    let count = count.min(points.len());
    (0..count).map(|index| points[(2 * index + 1) * points.len() / (2 * count)]).collect()
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * LIVES
}

/// What is to be done and what is done; shared by the workers.
struct Work {
    total: usize,
    /// One life each: at most one point of each phase, all with the state at the same place.
    lives: Mutex<VecDeque<Vec<Point>>>,
    done: Mutex<Vec<Outcome>>,
}

impl Work {
    /// Lives with one point of each phase, as long as there are any.
    fn of(by_place: &[Vec<Vec<Point>>]) -> Self {
        let total = by_place.iter().flatten().map(Vec::len).sum();
        let longest = by_place.iter().flatten().map(Vec::len).max().unwrap_or_default();
        let nth = |phases: &[Vec<Point>], index: usize| -> Vec<Point> {
            phases.iter().filter_map(|points| points.get(index).copied()).collect()
        };
        let lives = (0..longest).flat_map(|index| by_place.iter().map(move |phases| nth(phases, index)));
        let lives = lives.filter(|points| !points.is_empty()).collect();
        Work { total, lives: Mutex::new(lives), done: Mutex::default() }
    }

    fn take_part(&self, undisturbed: &[(Place, Undisturbed)]) {
        let mut theatre = Theatre::new();
        while let Some(points) = self.next() {
            let Some(first) = points.first().copied() else { continue };
            let life = undisturbed.iter().find(|(place, _)| *place == first.place);
            let outcomes = match (&mut theatre, life) {
                (Ok(theatre), Some((place, life))) => theatre.disturbed(*place, &points, life),
                (Err(error), _) => Err(error.to_string().into()),
                (_, None) => Err("a place where nothing was run".into()),
            };
            // A life that could not go on says nothing of its later points: they get another one.
            let outcomes = outcomes.unwrap_or_else(|error| {
                vec![Outcome { point: first, operation: None, result: Err(error.into()) }]
            });
            let is_run = |point: &Point| outcomes.iter().any(|outcome| outcome.point == *point);
            let rest: Vec<Point> = points.iter().copied().filter(|point| !is_run(point)).collect();
            if !rest.is_empty() {
                lock(&self.lives).push_back(rest);
            }
            let mut done = lock(&self.done);
            let before = done.len();
            done.extend(outcomes);
            if self.total > 2 * STEP && before / STEP < done.len() / STEP {
                say(&summary(&done, self.total));
            }
        }
    }

    fn next(&self) -> Option<Vec<Point>> {
        lock(&self.lives).pop_front()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a run is, and what it found.
fn summary(outcomes: &[Outcome], total: usize) -> String {
    let count = |is: fn(&Trouble) -> bool| {
        outcomes.iter().filter(|outcome| outcome.result.as_ref().is_err_and(is)).count()
    };
    format!(
        "crash matrix: {} of {total} points, {} of them with the state in S3; {} orphans, {} duplicates, {} other failures",
        outcomes.len(),
        outcomes.iter().filter(|outcome| outcome.point.place == Place::S3).count(),
        count(|trouble| matches!(trouble, Trouble::Orphan(_))),
        count(|trouble| matches!(trouble, Trouble::Duplicate(_))),
        count(|trouble| matches!(trouble, Trouble::Other(_))),
    )
}

fn described(outcome: &Outcome) -> Option<String> {
    let trouble = outcome.result.as_ref().err()?;
    let operation = outcome.operation.as_deref().unwrap_or("no request");
    Some(format!("{WHICH}={} ({operation}): {trouble}", outcome.point))
}

/// Progress of a run of many minutes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
