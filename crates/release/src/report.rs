//! How a release stands: everything that `wharf release status` shows, as data.

use crate::page::Page;
use crate::time::Time;
use serde::{Serialize, Serializer};
use wharf_core::Address;

/// How the releases of one service stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The stack's name.
    pub stack: String,
    /// The deployment group, or the service that deploys itself.
    pub address: Address,
    /// Who deploys: `CODE_DEPLOY` or `ECS`.
    pub controller: &'static str,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
    /// When AWS was asked.
    pub looked: Time,
    /// The pipeline that feeds it, if the stack has one.
    pub pipeline: Option<Pipeline>,
    /// The deployment that was started last, running or not; none before the first.
    pub deployment: Option<Deployment>,
    /// The deployment that this one takes back, if it was made for that: the one that failed, even if rollbacks of it did, too.
    pub rolled_back: Option<Deployment>,
    /// What serves, and beside it what is about to take over or to go. The primary one comes first.
    pub task_sets: Vec<TaskSet>,
    /// The production listeners, then those for tests.
    pub listeners: Vec<Listener>,
    /// Whether AWS has the deployment group no more.
    #[serde(skip)]
    pub group_is_gone: bool,
    /// What could not be seen, in sentences: what the state has and AWS does not, what the caller may not read.
    pub missing: Vec<String>,
    /// Why something failed, the most telling first; empty if nothing did.
    pub causes: Vec<Cause>,
    /// What happens next, and until when; the first line is the most important.
    pub next: Vec<String>,
}

impl Report {
    /// What serves.
    pub fn primary(&self) -> Option<&TaskSet> {
        self.task_sets.iter().find(|set| set.role == Role::Primary)
    }

    /// Whether the newest deployment is CodeDeploy's own, which takes back one that failed or was stopped. What was to be
    /// released is not, however well the rollback ends.
    pub fn goes_back(&self) -> bool {
        self.deployment.as_ref().is_some_and(|deployment| deployment.rolls_back.is_some())
    }

    /// When the deployment was asked for; if it takes back another one, when that was.
    pub(crate) fn asked_for(&self) -> Option<Time> {
        let deployment = if self.goes_back() { &self.rolled_back } else { &self.deployment };
        deployment.as_ref().and_then(|deployment| deployment.created)
    }

    /// Whether the pipeline is on its way to a deployment that has not begun: the newest one is that of an earlier execution.
    pub fn deployment_is_to_come(&self) -> bool {
        let Some(pipeline) = self.pipeline.as_ref().filter(|pipeline| pipeline.is_running()) else {
            return false;
        };
        match &self.deployment {
            None => true,
            Some(_) => self.asked_for() < pipeline.started,
        }
    }

    /// Whether the deployment was started after the pipeline had ended: by somebody else, so that what the pipeline failed of
    /// is past.
    pub fn pipeline_is_past(&self) -> bool {
        let Some(pipeline) = self.pipeline.as_ref().filter(|pipeline| !pipeline.is_running()) else {
            return false;
        };
        let created = self.asked_for();
        created.is_some() && created > pipeline.updated()
    }

    /// Whether nothing moves: neither the pipeline nor a deployment is under way.
    pub fn is_at_rest(&self) -> bool {
        let deploys = self.deployment.as_ref().is_some_and(|deployment| !deployment.phase.has_ended());
        !deploys && !self.pipeline.as_ref().is_some_and(Pipeline::is_running)
    }

    /// Whether it says the same as an earlier one, but for the time that has gone by.
    pub fn says_the_same(&self, earlier: &Report) -> bool {
        let now = Report { looked: earlier.looked, next: earlier.next.clone(), ..self.clone() };
        now == *earlier
    }
}

/// The newest execution of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// The execution that is the newest; none if there was none.
    pub execution: Option<String>,
    /// `InProgress`, `Stopping`, `Stopped`, `Succeeded`, `Superseded`, `Failed`, `Cancelled`.
    pub status: Option<String>,
    /// The revisions it runs with: a commit's id.
    pub revision: Option<String>,
    /// That commit's message.
    pub revision_summary: Option<String>,
    /// When it began.
    pub started: Option<Time>,
    /// Its stages, in their order.
    pub stages: Vec<PipelineStage>,
    /// How many executions that began before it are still under way: it waits for them.
    pub ahead: usize,
}

