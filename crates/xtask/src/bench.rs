//! Figures, as counts and ratios: what the README claims, measured.

use crate::demo::{copy, start};
use crate::host::{self, Result};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use wharf_testkit::emulator::Emulator;

/// The reference stack against the emulator, then large stacks on the fake cloud; all in release builds.
pub(crate) fn run() -> Result<()> {
    host::say("building for release (the AWS SDK takes a while, once)...");
    let wharf = host::wharf(true)?;
    host::run(&mut host::cargo(&[
        "build",
        "--release",
        "--quiet",
        "--package",
        "wharf-testkit",
        "--example",
        "scale",
    ]))?;
    let emulator = start(0)?;
    let folder = tempfile::Builder::new().prefix("wharf-bench-").tempdir()?;
    copy(&host::root().join("stacks/ecs-pipeline"), folder.path())?;
    let bench = Bench { wharf, emulator, folder: folder.path().to_owned() };
    bench.help()?;
    bench.apply()?;
    bench.plan()?;
    scale()
}

struct Bench {
    wharf: PathBuf,
    emulator: Emulator,
    folder: PathBuf,
}

/// What one run of a process took.
struct Measured {
    seconds: f64,
    megabytes: f64,
    stdout: String,
}

impl Bench {
    fn measure(&self, arguments: &[&str]) -> Result<Measured> {
        measure(&self.wharf, arguments, &self.folder, self.emulator.environment())
    }

    fn help(&self) -> Result<()> {
        let fastest = fastest(5, || self.measure(&["--help"]))?;
        host::say(&format!("wharf --help: {:.0} ms", fastest.seconds * 1000.0));
        Ok(())
    }

    /// Apply's wall time against the longest chain of its operations.
    fn apply(&self) -> Result<()> {
        self.latency(100)?;
        let applied = self.measure(&["apply", "--auto-approve", "--json"])?;
        let mut took: BTreeMap<String, f64> = BTreeMap::new();
        for line in applied.stdout.lines() {
            let event: Value = serde_json::from_str(line)?;
            if event["event"] == "finished" {
                let address = event["address"].as_str().unwrap_or_default().to_owned();
                took.insert(address, event["elapsed_ms"].as_f64().unwrap_or_default() / 1000.0);
            }
        }
        let state: Value = serde_json::from_str(&self.measure(&["show", "--json"])?.stdout)?;
        let chain = critical_path(&state, &took);
        host::say(&format!(
            "apply of ecs-pipeline, 100 ms added to each request: {} resources, {:.1} s; longest chain {chain:.1} s, ratio {:.2}",
            took.len(),
            applied.seconds,
            applied.seconds / chain
        ));
        Ok(())
    }

    fn plan(&self) -> Result<()> {
        self.latency(0)?;
        self.emulator.reset_counters()?;
        let plain = self.measure(&["plan", "--detailed-exitcode"])?;
        let requests: u64 = self.emulator.counters()?.values().sum();
        self.latency(100)?;
        let slow = fastest(3, || self.measure(&["plan", "--detailed-exitcode"]))?;
        host::say(&format!(
            "no-op plan of ecs-pipeline: {requests} AWS requests; {:.2} s; {:.2} s with 100 ms added to each request; peak memory {:.0} MB",
            plain.seconds, slow.seconds, slow.megabytes
        ));
        Ok(())
    }

    fn latency(&self, milliseconds: u64) -> Result<()> {
        let rules = if milliseconds == 0 {
            json!([])
        } else {
            json!([{"match": "*", "kind": "latency", "ms": milliseconds}])
        };
        Ok(self.emulator.rules(&rules)?)
    }
}

/// Large stacks on the fake cloud, each in a process of its own.
fn scale() -> Result<()> {
    let program = host::target().join("release/examples/scale");
    let mut seconds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for count in ["1000", "10000"] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().to_string_lossy().into_owned();
        for work in ["apply", "plan"] {
            let measured = measure(&program, &[work, count, &path], &host::root(), Vec::new())?;
            seconds.entry(work).or_default().push(measured.seconds);
            host::say(&format!(
                "{work} of {count} resources on the fake cloud: {:.2} s, {:.0} MB, the cloud itself included",
                measured.seconds, measured.megabytes
            ));
        }
    }
    for (work, seconds) in seconds {
        if let [small, large] = seconds[..] {
            host::say(&format!("ten times the resources: {work} takes {:.1} times as long", large / small));
        }
    }
    Ok(())
}

fn fastest(runs: usize, mut run: impl FnMut() -> Result<Measured>) -> Result<Measured> {
    let mut best = run()?;
    for _ in 1..runs {
        let next = run()?;
        if next.seconds < best.seconds {
            best = next;
        }
    }
    Ok(best)
}

/// Runs a process through Python, which the emulator needs anyway and which reads the kernel's own accounting.
fn measure(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    environment: Vec<(&str, String)>,
) -> Result<Measured> {
    const SCRIPT: &str = "import json, resource, subprocess, sys, time\n\
        start = time.monotonic()\n\
        run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)\n\
        seconds = time.monotonic() - start\n\
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024\n\
        print(json.dumps([seconds, peak, run.returncode, run.stdout.decode()]))";
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .envs(environment)
        .output()?;
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    if answer[2] != 0 {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{} {} failed: {stderr}", program.display(), arguments.join(" ")).into());
    }
    Ok(Measured {
        seconds: answer[0].as_f64().unwrap_or_default(),
        megabytes: answer[1].as_f64().unwrap_or_default(),
        stdout: answer[3].as_str().unwrap_or_default().to_owned(),
    })
}

/// The longest chain of operations through the dependencies that the state has.
fn critical_path(state: &Value, took: &BTreeMap<String, f64>) -> f64 {
    let empty = Vec::new();
    let dependencies: BTreeMap<&str, Vec<&str>> = state["resources"]
        .as_array()
        .unwrap_or(&empty)
        .iter()
        .map(|resource| {
            let names =
                resource["dependencies"].as_array().unwrap_or(&empty).iter().filter_map(Value::as_str);
            (resource["address"].as_str().unwrap_or_default(), names.collect())
        })
        .collect();
    fn end<'a>(
        address: &'a str,
        dependencies: &BTreeMap<&'a str, Vec<&'a str>>,
        took: &BTreeMap<String, f64>,
        known: &mut BTreeMap<&'a str, f64>,
    ) -> f64 {
        if let Some(end) = known.get(address) {
            return *end;
        }
        let before = dependencies.get(address).into_iter().flatten();
        let start = before.map(|address| end(address, dependencies, took, known)).fold(0.0, f64::max);
        let end = start + took.get(address).copied().unwrap_or_default();
        known.insert(address, end);
        end
    }
    let mut known = BTreeMap::new();
    dependencies.keys().map(|address| end(address, &dependencies, took, &mut known)).fold(0.0, f64::max)
}
