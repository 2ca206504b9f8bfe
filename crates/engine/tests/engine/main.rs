//! The engine on the cloud in memory.

mod crash;
mod edges;
mod failures;
mod flow;
mod random;

use std::sync::Arc;
use std::time::Duration;
use wharf_engine::{Context, Options, Outcome, Pace, Reporter, Silent, Stop, apply, prepare};
use wharf_plan::{Mode, Plan};
use wharf_state::{Home, LockInfo};
use wharf_testkit::fake::FakeCloud;
use wharf_testkit::{MemoryStore, stacks};

pub(crate) type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Who the tests are, for a lock.
pub(crate) fn lock_info(command: &str) -> LockInfo {
    LockInfo {
        id: wharf_state::random_id(),
        who: "tester".into(),
        host: "lab".into(),
        pid: 1,
        command: command.into(),
        since: 0,
        job: None,
    }
}

/// A cloud and a state, and runs on them.
#[derive(Clone, Default)]
pub(crate) struct Lab {
    pub(crate) cloud: FakeCloud,
    pub(crate) store: MemoryStore,
}

impl Lab {
    /// A lab whose store passes the cloud's fuse, too.
    pub(crate) fn with_fuse() -> Self {
        let cloud = FakeCloud::default();
        let store = MemoryStore::with_fuse(cloud.fuse());
        Lab { cloud, store }
    }

    pub(crate) fn context(&self, text: &str, stop: Stop, reporter: Arc<dyn Reporter>) -> Result<Context> {
        let home = Home { account_id: "000000000000".into(), region: "zone".into() };
        Ok(Context {
            expanded: stacks::expand(&self.cloud, text)?,
            provider: Arc::new(self.cloud.clone()),
            store: Arc::new(self.store.clone()),
            home,
            reporter,
            stop,
            pace: Pace(Duration::from_millis(1)),
            releases: false,
        })
    }

    pub(crate) async fn run(&self, text: &str, mode: Mode) -> Result<Outcome> {
        self.run_until(text, mode, Stop::channel().1, 16).await
    }

    pub(crate) async fn run_until(
        &self,
        text: &str,
        mode: Mode,
        stop: Stop,
        parallelism: usize,
    ) -> Result<Outcome> {
        // A process of its own, and whoever had the lock was killed.
        let process = self.beside();
        let context = process.context(text, stop, Arc::new(Silent))?;
        self.store.lapse();
        let lock = context.store.lock(lock_info("apply")).await?;
        let stored = context.store.read().await?;
        let prepared = prepare(&context, stored, mode, &[]).await?;
        let outcome =
            apply(&context, lock.clone(), prepared, &Options { parallelism, command: "apply".into() }).await;
        lock.release().await?;
        Ok(outcome)
    }

    /// The same cloud and state, as another process has them.
    pub(crate) fn beside(&self) -> Self {
        Lab { cloud: self.cloud.client(), store: self.store.client() }
    }

    /// Runs until the end or until the fuse burns, in a process of its own as far as the code can tell: whatever was
    /// still under way then has no effect any more. Whether it ended by itself.
    pub(crate) fn run_or_burn(&self, text: &str, mode: Mode) -> Result<bool> {
        let fuse = self.cloud.fuse();
        block_here_on(async {
            tokio::select! {
                outcome = self.run(text, mode) => outcome.map(|_| true),
                () = fuse.burnt() => Ok(false),
            }
        })
    }

    /// Applies, and fails unless everything was done and a second plan is empty.
    pub(crate) async fn converge(&self, text: &str) -> Result<Outcome> {
        let outcome = self.run(text, Mode::Apply).await?;
        if !outcome.is_complete() {
            return Err(format!("incomplete: {outcome:?}").into());
        }
        let plan = self.plan(text).await?;
        if !plan.is_empty() {
            let differences: Vec<_> = plan.changes.iter().flat_map(|change| &change.differences).collect();
            return Err(format!("the second plan is not empty: {:?} {differences:?}", plan.operations).into());
        }
        self.agrees()?;
        match self.cloud.objects().iter().find(|object| object.unfinished) {
            Some(object) => Err(format!("made and never finished: {object:?}").into()),
            None => Ok(outcome),
        }
    }

    pub(crate) async fn plan(&self, text: &str) -> Result<Plan> {
        let context = self.context(text, Stop::channel().1, Arc::new(Silent))?;
        let stored = context.store.read().await?;
        Ok(prepare(&context, stored, Mode::Apply, &[]).await?.plan)
    }

    /// Destroys, and fails if anything is left.
    pub(crate) async fn destroy(&self, text: &str) -> Result<()> {
        let outcome = self.run(text, Mode::Destroy).await?;
        if !outcome.is_complete() || !self.cloud.objects().is_empty() {
            return Err(format!("left: {:?}; {outcome:?}", self.cloud.objects()).into());
        }
        Ok(())
    }

    /// Nothing in the cloud that the state lacks, nothing in the state that the cloud lacks.
    pub(crate) fn agrees(&self) -> Result<()> {
        let snapshot = self.store.snapshot().ok_or("there is no state")?;
        let disagreements = self.cloud.disagreements(&snapshot);
        if disagreements.is_empty() { Ok(()) } else { Err(disagreements.join("\n").into()) }
    }
}

/// Runs a test on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future)
}

/// Like [`block_on`], all in this thread.
pub(crate) fn block_here_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Everything that can be orphaned, and what depends on it.
pub(crate) const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: 10.0.0.0/16, label: one}}
  gate: {type: fake_gate, properties: {flavor: plain, network_id: \"${network.id}\"}}
  attachment: {type: fake_attachment, properties: {gate_id: \"${gate.id}\", network_id: \"${network.id}\"}}
  subnet:
    type: fake_subnet
    for_each: {a: 10.0.1.0/24, b: 10.0.2.0/24}
    properties: {network_id: \"${network.id}\", cidr: \"${each.value}\"}
  outlet: {type: fake_outlet, properties: {subnet_id: '${subnet[\"a\"].id}'}}
  named:
    type: fake_named
    properties: {name: web, size: 2, gate_id: \"${gate.id}\", password: first, members: [x, y], policy: {Statement: {Action: [b, a]}}}
outputs:
  endpoint: ${named.endpoint}
";