impl Pipeline {
    /// Whether the execution has not ended.
    pub fn is_running(&self) -> bool {
        matches!(self.status.as_deref(), Some("InProgress" | "Stopping"))
    }

    /// Whether it has failed or was stopped.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("Failed" | "Stopped" | "Cancelled"))
    }

    /// All actions, each with its stage.
    pub fn actions(&self) -> impl Iterator<Item = (&PipelineStage, &PipelineAction)> {
        self.stages.iter().flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)))
    }

    /// The actions that are under way, each with its stage.
    pub fn running(&self) -> impl Iterator<Item = (&PipelineStage, &PipelineAction)> {
        self.actions().filter(|(_, action)| action.status.as_deref() == Some("InProgress"))
    }

    /// When it was last heard of.
    pub fn updated(&self) -> Option<Time> {
        let updated = self.actions().filter_map(|(_, action)| action.updated).max();
        updated.max(self.started)
    }
}

/// A stage of a pipeline's execution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineStage {
    /// Its name.
    pub name: String,
    /// As of the pipeline; none if the execution has not come to it.
    pub status: Option<String>,
    /// Its actions.
    pub actions: Vec<PipelineAction>,
}

/// An action of a pipeline's stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineAction {
    /// Its name.
    pub name: String,
    /// `CodeCommit`, `CodeBuild`, `CodeDeployToECS`, …; none if the execution has not come to it.
    pub provider: Option<String>,
    /// `InProgress`, `Abandoned`, `Succeeded`, `Failed`; none if the execution has not come to it.
    pub status: Option<String>,
    /// When it began.
    pub started: Option<Time>,
    /// When it was last heard of; of one that ended, the end.
    pub updated: Option<Time>,
    /// What it started elsewhere: a build's or a deployment's id.
    pub external_id: Option<String>,
    /// What it says of itself, or why it failed.
    pub message: Option<String>,
}

impl PipelineAction {
    /// Whether it waits for a person who approves.
    pub fn is_approval(&self) -> bool {
        self.provider.as_deref() == Some("Manual")
    }
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// `d-XXXXXXXXX`, or the ARN of a service deployment.
    pub id: String,
    /// As AWS says: `InProgress`, `Ready`, `Succeeded`, `Failed`, `Stopped`; `PENDING`, `IN_PROGRESS`, `SUCCESSFUL`, …
    pub status: String,
    /// What that means here.
    pub phase: Phase,
    /// When it was asked for.
    pub created: Option<Time>,
    /// When it ended.
    pub completed: Option<Time>,
    /// What it was said to be for.
    pub description: Option<String>,
    /// Its steps: lifecycle events, or lifecycle stages.
    pub events: Vec<LifecycleEvent>,
    /// Until when somebody can let it take over, and what happens then.
    pub ready_until: Option<Time>,
    /// What happens if nobody does; one that takes over by itself does not wait.
    pub on_timeout: Option<OnTimeout>,
    /// When the tasks that served before are stopped.
    pub terminates: Option<Time>,
    /// Why it failed.
    pub error: Option<DeploymentError>,
    /// What became of a rollback.
    pub rollback: Option<String>,
    /// The deployment that this one takes back: CodeDeploy makes one of its own for a rollback.
    pub rolls_back: Option<String>,
    /// The deployment that takes this one back.
    pub rolled_back_by: Option<String>,
}

impl Deployment {
    /// The step that is under way.
    pub fn at(&self) -> Option<&str> {
        let event = self.events.iter().find(|event| event.status == "InProgress");
        event.map(|event| event.name.as_str())
    }

    /// Whether it is on its way back, and has not ended yet: ECS goes back within a deployment.
    pub fn goes_back(&self) -> bool {
        let words = ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED"];
        words.contains(&self.status.as_str())
    }
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The new tasks are being started; traffic is where it was.
    Preparing,
    /// It waits until somebody lets it take over.
    Ready,
    /// Production traffic is moving.
    Rerouting,
    /// Production traffic has moved; the tasks that served before are still there.
    Rerouted,
    /// It has succeeded, and nothing of it is left to do.
    Done,
    /// It has failed or was stopped, rolled back or not.
    Failed,
}

