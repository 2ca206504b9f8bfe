//! What an apply leaves for later, because somebody else's work needs it.

use crate::{Result, World, lines};
use wharf_core::{Action, Address, Value};
use wharf_plan::{Change, Held, HeldBack, Mode, Plan, Seen, Until};

const STACK: &str = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  blue: {type: fake_subnet, properties: {network_id: \"${network.id}\", cidr: b}}
  green: {type: fake_subnet, properties: {network_id: \"${network.id}\", cidr: g}}
  group: {type: fake_gate, properties: {flavor: a, network_id: \"${network.id}\"}}
  route: {type: fake_route, properties: {name: web, to: [\"${blue.id}\"], label: x}}
  service:
    type: fake_service
    properties: {name: web, pool: {target: \"${blue.id}\", port: 80}, groups: [\"${group.id}\"]}
  controller: {type: fake_controller, properties: {moves: \"${service.name}\"}}
";

fn change<'a>(plan: &'a Plan, name: &str) -> Result<&'a Change> {
    plan.changes.iter().find(|change| change.address.name == name).ok_or_else(|| name.into())
}

/// What is left for later, and until when.
fn held(plan: &Plan, name: &str) -> Result<Option<(HeldBack, Until)>> {
    Ok(change(plan, name)?.held.clone().map(|Held { what, until }| (what, until)))
}

/// What the route shall forward to.
fn forwards(plan: &Plan) -> Result<Option<&Value>> {
    Ok(change(plan, "route")?.desired.as_ref().and_then(|desired| desired.get("to")))
}

fn address(name: &str) -> Result<Address> {
    Ok(name.parse()?)
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::from(*item)).collect())
}

/// Green serves, blue is idle and still behind the route.
fn moved() -> Result<World> {
    let mut world = World::applied(STACK)?;
    world.live("service", |live| {
        if let Some(Value::List(pools)) = live.get_mut("pool") {
            for pool in pools {
                if let Value::Map(pool) = pool {
                    pool.insert("target".into(), "green".into());
                }
            }
        }
    })?;
    world.live("route", |live| drop(live.insert("to".into(), list(&["blue", "green"]))))?;
    assert!(world.plan(STACK)?.is_empty());
    Ok(world)
}

fn busy(mut world: World) -> Result<World> {
    world.live("controller", |live| drop(live.insert("busy".into(), true.into())))?;
    Ok(world)
}

/// A stack file without some of its resources.
fn without(names: &[&str]) -> String {
    let mut text = String::new();
    let mut skips = false;
    for line in STACK.split_inclusive('\n') {
        if line.starts_with("  ") && !line.starts_with("   ") {
            skips = names.iter().any(|name| line.trim_start().starts_with(&format!("{name}:")));
        }
        if !skips {
            text.push_str(line);
        }
    }
    text
}

#[test]
fn nothing_goes_away_that_a_running_deployment_needs() -> Result<()> {
    let world = busy(World::applied(STACK)?)?;
    let runs = Until::DeploymentEnds("d-1".into());
    let removed = without(&["route", "service", "controller", "blue", "green", "group", "network"]);
    let plan = world.plan(&format!("{removed}  other: {{type: fake_network, properties: {{cidr: z}}}}\n"))?;
    assert_eq!(lines(&plan), ["0 + other", "0 - green"]);
    for name in ["route", "service", "controller", "blue", "group", "network"] {
        assert_eq!(held(&plan, name)?, Some((HeldBack::Delete, runs.clone())), "{name}");
    }
    // What is replaced stays as well, and what refers to it sees it as it is.
    let plan = world.plan(&STACK.replace("cidr: a", "cidr: c"))?;
    assert_eq!(lines(&plan), [""; 0]);
    assert_eq!(held(&plan, "network")?, Some((HeldBack::Replace, runs)));
    // What can be changed in place is.
    let plan = world.plan(&STACK.replace("{cidr: a}", "{cidr: a, label: y}"))?;
    assert_eq!(lines(&plan), ["0 ~ network"]);
    // A destroy asks nobody.
    let plan = world.plan_for(STACK, Mode::Destroy, &[])?;
    assert!(plan.changes.iter().all(|change| change.action == Action::Delete && change.held.is_none()));
    Ok(())
}

#[test]
fn what_serves_is_replaced_after_a_release() -> Result<()> {
    let until = || Ok::<_, Box<dyn std::error::Error>>(Until::Released(address("controller")?));
    let other = STACK.replace("cidr: b", "cidr: bb");
    let plan = World::applied(STACK)?.plan(&other)?;
    assert_eq!(lines(&plan), [""; 0]);
    assert_eq!(held(&plan, "blue")?, Some((HeldBack::Replace, until()?)));
    // The state goes on to say what it is.
    assert!(change(&plan, "blue")?.desired.is_none());
    // It goes on without it: then it is what it was.
    let gone = World::applied(STACK)?.plan(&without(&["blue", "route"]).replace("${blue.id}", "x"))?;
    assert_eq!(held(&gone, "blue")?, Some((HeldBack::Delete, until()?)));
    assert!(held(&gone, "network")?.is_none());
    Ok(())
}

#[test]
fn what_is_idle_is_replaced_beside_what_serves() -> Result<()> {
    let other = STACK.replace("cidr: b", "cidr: bb");
    let plan = moved()?.plan(&other)?;
    assert_eq!(lines(&plan), ["0 ~ route", "1 - blue", "2 + blue"]);
    assert_eq!(change(&plan, "service")?.action, Action::None);
    let first = other.replace("cidr: bb}}", "cidr: bb}, lifecycle: {create_before_destroy: true}}");
    let plan = moved()?.plan(&first)?;
    // Who serves goes on to serve, and nothing speaks of the old one any more.
    assert_eq!(lines(&plan), ["0 + blue", "0 ~ route", "1 -- blue"]);
    assert_eq!(forwards(&plan)?, Some(&list(&["green"])));
    assert_eq!(change(&plan, "service")?.action, Action::None);
    Ok(())
}

#[test]
fn what_is_idle_may_leave_the_stack() -> Result<()> {
    let mut world = World::applied(STACK)?;
    // What the route does not depend on is known by a name that nothing else can have.
    world.live("green", |live| drop(live.insert("arn".into(), "arn:fake:green".into())))?;
    world.live("route", |live| drop(live.insert("to".into(), list(&["blue", "arn:fake:green", "green"]))))?;
    let plan = world.plan(&without(&["green"]))?;
    assert_eq!(change(&plan, "green")?.action, Action::Delete);
    assert_eq!(forwards(&plan)?, Some(&list(&["blue", "green"])));
    Ok(())
}

#[test]
fn what_a_controller_has_left_serves_on_when_it_goes() -> Result<()> {
    let text = without(&["controller"]).replace("cidr: b", "cidr: bb").replace("cidr: g", "cidr: gg");
    let plan = moved()?.plan(&text)?;
    assert_eq!(change(&plan, "controller")?.action, Action::Delete);
    assert!(matches!(held(&plan, "green")?, Some((HeldBack::Replace, Until::Released(_)))));
    assert_eq!(forwards(&plan)?, Some(&list(&["green"])));
    Ok(())
}

#[test]
fn what_a_service_runs_with_stays_until_a_release() -> Result<()> {
    let world = World::applied(STACK)?;
    let plan = world.plan(&STACK.replace("flavor: a", "flavor: b"))?;
    assert_eq!(lines(&plan), ["0 + group"]);
    let until = Until::Released(address("service")?);
    assert_eq!(held(&plan, "group")?, Some((HeldBack::DeletePredecessor, until.clone())));
    // Unless the new one cannot be made beside it.
    let last = STACK.replace(
        "flavor: a, network_id: \"${network.id}\"}}",
        "flavor: b, network_id: \"${network.id}\"}, lifecycle: {create_before_destroy: false}}",
    );
    let plan_of_last = world.plan(&last)?;
    assert_eq!(lines(&plan_of_last), [""; 0]);
    let first = Until::CreatedFirst(address("service")?);
    assert_eq!(held(&plan_of_last, "group")?, Some((HeldBack::Replace, first)));
    let service = change(&plan, "service")?;
    assert_eq!(
        service.delegated.as_ref().map(|delegated| delegated.to_release()),
        Some(vec!["groups".into()])
    );
    // With all that it lies in.
    let plan = world.plan(&STACK.replace("cidr: a", "cidr: c"))?;
    assert_eq!(held(&plan, "network")?.map(|(what, _)| what), Some(HeldBack::Replace));
    // Left behind by an earlier run.
    let mut world = World::applied(STACK)?;
    let snapshot = world.snapshot.as_mut().ok_or("no state")?;
    let record = snapshot.resources.get_mut(&address("group")?).ok_or("no record")?;
    record.depose();
    record.id = Some("group-2".into());
    world.live("group", |live| drop(live.insert("id".into(), "group-2".into())))?;
    let plan = world.plan(STACK)?;
    assert_eq!((lines(&plan), held(&plan, "group")?), (vec![], Some((HeldBack::DeletePredecessor, until))));
    // A release has brought the new one.
    world.live("service", |live| drop(live.insert("groups".into(), list(&["group-2"]))))?;
    assert_eq!(lines(&world.plan(STACK)?), ["0 -- group"]);
    Ok(())
}

#[test]
fn without_its_controller_nothing_is_held() -> Result<()> {
    let mut world = World::applied(STACK)?;
    world.observed.current.insert(address("controller")?, Seen::Gone);
    let plan = world.plan(&STACK.replace("flavor: a", "flavor: b"))?;
    assert!(plan.changes.iter().all(|change| change.held.is_none()));
    // A service that is replaced itself needs what is new.
    let plan = World::applied(STACK)?
        .plan(&STACK.replace("name: web, pool", "name: wob, pool").replace("cidr: b", "cidr: bb"))?;
    assert!(plan.changes.iter().all(|change| change.held.is_none()), "{:?}", lines(&plan));
    Ok(())
}

#[test]
fn what_went_back_is_not_brought_again_unasked() -> Result<()> {
    let mut world = World::applied(STACK)?;
    world.live("route", |live| drop(live.insert("label".into(), "before".into())))?;
    let plan = world.plan(STACK)?;
    assert!(plan.is_empty() && plan.drift.is_empty());
    // As soon as the stack file says something new, it decides.
    let plan = world.plan(&STACK.replace("label: x", "label: y"))?;
    assert_eq!(lines(&plan), ["0 ~ route"]);
    let difference = &change(&plan, "route")?.differences[0];
    assert_eq!((difference.before.as_ref(), &difference.after), (Some(&"before".into()), &"y".into()));
    // While something runs, nothing.
    let plan = busy(world)?.plan(&STACK.replace("label: x", "label: y"))?;
    assert_eq!(lines(&plan), [""; 0]);
    Ok(())
}

#[test]
fn what_deploys_to_itself_and_is_replaced_begins_where_the_stack_file_says() -> Result<()> {
    let alone = "
resources:
  route: {type: fake_route, properties: {name: web, to: [blue]}}
  controller: {type: fake_controller, properties: {moves: web}}
";
    let mut world = World::applied(alone)?;
    world.live("route", |live| drop(live.insert("to".into(), list(&["green"]))))?;
    assert!(world.plan(alone)?.is_empty());
    let plan = world.plan(&alone.replace("moves: web", "moves: other"))?;
    assert_eq!(forwards(&plan)?, Some(&list(&["blue"])));
    assert_eq!(change(&plan, "controller")?.action, Action::Replace);
    Ok(())
}

#[test]
fn what_deploys_itself_has_the_new_one_attached() -> Result<()> {
    let alone = "
resources:
  network: {type: fake_network, properties: {cidr: a}}
  blue: {type: fake_subnet, properties: {network_id: \"${network.id}\", cidr: b}}
  route: {type: fake_route, properties: {name: web, to: [\"${blue.id}\"]}}
  controller: {type: fake_controller, properties: {moves: web}}
";
    let mut world = World::applied(alone)?;
    world.live("controller", |live| drop(live.insert("serving".into(), "green".into())))?;
    world.live("route", |live| drop(live.insert("to".into(), list(&["green", "blue"]))))?;
    assert!(world.plan(alone)?.is_empty());
    let other = alone.replace("cidr: b", "cidr: bb");
    let plan = world.plan(&other)?;
    assert_eq!((lines(&plan), held(&plan, "blue")?.map(|(what, _)| what)), (vec![], Some(HeldBack::Replace)));
    let plan =
        world.plan(&other.replace("cidr: bb}}", "cidr: bb}, lifecycle: {create_before_destroy: true}}"))?;
    assert_eq!(lines(&plan), ["0 + blue", "1 ~ route", "2 -- blue"]);
    let to = forwards(&plan)?.and_then(Value::as_list).ok_or("no list")?;
    assert!(to.contains(&"green".into()) && to.contains(&Value::unknown("blue.id")), "{to:?}");
    Ok(())
}
