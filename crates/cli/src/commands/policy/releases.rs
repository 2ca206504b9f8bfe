//! What whoever looks at releases, or releases, is to be allowed.

use std::collections::BTreeSet;
use wharf_aws::policy::{Grant, Grants, Place, Subject};
use wharf_core::{Map, Value};
use wharf_release::{Known, Right, Target, pipelines, rights, targets};
use wharf_state::{Record, Snapshot};

/// All that releases of the stack ask for, as the state has it and as the stack file will.
pub(super) fn rights_of(place: &Place, declared: &[Subject], snapshot: Option<&Snapshot>) -> Vec<Right> {
    let foreseen = foreseen(declared);
    let states = snapshot.into_iter().chain([&foreseen]);
    states.flat_map(|snapshot| of_state(place, snapshot)).collect()
}

/// What allows these.
pub(super) fn grants<'a>(rights: impl IntoIterator<Item = &'a Right>) -> Grants {
    let mut all = Grants::new();
    for Right { actions, resources, cluster, .. } in rights {
        // Where the resource says in which cluster, a condition would say it again.
        let cluster = cluster.as_ref().filter(|_| resources.iter().any(|resource| resource == "*"));
        let operator = |arn: &str| if arn.contains('*') { "ArnLike" } else { "ArnEquals" };
        let condition = cluster.map(|arn| [operator(arn), "ecs:cluster", arn].map(str::to_owned));
        for action in *actions {
            let conditions = condition.clone().into_iter().collect();
            let grant = Grant { action: (*action).to_owned(), conditions };
            all.entry(grant).or_default().extend(resources.iter().cloned());
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
