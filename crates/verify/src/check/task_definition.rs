//! Whether task definitions can be started behind the load balancer.

use crate::facts::{Definition, Facts};
use crate::finding::{Check, Finding, Problem};

pub(super) fn check(facts: &Facts) -> Finding {
    let definitions = match &facts.definitions {
        Ok(definitions) => definitions,
        Err(unseen) => return Finding::unseen(Check::TaskDefinition, unseen),
    };
    let mut problems = Vec::new();
    for definition in definitions {
        problems.extend(of_definition(facts, definition));
    }
    let shown = definitions.iter().map(|definition| {
        let role = if definition.live { "" } else { " (the stack's)" };
        format!("{}{role}", definition.name)
    });
    let mut what = shown.collect::<Vec<_>>().join(", ");
    if let Some((container, port)) = &facts.subject.backend {
        what.push_str(&format!("; {container}:{port} behind the load balancer"));
    }
    Finding::new(Check::TaskDefinition, what, problems)
}

fn of_definition(facts: &Facts, definition: &Definition) -> Vec<Problem> {
    let name = &definition.name;
    // Without the stack's own nothing fails but the service, if that has to be made anew.
    let bad = |what: String| if definition.live { Problem::failed(what) } else { Problem::warning(what) };
    let mut problems = Vec::new();
    match definition.status.as_deref() {
        Some("ACTIVE") => {}
        status => {
            let how = if status.is_none() { "is gone" } else { "was deregistered" };
            let hint = if definition.live {
                "a deployment or a rollback cannot start it again: release another revision"
            } else {
                "`wharf apply` registers it again"
            };
            problems.push(bad(format!("{name} {how}")).hint(hint));
        }
    }
    if definition.status.is_none() {
        return problems;
    }
    if let Some((wanted, port)) = &facts.subject.backend {
        let hint = "a deployment cannot change which container and port the load balancer names unless its AppSpec says so, \
                    too";
        match definition.containers.iter().find(|container| container.name == *wanted) {
            None => problems.push(
                bad(format!("{name} has no container {wanted}, which the load balancer names")).hint(hint),
            ),
            Some(container) if !container.ports.contains(port) => {
                let what = format!(
                    "the container {wanted} of {name} has no port {port}, which the load balancer names"
                );
                problems.push(bad(what).hint(hint));
            }
            Some(_) => {}
        }
    }
    let has_address = definition.network_mode.as_deref() == Some("awsvpc");
    for group in facts.target_groups.iter().flatten() {
        let by_address = group.target_type.as_deref() == Some("ip");
        if has_address != by_address {
            let (mode, kind) =
                (definition.network_mode.as_deref().unwrap_or("bridge"), group.target_type.as_deref());
            let what = format!(
                "{name} has the network mode {mode}, and {} the target type {}",
                group.name,
                kind.unwrap_or("instance")
            );
            problems
                .push(bad(what).hint("`awsvpc` goes with `ip`, every other network mode with `instance`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    fn with(change: impl FnOnce(&mut Definition)) -> Vec<String> {
        let mut facts = facts();
        if let Ok(definitions) = &mut facts.definitions {
            change(&mut definitions[0]);
        }
        told(&check(&facts))
    }

    #[test]
    fn one_that_fits_is_fine() {
        let finding = check(&facts());
        assert_eq!(
            (finding.result, finding.what.as_str()),
            (Outcome::Ok, "web:7; web:80 behind the load balancer")
        );
    }

    #[test]
    fn it_has_to_be_active_and_have_container_port_and_network() {
        assert_eq!(with(|found| found.status = Some("INACTIVE".into())), ["failed: web:7 was deregistered"]);
        assert_eq!(with(|found| found.status = None), ["failed: web:7 is gone"]);
        assert_eq!(
            with(|found| found.containers[0].name = "app".into()),
            ["failed: web:7 has no container web, which the load balancer names"]
        );
        assert_eq!(
            with(|found| found.containers[0].ports = vec![8080]),
            ["failed: the container web of web:7 has no port 80, which the load balancer names"]
        );
        assert_eq!(
            with(|found| found.network_mode = Some("bridge".into())),
            [
                "failed: web:7 has the network mode bridge, and blue the target type ip",
                "failed: web:7 has the network mode bridge, and green the target type ip"
            ]
        );
    }

    #[test]
    fn the_stacks_own_matters_less_than_what_serves() {
        let told = with(|found| {
            found.live = false;
            found.status = None;
        });
        assert_eq!(told, ["warning: web:7 is gone"]);
    }
}
