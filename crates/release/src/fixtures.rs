//! Reports to decide on, for tests.

use crate::report::{
    Deployment, DeploymentError, LifecycleEvent, OnTimeout, Phase, Pipeline, PipelineAction, PipelineStage,
    Report, Role, TaskSet,
};
use crate::target::{Controller, Target};
use crate::time::Time;

/// When everything was looked at.
const NOW: Time = Time(1_763_906_400);

impl Report {
    /// The same, with a deployment.
    pub(crate) fn with(self, deployment: Deployment) -> Self {
        Report { deployment: Some(deployment), ..self }
    }
}

/// A service of the cluster `shop`, without anything around it.
pub(crate) fn target(controller: Controller, service: &str) -> Target {
    Target {
        stack: "shop".into(),
        address: "group".parse().unwrap(),
        controller,
        cluster: "shop".into(),
        service: service.into(),
        container: None,
        production: Vec::new(),
        test: Vec::new(),
        target_groups: Vec::new(),
        pipeline: None,
    }
}

/// A service at rest that nobody has deployed to.
pub(crate) fn report() -> Report {
    let mut blue = task_set("web:7", "blue", 2);
    blue.role = Role::Primary;
    Report {
        stack: "shop".into(),
        address: "group".parse().unwrap(),
        controller: "CODE_DEPLOY",
        cluster: "shop".into(),
        service: "web".into(),
        looked: NOW,
        pipeline: None,
        deployment: None,
        rolled_back: None,
        task_sets: vec![blue],
        listeners: Vec::new(),
        group_is_gone: false,
        missing: Vec::new(),
        causes: Vec::new(),
        next: Vec::new(),
    }
}

/// A task set that is complete, and not the primary one.
pub(crate) fn task_set(revision: &str, group: &str, tasks: i32) -> TaskSet {
    TaskSet {
        color: None,
        role: Role::Other,
        id: format!("ecs-svc/{group}"),
        task_definition: revision.into(),
        image: None,
        desired: tasks,
        running: tasks,
        pending: 0,
        target_group: Some(group.into()),
        health: None,
        shares: Vec::new(),
    }
}

/// A deployment that began ten minutes ago.
pub(crate) fn deployment(status: &str, phase: Phase) -> Deployment {
    Deployment {
        id: "d-1".into(),
        status: status.into(),
        phase,
        created: Some(NOW.plus_minutes(-10)),
        completed: None,
        description: None,
        events: Vec::new(),
        ready_until: None,
        on_timeout: Some(OnTimeout::StopDeployment),
        terminates: None,
        error: None,
        rollback: None,
        rolls_back: None,
        rolled_back_by: None,
    }
}

/// One that failed.
pub(crate) fn failed_deployment(code: &str, message: &str) -> Deployment {
    let error = Some(DeploymentError { code: code.into(), message: message.into() });
    Deployment { error, ..deployment("Failed", Phase::Failed) }
}

/// CodeDeploy's own deployment that takes back another one.
pub(crate) fn rollback_of(undone: Deployment, status: &str, phase: Phase) -> Report {
    let created = undone.created.map(|created| created.plus_minutes(5));
    let made = Deployment {
        id: "d-2".into(),
        created,
        rolls_back: Some(undone.id.clone()),
        ..deployment(status, phase)
    };
    let undone = Deployment { rolled_back_by: Some(made.id.clone()), ..undone };
    Report { rolled_back: Some(undone), ..report().with(made) }
}

/// A step of a deployment.
pub(crate) fn event(name: &str, status: &str, diagnostics: Option<&str>) -> LifecycleEvent {
    LifecycleEvent {
        name: name.into(),
        status: status.into(),
        started: None,
        ended: None,
        diagnostics: diagnostics.map(str::to_owned),
    }
}

/// A pipeline whose stage is under way since then.
pub(crate) fn pipeline_at(stage: &str, since: Time) -> Pipeline {
    let action = PipelineAction {
        name: "image".into(),
        provider: Some("CodeBuild".into()),
        status: Some("InProgress".into()),
        started: Some(since),
        updated: Some(since),
        external_id: Some("shop:1".into()),
        message: None,
    };
    Pipeline {
        name: "shop".into(),
        execution: Some("e-1".into()),
        status: Some("InProgress".into()),
        revision: Some("3f2a9c1".into()),
        revision_summary: Some("Make the button blue".into()),
        started: Some(since),
        stages: vec![PipelineStage {
            name: stage.into(),
            status: Some("InProgress".into()),
            actions: vec![action],
        }],
        ahead: 0,
    }
}

/// A pipeline whose build stage has failed just now.
pub(crate) fn pipeline_failed_at(provider: &str, external_id: &str) -> Pipeline {
    let mut pipeline = pipeline_at("build", NOW);
    pipeline.status = Some("Failed".into());
    for stage in &mut pipeline.stages {
        stage.status = Some("Failed".into());
        for action in &mut stage.actions {
            action.status = Some("Failed".into());
            action.provider = Some(provider.into());
            action.external_id = Some(external_id.into());
            action.message = Some("it did not work".into());
        }
    }
    pipeline
}
