//! What changes, and why.

use crate::{Result, World, lines};
use wharf_core::{Action, Value};
use wharf_plan::{Mode, Reason, Seen};

const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: a, label: l}}
  named: {type: fake_named, properties: {name: n, size: 2, token: secret, members: [b, a], rule: [{port: 1}, {port: 2}]}}
";

fn action(world: &World, text: &str, name: &str) -> Result<Action> {
    let plan = world.plan(text)?;
    let change = plan.changes.iter().find(|change| change.address.name == name).ok_or("no such change")?;
    Ok(change.action)
}

#[test]
fn nothing_after_an_apply() -> Result<()> {
    let world = World::applied(STACK)?;
    assert!(lines(&world.plan(STACK)?).is_empty());
    // Sets in another order are the same.
    assert!(
        lines(&world.plan(
            &STACK.replace("[b, a]", "[a, b]").replace("{port: 1}, {port: 2}", "{port: 2}, {port: 1}")
        )?)
        .is_empty()
    );
    Ok(())
}

#[test]
fn updates_and_replacements() -> Result<()> {
    let world = World::applied(STACK)?;
    assert_eq!(action(&world, &STACK.replace("size: 2", "size: 3"), "named")?, Action::Update);
    assert_eq!(action(&world, &STACK.replace("name: n", "name: m"), "named")?, Action::Replace);
    // A default counts where the file says nothing, and nothing else does.
    assert_eq!(action(&world, &STACK.replace(" size: 2,", ""), "named")?, Action::Update);
    assert_eq!(action(&world, &STACK.replace(", label: l", ""), "network")?, Action::None);
    Ok(())
}

#[test]
fn drift_is_told_from_a_change_of_the_file() -> Result<()> {
    let mut world = World::applied(STACK)?;
    world.live("named", |live| drop(live.insert("size".into(), 9.into())))?;
    let plan = world.plan(STACK)?;
    let differences: Vec<_> = plan.changes.iter().flat_map(|change| &change.differences).collect();
    assert_eq!((differences.len(), differences[0].drifted), (1, true));
    let plan = World::applied(STACK)?.plan(&STACK.replace("size: 2", "size: 3"))?;
    assert!(plan.changes.iter().flat_map(|change| &change.differences).all(|difference| !difference.drifted));
    Ok(())
}

#[test]
fn ignored_properties_do_not_count() -> Result<()> {
    let world = World::applied(STACK)?;
    let ignoring = STACK
        .replace("type: fake_named,", "type: fake_named, lifecycle: {ignore_changes: [size]},")
        .replace("size: 2", "size: 3");
    assert_eq!(action(&world, &ignoring, "named")?, Action::None);
    Ok(())
}

#[test]
fn gone_objects_are_made_again_and_forgotten_when_nobody_wants_them() -> Result<()> {
    let mut world = World::applied(STACK)?;
    world.observed.current.insert("named".parse()?, Seen::Gone);
    let plan = world.plan(STACK)?;
    assert_eq!(lines(&plan), ["0 + named"]);
    assert_eq!(plan.changes[1].reason, Some(Reason::Gone));
    let plan =
        world.plan("resources:\n  network: {type: fake_network, properties: {cidr: a, label: l}}\n")?;
    assert!(lines(&plan).is_empty());
    assert_eq!(plan.gone.len(), 1);
    Ok(())
}

#[test]
fn what_a_run_left_unfinished_is_finished() -> Result<()> {
    let mut world = World::applied(STACK)?;
    let record = world.snapshot.as_mut().and_then(|s| s.resources.get_mut(&"named".parse().ok()?));
    record.ok_or("`named` is not in the state")?.unfinished = true;
    let plan = world.plan(STACK)?;
    assert_eq!(lines(&plan), ["0 ~ named"]);
    assert_eq!(plan.changes[1].reason, Some(Reason::Unfinished));
    assert!(plan.changes[1].differences.is_empty());
    Ok(())
}

#[test]
fn retained_objects_stay() -> Result<()> {
    let world =
        World::applied(&STACK.replace("type: fake_named,", "type: fake_named, lifecycle: {retain: true},"))?;
    let plan =
        world.plan("resources:\n  network: {type: fake_network, properties: {cidr: a, label: l}}\n")?;
    assert_eq!(lines(&plan), ["0 . named"]);
    Ok(())
}

