//! Large stacks on the cloud in memory, for `cargo xtask bench`.
//!
//! `scale apply N FOLDER` makes N resources, with the state in a local file of the folder. `scale plan N FOLDER` is a
//! no-op plan of what that left, in a process of its own.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use wharf_engine::{Context, Options, Outcome, Pace, Silent, Stop, apply, prepare};
use wharf_plan::Mode;
use wharf_state::{Home, LocalStore, LockInfo, Store, random_id};
use wharf_testkit::fake::FakeCloud;
use wharf_testkit::stacks;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let work = arguments.next().unwrap_or_default();
    let count: usize = arguments.next().unwrap_or_default().parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = PathBuf::from(arguments.next().ok_or("a folder is missing")?);
    let store = Arc::new(LocalStore::new(&folder, "scale"));
    runtime.block_on(async {
        match work.as_str() {
            "apply" => report(&converge(&FakeCloud::default(), store, count).await?, count),
            "plan" => plan(&remembered(store.as_ref()).await?, store, count).await,
            other => Err(format!("`{other}` is neither plan nor apply").into()),
        }
    })
}

/// A tenth networks, the rest subnets in them.
fn stack(count: usize) -> String {
    let networks = (count / 10).max(1);
    let keys = |kind: &str, range: std::ops::Range<usize>, value: &dyn Fn(usize) -> String| {
        let mut text = format!("  {kind}:\n    type: fake_{kind}\n    for_each:\n");
        for index in range {
            let _ = writeln!(text, "      k{index}: {}", value(index));
        }
        text
    };
    let mut text = String::from("stack: scale\nresources:\n");
    text.push_str(&keys("network", 0..networks, &|index| format!("10.{index}.0.0/16")));
    text.push_str("    properties: {cidr: \"${each.value}\", label: network}\n");
    text.push_str(&keys("subnet", networks..count, &|index| format!("k{}", index % networks)));
    text.push_str(
        "    properties: {network_id: \"${network[each.value].id}\", cidr: \"${each.key}\", label: subnet}\n",
    );
    text
}

fn context(cloud: &FakeCloud, store: Arc<dyn Store>, count: usize) -> Result<Context> {
    let home = Home { account_id: "000000000000".into(), region: "zone".into() };
    Ok(Context {
        expanded: stacks::expand(cloud, &stack(count))?,
        provider: Arc::new(cloud.clone()),
        store,
        home,
        reporter: Arc::new(Silent),
        stop: Stop::channel().1,
        pace: Pace::default(),
        releases: false,
    })
}

async fn converge(cloud: &FakeCloud, store: Arc<dyn Store>, count: usize) -> Result<Outcome> {
    let context = context(cloud, store, count)?;
    let stored = context.store.read().await?;
    let prepared = prepare(&context, stored, Mode::Apply, &[]).await?;
    let info = LockInfo {
        id: random_id(),
        who: "scale".into(),
        host: "here".into(),
        pid: std::process::id(),
        command: "apply".into(),
        since: 0,
        job: None,
    };
    let lock = context.store.lock(info).await?;
    Ok(apply(&context, lock, prepared, &Options { parallelism: 16, command: "apply".into() }).await)
}

fn report(outcome: &Outcome, count: usize) -> Result<()> {
    if outcome.done.create == count && outcome.is_complete() {
        eprintln_line(&format!("{count} created, {} state writes", outcome.writes));
        Ok(())
    } else {
        Err(format!("{} of {count} created", outcome.done.create).into())
    }
}

/// The cloud that an apply left, as its state tells: ids count up, so that the same order gives the same ids.
async fn remembered(store: &LocalStore) -> Result<FakeCloud> {
    let snapshot = store.read().await?.ok_or("there is no state; run `scale apply` first")?;
    let number = |id: &str| id.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let mut records: Vec<_> = snapshot.resources.into_values().collect();
    records.sort_by_key(|record| record.id.as_deref().and_then(number));
    let cloud = FakeCloud::default();
    for record in records {
        let mut properties = record.attributes;
        properties.retain(|name, _| !["id", "arn", "endpoint", "revision"].contains(&name.as_str()));
        let id = cloud.put(&record.resource_type, properties)?;
        if record.id.as_deref() != Some(id.as_str()) {
            return Err(format!("{id} is not {:?}", record.id).into());
        }
    }
    Ok(cloud)
}

async fn plan(cloud: &FakeCloud, store: Arc<dyn Store>, count: usize) -> Result<()> {
    let (before, start) = (memory("VmRSS:"), std::time::Instant::now());
    let context = context(cloud, store, count)?;
    let stored = context.store.read().await?;
    let prepared = prepare(&context, stored, Mode::Apply, &[]).await?;
    let seconds = start.elapsed().as_secs_f64();
    if !prepared.plan.is_empty() || prepared.plan.changes.len() != count {
        return Err("the plan is not empty".into());
    }
    let own = memory("VmHWM:").saturating_sub(before) / 1024;
    eprintln_line(&format!(
        "planned in {seconds:.3} s, with {own} MB on top of the cloud's {} MB",
        before / 1024
    ));
    Ok(())
}

/// A figure of the process, in kilobytes; 0 where the system does not tell.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[expect(clippy::print_stderr, reason = "it is a program")]
fn eprintln_line(line: &str) {
    eprintln!("{line}");
}
