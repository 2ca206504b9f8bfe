//! What the cloud and the store do wrong.

use crate::{Lab, Result, STACK, block_on};
use std::sync::Arc;
use wharf_engine::{Failure, Silent, Stop, prepare};
use wharf_plan::Mode;
use wharf_provider::ErrorKind;
use wharf_state::Store;
use wharf_testkit::fake::{Call, Fault, Rule};

#[test]
fn a_failure_stops_only_what_depends_on_it() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::always(Fault::Refuse(ErrorKind::Invalid)).on(Call::Create).of("fake_gate"));
        let outcome = lab.run(STACK, Mode::Apply).await?;
        assert_eq!(outcome.failed.len(), 1);
        let mut skipped: Vec<String> = outcome.skipped.iter().map(|s| s.address.to_string()).collect();
        skipped.sort();
        assert_eq!(skipped, ["attachment", "named", "outlet"]);
        assert_eq!(outcome.done.create, 3);
        lab.agrees()?;
        lab.cloud.clear_rules();
        lab.converge(STACK).await?;
        Ok(())
    })
}

#[test]
fn lost_answers_make_no_second_object() -> Result<()> {
    for fault in [Fault::LoseAnswer, Fault::FailAfter, Fault::FailBefore] {
        block_on(async {
            let lab = Lab::default();
            for kind in
                ["fake_network", "fake_gate", "fake_attachment", "fake_subnet", "fake_outlet", "fake_named"]
            {
                lab.cloud.rule(Rule::once(fault).on(Call::Create).of(kind));
            }
            lab.converge(STACK).await?;
            assert_eq!(lab.cloud.objects().len(), 7, "{fault:?}");
            lab.destroy(STACK).await
        })?;
    }
    Ok(())
}

#[test]
fn what_passes_is_waited_for() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::always(Fault::Throttle).on(Call::Create).times(3));
        lab.cloud.rule(
            Rule::always(Fault::Refuse(ErrorKind::NotReady)).on(Call::Create).of("fake_named").times(2),
        );
        lab.cloud.rule(Rule::always(Fault::Hide(2)).on(Call::Create).of("fake_network"));
        lab.converge(STACK).await?;
        lab.cloud
            .rule(Rule::always(Fault::Refuse(ErrorKind::InUse)).on(Call::Delete).of("fake_network").times(2));
        lab.destroy(STACK).await
    })
}

#[test]
fn what_may_be_asked_again_is_when_its_answer_gets_lost() -> Result<()> {
    for fault in [Fault::LoseAnswer, Fault::FailAfter, Fault::FailBefore] {
        block_on(async {
            let lab = Lab::default();
            let lose = |call: Call| lab.cloud.rule(Rule::always(fault).on(call).of("fake_named").times(3));
            [Call::Find, Call::Finish, Call::Read].into_iter().for_each(lose);
            lab.converge(STACK).await?;
            lose(Call::Update);
            lab.converge(&STACK.replace("size: 2", "size: 3")).await?;
            lose(Call::Delete);
            lab.destroy(STACK).await
        })?;
    }
    Ok(())
}

#[test]
fn a_half_made_object_is_recorded_and_finished_by_the_next_run() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::once(Fault::Refuse(ErrorKind::Invalid)).on(Call::Finish).of("fake_named"));
        let outcome = lab.run(STACK, Mode::Apply).await?;
        assert_eq!(outcome.failed.len(), 1);
        lab.agrees()?;
        let plan = lab.plan(STACK).await?;
        assert_eq!(plan.counts().update, 1, "mended in place, not replaced");
        lab.converge(STACK).await?;
        Ok(())
    })
}

#[test]
fn somebody_elses_object_is_left_alone() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.put("fake_named", wharf_core::Map::from([("name".to_owned(), "web".into())]))?;
        let context = lab.context(STACK, Stop::channel().1, Arc::new(Silent))?;
        let Err(Failure::InTheWay(found)) = prepare(&context, None, Mode::Apply, &[]).await else {
            return Err("the plan does not see it".into());
        };
        let found: Vec<_> = found.iter().map(|it| (it.address.to_string(), it.id.as_str())).collect();
        assert_eq!(found, [("named".to_owned(), "web")]);
        assert_eq!(lab.cloud.objects().len(), 1);
        Ok(())
    })
}

#[test]
fn an_own_object_that_the_state_forgot_is_adopted() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        let ids = |lab: &Lab| lab.cloud.objects().into_iter().map(|object| object.id).collect::<Vec<_>>();
        let before = ids(&lab);
        let mut snapshot = lab.store.read().await?.ok_or("no state")?;
        snapshot.resources.remove(&"named".parse()?);
        lab.store.write(snapshot.to_bytes()).await?;
        let outcome = lab.converge(STACK).await?;
        assert_eq!(outcome.done.create, 0, "{outcome:?}");
        assert_eq!(ids(&lab), before);
        Ok(())
    })
}

#[test]
fn nothing_starts_when_the_state_cannot_be_written() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.store.fail(1000);
        let outcome = lab.run(STACK, Mode::Apply).await?;
        assert!(outcome.not_saved.is_some());
        assert_eq!(outcome.not_started, 7);
        assert!(lab.cloud.objects().is_empty());
        // A store that recovers costs nothing.
        lab.store.fail(2);
        lab.converge(STACK).await?;
        Ok(())
    })
}
