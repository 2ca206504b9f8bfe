//! Where two things come together: a failure and an edit, a leftover and a removal, a kill and a rename.

use crate::{Lab, Result, STACK, block_on};
use std::time::{Duration, Instant};
use wharf_core::{Address, Value};
use wharf_engine::{Silent, Stop, prepare};
use wharf_plan::Mode;
use wharf_provider::ErrorKind;
use wharf_testkit::fake::{Call, Fault, Rule};

const GATE: &str = "resources:\n  gate: {type: fake_gate, properties: {flavor: plain}}\n";
const EMPTY: &str = "resources: {}\n";

/// Kills a run at the first point of this name.
fn kill_at(lab: &Lab, text: &str, point: &str) -> Result<()> {
    let fuse = lab.cloud.fuse();
    fuse.set_at(point);
    let finished = lab.run_or_burn(text, Mode::Apply)?;
    fuse.set(None);
    if finished { Err(format!("it never came to `{point}`").into()) } else { Ok(()) }
}

/// A gate whose predecessor could not be deleted.
async fn with_leftover(lab: &Lab, text: &str) -> Result<()> {
    lab.converge(text).await?;
    lab.cloud.rule(Rule::always(Fault::Refuse(ErrorKind::Invalid)).on(Call::Delete).of("fake_gate"));
    let outcome = lab.run(&text.replace("flavor: plain", "flavor: other"), Mode::Apply).await?;
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(lab.cloud.objects().len(), 2);
    lab.agrees()
}

#[test]
fn another_type_under_the_same_name_is_another_object() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        lab.converge(GATE).await?;
        lab.converge("resources:\n  gate: {type: fake_network, properties: {cidr: a}}\n").await?;
        let kinds: Vec<&str> = lab.cloud.objects().iter().map(|object| object.kind).collect();
        assert_eq!(kinds, ["fake_network"]);
        Ok(())
    })
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

#[test]
fn what_was_adopted_goes_in_the_right_order() -> Result<()> {
    let lab = Lab::with_fuse();
    let text = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  subnet: {type: fake_subnet, properties: {network_id: \"${network.id}\", cidr: b}}
";
    kill_at(&lab, text, "after Create subnet")?;
    lab.cloud.clear_log();
    block_on(lab.converge(EMPTY))?;
    assert!(lab.cloud.objects().is_empty());
    let log = lab.cloud.log();
    let refused = log.entries.iter().filter(|e| matches!(e.ended, Some((_, Some(ErrorKind::InUse)))));
    assert_eq!(refused.count(), 0, "{:?}", log.entries);
    Ok(())
}

#[test]
fn what_was_being_made_under_an_old_name_moves() -> Result<()> {
    let lab = Lab::with_fuse();
    let text = "resources:\n  network: {type: fake_network, properties: {cidr: a}}\n";
    kill_at(&lab, text, "after Create network")?;
    let id = lab.cloud.made_for("network").pop().ok_or("it is not there")?.id;
    let moved = "resources:\n  net: {type: fake_network, properties: {cidr: a}}\nmoved:\n  - {from: network, to: net}\n";
    block_on(lab.converge(moved))?;
    let ids: Vec<String> = lab.cloud.objects().into_iter().map(|object| object.id).collect();
    assert_eq!(ids, [id]);
    Ok(())
}

#[test]
fn a_part_that_is_ignored_stays_as_it_is_when_its_neighbour_changes() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        let text = "
resources:
  named:
    type: fake_named
    properties: {name: web, box: {mode: a, depth: 1}, tags: {kept: mine, sent: one}}
    lifecycle: {ignore_changes: [box.depth, tags.kept]}
outputs:
  depth: ${named.box.depth}
";
        lab.converge(text).await?;
        let tamper = |object: &str, property: &str, key: &str, value: Value| -> Result<()> {
            let mut live = lab.cloud.objects().pop().ok_or("it is not there")?.properties;
            let Some(Value::Map(map)) = live.get_mut(property) else { return Err("no map".into()) };
            map.insert(key.to_owned(), value);
            let value = live.remove(property).unwrap_or_default();
            assert!(lab.cloud.tamper(object, property, value));
            Ok(())
        };
        tamper("web", "box", "depth", 5.into())?;
        tamper("web", "tags_all", "kept", "theirs".into())?;
        let outcome =
            lab.converge(&text.replace("mode: a", "mode: b").replace("sent: one", "sent: two")).await?;
        assert_eq!(outcome.done.update, 1);
        let live = Value::Map(lab.cloud.objects().pop().ok_or("it is not there")?.properties);
        let at = |property: &str, key: &str| {
            live.as_map().and_then(|map| map.get(property)?.as_map()?.get(key).cloned())
        };
        assert_eq!(at("box", "mode"), Some("b".into()));
        assert_eq!(at("box", "depth"), Some(5.into()));
        assert_eq!(at("tags_all", "kept"), Some("theirs".into()));
        assert_eq!(at("tags_all", "sent"), Some("two".into()));
        assert_eq!(outcome.output("depth"), Some(&5.into()), "others see what is there");
        Ok(())
    })
}

