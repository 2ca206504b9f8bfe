//! What is done before what.

use crate::{Result, World, lines};
use wharf_plan::Mode;

const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  subnet: {type: fake_subnet, for_each: {x: one, y: two}, properties: {network_id: \"${network.id}\", cidr: \"${each.value}\"}}
  gate: {type: fake_gate, properties: {flavor: f, network_id: \"${network.id}\"}}
  attachment: {type: fake_attachment, properties: {gate_id: \"${gate.id}\", network_id: \"${network.id}\"}}
  outlet: {type: fake_outlet, properties: {subnet_id: '${subnet[\"x\"].id}'}}
  named: {type: fake_named, properties: {name: n, gate_id: \"${gate.id}\"}}
";

#[test]
fn creates_follow_references_and_rules() -> Result<()> {
    let plan = World::default().plan(STACK)?;
    // The outlet has no reference to the attachment: a rule puts it behind it.
    assert_eq!(
        lines(&plan),
        [
            "0 + network",
            "1 + subnet[\"x\"]",
            "1 + subnet[\"y\"]",
            "1 + gate",
            "2 + attachment",
            "2 + named",
            "3 + outlet"
        ]
    );
    Ok(())
}

#[test]
fn destroys_reverse_creates() -> Result<()> {
    let world = World::applied(STACK)?;
    let plan = world.plan_for(STACK, Mode::Destroy, &[])?;
    assert_eq!(
        lines(&plan),
        [
            "0 - subnet[\"y\"]",
            "0 - outlet",
            "0 - named",
            "1 - subnet[\"x\"]",
            "1 - attachment",
            "2 - gate",
            "3 - network"
        ]
    );
    Ok(())
}

#[test]
fn what_left_the_file_goes_by_the_dependencies_in_the_state() -> Result<()> {
    let world = World::applied(STACK)?;
    let plan = world.plan("resources:\n  network: {type: fake_network, properties: {cidr: a}}\n")?;
    assert_eq!(
        lines(&plan),
        ["0 - named", "0 - outlet", "0 - subnet[\"y\"]", "1 - attachment", "1 - subnet[\"x\"]", "2 - gate"]
    );
    Ok(())
}

#[test]
fn a_possible_create_first_is_one_where_nothing_under_it_is_destroyed_first() -> Result<()> {
    let world = World::applied(STACK)?;
    let gate_alone = world.plan(&STACK.replace("flavor: f", "flavor: g"))?;
    assert_eq!(
        lines(&gate_alone),
        ["0 + gate", "0 - attachment", "1 + attachment", "1 ~ named", "2 -- gate"]
            .map(str::to_owned)
            .to_vec()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let with_network = world.plan(&STACK.replace("cidr: a", "cidr: b"))?;
    let gate = with_network.changes.iter().find(|change| change.address.name == "gate").ok_or("no gate")?;
    assert!(!gate.create_before_destroy);
    Ok(())
}

#[test]
fn the_stack_files_word_forces_what_is_under_it() -> Result<()> {
    let world = World::applied(STACK)?;
    let forced = STACK
        .replace("type: fake_named,", "type: fake_named, lifecycle: {create_before_destroy: true},")
        .replace("name: n", "name: m")
        .replace("cidr: a", "cidr: b");
    let plan = world.plan(&forced)?;
    for name in ["named", "gate", "network"] {
        let change = plan.changes.iter().find(|change| change.address.name == name).ok_or(name)?;
        assert!(change.create_before_destroy, "{name}");
    }
    Ok(())
}
