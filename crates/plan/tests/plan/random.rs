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
}
