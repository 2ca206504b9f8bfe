//! Tasks that failed, and what they wrote last.
//!
//! Sources: `ecs:ListTasks`, `DescribeTasks`,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>.

use super::logs;
use super::memory::Memory;
use crate::evidence::{Stopped, Tail};
use crate::target::Target;
use crate::time::Time;
use aws_sdk_ecs::types as sdk;
use futures::future::try_join_all;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// The most tasks that one `DescribeTasks` takes.
const DESCRIBED: usize = 100;
/// How many kinds of failures are told apart.
const KINDS: usize = 3;

/// Which tasks count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which<'a> {
    /// Those that were made since then.
    pub(super) since: Option<Time>,
    /// Those of this task set.
    pub(super) set: Option<&'a str>,
}

/// Tasks of a service that failed, those of one kind together.
pub(super) async fn failed(
    clients: &Clients,
    memory: &Memory,
    target: &Target,
    which: Which<'_>,
) -> Result<Vec<Stopped>> {
    let request = clients
        .ecs()
        .list_tasks()
        .cluster(&target.cluster)
        .service_name(&target.service)
        .desired_status(sdk::DesiredStatus::Stopped);
    let listed = request.send().await.named("ecs:ListTasks").or_absent()?;
    let mut arns = listed.and_then(|listed| listed.task_arns).unwrap_or_default();
    arns.truncate(DESCRIBED);
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let request = clients.ecs().describe_tasks().cluster(&target.cluster).set_tasks(Some(arns));
    let answer = request.send().await.named("ecs:DescribeTasks").or_absent()?;
    let tasks = answer.and_then(|answer| answer.tasks).unwrap_or_default();
    let groups = grouped(tasks, which);
    try_join_all(groups.into_iter().map(|(mut stopped, task)| async move {
        stopped.log = log(clients, memory, &task).await?;
        Ok(stopped)
    }))
    .await
}

/// Tasks that failed, by kind, each kind with its newest task.
fn grouped(mut tasks: Vec<sdk::Task>, which: Which<'_>) -> Vec<(Stopped, sdk::Task)> {
    tasks.retain(|task| counts(task, which));
    tasks.sort_by_key(|task| (task.stopped_at().map(|time| -time.secs()), task.task_arn.clone()));
    let mut groups: Vec<(Stopped, sdk::Task)> = Vec::new();
    for task in tasks {
        let new = stopped(&task);
        let same = |(old, _): &(Stopped, sdk::Task)| {
            (&old.revision, &old.reason, &old.containers) == (&new.revision, &new.reason, &new.containers)
        };
        match groups.iter().position(same) {
            Some(index) => groups[index].0.count += 1,
            None if groups.len() < KINDS => groups.push((new, task)),
            None => {}
        }
    }
    groups
}

/// Whether a task failed by itself, rather than being stopped in the course of things, and is one of those asked for.
fn counts(task: &sdk::Task, which: Which<'_>) -> bool {
    use sdk::TaskStopCode as Code;
    let reason = task.stopped_reason().unwrap_or_default();
    let failed = match task.stop_code() {
        Some(Code::UserInitiated) => false,
        // A scheduler stops what fails its health checks, and also what is not wanted any more.
        Some(Code::ServiceSchedulerInitiated) => reason.contains("failed") || reason.contains("unhealthy"),
        _ => true,
    };
    let of_time = match (which.since, task.created_at()) {
        (Some(since), Some(created)) => Time::from(*created) >= since,
        _ => true,
    };
    failed && of_time && which.set.is_none_or(|set| task.started_by() == Some(set))
}

fn stopped(task: &sdk::Task) -> Stopped {
    let reason = task.stopped_reason().unwrap_or("no reason is given");
    let containers = task.containers().iter().filter_map(|container| {
        let code = container.exit_code().filter(|code| *code != 0).map(|code| format!("exit code {code}"));
        let said = container.reason().filter(|said| !reason.contains(said)).map(str::to_owned);
        let parts: Vec<String> = [code, said].into_iter().flatten().collect();
        let name = container.name().unwrap_or_default();
        (!parts.is_empty()).then(|| format!("{name}: {}", parts.join(", ")))
    });
    Stopped {
        revision: last(task.task_definition_arn().unwrap_or_default()).to_owned(),
        task: last(task.task_arn().unwrap_or_default()).to_owned(),
        count: 1,
        reason: reason.to_owned(),
        containers: containers.collect(),
        log: None,
    }
}

