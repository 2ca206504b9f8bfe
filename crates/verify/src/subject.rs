//! What is verified, as the state knows it.

use crate::image::{self, Repository};
use std::collections::BTreeMap;
use wharf_core::{Address, Map, Value};
use wharf_provider::Identity;
use wharf_release::{Controller, Target};
use wharf_state::{Record, Snapshot};

/// What is verified.
#[derive(Debug, Clone)]
pub struct Subject {
    pub(crate) target: Target,
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: String,
    /// The ARN of whoever asks.
    pub(crate) caller: String,
    /// The ARN of the stack's own task definition.
    pub(crate) definition: Option<String>,
    /// The container and port that the service's load balancer names.
    pub(crate) backend: Option<(String, i32)>,
    /// The roles that the pipeline works with.
    pub(crate) roles: Vec<Assumed>,
    /// Repositories of ECR that builds push to.
    pub(crate) pushed: Vec<Repository>,
    /// What the stack has: types with names or ARNs.
    ours: BTreeMap<(String, String), Address>,
}

/// A role that a service assumes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assumed {
    /// Its ARN.
    pub(crate) arn: String,
    /// The service: `codedeploy.amazonaws.com`.
    pub(crate) service: &'static str,
    /// What for: `the pipeline`.
    pub(crate) purpose: &'static str,
}

/// What the role is for with which ECS moves traffic.
const BALANCER: &str = "the service's load balancer";

/// The attributes by which what a stack has is known elsewhere.
const KNOWN_BY: &[(&str, &str)] = &[
    ("aws_cloudwatch_log_group", "name"),
    ("aws_codedeploy_deployment_group", "deployment_group_name"),
    ("aws_codepipeline", "name"),
    ("aws_ecr_repository", "name"),
    ("aws_ecs_service", "name"),
    ("aws_iam_role", "arn"),
    ("aws_lb_listener", "arn"),
    ("aws_lb_listener_rule", "arn"),
    ("aws_lb_target_group", "name"),
];

impl Subject {
    /// What a state knows of a target.
    pub fn of(target: Target, snapshot: &Snapshot, identity: &Identity, region: &str) -> Self {
        let records = || snapshot.resources.iter().filter(|(_, record)| record.id.is_some());
        let of_type = |name: &'static str| records().filter(move |(_, record)| record.resource_type == name);
        let service = of_type("aws_ecs_service").map(|(_, record)| &record.attributes).find(|service| {
            let cluster = text(service, "cluster").map_or("default", last);
            text(service, "name") == Some(target.service.as_str()) && cluster == target.cluster
        });
        let pipeline =
            target.pipeline.as_ref().and_then(|pipeline| snapshot.resources.get(&pipeline.address));
        let projects = target.pipeline.iter().flat_map(|pipeline| &pipeline.projects);
        let projects: Vec<&str> = projects.map(|project| project.name.as_str()).collect();
        let built: Vec<&Record> = of_type("aws_codebuild_project")
            .map(|(_, record)| record)
            .filter(|record| text(&record.attributes, "name").is_some_and(|name| projects.contains(&name)))
            .collect();
        let mut roles = Vec::new();
        let mut role = |map: &Map, property: &str, service, purpose| {
            let arn = text(map, property).filter(|arn| arn.starts_with("arn:")).map(str::to_owned);
            roles.extend(arn.map(|arn| Assumed { arn, service, purpose }));
        };
        if let (Controller::Ecs, Some(service)) = (&target.controller, service) {
            for balancer in
                items(service, "load_balancer").flat_map(|one| items(one, "advanced_configuration"))
            {
                role(balancer, "role_arn", "ecs.amazonaws.com", BALANCER);
            }
            for hook in
                items(service, "deployment_configuration").flat_map(|one| items(one, "lifecycle_hook"))
            {
                role(hook, "role_arn", "ecs.amazonaws.com", "a lifecycle hook");
            }
        }
        if let Some(pipeline) = pipeline {
            role(&pipeline.attributes, "role_arn", "codepipeline.amazonaws.com", "the pipeline");
            for project in &built {
                role(&project.attributes, "service_role", "codebuild.amazonaws.com", "the build project");
            }
            let arn = text(&pipeline.attributes, "arn");
            let triggers = of_type("aws_cloudwatch_event_target").map(|(_, record)| &record.attributes);
            for trigger in triggers.filter(|trigger| arn.is_some() && text(trigger, "arn") == arn) {
                role(trigger, "role_arn", "events.amazonaws.com", "the event rule");
            }
        }
        let ours = records().flat_map(|(address, record)| {
            let known = KNOWN_BY.iter().filter(|(kind, _)| *kind == record.resource_type);
            known.filter_map(move |(kind, property)| {
                Some((((*kind).to_owned(), text(&record.attributes, property)?.to_owned()), address.clone()))
            })
        });
        Subject {
            definition: service.and_then(|service| text(service, "task_definition")).and_then(|name| {
                definition(name, of_type("aws_ecs_task_definition").map(|(_, record)| record))
            }),
            backend: service.and_then(backend),
            pushed: built
                .iter()
                .flat_map(|project| variables(&project.attributes))
                .filter_map(|value| image::repository(&value))
                .collect(),
            ours: ours.collect(),
            roles,
            partition: identity.partition.clone(),
            region: region.to_owned(),
            account: identity.account_id.clone(),
            caller: identity.arn.clone(),
            target,
        }
    }