#[test]
fn forgetting_an_object_does_not_forget_its_predecessor() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        let text = GATE.replace("type: fake_gate,", "type: fake_gate, lifecycle: {retain: true},");
        with_leftover(&lab, &text).await?;
        assert_eq!(lab.run(EMPTY, Mode::Apply).await?.failed.len(), 1);
        lab.cloud.clear_rules();
        let outcome = lab.run(EMPTY, Mode::Apply).await?;
        assert!(outcome.is_complete(), "{outcome:?}");
        let flavors: Vec<_> =
            lab.cloud.objects().iter().map(|o| o.properties.get("flavor").cloned()).collect();
        assert_eq!(flavors, [Some("other".into())], "the one that is retained");
        assert!(lab.plan(EMPTY).await?.is_empty());
        Ok(())
    })
}

#[test]
fn a_predecessor_outlives_the_object_that_vanished() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        with_leftover(&lab, GATE).await?;
        let current = lab.cloud.objects().pop().ok_or("no gate")?;
        assert!(lab.cloud.vanish(&current.id));
        lab.cloud.clear_rules();
        lab.converge(EMPTY).await?;
        assert!(lab.cloud.objects().is_empty());
        Ok(())
    })
}

#[test]
fn a_run_for_another_target_leaves_a_predecessor_alone() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        with_leftover(&lab, GATE).await?;
        lab.cloud.clear_rules();
        let current = lab.cloud.objects().pop().ok_or("no gate")?;
        assert!(lab.cloud.vanish(&current.id));
        let text = format!(
            "{}  network: {{type: fake_network, properties: {{cidr: a}}}}\n",
            GATE.replace("plain", "other")
        );
        let context = lab.context(&text, Stop::channel().1, std::sync::Arc::new(Silent))?;
        let stored = context.store.read().await?;
        let target: Address = "network".parse()?;
        let prepared = prepare(&context, stored, Mode::Apply, &[target]).await?;
        let addresses: Vec<String> =
            prepared.plan.operations.iter().map(|operation| operation.address.to_string()).collect();
        assert_eq!(addresses, ["network"]);
        assert!(prepared.plan.gone.is_empty(), "the record still names the predecessor");
        Ok(())
    })
}

#[test]
fn many_look_ups_run_at_once() -> Result<()> {
    let lab = Lab::with_fuse();
    let text = "resources:\n  n: {type: fake_network, for_each: '${toset([for i in range(400) : \"n${i}\"])}', properties: {cidr: \"${each.key}\"}}";
    let fuse = lab.cloud.fuse();
    fuse.set(Some(2));
    assert!(!lab.run_or_burn(text, Mode::Apply)?);
    fuse.set(None);
    let start = Instant::now();
    block_on(lab.plan(text))?;
    // One after the other they would take 400 times the 10 ms that a look-up waits.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    block_on(lab.converge(text))?;
    Ok(())
}

#[test]
fn references_that_were_turned_round_can_be_destroyed() -> Result<()> {
    block_on(async {
        let lab = Lab::default();
        let two = |first: &str, second: &str| {
            format!(
                "resources:\n  one: {{type: fake_named, properties: {{name: a, note: \"{first}\"}}}}\n  two: {{type: fake_named, properties: {{name: b, note: \"{second}\"}}}}\n"
            )
        };
        lab.converge(&two("x", "${one.id}")).await?;
        let turned = two("${two.id}", "x");
        lab.destroy(&turned).await?;
        // And both replaced at once.
        lab.converge(&two("x", "${one.id}")).await?;
        lab.converge(&turned.replace("name: a", "name: c").replace("name: b", "name: d")).await?;
        Ok(())
    })
}

#[test]
fn what_has_a_name_made_of_another_ones_id_is_found_after_a_kill() -> Result<()> {
    for name in ["${network.id}-web", "${upper(network.id)}"] {
        let lab = Lab::with_fuse();
        let text = format!(
            "resources:\n  network: {{type: fake_network, properties: {{cidr: a}}}}\n  named: {{type: fake_named, properties: {{name: \"{name}\"}}}}\n"
        );
        kill_at(&lab, &text, "after Create named")?;
        block_on(lab.converge(&text))?;
        assert_eq!(lab.cloud.log().count(Call::Create), 2, "none was made twice");
        // Also when the stack file is another one by now.
        let lab = Lab::with_fuse();
        kill_at(&lab, &text, "after Create named")?;
        block_on(lab.converge(EMPTY))?;
        assert!(lab.cloud.objects().is_empty(), "{:?}", lab.cloud.objects());
    }
    Ok(())
}
