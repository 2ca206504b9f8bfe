//! What is released, as the state knows it.

use crate::pipeline::{PipelineTarget, pipelines};
use wharf_core::{Address, Map, Value};
use wharf_state::{Record, Snapshot};

/// A service whose releases are blue/green, with all that takes part in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The stack's name.
    pub stack: String,
    /// The deployment group, or the service that deploys itself.
    pub address: Address,
    /// Who deploys.
    pub controller: Controller,
    /// The cluster, by name.
    pub cluster: String,
    /// The service, by name.
    pub service: String,
    /// The container behind the load balancer, where the stack has the service.
    pub container: Option<String>,
    /// The listeners that carry production traffic, or the rules of listeners, by ARN.
    pub production: Vec<String>,
    /// The listeners for tests, or their rules, by ARN.
    pub test: Vec<String>,
    /// The names of both target groups.
    pub target_groups: Vec<String>,
    /// The pipeline that deploys to it.
    pub pipeline: Option<PipelineTarget>,
}

/// Who deploys a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Controller {
    /// A deployment group of CodeDeploy.
    CodeDeploy {
        /// The application's name.
        application: String,
        /// The group's name.
        group: String,
    },
    /// ECS itself.
    Ecs,
}

impl Controller {
    /// As ECS calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Controller::CodeDeploy { .. } => "CODE_DEPLOY",
            Controller::Ecs => "ECS",
        }
    }
}

/// Why there is nothing to release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// None at all.
    #[error("{}", none(stack, *nothing))]
    None {
        /// The stack.
        stack: String,
        /// Whether nothing at all has been applied yet.
        nothing: bool,
    },
    /// More than one, and none was named.
    #[error("the stack `{stack}` has several: {}", list(addresses))]
    Several {
        /// The stack.
        stack: String,
        /// All of them.
        addresses: Vec<Address>,
    },
    /// The one that was named is none.
    #[error("`{address}` is nothing that releases: there is {}", list(addresses))]
    Unknown {
        /// What was asked for.
        address: Address,
        /// All there are.
        addresses: Vec<Address>,
    },
}

fn none(stack: &str, nothing: bool) -> String {
    if nothing {
        format!("nothing of the stack `{stack}` has been applied yet, so there is nothing to release")
    } else {
        format!("the stack `{stack}` has no deployment group, and no service that deploys blue/green itself")
    }
}

fn list(addresses: &[Address]) -> String {
    match addresses {
        [] => "none".to_owned(),
        addresses => addresses.iter().map(|address| format!("`{address}`")).collect::<Vec<_>>().join(", "),
    }
}

/// The one to release: the one that is asked for by its address, its service's, or that of a pipeline that deploys nothing else;
/// or the only one.
///
/// # Errors
///
/// None, several, or another one than asked for.
pub fn choose(snapshot: &Snapshot, asked: Option<&Address>) -> Result<Target, NoTarget> {
    let mut all = targets(snapshot);
    let addresses: Vec<Address> = all.iter().map(|(target, _)| target.address.clone()).collect();
    let stack = snapshot.stack.clone();
    if addresses.is_empty() {
        return Err(NoTarget::None { stack, nothing: snapshot.resources.is_empty() });
    }
    let index = match asked {
        None if all.len() > 1 => return Err(NoTarget::Several { stack, addresses }),
        None => 0,
        Some(asked) => match all
            .iter()
            .position(|(target, service)| target.address == *asked || service.as_ref() == Some(asked))
        {
            Some(index) => index,
            None => return by_pipeline(snapshot, all, asked, addresses),
        },
    };
    Ok(all.swap_remove(index).0)
}

