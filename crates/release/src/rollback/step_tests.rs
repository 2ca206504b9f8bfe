use super::*;

fn past(id: &str, status: &str, definition: &str) -> Past {
    Past {
        id: id.into(),
        status: status.into(),
        is_active: !["Succeeded", "Failed", "Stopped"].contains(&status),
        task_definition: Some(definition.into()),
        creator: Some("user".into()),
        ..Past::default()
    }
}

fn undoing(undone: &str, past: Past) -> Past {
    Past { description: Some(description(undone)), ..past }
}

fn serving(definition: &str) -> Wanted {
    Wanted { serving: Some(definition.into()), ..Wanted::default() }
}

fn release(undone: &str, id: &str, definition: &str) -> Step {
    let choice = Choice::Deployment { id: id.into(), task_definition: Some(definition.into()) };
    Step::Release { undone: undone.into(), choice }
}

fn nothing(step: Step) -> Nothing {
    match step {
        Step::Nothing(nothing) => nothing,
        step => panic!("{step:?}"),
    }
}

#[test]
fn what_is_active_is_stopped() {
    for status in ["Created", "Queued", "InProgress", "Ready"] {
        let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
        assert_eq!(step(&all, &serving("web:1")), Step::Stop { id: "d-2".into() });
    }
}

#[test]
fn the_last_good_version_comes_back() {
    // Not the one that brought the same, not one that failed.
    let all = [
        past("d-5", "Succeeded", "web:5"),
        past("d-4", "Succeeded", "web:5"),
        past("d-3", "Failed", "web:4"),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    assert_eq!(step(&all, &serving("web:5")), release("d-5", "d-2", "web:2"));
}

#[test]
fn what_was_rolled_back_is_not_good() {
    let all = [
        past("d-5", "Succeeded", "web:1"),
        undoing("d-2", past("d-3", "Succeeded", "web:1")),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
        past("d-0", "Succeeded", "web:0"),
    ];
    assert_eq!(step(&all, &serving("web:1")), release("d-5", "d-0", "web:0"));
}

#[test]
fn a_rollback_is_never_rolled_back() {
    let done = [
        undoing("d-2", past("d-3", "Succeeded", "web:1")),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    let rolled_back = Nothing::RolledBack { id: "d-3".into(), undone: Some("d-2".into()) };
    assert_eq!(nothing(step(&done, &serving("web:1"))), rolled_back);
    for status in ["Created", "InProgress", "Ready"] {
        let running = [undoing("d-2", past("d-3", status, "web:1")), past("d-2", "Succeeded", "web:2")];
        let resume = Step::Resume { id: "d-3".into(), undone: "d-2".into() };
        assert_eq!(step(&running, &serving("web:2")), resume);
    }
}

/// What CodeDeploy makes to take back another one.
fn automatic(undone: &str, past: Past) -> Past {
    Past { creator: Some(CODEDEPLOY.into()), rolls_back: Some(undone.into()), ..past }
}

/// The tasks that a deployment brought.
fn brought(id: &str, definition: &str) -> Wanted {
    Wanted { brought: Some(id.into()), ..serving(definition) }
}

#[test]
fn what_codedeploy_takes_back_is_rolled_back() {
    let rolled_back =
        |undone: Option<&str>| Nothing::RolledBack { id: "d-3".into(), undone: undone.map(str::to_owned) };
    for status in ["Failed", "Stopped"] {
        let before = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
        let with = |newest: Past| [&[newest], &before[..]].concat();
        let done = with(automatic("d-2", past("d-3", "Succeeded", "web:1")));
        // Whatever words it has, and although ECS may take a moment to show it.
        let words = [&[undoing("d-2", done[0].clone())], &done[1..]].concat();
        for serves in [brought("d-1", "web:1"), brought("d-2", "web:2")] {
            assert_eq!(nothing(step(&done, &serves)), rolled_back(Some("d-2")));
            assert_eq!(nothing(step(&words, &serves)), rolled_back(Some("d-2")));
        }
        // It is waited for, whatever there is to see of the traffic.
        for active in ["Created", "InProgress", "Ready"] {
            let running = with(automatic("d-2", past("d-3", active, "web:1")));
            for serves in [brought("d-1", "web:1"), brought("d-2", "web:2")] {
                assert_eq!(step(&running, &serves), Step::Wait { id: "d-3".into() });
            }
        }
        // If it comes to nothing, it depends on who serves.
        for end in ["Failed", "Stopped"] {
            let ended = with(automatic("d-2", past("d-3", end, "web:1")));
            let not_released = Nothing::NotReleased { id: "d-2".into(), status: status.into() };
            assert_eq!(nothing(step(&ended, &brought("d-1", "web:1"))), not_released);
            assert_eq!(step(&ended, &brought("d-2", "web:2")), release("d-2", "d-1", "web:1"));
        }
    }
    // CodeDeploy forgets, and need not say what it took back.
    for unknown in [None, Some("d-0".to_owned())] {
        let newest = Past { rolls_back: unknown, ..automatic("", past("d-3", "Succeeded", "web:1")) };
        assert_eq!(nothing(step(&[newest], &serving("web:1"))), rolled_back(None));
    }
}

#[test]
fn a_rollback_of_a_rollback_is_one_of_what_that_took_back() {
    let all = [
        automatic("d-3", past("d-4", "Succeeded", "web:1")),
        automatic("d-2", past("d-3", "Stopped", "web:1")),
        past("d-2", "Stopped", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    let rolled_back = Nothing::RolledBack { id: "d-4".into(), undone: Some("d-2".into()) };
    assert_eq!(nothing(step(&all, &brought("d-1", "web:1"))), rolled_back);
    assert_eq!(step(&all[1..], &brought("d-2", "web:2")), release("d-2", "d-1", "web:1"));
}

#[test]
fn a_rollback_that_codedeploy_takes_back_is_tried_again() {
    let before = [
        past("d-3", "Succeeded", "web:3"),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    for status in ["Failed", "Stopped"] {
        let tried = undoing("d-3", past("d-4", status, "web:2"));
        let with = |newest: &[Past]| [newest, std::slice::from_ref(&tried), &before[..]].concat();
        let back = automatic("d-4", past("d-5", "Succeeded", "web:3"));
        assert_eq!(step(&with(&[back]), &brought("d-3", "web:3")), release("d-3", "d-2", "web:2"));
        let back = automatic("d-4", past("d-5", "InProgress", "web:3"));
        assert_eq!(step(&with(&[back]), &brought("d-4", "web:2")), Step::Wait { id: "d-5".into() });
        // Nothing has taken it back, and its tasks serve: it has come to what it was for.
        let rolled_back = Nothing::RolledBack { id: "d-4".into(), undone: Some("d-3".into()) };
        assert_eq!(nothing(step(&with(&[]), &brought("d-4", "web:2"))), rolled_back);
        let back = automatic("d-4", past("d-5", "Failed", "web:3"));
        assert_eq!(nothing(step(&with(&[back]), &brought("d-4", "web:2"))), rolled_back);
        // Twice in a row.
        let again = [
            automatic("d-6", past("d-7", "Succeeded", "web:3")),
            undoing("d-3", past("d-6", "Stopped", "web:2")),
            automatic("d-4", past("d-5", "Succeeded", "web:3")),
        ];
        assert_eq!(step(&with(&again), &brought("d-3", "web:3")), release("d-3", "d-2", "web:2"));
    }
}

#[test]
fn what_codedeploy_went_back_to_is_good_only_as_what_brought_it() {
    // web:3 was undone, although CodeDeploy went back to it in between.
    let all = [
        past("d-7", "Succeeded", "web:2"),
        undoing("d-3", past("d-6", "Succeeded", "web:2")),
        automatic("d-4", past("d-5", "Succeeded", "web:3")),
        undoing("d-3", past("d-4", "Stopped", "web:2")),
        past("d-3", "Succeeded", "web:3"),
        past("d-1", "Succeeded", "web:1"),
    ];
    assert_eq!(step(&all, &brought("d-7", "web:2")), release("d-7", "d-1", "web:1"));
    // By name it can be asked for.
    let to = |to: &str| Wanted { to: Some(to.into()), ..brought("d-7", "web:2") };
    assert_eq!(step(&all, &to("web:3")), release("d-7", "d-5", "web:3"));
    // And one that went back is not what is undone.
    assert_eq!(step(&all[2..], &to("web:1")), release("d-3", "d-1", "web:1"));
}

#[test]
fn what_failed_and_serves_is_undone() {
    for status in ["Failed", "Stopped"] {
        let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
        assert_eq!(step(&all, &brought("d-2", "web:2")), release("d-2", "d-1", "web:1"));
        let own = Wanted { own: Some("web:1".into()), ..brought("d-2", "web:2") };
        let choice = Choice::TaskDefinition("web:1".into());
        assert_eq!(step(&all[..1], &own), Step::Release { undone: "d-2".into(), choice });
    }
}

#[test]
fn a_rollback_in_vain_is_tried_again() {
    let all = [
        undoing("d-2", past("d-4", "Stopped", "web:1")),
        undoing("d-2", past("d-3", "Failed", "web:1")),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    assert_eq!(step(&all, &serving("web:2")), release("d-2", "d-1", "web:1"));
}

#[test]
fn a_part_of_the_traffic_is_taken_back_by_what_serves() {
    for status in ["Failed", "Stopped"] {
        let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
        let divided = Wanted { is_divided: true, ..serving("web:1") };
        let choice = Choice::TaskDefinition("web:1".into());
        assert_eq!(step(&all, &divided), Step::Release { undone: "d-2".into(), choice });
    }
    // A rollback of that is one as any other.
    let all = [undoing("d-2", past("d-3", "Succeeded", "web:1")), past("d-2", "Stopped", "web:2")];
    let done = Nothing::RolledBack { id: "d-3".into(), undone: Some("d-2".into()) };
    assert_eq!(nothing(step(&all, &serving("web:1"))), done);
}

#[test]
fn what_never_served_needs_no_rollback() {
    assert_eq!(nothing(step(&[], &serving("web:1"))), Nothing::Never);
    for status in ["Failed", "Stopped"] {
        let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
        let wanted = Nothing::NotReleased { id: "d-2".into(), status: status.into() };
        assert_eq!(nothing(step(&all, &serving("web:1"))), wanted);
    }
}

#[test]
fn without_an_earlier_deployment_it_is_what_was_there_before() {
    let first = [past("d-1", "Succeeded", "web:2")];
    let mut wanted = serving("web:2");
    assert_eq!(nothing(step(&first, &wanted)), Nothing::NothingBefore { id: "d-1".into() });
    wanted.own = Some("web:2".into());
    assert_eq!(nothing(step(&first, &wanted)), Nothing::NothingBefore { id: "d-1".into() });
    wanted.own = Some("web:1".into());
    let choice = Choice::TaskDefinition("web:1".into());
    assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
    // What CodeDeploy remembers comes first, if it is something else.
    wanted.previous = Some(Some("web:2".into()));
    let choice = Choice::TaskDefinition("web:1".into());
    assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
    for previous in [None, Some("web:0".into())] {
        wanted.previous = Some(previous);
        let choice = Choice::Previous;
        assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
    }
}

#[test]
fn further_back_by_name() {
    let all = [
        undoing("d-3", past("d-4", "Succeeded", "web:2")),
        past("d-3", "Succeeded", "web:3"),
        past("d-2", "Succeeded", "web:2"),
        past("d-1", "Succeeded", "web:1"),
    ];
    let to = |to: &str| Wanted { to: Some(to.into()), ..serving("web:2") };
    assert_eq!(step(&all, &to("web:1")), release("d-3", "d-1", "web:1"));
    assert_eq!(step(&all, &to("web:3")), release("d-3", "d-3", "web:3"));
    assert_eq!(nothing(step(&all, &to("web:2"))), Nothing::Serves { task_definition: "web:2".into() });
    let choice = Choice::TaskDefinition("web:9".into());
    assert_eq!(step(&all, &to("web:9")), Step::Release { undone: "d-3".into(), choice });
    let running = [undoing("d-3", past("d-5", "Ready", "web:1")), past("d-3", "Succeeded", "web:3")];
    let resume = Step::Resume { id: "d-5".into(), undone: "d-3".into() };
    assert_eq!(step(&running, &to("web:1")), resume);
    assert_eq!(step(&running, &to("web:0")), Step::Stop { id: "d-5".into() });
}