    /// The address of something that the stack has, by its name, or a role or listener by its ARN.
    pub(crate) fn address(&self, resource_type: &str, name: &str) -> Option<&Address> {
        self.ours.get(&(resource_type.to_owned(), name.to_owned()))
    }

    /// What to do about something of the stack's that is not as it should be; about something else, `otherwise`.
    pub(crate) fn mend(&self, resource_type: &str, name: &str, otherwise: &str) -> String {
        match self.address(resource_type, name) {
            Some(address) => format!("it is the stack's `{address}`: `wharf apply` mends it"),
            None => otherwise.to_owned(),
        }
    }

    /// The ARN of something in this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// The role with which ECS moves traffic, if that deploys.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html>.
    pub(crate) fn infrastructure_role(&self) -> Option<&str> {
        let found = self.roles.iter().find(|assumed| assumed.purpose == BALANCER)?;
        Some(&found.arn)
    }

    /// The application and the deployment group of CodeDeploy, if that deploys.
    pub(crate) fn group(&self) -> Option<(&str, &str)> {
        match &self.target.controller {
            Controller::CodeDeploy { application, group } => Some((application, group)),
            Controller::Ecs => None,
        }
    }
}

/// The ARN of the task definition that a service names: that, `family:revision` or `family`.
fn definition<'a>(name: &str, mut known: impl Iterator<Item = &'a Record>) -> Option<String> {
    if name.starts_with("arn:") {
        return Some(name.to_owned());
    }
    let family = name.split(':').next()?;
    let found = known.find(|record| text(&record.attributes, "family") == Some(family))?;
    text(&found.attributes, "arn").map(str::to_owned)
}

fn backend(service: &Map) -> Option<(String, i32)> {
    let balancer = service.get("load_balancer")?.as_list()?.first()?.as_map()?;
    let port = balancer.get("container_port")?;
    let port = port.as_str().map_or_else(|| port.as_i64(), |text| text.parse().ok())?;
    Some((text(balancer, "container_name")?.to_owned(), i32::try_from(port).ok()?))
}

/// The values of a build project's environment variables that are no secrets.
fn variables(project: &Map) -> Vec<String> {
    items(project, "environment")
        .flat_map(|environment| items(environment, "environment_variable"))
        .filter_map(|variable| Some(text(variable, "value")?.to_owned()))
        .collect()
}

fn items<'a>(map: &'a Map, block: &str) -> impl Iterator<Item = &'a Map> {
    map.get(block).and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_map)
}

fn text<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    map.get(name).and_then(Value::as_str)
}

fn last(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}
