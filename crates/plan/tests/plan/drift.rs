//! What moved behind wharf's back.

use crate::{Result, World};
use wharf_core::{Map, Value};
use wharf_plan::{Drift, Seen};
use wharf_state::Snapshot;

const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  named: {type: fake_named, properties: {name: n, size: 2, token: secret, members: [b, a], rule: [{port: 1}, {port: 2}]}}
";

/// A world whose state went to its store and back, as between two runs.
fn stored() -> Result<World> {
    let mut world = World::applied(STACK)?;
    let snapshot = world.snapshot.take().ok_or("no state")?;
    world.snapshot = Some(Snapshot::from_bytes(&snapshot.to_bytes()).map_err(|error| format!("{error:?}"))?);
    Ok(world)
}

fn drift(world: &World) -> Result<Vec<Drift>> {
    Ok(world.plan(STACK)?.drift)
}

/// `address path: recorded -> live`, a line for each property.
fn lines(drift: &[Drift]) -> Vec<String> {
    let text = |value: &Option<Value>| value.as_ref().map_or("(none)".to_owned(), ToString::to_string);
    let line = |drift: &Drift| -> Vec<String> {
        if drift.after.is_none() {
            return vec![format!("{} deleted", drift.address)];
        }
        let differences = drift.differences.iter();
        differences
            .map(|moved| {
                format!(
                    "{} {}: {} -> {}",
                    drift.address,
                    moved.path,
                    text(&moved.recorded),
                    text(&moved.live)
                )
            })
            .collect()
    };
    drift.iter().flat_map(line).collect()
}

#[test]
fn none_after_an_apply() -> Result<()> {
    assert_eq!(lines(&drift(&stored()?)?), [""; 0]);
    Ok(())
}

#[test]
fn declared_properties() -> Result<()> {
    let mut world = stored()?;
    world.live("named", |live| drop(live.insert("size".into(), 9.into())))?;
    assert_eq!(lines(&drift(&world)?), ["named size: 2 -> 9"]);
    // The same set in another order is the same.
    let mut world = stored()?;
    world.live("named", |live| {
        live.insert("members".into(), Value::List(vec!["b".into(), "a".into()]));
    })?;
    assert_eq!(lines(&drift(&world)?), [""; 0]);
    Ok(())
}

#[test]
fn properties_that_nobody_set() -> Result<()> {
    let mut world = stored()?;
    world.live("network", |live| drop(live.insert("label".into(), "theirs".into())))?;
    assert_eq!(lines(&drift(&world)?), ["network label: (none) -> \"theirs\""]);
    // The stack file contradicts nothing of it.
    assert!(world.plan(STACK)?.operations.is_empty());
    Ok(())
}

#[test]
fn a_change_of_the_file_is_none() -> Result<()> {
    let world = stored()?;
    let plan = world.plan(&STACK.replace("size: 2", "size: 3").replace("cidr: a", "cidr: b"))?;
    assert_eq!(lines(&plan.drift), [""; 0]);
    assert_eq!(plan.operations.len(), 3);
    Ok(())
}

#[test]
fn what_is_left_to_others_does_not_count() -> Result<()> {
    let mut world = stored()?;
    world.live("named", |live| drop(live.insert("size".into(), 9.into())))?;
    let ignoring =
        STACK.replace("type: fake_named,", "type: fake_named, lifecycle: {ignore_changes: [size]},");
    assert_eq!(lines(&world.plan(&ignoring)?.drift), [""; 0]);
    Ok(())
}

#[test]
fn deleted_objects() -> Result<()> {
    let mut world = stored()?;
    world.observed.current.insert("network".parse()?, Seen::Gone);
    assert_eq!(lines(&drift(&world)?), ["network deleted"]);
    Ok(())
}

#[test]
fn sensitive_values_are_compared_by_their_hashes_and_stay_hidden() -> Result<()> {
    let mut world = stored()?;
    world.live("named", |live| drop(live.insert("token".into(), "moved".into())))?;
    let found = drift(&world)?;
    assert_eq!(lines(&found), ["named token: (sensitive value) -> (sensitive value)"]);
    for map in [Some(&found[0].before), found[0].after.as_ref()].into_iter().flatten() {
        assert!(matches!(Map::get(map, "token"), Some(Value::Sensitive(_))), "{map:?}");
    }
    Ok(())
}

#[test]
fn what_a_run_left_unfinished_can_only_be_gone() -> Result<()> {
    let mut world = stored()?;
    world.live("named", |live| drop(live.insert("size".into(), 9.into())))?;
    let records = world.snapshot.as_mut().map(|snapshot| &mut snapshot.resources);
    records.and_then(|r| r.get_mut(&"named".parse().ok()?)).ok_or("no `named`")?.unfinished = true;
    assert_eq!(lines(&drift(&world)?), [""; 0]);
    Ok(())
}

#[test]
fn wharfs_own_tags_do_not_count_where_there_are_none() -> Result<()> {
    let mut world = stored()?;
    world.live("network", |live| {
        if let Some(Value::Map(tags)) = live.get_mut("tags_all") {
            tags.retain(|key, _| !key.starts_with("wharf:"));
            tags.insert("Team".into(), "theirs".into());
        }
    })?;
    assert_eq!(lines(&drift(&world)?), ["network tags_all.Team: (none) -> \"theirs\""]);
    Ok(())
}
