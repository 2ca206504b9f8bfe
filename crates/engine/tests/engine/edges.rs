//! Where two things come together: a failure and an edit, a leftover and a removal, a kill and a rename.

use crate::{Lab, Result, STACK, block_on};
use wharf_core::Value;
use wharf_plan::Mode;
use wharf_provider::ErrorKind;
use wharf_testkit::fake::{Call, Fault, Rule};

const GATE: &str = "resources:\n  gate: {type: fake_gate, properties: {flavor: plain}}\n";

/// Kills a run at the first point of this name.
fn kill_at(lab: &Lab, text: &str, point: &str) -> Result<()> {
    let fuse = lab.cloud.fuse();
    fuse.set_at(point);
    let finished = lab.run_or_burn(text, Mode::Apply)?;
    fuse.set(None);
    if finished { Err(format!("it never came to `{point}`").into()) } else { Ok(()) }
}

#[test]
fn what_may_have_been_made_is_looked_up_even_if_the_look_up_failed_at_first() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::once(Fault::LoseAnswer).on(Call::Create));
        lab.cloud.rule(Rule::always(Fault::Refuse(ErrorKind::AccessDenied)).on(Call::Find));
        assert_eq!(lab.run(GATE, Mode::Apply).await?.failed.len(), 1);
        lab.cloud.clear_rules();
        lab.converge(GATE).await?;
        assert_eq!(lab.cloud.objects().len(), 1);
        Ok(())
    })
}

#[test]
fn what_may_have_been_made_is_looked_up_even_if_the_second_attempt_is_refused() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.cloud.rule(Rule::once(Fault::LoseAnswer).on(Call::Create));
        lab.cloud.rule(Rule::once(Fault::Hide(5)).on(Call::Create));
        lab.cloud.rule(Rule::always(Fault::Refuse(ErrorKind::Limit)).on(Call::Create));
        assert_eq!(lab.run(GATE, Mode::Apply).await?.failed.len(), 1);
        lab.cloud.clear_rules();
        lab.converge(GATE).await?;
        assert_eq!(lab.cloud.objects().len(), 1);
        Ok(())
    })
}

#[test]
fn a_successor_that_cannot_be_made_leaves_the_old_object_in_its_place() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(STACK).await?;
        lab.cloud.rule(Rule::always(Fault::Refuse(ErrorKind::Limit)).on(Call::Create).of("fake_gate"));
        let outcome = lab.run(&STACK.replace("flavor: plain", "flavor: other"), Mode::Apply).await?;
        assert_eq!(outcome.failed.len(), 1);
        // The user thinks better of it: what went before it is made again, and the gate was never away.
        let plan = lab.plan(STACK).await?;
        assert!(plan.operations.iter().all(|operation| operation.address.name != "gate"), "{plan:?}");
        lab.cloud.clear_rules();
        lab.converge(STACK).await?;
        Ok(())
    })
}

#[test]
fn a_secret_that_was_not_set_any_more_is_set_by_the_next_run() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        let text = "resources:\n  named: {type: fake_named, properties: {name: web, password: first}}\n";
        lab.cloud.rule(Rule::once(Fault::Refuse(ErrorKind::Invalid)).on(Call::Finish));
        assert_eq!(lab.run(text, Mode::Apply).await?.failed.len(), 1);
        lab.converge(text).await?;
        let object = lab.cloud.made_for("named").pop().ok_or("it is not there")?;
        assert_eq!(object.properties.get("password"), Some(&Value::from("first")));
        Ok(())
    })
}

#[test]
fn a_secret_that_was_not_set_before_the_kill_is_set_by_the_next_run() -> Result<()> {
    let lab = Lab::with_fuse();
    let text = "resources:\n  named: {type: fake_named, properties: {name: web, password: first}}\n";
    kill_at(&lab, text, "before Finish named")?;
    block_on(lab.converge(text))?;
    let object = lab.cloud.made_for("named").pop().ok_or("it is not there")?;
    assert_eq!(object.properties.get("password"), Some(&Value::from("first")));
    Ok(())
}
