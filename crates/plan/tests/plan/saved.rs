//! Saved plans: through a file and back, and held against what a new look would do.

use crate::{Result, World, lines};
use std::collections::BTreeMap;
use wharf_core::{Action, Address, Value};
use wharf_plan::{Basis, Mode, NoPlan, Plan, PlanFile, Variable, bind};
use wharf_state::{Home, Snapshot};

const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: a, label: l}}
  other: {type: fake_network, properties: {cidr: b, label: \"${network.label}\"}}
  named: {type: fake_named, properties: {name: n, size: 2, token: secret, rule: [{port: 1}]}, depends_on: [other]}
";

fn basis() -> Basis {
    Basis {
        stack_argument: "stack.yaml".into(),
        targets: Vec::new(),
        home: Home { account_id: "1".into(), region: "eu".into() },
        files: BTreeMap::from([("stack.yaml".into(), "x".into()), ("page.html".into(), "y".into())]),
        variables: BTreeMap::from([("size".into(), Variable::Value(2.into()))]),
    }
}

fn saved(plan: &Plan) -> PlanFile {
    PlanFile {
        basis: basis(),
        plan: plan.clone(),
        representation: serde_json::json!({"format_version": "1.2"}),
    }
}

fn back(plan: &Plan) -> Result<Plan> {
    Ok(PlanFile::from_bytes(&saved(plan).to_bytes())?.plan)
}

#[test]
fn through_a_file_and_back() -> Result<()> {
    let world = World::applied(STACK)?;
    let changed = STACK.replace("size: 2", "size: 3").replace("cidr: b", "cidr: c");
    for (world, text) in [(&World::default(), STACK), (&world, STACK), (&world, &changed)] {
        let plan = world.plan(text)?;
        let file = saved(&plan);
        let again = PlanFile::from_bytes(&file.to_bytes())?;
        assert_eq!(again.to_bytes(), file.to_bytes());
        assert_eq!(lines(&again.plan), lines(&plan));
        assert_eq!(again.plan.counts(), plan.counts());
        assert!(
            !String::from_utf8(file.to_bytes())?.contains("secret\""),
            "a sensitive value is in the file"
        );
    }
    Ok(())
}

#[test]
fn cuts_and_other_files_are_noticed() -> Result<()> {
    let bytes = saved(&World::default().plan(STACK)?).to_bytes();
    for length in 0..bytes.len() - 1 {
        assert!(PlanFile::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert_eq!(PlanFile::from_bytes(b"stack: x\n").err(), Some(NoPlan::Other));
    let newer = String::from_utf8(bytes)?.replacen("{\"wharf_plan\":1", "{\"wharf_plan\":7", 1);
    assert_eq!(PlanFile::from_bytes(newer.as_bytes()).err(), Some(NoPlan::Newer { found: 7 }));
    Ok(())
}

#[test]
fn everything_it_was_made_of_is_held_to_be_the_same() -> Result<()> {
    let world = World::applied(STACK)?;
    let mut plan = world.plan(STACK)?;
    let mut state = world.snapshot.clone().ok_or("no state")?;
    (plan.serial, state.serial) = (4, 4);
    let file = saved(&plan);
    let moved = |now: &Basis, state: Option<&Snapshot>| file.moved(now, state);
    assert!(moved(&basis(), Some(&state)).is_empty());
    let mut cases: Vec<(Basis, Option<Snapshot>, &str)> = vec![(basis(), None, "the state is gone")];
    let later = Snapshot { serial: 5, ..state.clone() };
    cases.push((basis(), Some(later), "serial 5"));
    let another = Snapshot { lineage: "z".into(), ..state.clone() };
    cases.push((basis(), Some(another), "another one"));
    let with = |change: &dyn Fn(&mut Basis)| {
        let mut basis = basis();
        change(&mut basis);
        basis
    };
    let state = || Some(state.clone());
    cases.push((with(&|b| b.home.account_id = "2".into()), state(), "the account is 2"));
    cases.push((with(&|b| b.home.region = "us".into()), state(), "the region is us"));
    cases.push((
        with(&|b| drop(b.files.insert("stack.yaml".into(), "z".into()))),
        state(),
        "stack.yaml has changed",
    ));
    cases.push((with(&|b| drop(b.files.remove("page.html"))), state(), "page.html is not read"));
    cases.push((with(&|b| drop(b.files.insert("new".into(), "z".into()))), state(), "new is read now"));
    let three = Variable::Value(3.into());
    cases.push((
        with(&|b| drop(b.variables.insert("size".into(), three.clone()))),
        state(),
        "`size` has another",
    ));
    cases.push((with(&|b| drop(b.variables.remove("size"))), state(), "`size` is gone"));
    cases.push((with(&|b| drop(b.variables.insert("more".into(), three.clone()))), state(), "`more` is new"));
    for (now, state, why) in cases {
        let moved = moved(&now, state.as_ref());
        assert_eq!(moved.len(), 1, "{moved:?}");
        assert!(moved[0].contains(why), "{moved:?}");
    }
    Ok(())
}

#[test]
fn sensitive_variables_are_compared_by_hash() {
    let of = |text: &str| Variable::of(&Value::from(text).sensitive(), "salt");
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
    assert!(matches!(of("a"), Variable::Sensitive(_)));
}

#[test]
fn what_moved_elsewhere_is_left_out() -> Result<()> {
    let mut world = World::applied(STACK)?;
    let text = STACK.replace("size: 2", "size: 3").replace("label: l", "label: m");
    let plan = back(&world.plan(&text)?)?;
    // `other` stands between the two that are in the plan, and has its own reason to change now.
    world.live("other", |live| drop(live.insert("cidr".into(), "moved".into())))?;
    let mut fresh = world.plan(&text)?;
    assert!(bind(&plan, &mut fresh).is_err(), "`other` is in the plan, and moved");

    let mut world = World::applied(STACK)?;
    let text = STACK.replace("size: 2", "size: 3");
    let plan = back(&world.plan(&text)?)?;
    world.live("network", |live| drop(live.insert("label".into(), "by hand".into())))?;
    let mut fresh = world.plan(&text)?;
    assert_eq!(fresh.counts().update, 2);
    let others = bind(&plan, &mut fresh).map_err(|moved| moved.join(", "))?;
    assert_eq!(others, [Address::single("network")]);
    assert_eq!(lines(&fresh), lines(&plan));
    assert_eq!(fresh.counts(), plan.counts());
    // Others see it as AWS has it.
    let network = fresh.changes.iter().find(|change| change.address.name == "network").ok_or("gone")?;
    assert_eq!(network.after.as_ref().and_then(|after| after.get("label")), Some(&Value::from("by hand")));
    Ok(())
}

#[test]
fn what_waited_for_what_is_left_out_waits_for_what_that_waited_for() -> Result<()> {
    let chain = "
resources:
  a: {type: fake_network, properties: {cidr: a, label: l}}
  b: {type: fake_network, properties: {cidr: b, label: l}, depends_on: [a]}
  c: {type: fake_network, properties: {cidr: c, label: l}, depends_on: [b]}
";
    let mut world = World::applied(chain)?;
    let text = chain
        .replace("cidr: a, label: l", "cidr: a, label: m")
        .replace("cidr: c, label: l", "cidr: c, label: m");
    let plan = back(&world.plan(&text)?)?;
    world.live("b", |live| drop(live.insert("label".into(), "by hand".into())))?;
    let mut fresh = world.plan(&text)?;
    bind(&plan, &mut fresh).map_err(|moved| moved.join(", "))?;
    assert_eq!(fresh.operations.len(), 2);
    assert_eq!(fresh.operations[1].depends_on, [0]);
    Ok(())
}

#[test]
fn what_moved_where_the_plan_works_is_named() -> Result<()> {
    let mut world = World::applied(STACK)?;
    let text = STACK.replace("size: 2", "size: 3");
    let plan = back(&world.plan(&text)?)?;
    world.live("named", |live| drop(live.insert("size".into(), 3.into())))?;
    let moved = bind(&plan, &mut world.plan(&text)?).err().ok_or("bound")?;
    assert!(
        moved[0].contains("`named` has moved in AWS: the plan is to update, now it would be none"),
        "{moved:?}"
    );
    // A plan of a destroy, and the object is gone from the state.
    let destroy = back(&world.plan_for(&text, Mode::Destroy, &[])?)?;
    assert!(destroy.changes.iter().all(|change| change.action == Action::Delete));
    let mut fresh = World::default().plan_for("resources: {}\n", Mode::Destroy, &[])?;
    assert_eq!(bind(&destroy, &mut fresh).err().map(|moved| moved.len()), Some(3));
    Ok(())
}
