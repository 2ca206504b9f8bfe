//! From nothing to nothing, and what runs when.

use crate::{Lab, Result, STACK, block_on};
use std::sync::Arc;
use std::time::Duration;
use wharf_engine::{Context, Options, Silent, Stop, apply, prepare};
use wharf_plan::Mode;
use wharf_state::{LocalStore, Store};
use wharf_testkit::fake::{Call, Fault, Rule};

#[test]
fn applies_plans_empty_destroys() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        let outcome = lab.converge(STACK).await?;
        assert_eq!(outcome.done.create, 7);
        assert_eq!(outcome.output("endpoint").and_then(|value| value.as_str()), Some("web.fake.example"));
        lab.destroy(STACK).await
    })
}

#[test]
fn a_run_without_changes_writes_nothing() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        let writes = lab.store.writes().len();
        assert_eq!(lab.run(STACK, Mode::Apply).await?.writes, 0);
        assert_eq!(lab.store.writes().len(), writes);
        Ok(())
    })
}

#[test]
fn the_journal_is_written_before_the_first_request() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        let first = lab.store.writes().first().cloned().ok_or("nothing was written")?;
        let journal = wharf_state::Snapshot::from_bytes(&first).map_err(|e| format!("{e:?}"))?.journal;
        assert_eq!(journal.map(|journal| journal.entries.len()), Some(7));
        let last = lab.store.snapshot().ok_or("no state")?;
        assert_eq!(last.journal, None);
        Ok(())
    })
}

#[test]
fn results_are_written_in_groups() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.store.latency(Duration::from_millis(30));
        let text = "resources:\n  n: {type: fake_network, for_each: '${toset([for i in range(300) : \"n${i}\"])}', properties: {cidr: \"${each.key}\"}}";
        let outcome = lab.converge(text).await?;
        assert_eq!(outcome.done.create, 300);
        assert!(outcome.writes < 60, "{} writes for 300 objects", outcome.writes);
        Ok(())
    })
}

#[test]
fn a_slow_operation_holds_back_only_what_needs_it() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        // The gate is slow; the subnets and what lies in `b` do not need it.
        lab.cloud
            .rule(Rule::always(Fault::Delay(Duration::from_millis(400))).on(Call::Create).of("fake_gate"));
        lab.converge(STACK).await?;
        let log = lab.cloud.log();
        let started = |call, subject: &str| log.entry(call, subject).map(|entry| entry.started);
        let gate_done = log.entry(Call::Create, "gate").and_then(|entry| entry.ended).map(|(at, _)| at);
        assert!(started(Call::Create, "subnet/b") < gate_done);
        assert!(started(Call::Create, "named") > gate_done);
        Ok(())
    })
}

#[test]
fn parallelism_has_a_limit() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::always(Fault::Delay(Duration::from_millis(5))).on(Call::Create));
        let text = "resources:\n  n: {type: fake_network, for_each: '${toset([for i in range(40) : \"n${i}\"])}', properties: {cidr: \"${each.key}\"}}";
        lab.run_until(text, Mode::Apply, Stop::channel().1, 3).await?;
        assert_eq!(lab.cloud.log().peak, 3);
        Ok(())
    })
}

#[test]
fn both_orders_of_replacement() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        lab.cloud.clear_log();
        // A gate is created first and a named object is destroyed first.
        let other = STACK.replace("flavor: plain", "flavor: other").replace("name: web", "name: app");
        lab.converge(&other).await?;
        let log = lab.cloud.log();
        let at = |call, subject: &str| log.position(call, subject);
        assert!(at(Call::Create, "gate") < at(Call::Delete, "gate"), "{:?}", log.entries);
        assert!(at(Call::Delete, "named") < at(Call::Create, "named"), "{:?}", log.entries);
        lab.destroy(&other).await
    })
}

#[test]
fn drift_is_mended_and_what_vanished_is_made_again() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        assert!(lab.cloud.tamper("web", "size", 9.into()));
        let outlet = lab.cloud.made_for("outlet").pop().ok_or("no outlet")?;
        assert!(lab.cloud.vanish(&outlet.id));
        let plan = lab.plan(STACK).await?;
        assert_eq!((plan.counts().update, plan.counts().create), (1, 1));
        assert!(plan.changes.iter().any(|change| change.differences.iter().any(|d| d.drifted)));
        lab.converge(STACK).await?;
        Ok(())
    })
}

#[test]
fn a_stop_finishes_what_runs_and_the_next_run_goes_on() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud
            .rule(Rule::once(Fault::Delay(Duration::from_millis(200))).on(Call::Create).of("fake_network"));
        let (sender, stop) = Stop::channel();
        let stopper = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            sender.send(true)
        });
        let outcome = lab.run_until(STACK, Mode::Apply, stop, 16).await?;
        stopper.await??;
        assert_eq!((outcome.done.create, outcome.not_started), (1, 6));
        lab.agrees()?;
        lab.converge(STACK).await?;
        Ok(())
    })
}

#[test]
fn a_state_in_a_file_goes_the_same_way() -> Result<()> {
    block_on(async {
        let folder = tempfile::tempdir()?;
        let lab = Lab::default();
        let store: Arc<dyn Store> = Arc::new(LocalStore::new(folder.path(), "test"));
        for (mode, left) in [(Mode::Apply, 7), (Mode::Apply, 7), (Mode::Destroy, 0)] {
            let context =
                Context { store: store.clone(), ..lab.context(STACK, Stop::channel().1, Arc::new(Silent))? };
            let stored = store.read().await?;
            let is_first = stored.is_none();
            let prepared = prepare(&context, stored, mode, &[]).await?;
            assert_eq!(prepared.plan.is_empty(), !is_first && mode == Mode::Apply);
            let options = Options { parallelism: 4, command: "test".into() };
            let lock = store.lock(crate::lock_info("apply")).await?;
            let outcome = apply(&context, lock.clone(), prepared, &options).await;
            lock.release().await?;
            assert!(outcome.is_complete(), "{outcome:?}");
            let written = store.read().await?.ok_or("no state")?;
            assert!(lab.cloud.disagreements(&written).is_empty());
            assert_eq!(written.resources.len(), left);
        }
        let text = std::fs::read_to_string(folder.path().join(".wharf/test.json"))?;
        assert!(!text.contains("first"), "a secret is in the file");
        Ok(())
    })
}