/// What a pipeline deploys, with that pipeline.
fn by_pipeline(
    snapshot: &Snapshot,
    all: Vec<(Target, Option<Address>)>,
    asked: &Address,
    addresses: Vec<Address>,
) -> Result<Target, NoTarget> {
    let fed = all.into_iter().filter_map(|(target, _)| {
        let mut found = pipelines(snapshot, &target).into_iter();
        let pipeline = found.find(|pipeline| pipeline.address == *asked)?;
        Some(Target { pipeline: Some(pipeline), ..target })
    });
    let fed: Vec<Target> = fed.collect();
    match <[Target; 1]>::try_from(fed) {
        Ok([target]) => Ok(target),
        Err(fed) if fed.is_empty() => Err(NoTarget::Unknown { address: asked.clone(), addresses }),
        Err(fed) => {
            let addresses = fed.into_iter().map(|target| target.address).collect();
            Err(NoTarget::Several { stack: snapshot.stack.clone(), addresses })
        }
    }
}

/// Everything in a state that releases blue/green, each with the address of its service where the stack has it.
pub fn targets(snapshot: &Snapshot) -> Vec<(Target, Option<Address>)> {
    let records = || snapshot.resources.iter().filter(|(_, record)| record.id.is_some());
    let of_type = |name: &'static str| records().filter(move |(_, record)| record.resource_type == name);
    let mut found = Vec::new();
    for (address, record) in of_type("aws_codedeploy_deployment_group") {
        let Some(mut target) = of_group(&snapshot.stack, address, record) else { continue };
        let service = of_type("aws_ecs_service").find(|(_, service)| {
            text(&service.attributes, "name") == Some(target.service.as_str())
                && text(&service.attributes, "cluster").map_or("default", last) == target.cluster
        });
        target.container = service.and_then(|(_, service)| container(&service.attributes));
        target.pipeline = pipelines(snapshot, &target).into_iter().next();
        found.push((target, service.map(|(address, _)| address.clone())));
    }
    for (address, record) in of_type("aws_ecs_service") {
        let Some(mut target) = of_service(&snapshot.stack, address, record) else { continue };
        target.pipeline = pipelines(snapshot, &target).into_iter().next();
        found.push((target, Some(address.clone())));
    }
    found
}

/// A service that ECS itself deploys blue/green, in one step or several.
fn of_service(stack: &str, address: &Address, record: &Record) -> Option<Target> {
    let attributes = &record.attributes;
    let strategy = text(first(attributes, "deployment_configuration")?, "strategy")?;
    if !matches!(strategy, "BLUE_GREEN" | "LINEAR" | "CANARY") {
        return None;
    }
    let balancer = first(attributes, "load_balancer")?;
    let advanced = first(balancer, "advanced_configuration")?;
    let rule = |name: &str| text(advanced, name).map(str::to_owned).into_iter().collect();
    let groups = [text(balancer, "target_group_arn"), text(advanced, "alternate_target_group_arn")];
    Some(Target {
        stack: stack.to_owned(),
        address: address.clone(),
        controller: Controller::Ecs,
        cluster: text(attributes, "cluster").map_or("default", last).to_owned(),
        service: text(attributes, "name")?.to_owned(),
        container: container(attributes),
        production: rule("production_listener_rule"),
        test: rule("test_listener_rule"),
        target_groups: groups.into_iter().flatten().map(|arn| group_name(arn).to_owned()).collect(),
        pipeline: None,
    })
}

/// A target group's name, from its ARN.
fn group_name(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

fn of_group(stack: &str, address: &Address, record: &Record) -> Option<Target> {
    let attributes = &record.attributes;
    let service = first(attributes, "ecs_service")?;
    let pair = first(first(attributes, "load_balancer_info")?, "target_group_pair_info")?;
    let listeners =
        |route: &str| first(pair, route).map(|route| texts(route.get("listener_arns"))).unwrap_or_default();
    let groups = pair.get("target_group").and_then(Value::as_list).unwrap_or_default();
    Some(Target {
        stack: stack.to_owned(),
        address: address.clone(),
        controller: Controller::CodeDeploy {
            application: text(attributes, "app_name")?.to_owned(),
            group: text(attributes, "deployment_group_name")?.to_owned(),
        },
        cluster: last(text(service, "cluster_name")?).to_owned(),
        service: text(service, "service_name")?.to_owned(),
        container: None,
        production: listeners("prod_traffic_route"),
        test: listeners("test_traffic_route"),
        target_groups: groups
            .iter()
            .filter_map(|group| Some(text(group.as_map()?, "name")?.to_owned()))
            .collect(),
        pipeline: None,
    })
}

fn container(service: &Map) -> Option<String> {
    Some(text(first(service, "load_balancer")?, "container_name")?.to_owned())
}

pub(crate) fn first<'a>(map: &'a Map, block: &str) -> Option<&'a Map> {
    map.get(block)?.as_list()?.first()?.as_map()
}

