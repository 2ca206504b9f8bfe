//! Large stacks on the cloud in memory, for `cargo xtask bench`: `scale plan N` or `scale apply N`.
//!
//! `plan` is a no-op plan of N resources: the state is there, and nothing changed. `apply` makes N resources, with the
//! state in a local file.

use std::fmt::Write as _;
use std::sync::Arc;
use wharf_engine::{Context, Options, Outcome, Pace, Silent, Stop, apply, prepare};
use wharf_plan::Mode;
use wharf_state::{Home, LocalStore, Snapshot, Store};
use wharf_testkit::fake::FakeCloud;
use wharf_testkit::{MemoryStore, stacks};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let work = arguments.next().unwrap_or_default();
    let count: usize = arguments.next().unwrap_or_default().parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match work.as_str() {
            "apply" => {
                let folder = tempfile::tempdir()?;
                let store = Arc::new(LocalStore::new(folder.path(), "scale"));
                let outcome = converge(&FakeCloud::default(), store, count).await?;
                report(&outcome, count)
            }
            // What a plan needs, for a process that does nothing else: see `plan-from`.
            "prepare" => {
                let cloud = FakeCloud::default();
                let store = Arc::new(MemoryStore::default());
                report(&converge(&cloud, store.clone(), count).await?, count)?;
                plan(&cloud, store, count).await
            }
            "plan" => {
                let cloud = FakeCloud::default();
                let snapshot = populate(&cloud, count)?;
                let store = Arc::new(MemoryStore::default());
                store.write(snapshot.to_bytes()).await?;
                drop(snapshot);
                plan(&cloud, store, count).await
            }
            other => Err(format!("`{other}` is neither plan nor apply").into()),
        }
    })
}

/// A tenth networks, the rest subnets in them.
fn stack(count: usize) -> String {
    let networks = (count / 10).max(1);
    let subnets = count - networks;
    let mut text = String::from("stack: scale\nresources:\n");
    let _ = write!(
        text,
        "  network:
    type: fake_network
    for_each: '${{{{for i in range({networks}) : \"n${{i}}\" => i}}}}'
    properties: {{cidr: \"10.${{each.value}}.0.0/16\", label: network}}
  subnet:
    type: fake_subnet
    for_each: '${{{{for i in range({subnets}) : \"s${{i}}\" => \"n${{i % {networks}}}\"}}}}'
    properties: {{network_id: \"${{network[each.value].id}}\", cidr: \"${{each.key}}\", label: subnet}}
"
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
    })
}

async fn converge(cloud: &FakeCloud, store: Arc<dyn Store>, count: usize) -> Result<Outcome> {
    let context = context(cloud, store, count)?;
    let stored = context.store.read().await?;
    let prepared = prepare(&context, stored, Mode::Apply, &[]).await?;
    Ok(apply(&context, prepared, &Options { parallelism: 16, command: "apply".into() }).await)
}

fn report(outcome: &Outcome, count: usize) -> Result<()> {
    if outcome.done.create == count && outcome.is_complete() {
        eprintln_line(&format!("{count} created, {} state writes", outcome.writes));
        Ok(())
    } else {
        Err(format!("{} of {count} created", outcome.done.create).into())
    }
}

/// The state and the cloud after an apply, without the apply: made once by planning it.
fn populate(cloud: &FakeCloud, count: usize) -> Result<Snapshot> {
    let store = Arc::new(MemoryStore::default());
    let runtime = tokio::runtime::Handle::current();
    let outcome = tokio::task::block_in_place(|| runtime.block_on(converge(cloud, store, count)))?;
    report(&outcome, count)?;
    Ok(outcome.snapshot)
}

async fn plan(cloud: &FakeCloud, store: Arc<dyn Store>, count: usize) -> Result<()> {
    let start = std::time::Instant::now();
    let context = context(cloud, store, count)?;
    let stored = context.store.read().await?;
    let prepared = prepare(&context, stored, Mode::Apply, &[]).await?;
    let seconds = start.elapsed().as_secs_f64();
    if !prepared.plan.is_empty() || prepared.plan.changes.len() != count {
        return Err("the plan is not empty".into());
    }
    eprintln_line(&format!("planned in {seconds:.3} s"));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "it is a program")]
fn eprintln_line(line: &str) {
    eprintln!("{line}");
}
