//! Random stacks: every operation comes after all it depends on, whatever refers to whatever.

use crate::World;
use proptest::prelude::*;
use std::fmt::Write as _;
use wharf_plan::{Mode, Plan};

/// Networks and what refers to earlier ones, by the numbers drawn.
fn stack(references: &[(usize, u8)], salt: &str) -> String {
    let mut text = String::from("resources:\n  r0: {type: fake_network, properties: {cidr: base}}\n");
    for (index, (target, kind)) in references.iter().enumerate() {
        let (name, target) = (index + 1, target % (index + 1));
        let _ = match kind % 3 {
            0 => writeln!(
                text,
                "  r{name}: {{type: fake_network, properties: {{cidr: {salt}}}, depends_on: [r{target}]}}"
            ),
            1 => writeln!(
                text,
                "  r{name}: {{type: fake_named, properties: {{name: r{name}-{salt}, note: \"${{r{target}.id}}\"}}}}"
            ),
            _ => writeln!(
                text,
                "  r{name}: {{type: fake_gate, properties: {{flavor: {salt}, label: \"${{r{target}.id}}\"}}}}"
            ),
        };
    }
    text
}

fn is_ordered(plan: &Plan) -> bool {
    plan.operations.iter().enumerate().all(|(index, operation)| {
        operation
            .depends_on
            .iter()
            .all(|&before| before < index && plan.operations[before].wave < operation.wave)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn operations_are_ordered(references in prop::collection::vec((any::<usize>(), any::<u8>()), 1..12)) {
        let fail = |error: Box<dyn std::error::Error>| TestCaseError::fail(error.to_string());
        let text = stack(&references, "one");
        let created = World::default().plan(&text).map_err(fail)?;
        prop_assert_eq!(created.operations.len(), references.len() + 1);
        prop_assert!(is_ordered(&created));
        let world = World::applied(&text).map_err(fail)?;
        prop_assert!(world.plan(&text).map_err(fail)?.operations.is_empty());
        let replaced = world.plan(&stack(&references, "two")).map_err(fail)?;
        prop_assert!(is_ordered(&replaced));
        let destroyed = world.plan_for(&text, Mode::Destroy, &[]).map_err(fail)?;
        prop_assert_eq!(destroyed.operations.len(), references.len() + 1);
        prop_assert!(is_ordered(&destroyed));
    }

    #[test]
    fn any_stack_becomes_any_other(
        before in prop::collection::vec((any::<usize>(), any::<u8>()), 1..12),
        after in prop::collection::vec((any::<usize>(), any::<u8>()), 1..12),
        reverse: bool,
        salt in "one|two",
    ) {
        let fail = |error: Box<dyn std::error::Error>| TestCaseError::fail(error.to_string());
        let world = World::applied(&stack(&before, "one")).map_err(fail)?;
        let mut text = stack(&after, &salt);
        if reverse {
            text = turned_round(&text, after.len());
        }
        // References may be turned round, removed, added; the state knows the old ones.
        prop_assert!(is_ordered(&world.plan(&text).map_err(fail)?));
        let destroyed = world.plan_for(&text, Mode::Destroy, &[]).map_err(fail)?;
        prop_assert_eq!(destroyed.operations.len(), before.len() + 1);
        prop_assert!(is_ordered(&destroyed));
    }
}

/// The same stack with its names in the opposite order.
fn turned_round(text: &str, last: usize) -> String {
    let mut turned = text.to_owned();
    for index in 0..=last {
        turned = turned.replace(&format!("r{index}:"), &format!("x{}:", last - index));
        turned = turned.replace(&format!("[r{index}]"), &format!("[x{}]", last - index));
        turned = turned.replace(&format!("${{r{index}."), &format!("${{x{}.", last - index));
    }
    turned.replace('x', "r")
}

#[test]
fn a_long_chain_needs_no_deep_stack() -> crate::Result<()> {
    let stack = |label: &str| {
        let mut text =
            format!("resources:\n  r0: {{type: fake_network, properties: {{cidr: a, label: {label}}}}}\n");
        for index in 1..4000 {
            let _ = writeln!(
                text,
                "  r{index}: {{type: fake_network, properties: {{cidr: a}}, depends_on: [r{}]}}",
                index - 1
            );
        }
        let _ = writeln!(
            text,
            "  end: {{type: fake_network, properties: {{cidr: a, label: {label}}}, depends_on: [r3999]}}"
        );
        text
    };
    let plan = World::applied(&stack("one"))?.plan(&stack("two"))?;
    assert_eq!(crate::lines(&plan), ["0 ~ r0", "1 ~ end"]);
    Ok(())
}
