//! What whoever looks at releases, or releases, is to be allowed.

use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::policy::{Grant, Grants, Place, Subject};
use wharf_core::{Map, Value};
use wharf_release::{Known, Right, Target, pipelines, rights, targets};
use wharf_state::{Record, Snapshot};

/// All that releases of the stack ask for, as the state has it and as the stack file will: what they only read, or
/// everything.
pub(super) fn grants(
    place: &Place,
    declared: &[Subject],
    snapshot: Option<&Snapshot>,
    reads: bool,
) -> Grants {
    let foreseen = foreseen(declared);
    let mut all = Grants::new();
    for snapshot in snapshot.into_iter().chain([&foreseen]) {
        for right in of_state(place, snapshot).into_iter().filter(|right| right.reads || !reads) {
            for (grant, arns) in allowing(right) {
                all.entry(grant).or_default().extend(arns);
            }
        }
    }
    all
}

fn of_state(place: &Place, snapshot: &Snapshot) -> Vec<Right> {
    let logs = logs(snapshot);
    let mut all = Vec::new();
    for (target, _) in targets(snapshot) {
        let record = snapshot.resources.get(&target.address);
        let configuration = record.and_then(|record| record.attributes.get("deployment_config_name"));
        let known = Known { place, configuration: configuration.and_then(Value::as_str), logs: logs.clone() };
        let pipelines = pipelines(snapshot, &target);
        if pipelines.is_empty() {
            all.extend(rights(&target, &known));
        }
        for pipeline in pipelines {
            all.extend(rights(&Target { pipeline: Some(pipeline), ..target.clone() }, &known));
        }
    }
    all
}

/// The state as it would be if everything had been applied.
fn foreseen(declared: &[Subject]) -> Snapshot {
    let mut snapshot = Snapshot::new("");
    for subject in declared {
        let record = Record {
            resource_type: subject.resource_type.clone(),
            id: Some("*".to_owned()),
            attributes: subject.attributes.clone(),
            ..Record::default()
        };
        snapshot.resources.insert(subject.address.clone(), record);
    }
    snapshot
}

/// The log groups of the stack's task definitions, each with all streams.
fn logs(snapshot: &Snapshot) -> BTreeSet<(String, String)> {
    let records = snapshot.resources.values();
    let definitions = records.filter(|record| record.resource_type == "aws_ecs_task_definition");
    let groups = definitions.flat_map(|record| groups(&record.attributes));
    groups.map(|group| (group, "*".to_owned())).collect()
}

fn groups(definition: &Map) -> Vec<String> {
    let containers = definition.get("container_definitions").and_then(Value::as_list).unwrap_or_default();
    let group = |container: &Value| {
        let log = container.as_map()?.get("logConfiguration")?.as_map()?;
        log.get("options")?.as_map()?.get("awslogs-group")?.as_str().map(str::to_owned)
    };
    containers.iter().filter_map(group).collect()
}

fn allowing(right: Right) -> Grants {
    let Right { actions, resources, cluster, .. } = right;
    // Where the resource says in which cluster, a condition would say it again.
    let cluster = cluster.filter(|_| resources.iter().any(|resource| resource == "*"));
    let operator = |arn: &String| if arn.contains('*') { "ArnLike" } else { "ArnEquals" };
    let condition = cluster.map(|arn| [operator(&arn).to_owned(), "ecs:cluster".to_owned(), arn]);
    let conditions: Vec<[String; 3]> = condition.into_iter().collect();
    let grant = |action: &&str| Grant { action: (*action).to_owned(), conditions: conditions.clone() };
    let resources: BTreeSet<String> = resources.into_iter().collect();
    actions.iter().map(|action| (grant(action), resources.clone())).collect::<BTreeMap<_, _>>()
}