#[test]
fn protected_objects_stop_the_plan() -> Result<()> {
    let text = STACK.replace("type: fake_named,", "type: fake_named, lifecycle: {prevent_destroy: true},");
    let world = World::applied(&text)?;
    for plan in [world.plan_for(&text, Mode::Destroy, &[]), world.plan(&text.replace("name: n", "name: m"))] {
        let error = plan.err().ok_or("the plan was made")?.to_string();
        assert!(error.contains("prevent_destroy"), "{error}");
    }
    Ok(())
}

#[test]
fn renamed_addresses_move() -> Result<()> {
    let world = World::applied(STACK)?;
    let text = STACK.replace("  named:", "  other:");
    let plan = world.plan(&format!("{text}moved:\n  - {{from: named, to: other}}\n"))?;
    // Only the ownership tag differs.
    assert_eq!(lines(&plan), ["0 ~ other"]);
    assert_eq!(plan.changes[1].reason, Some(Reason::Moved("named".parse()?)));
    Ok(())
}

#[test]
fn what_depends_on_a_renamed_address_still_does() -> Result<()> {
    let text = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  subnet: {type: fake_subnet, for_each: {x: one, y: two}, properties: {network_id: \"${network.id}\", cidr: \"${each.value}\"}}
  outlet: {type: fake_outlet, for_each: {x: one, y: two}, properties: {subnet_id: \"${subnet[each.key].id}\"}}
";
    let mut snapshot = World::applied(text)?.snapshot.ok_or("no state")?;
    let to = "net".parse()?;
    let steps = [("network", &to), ("subnet", &"part".parse()?)];
    let steps = steps.map(|(from, to)| wharf_stack::Moved {
        from: wharf_core::Address::single(from),
        to: wharf_core::Address::clone(to),
        span: wharf_core::Span::default(),
    });
    wharf_plan::apply_moves(&mut snapshot, &steps);
    let lines: Vec<String> = snapshot
        .resources
        .iter()
        .map(|(address, record)| {
            format!(
                "{address}: {:?}",
                record.dependencies.iter().map(ToString::to_string).collect::<Vec<_>>()
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "net: []",
            "outlet[\"x\"]: [\"part[\\\"x\\\"]\"]",
            "outlet[\"y\"]: [\"part[\\\"y\\\"]\"]",
            "part[\"x\"]: [\"net\"]",
            "part[\"y\"]: [\"net\"]"
        ]
    );
    Ok(())
}

#[test]
fn targets_take_what_they_need_along() -> Result<()> {
    let text = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  subnet: {type: fake_subnet, for_each: {x: one, y: two}, properties: {network_id: \"${network.id}\", cidr: \"${each.value}\"}}
";
    let plan = World::default().plan_for(text, Mode::Apply, &["subnet[\"x\"]".parse()?])?;
    assert_eq!(lines(&plan), ["0 + network", "1 + subnet[\"x\"]"]);
    let plan = World::applied(text)?.plan_for(text, Mode::Destroy, &["network".parse()?])?;
    assert_eq!(lines(&plan), ["0 - subnet[\"x\"]", "0 - subnet[\"y\"]", "1 - network"]);
    Ok(())
}

#[test]
fn sensitive_marks_are_never_lost() -> Result<()> {
    let world = World::applied(STACK)?;
    for text in [
        STACK.to_owned(),
        STACK.replace("token: secret", "token: other"),
        STACK.replace("name: n", "name: m"),
    ] {
        let plan = world.plan(&text)?;
        for change in &plan.changes {
            for map in [&change.before, &change.after, &change.desired].into_iter().flatten() {
                assert!(map.get("token").is_none_or(|token| matches!(token, Value::Sensitive(_))), "{map:?}");
            }
            for difference in change.differences.iter().filter(|d| d.path.property() == Some("token")) {
                assert!(difference.after.has_sensitive());
                assert!(difference.before.as_ref().is_none_or(Value::has_sensitive));
            }
        }
    }
    let destroy = world.plan_for(STACK, Mode::Destroy, &[])?;
    assert!(format!("{:?}", destroy.changes).contains("Sensitive"));
    Ok(())
}

#[test]
fn the_same_input_gives_the_same_plan() -> Result<()> {
    let world = World::applied(STACK)?;
    let text = STACK.replace("size: 2", "size: 3").replace("cidr: a", "cidr: b");
    assert_eq!(format!("{:?}", world.plan(&text)?), format!("{:?}", world.plan(&text)?));
    Ok(())
}
