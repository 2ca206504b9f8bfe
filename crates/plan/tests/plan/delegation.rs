//! What another controller moves is not ours: not compared, not sent back, and not touched while it works.

use crate::{Result, World, lines};
use wharf_core::{Action, Address, Value};
use wharf_plan::{Change, Delegated, Plan, Seen};
use wharf_state::Left;

const STACK: &str = "
resources:
  named: {type: fake_named, properties: {name: n, size: 2, note: a, members: [x]}}
  controller: {type: fake_controller, properties: {moves: \"${named.name}\"}}
";

fn named(plan: &Plan) -> Result<&Change> {
    plan.changes.iter().find(|change| change.address.name == "named").ok_or_else(|| "no change".into())
}

fn moved(world: &mut World, size: i64, note: &str) -> Result<()> {
    world.live("named", |live| {
        live.insert("size".into(), size.into());
        live.insert("note".into(), note.into());
    })
}

#[test]
fn what_is_moved_is_neither_a_change_nor_drift() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "b")?;
    let plan = world.plan(STACK)?;
    assert!(plan.is_empty() && plan.drift.is_empty());
    assert_eq!(plan.controllers.len(), 1);
    assert_eq!(plan.controllers[0].summary, "moves 1");
    // What was asked for is still what the state remembers.
    let change = named(&plan)?;
    let delegated = change.delegated.as_ref().ok_or("not delegated")?;
    let recorded = &world.snapshot.as_ref().ok_or("no state")?.resources[&change.address].properties;
    let desired = change.desired.as_ref().ok_or("no properties")?;
    assert_eq!(desired["size"], 9.into());
    assert_eq!(&delegated.to_record(desired, Some(recorded)), recorded);
    Ok(())
}

#[test]
fn another_change_of_the_object_carries_it_over() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "b")?;
    let plan = world.plan(&STACK.replace("[x]", "[x, y]"))?;
    let change = named(&plan)?;
    assert_eq!(change.action, Action::Update);
    assert_eq!(change.differences.len(), 1);
    assert_eq!(change.desired.as_ref().and_then(|desired| desired.get("size")), Some(&9.into()));
    Ok(())
}

#[test]
fn what_the_stack_file_wants_otherwise_waits() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "b")?;
    let plan = world.plan(&STACK.replace("size: 2", "size: 3"))?;
    assert!(plan.is_empty());
    assert_eq!(named(&plan)?.delegated.as_ref().ok_or("not delegated")?.waiting, ["size"]);
    Ok(())
}

#[test]
fn nothing_is_touched_while_the_controller_works() -> Result<()> {
    let mut world = World::applied(STACK)?;
    world.live("controller", |live| drop(live.insert("busy".into(), true.into())))?;
    // Also what needs a new object.
    for (from, to, waiting) in [("[x]", "[x, y]", "members"), ("name: n,", "name: m,", "name")] {
        let plan = world.plan(&STACK.replace(from, to).replace("${named.name}", "n"))?;
        let change = named(&plan)?;
        assert_eq!(change.action, Action::None, "{to}");
        let delegated = change.delegated.as_ref().ok_or("not delegated")?;
        assert_eq!(
            (delegated.running.as_deref(), &delegated.waiting),
            (Some("d-1"), &vec![waiting.to_owned()])
        );
        // And the state goes on to say what it was.
        let recorded = &world.snapshot.as_ref().ok_or("no state")?.resources[&change.address].properties;
        let desired = change.desired.as_ref().ok_or("no properties")?;
        assert_eq!(&delegated.to_record(desired, Some(recorded)), recorded);
    }
    Ok(())
}

#[test]
fn what_is_only_watched_is_the_stacks_but_while_the_controller_works() -> Result<()> {
    let mut world = World::applied(STACK)?;
    let text = STACK.replace("${named.name}", "other");
    let controller = |plan: &Plan| -> Result<Change> {
        let found = plan.changes.iter().find(|change| change.address.name == "controller");
        Ok(found.ok_or("no change")?.clone())
    };
    assert_eq!(controller(&world.plan(&text)?)?.action, Action::Replace);
    world.live("controller", |live| drop(live.insert("busy".into(), true.into())))?;
    let change = controller(&world.plan(&text)?)?;
    assert_eq!(change.action, Action::None);
    let delegated = change.delegated.ok_or("not delegated")?;
    assert_eq!(
        (delegated.kept.as_slice(), delegated.waiting.as_slice()),
        (&[][..], &["moves".to_owned()][..])
    );
    Ok(())
}

