//! The roles that a release works with.

use crate::arn;
use crate::facts::Facts;
use crate::subject::{Assumed, Subject};
use std::collections::BTreeSet;

/// Who runs tasks.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// All roles that some service has to assume, each once for each service.
pub(crate) fn assumed(facts: &Facts) -> Vec<Assumed> {
    let mut all = Vec::new();
    for definition in facts.definitions() {
        let execution = definition.execution_role.iter().map(|arn| (arn, "the task execution"));
        let task = definition.task_role.iter().map(|arn| (arn, "the tasks"));
        all.extend(execution.chain(task).map(|(arn, purpose)| Assumed {
            arn: arn.clone(),
            service: TASKS,
            purpose,
        }));
    }
    if let Ok(Some(group)) = &facts.group {
        let (arn, purpose) = (group.role.clone(), "the deployment group");
        all.push(Assumed { arn, service: "codedeploy.amazonaws.com", purpose });
    }
    all.extend(facts.subject.roles.iter().cloned());
    let mut known = BTreeSet::new();
    all.retain(|assumed| known.insert((assumed.arn.clone(), assumed.service)));
    all
}

/// The execution roles of what serves and of the stack's own.
pub(crate) fn with_tasks(facts: &Facts) -> BTreeSet<String> {
    let roles = facts.definitions().iter().filter_map(|definition| definition.execution_role.clone());
    roles.filter(|arn| is_here(arn, &facts.subject)).collect()
}

/// Whether a role is in the caller's account: others cannot be asked for.
pub(crate) fn is_here(role: &str, subject: &Subject) -> bool {
    arn::account(role) == Some(subject.account.as_str())
}
