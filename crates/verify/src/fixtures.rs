//! Facts in which everything is as it should be, for tests to break.

use crate::facts::{
    Container, Definition, DeploymentGroup, Facts, Log, LogGroup, PipelineState, Stored, TargetGroup,
};
use crate::finding::{Finding, Outcome};
use crate::image::Image;
use crate::subject::Subject;
use serde_json::json;
use wharf_core::{Address, Map, Value};
use wharf_provider::Identity;
use wharf_release::{
    Controller, Deployment, Listener, Phase, Pipeline, PipelineTarget, Report, Role, Target, TargetHealth,
    TaskSet, Time,
};
use wharf_state::{Record, Snapshot};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";

/// What is wrong, a line each.
pub(crate) fn told(finding: &Finding) -> Vec<String> {
    let line = |problem: &crate::finding::Problem| match problem.result {
        Outcome::Ok => format!("ok: {}", problem.what),
        Outcome::Warning => format!("warning: {}", problem.what),
        Outcome::Failed => format!("failed: {}", problem.what),
    };
    finding.problems.iter().map(line).collect()
}

/// The same facts with another report.
pub(crate) fn with_report(change: impl FnOnce(&mut Report)) -> Facts {
    let mut facts = facts();
    if let Ok(report) = &mut facts.release {
        change(report);
    }
    facts
}