#[test]
fn what_no_controller_leaves_is_drift_and_mended_as_it_would() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "lost")?;
    let plan = world.plan(STACK)?;
    assert_eq!(lines(&plan), ["0 ~ named"]);
    let change = named(&plan)?;
    let [difference] = change.differences.as_slice() else { return Err("one difference".into()) };
    assert_eq!((difference.path.to_string().as_str(), &difference.after), ("note", &Value::from("found")));
    assert_eq!(plan.drift.len(), 1);
    assert_eq!(change.delegated.as_ref().map(|d| d.faults.len()), Some(1));
    Ok(())
}

#[test]
fn what_a_controller_that_is_gone_has_moved_stays_until_the_stack_file_says_otherwise() -> Result<()> {
    let address: Address = "controller".parse()?;
    // Deleted by somebody else; or by wharf, which remembers what it had moved.
    for is_remembered in [false, true] {
        let mut world = World::applied(STACK)?;
        moved(&mut world, 9, "b")?;
        if is_remembered {
            world.observed.current.remove(&address);
            let snapshot = world.snapshot.as_mut().ok_or("no state")?;
            snapshot.resources.remove(&address);
            let named = snapshot.resources.get_mut(&"named".parse()?).ok_or("no record")?;
            named.delegated = Some(Left {
                by: address.clone(),
                properties: vec!["note".into(), "size".into()],
                within: Vec::new(),
            });
        } else {
            world.observed.current.insert(address.clone(), Seen::Gone);
        }
        let change = |stack: &str| -> Result<Change> { Ok(named(&world.plan(stack)?)?.clone()) };
        let left = change(STACK)?;
        assert_eq!(left.action, Action::None);
        let remembered = |change: &Change| {
            change.delegated.as_deref().and_then(Delegated::to_remember).map(|left| left.properties)
        };
        assert_eq!(remembered(&left), Some(vec!["note".to_owned(), "size".to_owned()]));
        let decided = change(&STACK.replace("size: 2", "size: 3"))?;
        assert_eq!(decided.action, Action::Update);
        let paths: Vec<String> = decided.differences.iter().map(|d| d.path.to_string()).collect();
        assert_eq!(paths, ["size"]);
        // From then on it is the stack file's.
        assert_eq!(remembered(&decided), Some(vec!["note".to_owned()]));
    }
    Ok(())
}

#[test]
fn a_controller_that_is_there_and_moves_nothing_any_more_has_let_go() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "b")?;
    let snapshot = world.snapshot.as_mut().ok_or("no state")?;
    let record = snapshot.resources.get_mut(&"named".parse()?).ok_or("no record")?;
    record.delegated =
        Some(Left { by: "controller".parse()?, properties: vec!["size".into()], within: Vec::new() });
    world.live("controller", |live| drop(live.insert("moves".into(), "another".into())))?;
    let plan = world.plan(&STACK.replace("${named.name}", "another"))?;
    assert_eq!(named(&plan)?.action, Action::Update);
    Ok(())
}

#[test]
fn a_new_object_goes_on_where_the_old_one_was_unless_the_stack_file_says_otherwise() -> Result<()> {
    let mut world = World::applied(STACK)?;
    moved(&mut world, 9, "b")?;
    let renamed = STACK.replace("name: n,", "name: m,").replace("${named.name}", "n");
    let plan = world.plan(&renamed)?;
    let desired = |plan: &Plan, name: &str| -> Result<Option<Value>> {
        let change = named(plan)?;
        assert_eq!(change.action, Action::Replace);
        Ok(change.desired.as_ref().and_then(|desired| desired.get(name)).cloned())
    };
    assert_eq!(desired(&plan, "size")?, Some(9.into()));
    let plan = world.plan(&renamed.replace("size: 2", "size: 3"))?;
    assert_eq!((desired(&plan, "size")?, desired(&plan, "note")?), (Some(3.into()), Some("b".into())));
    Ok(())
}

#[test]
fn what_waits_for_something_new_cannot_stay() -> Result<()> {
    let with = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  named: {type: fake_named, properties: {name: n, size: 2, note: \"${network.id}\"}}
  controller: {type: fake_controller, properties: {moves: n}}
";
    let mut world = World::applied(with)?;
    moved(&mut world, 9, "elsewhere")?;
    assert!(world.plan(with)?.is_empty());
    let plan = world.plan(&with.replace("cidr: a", "cidr: b"))?;
    let change = named(&plan)?;
    assert_eq!(change.action, Action::Update);
    assert!(change.differences.iter().all(|difference| difference.path.property() == Some("note")));
    Ok(())
}