impl Phase {
    /// Whether it has ended, one way or the other.
    pub fn has_ended(self) -> bool {
        matches!(self, Phase::Done | Phase::Failed)
    }
}

/// What happens to a deployment that nobody lets take over in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnTimeout {
    /// It takes over by itself.
    ContinueDeployment,
    /// It is stopped.
    StopDeployment,
}

/// A step of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LifecycleEvent {
    /// `BeforeInstall`, `Install`, … or a lifecycle stage of ECS.
    pub name: String,
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped`, `Unknown`.
    pub status: String,
    /// When it began.
    pub started: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// What is known of a failure: a line, and below it the last lines of a log.
    pub diagnostics: Option<String>,
}

/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeploymentError {
    /// `HEALTH_CONSTRAINTS`, `ALARM_ACTIVE`, `TIMEOUT`, …
    pub code: String,
    /// AWS's words.
    pub message: String,
}

/// What the tasks of a task set are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is the service, as ECS sees it.
    Primary,
    /// It is to take over, or has been taken over from.
    Other,
}

/// A set of tasks of one revision behind one target group: blue, or green.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskSet {
    /// `Blue` or `Green`, as the deployment calls it, if it takes part in one.
    pub color: Option<String>,
    /// Whether it is the primary one.
    pub role: Role,
    /// Its id.
    pub id: String,
    /// The task definition: `family:revision`.
    pub task_definition: String,
    /// The image of the container behind the load balancer.
    pub image: Option<String>,
    /// How many tasks it should have.
    pub desired: i32,
    /// How many run.
    pub running: i32,
    /// How many are about to.
    pub pending: i32,
    /// The name of the target group.
    pub target_group: Option<String>,
    /// How that group's targets are, those of these tasks or not.
    pub health: Option<TargetHealth>,
    /// What it gets of each listener, in hundredths.
    pub shares: Vec<Share>,
}

impl TaskSet {
    /// Whether as many tasks run as should.
    pub fn is_complete(&self) -> bool {
        self.running >= self.desired
    }

    /// The targets of its group that fail their health checks.
    pub fn unhealthy(&self) -> usize {
        self.health.as_ref().map_or(0, |health| health.unhealthy)
    }
}

/// How many targets of a target group are how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TargetHealth {
    /// Those that get traffic.
    pub healthy: usize,
    /// Those that fail their health checks.
    pub unhealthy: usize,
    /// Those that are new, draining or not in use.
    pub other: usize,
    /// Why targets are not healthy, each reason once: `Target.ResponseCodeMismatch: Health checks failed with these codes: [500]`.
    pub reasons: Vec<String>,
}

/// What a task set gets of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The listener's port.
    pub port: i32,
    /// Whether it is for production.
    pub production: bool,
    /// In hundredths of its traffic.
    pub percent: i64,
}

/// A listener of the load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listener {
    /// The listener, or the rule of one, that moves the traffic.
    pub arn: String,
    /// Whether it is for production; the other is for tests.
    pub production: bool,
    /// Its port.
    pub port: i32,
    /// Where it answers: `http://name.region.elb.amazonaws.com:8080`.
    pub url: String,
    /// The names of target groups with their weights; in JSON an object.
    #[serde(serialize_with = "as_object")]
    pub weights: Vec<(String, i64)>,
    /// The request that gets to the target groups behind it; none if a plain one for a page does not.
    #[serde(skip)]
    pub page: Option<Page>,
}

fn as_object<S: Serializer>(weights: &[(String, i64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(weights.iter().map(|(name, weight)| (name, weight)))
}

/// Why something failed: what, whose words, and the last lines of the log if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// In a line: `task 0123… stopped: Essential container in task exited (web: exit code 1)`.
    pub what: String,
    /// Where it is said: a log stream, a build.
    pub source: Option<String>,
    /// The last lines of that log.
    pub log: Vec<String>,
}