/// Everything is as it should be.
pub(crate) fn facts() -> Facts {
    let image = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/web:7");
    let group = LogGroup { region: REGION.into(), name: "/ecs/web".into() };
    let log = Log { group: group.clone(), creates: false, stream: "httpd/web/0".into() };
    let container = Container {
        name: "web".into(),
        image: image.clone(),
        ports: vec![80],
        log: Some(log),
        secrets: Vec::new(),
    };
    let definition = Definition {
        name: "web:7".into(),
        live: true,
        status: Some("ACTIVE".into()),
        network_mode: Some("awsvpc".into()),
        execution_role: Some(role("execution")),
        task_role: Some(role("task")),
        containers: vec![container],
    };
    let trusted = [
        ("execution", "ecs-tasks"),
        ("task", "ecs-tasks"),
        ("deploy", "codedeploy"),
        ("pipeline", "codepipeline"),
    ];
    let trust = |service: &str| {
        json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")},
            "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]})
    };
    Facts {
        subject: subject(),
        release: Ok(report()),
        service: Ok(Some("ACTIVE".into())),
        pipeline: Ok(Some(PipelineState::default())),
        group: Ok(Some(DeploymentGroup {
            role: role("deploy"),
            configuration: "CodeDeployDefault.ECSAllAtOnce".into(),
        })),
        definitions: Ok(vec![definition]),
        images: [(Image::parse(&image), Ok(Stored::There))].into(),
        log_groups: [(group, Ok(true))].into(),
        secrets: Default::default(),
        target_groups: Ok(vec![target_group("blue", 2), target_group("green", 0)]),
        roles: trusted.into_iter().map(|(name, service)| (role(name), Ok(Some(trust(service))))).collect(),
        rights: Vec::new(),
    }
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn of_balancer(what: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{what}")
}

fn target_group(name: &str, healthy: usize) -> TargetGroup {
    TargetGroup {
        name: name.into(),
        arn: of_balancer(&format!("targetgroup/{name}/0a")),
        load_balancers: vec![of_balancer("loadbalancer/app/shop/0a")],
        vpc: Some("vpc-1".into()),
        target_type: Some("ip".into()),
        protocol: Some("HTTP".into()),
        healthy,
    }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A stack with a service behind a load balancer, a deployment group and a pipeline.
fn subject() -> Subject {
    let target = Target {
        stack: "shop".into(),
        address: address("group"),
        controller: Controller::CodeDeploy { application: "shop".into(), group: "group".into() },
        cluster: "shop".into(),
        service: "web".into(),
        container: Some("web".into()),
        production: vec![of_balancer("listener/app/shop/0a/80")],
        test: vec![of_balancer("listener/app/shop/0a/8080")],
        target_groups: vec!["blue".into(), "green".into()],
        pipeline: Some(PipelineTarget {
            address: address("pipeline"),
            name: "shop".into(),
            source: Some(wharf_release::Source { repository: "shop".into(), branch: "main".into() }),
            projects: vec![wharf_release::Project {
                name: "shop".into(),
                log_group: "/aws/codebuild/shop".into(),
            }],
        }),
    };
    let text = |text: &str| Value::String(text.to_owned());
    let block = |map: Map| Value::List(vec![Value::Map(map)]);
    let map = |pairs: Vec<(&str, Value)>| -> Map {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    let balancer = map(vec![("container_name", text("web")), ("container_port", Value::from(80_i64))]);
    let service = map(vec![
        ("name", text("web")),
        ("cluster", text(&format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"))),
        ("load_balancer", block(balancer)),
    ]);
    let configuration = map(vec![("ProjectName", text("shop"))]);
    let action = map(vec![("provider", text("CodeBuild")), ("configuration", Value::Map(configuration))]);
    let pipeline = map(vec![
        ("name", text("shop")),
        ("role_arn", text(&role("pipeline"))),
        ("stage", block(map(vec![("action", block(action))]))),
    ]);
    let record = |resource_type: &str, attributes: Map| Record {
        resource_type: resource_type.into(),
        id: Some("id".into()),
        attributes,
        ..Record::default()
    };
    let mut snapshot = Snapshot::new("shop");
    snapshot.resources.insert(address("service"), record("aws_ecs_service", service));
    snapshot.resources.insert(address("pipeline"), record("aws_codepipeline", pipeline));
    let identity = Identity {
        account_id: ACCOUNT.into(),
        arn: format!("arn:aws:iam::{ACCOUNT}:root"),
        partition: "aws".into(),
    };
    Subject::of(target, &snapshot, &identity, REGION)
}

fn report() -> Report {
    let mut blue = task_set("web:7", "blue");
    blue.role = Role::Primary;
    let listener = |port: i32, group: &str, production| Listener {
        arn: of_balancer(&format!("listener/app/shop/0a/{port}")),
        production,
        port,
        url: String::new(),
        weights: vec![(group.to_owned(), 1)],
        page: None,
    };
    Report {
        stack: "shop".into(),
        address: address("group"),
        controller: "CODE_DEPLOY",
        cluster: "shop".into(),
        service: "web".into(),
        looked: Time(1_763_906_400),
        pipeline: Some(Pipeline {
            name: "shop".into(),
            execution: None,
            status: None,
            revision: None,
            revision_summary: None,
            started: None,
            stages: Vec::new(),
            ahead: 0,
        }),
        deployment: None,
        task_sets: vec![blue],
        listeners: vec![listener(80, "blue", true), listener(8080, "green", false)],
        rolled_back: None,
        group_is_gone: false,
        missing: Vec::new(),
        causes: Vec::new(),
        next: Vec::new(),
    }
}

/// A task set that is complete and healthy, and not the primary one.
pub(crate) fn task_set(revision: &str, group: &str) -> TaskSet {
    TaskSet {
        color: None,
        role: Role::Other,
        id: format!("ecs-svc/{group}"),
        task_definition: revision.into(),
        image: None,
        desired: 2,
        running: 2,
        pending: 0,
        target_group: Some(group.into()),
        health: Some(TargetHealth { healthy: 2, ..TargetHealth::default() }),
        shares: Vec::new(),
    }
}

/// A deployment.
pub(crate) fn deployment(status: &str, phase: Phase) -> Deployment {
    Deployment {
        id: "d-1".into(),
        status: status.into(),
        phase,
        created: None,
        completed: None,
        description: None,
        events: Vec::new(),
        ready_until: None,
        on_timeout: None,
        terminates: None,
        error: None,
        rollback: None,
        rolls_back: None,
        rolled_back_by: None,
    }
}