/// What the container of a task wrote last that is to blame: the one with an exit code, or else the first.
async fn log(clients: &Clients, memory: &Memory, task: &sdk::Task) -> Result<Option<Tail>> {
    if task.stop_code() == Some(&sdk::TaskStopCode::TaskFailedToStart) {
        return Ok(None);
    }
    let containers = task.containers();
    let failed = containers.iter().find(|container| container.exit_code().is_some_and(|code| code != 0));
    let Some(name) = failed.or(containers.first()).and_then(sdk::Container::name) else { return Ok(None) };
    let arn = task.task_definition_arn().unwrap_or_default();
    let Some(defined) = memory.containers(clients, arn).await? else { return Ok(None) };
    let defined = defined.iter().find(|container| container.name() == Some(name));
    let Some(place) = defined.and_then(|container| place(container, last(task.task_arn()?))) else {
        return Ok(None);
    };
    let Place { group, stream, region } = &place;
    let place = logs::Place { group, stream, region: region.as_deref(), says: |_| true };
    logs::tail(clients, place).await.map(Some)
}

/// Where a container of a task writes its log.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    group: String,
    stream: String,
    region: Option<String>,
}

/// Only with a prefix is the stream's name known: `PREFIX/CONTAINER/TASK`.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>.
fn place(container: &sdk::ContainerDefinition, task: &str) -> Option<Place> {
    let log = container.log_configuration().filter(|log| log.log_driver() == &sdk::LogDriver::Awslogs)?;
    let option = |name: &str| log.options().and_then(|options| options.get(name)).cloned();
    let prefix = option("awslogs-stream-prefix")?;
    Some(Place {
        group: option("awslogs-group")?,
        stream: format!("{prefix}/{}/{task}", container.name()?),
        region: option("awslogs-region"),
    })
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Which<'_> = Which { since: None, set: None };

    fn task(id: &str, at: i64, code: sdk::TaskStopCode, reason: &str, exit: Option<i32>) -> sdk::Task {
        let time = aws_smithy_types::DateTime::from_secs(at);
        let container = sdk::Container::builder().name("web").set_exit_code(exit).build();
        sdk::Task::builder()
            .task_arn(format!("arn:aws:ecs:eu:1:task/shop/{id}"))
            .task_definition_arn("arn:aws:ecs:eu:1:task-definition/web:7")
            .started_by("ecs-svc/2")
            .created_at(time)
            .stopped_at(time)
            .stop_code(code)
            .stopped_reason(reason)
            .containers(container)
            .build()
    }

    #[test]
    fn tasks_of_one_kind_are_told_together() {
        let exited = "Essential container in task exited";
        let groups = grouped(
            vec![
                task("a", 10, sdk::TaskStopCode::EssentialContainerExited, exited, Some(1)),
                task("b", 30, sdk::TaskStopCode::EssentialContainerExited, exited, Some(1)),
                task("c", 20, sdk::TaskStopCode::TaskFailedToStart, "CannotPullContainerError: no", None),
                task(
                    "d",
                    40,
                    sdk::TaskStopCode::ServiceSchedulerInitiated,
                    "Scaling activity initiated",
                    None,
                ),
            ],
            ALL,
        );
        let shown: Vec<_> = groups.iter().map(|(group, _)| (group.task.as_str(), group.count)).collect();
        assert_eq!(shown, [("b", 2), ("c", 1)]);
        assert_eq!(groups[0].0.revision, "web:7");
        assert_eq!(groups[0].0.containers, ["web: exit code 1"]);
        assert_eq!(groups[1].0.containers, Vec::<String>::new());
    }

    #[test]
    fn only_those_that_are_asked_for_count() {
        let failed = task("a", 10, sdk::TaskStopCode::EssentialContainerExited, "exited", Some(1));
        assert!(counts(&failed, ALL));
        assert!(counts(&failed, Which { since: Some(Time(10)), set: Some("ecs-svc/2") }));
        assert!(!counts(&failed, Which { since: Some(Time(11)), set: None }));
        assert!(!counts(&failed, Which { since: None, set: Some("ecs-svc/1") }));
        let checked = "Task failed ELB health checks in (target-group green)";
        assert!(counts(&task("b", 1, sdk::TaskStopCode::ServiceSchedulerInitiated, checked, None), ALL));
        assert!(!counts(&task("c", 1, sdk::TaskStopCode::UserInitiated, "by hand", None), ALL));
    }

    #[test]
    fn the_log_is_where_the_container_says() {
        let log = |driver, options: &[(&str, &str)]| {
            let options =
                options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            sdk::LogConfiguration::builder().log_driver(driver).set_options(Some(options)).build().unwrap()
        };
        let container = |log| sdk::ContainerDefinition::builder().name("web").log_configuration(log).build();
        let options = [("awslogs-group", "/ecs/shop"), ("awslogs-stream-prefix", "httpd")];
        let found = place(&container(log(sdk::LogDriver::Awslogs, &options)), "0a").unwrap();
        assert_eq!((found.group.as_str(), found.stream.as_str()), ("/ecs/shop", "httpd/web/0a"));
        assert_eq!(place(&container(log(sdk::LogDriver::Awslogs, &options[..1])), "0a"), None);
        assert_eq!(place(&container(log(sdk::LogDriver::Fluentd, &options)), "0a"), None);
    }
}