pub(crate) fn text<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_list).unwrap_or_default();
    list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The last part of an ARN, or a name as it is.
fn last(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Source;
    use serde_json::{Value as Json, json};

    fn record(resource_type: &str, attributes: Json) -> Record {
        let attributes = match Value::from(attributes) {
            Value::Map(attributes) => attributes,
            other => panic!("{other:?}"),
        };
        Record { resource_type: resource_type.into(), id: Some("id".into()), attributes, ..Record::default() }
    }

    /// A pipeline with two sources that builds one of them and deploys to a group.
    fn pipeline(built: &str, group: &str) -> Record {
        let source = |name: &str| {
            json!({
                "name": name, "category": "Source", "provider": "CodeCommit", "output_artifacts": [name],
                "configuration": {"RepositoryName": name, "BranchName": "main"},
            })
        };
        let build = json!({"name": "Build", "category": "Build", "input_artifacts": [built]});
        let settings = json!({"ApplicationName": "shop", "DeploymentGroupName": group});
        let deploy = json!({"name": "Deploy", "category": "Deploy", "configuration": settings});
        let stages = json!([{"action": [source("templates"), source("app")]}, {"action": [build, deploy]}]);
        record("aws_codepipeline", json!({"name": "shop", "stage": stages}))
    }

    fn snapshot(pipelines: &[(&str, &str, &str)]) -> Snapshot {
        let group = |name: &str| {
            let pair = json!({
                "prod_traffic_route": [{"listener_arns": ["production"]}],
                "target_group": [{"name": "blue"}, {"name": "green"}],
            });
            let attributes = json!({
                "app_name": "shop", "deployment_group_name": name,
                "ecs_service": [{"cluster_name": "shop", "service_name": name}],
                "load_balancer_info": [{"target_group_pair_info": [pair]}],
            });
            record("aws_codedeploy_deployment_group", attributes)
        };
        let mut snapshot = Snapshot::new("shop");
        for name in ["one", "two"] {
            snapshot.resources.insert(name.parse().unwrap(), group(name));
        }
        for (address, built, group) in pipelines {
            snapshot.resources.insert(address.parse().unwrap(), pipeline(built, group));
        }
        snapshot
    }

    fn chosen(snapshot: &Snapshot, asked: &str) -> Result<(String, Option<String>), NoTarget> {
        let target = choose(snapshot, Some(&asked.parse().unwrap()))?;
        let pipeline = target.pipeline.map(|pipeline| pipeline.address.to_string());
        Ok((target.address.to_string(), pipeline))
    }

    #[test]
    fn what_is_built_is_the_application() {
        for built in ["app", "templates"] {
            let snapshot = snapshot(&[("pipeline", built, "one")]);
            let target = choose(&snapshot, Some(&"one".parse().unwrap())).unwrap();
            let source = Source { repository: built.into(), branch: "main".into() };
            assert_eq!(target.pipeline.unwrap().source, Some(source));
        }
    }

    #[test]
    fn a_pipeline_stands_for_what_it_deploys() {
        let snapshot = snapshot(&[("a", "app", "one"), ("b", "app", "one"), ("c", "app", "two")]);
        let found = |address: &str, pipeline: &str| Ok((address.to_owned(), Some(pipeline.to_owned())));
        assert_eq!(chosen(&snapshot, "b"), found("one", "b"));
        assert_eq!(chosen(&snapshot, "one"), found("one", "a"));
        assert_eq!(chosen(&snapshot, "c"), found("two", "c"));
        assert!(matches!(chosen(&snapshot, "d"), Err(NoTarget::Unknown { .. })));
        assert!(matches!(choose(&snapshot, None), Err(NoTarget::Several { .. })));
    }
}
