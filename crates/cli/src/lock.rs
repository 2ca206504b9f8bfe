//! The lock around what changes a state: who takes it, what the one who waits is told, and that it is given back.

use crate::error::{self, CommandError};
use crate::session::Loaded;
use crate::{secret, signals, terminal};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wharf_state::{Holder, Lock, LockInfo, Store, StoreError, Waiting, acquire, random_id};

/// Takes the lock of a state, does `work`, and gives the lock back whatever comes of that.
pub(crate) async fn locked<T>(
    store: &dyn Store,
    loaded: &Loaded,
    command: &str,
    timeout: Option<Duration>,
    work: impl AsyncFnOnce(Arc<dyn Lock>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let waiting = timeout.map_or(Waiting::ForTheDead, Waiting::AtMost);
    let lock = acquire(store, &lock_info(command), waiting, &|holder| waits(holder, waiting)).await;
    let lock = lock.map_err(|problem| {
        let error = error::store(&problem);
        match breaks(&problem) {
            Some(id) => error.hint(format!(
                "if that run is gone for certain, break its lock: wharf unlock {id}{}",
                loaded.argument
            )),
            None => error,
        }
    })?;
    signals::release_on_leaving(Some(lock.clone()));
    let result = work(lock.clone()).await;
    signals::release_on_leaving(None);
    if let Err(problem) = lock.release().await {
        // What was done is saved; the lock ends by itself.
        terminal::note(&secret::hidden(format!("warning: the lock could not be given back: {problem}")));
    }
    result
}

/// The id of a lock that can be broken by hand.
fn breaks(problem: &StoreError) -> Option<&str> {
    let StoreError::Locked(holder) = problem else { return None };
    holder.lease.as_ref()?;
    Some(&holder.info.as_ref()?.id)
}

fn waits(holder: &Holder, waiting: Waiting) {
    let locked = StoreError::Locked(Box::new(holder.clone()));
    terminal::note(&format!("{locked}{}", details(holder)));
    let left = holder.lease.as_ref().map(|lease| lease.left.as_secs() + 1);
    match (waiting, left) {
        (Waiting::AtMost(limit), _) => {
            terminal::note(&format!("waiting for it, {} s at most", limit.as_secs()));
        }
        (Waiting::ForTheDead, Some(left)) => {
            terminal::note(&format!(
                "waiting to see whether it lives: its lock ends in {left} s unless it renews it"
            ));
        }
        (Waiting::ForTheDead, None) => {}
    }
}

/// What else is known of who holds a lock.
pub(crate) fn details(holder: &Holder) -> String {
    let Some(info) = &holder.info else { return String::new() };
    let job = info.job.as_ref().map(|job| format!(", in {job}")).unwrap_or_default();
    format!(", since {}{job}", error::ago(info.since))
}

/// Who this is, for the lock.
fn lock_info(command: &str) -> LockInfo {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = variable("HOSTNAME")
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()))
        .unwrap_or_else(|| "this host".to_owned());
    let who = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"].into_iter().find_map(variable);
    LockInfo {
        id: random_id(),
        who: who.unwrap_or_else(|| "somebody".to_owned()),
        host,
        pid: std::process::id(),
        command: command.to_owned(),
        since: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        job: job(variable),
    }
}

/// The CI job this runs in, by the variables that CI systems set.
fn job(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let parts = |names: &[&str]| names.iter().map(|name| variable(name)).collect::<Option<Vec<_>>>();
    // GitHub Actions: <https://docs.github.com/actions/reference/variables-reference>
    if let Some(run) = parts(&["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"]) {
        return Some(format!("{}/{}/actions/runs/{}", run[0], run[1], run[2]));
    }
    // Azure Pipelines
    if let Some(run) = parts(&["SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "SYSTEM_TEAMPROJECT", "BUILD_BUILDID"]) {
        return Some(format!("{}{}/_build/results?buildId={}", run[0], run[1], run[2]));
    }
    // Bitbucket Pipelines
    if let Some(run) = parts(&["BITBUCKET_GIT_HTTP_ORIGIN", "BITBUCKET_BUILD_NUMBER"]) {
        return Some(format!("{}/pipelines/results/{}", run[0], run[1]));
    }
    // GitLab, CircleCI, Buildkite, AppVeyor and Travis, CodeBuild, Jenkins (which must come last: others set it, too)
    let addresses = [
        "CI_JOB_URL",
        "CIRCLE_BUILD_URL",
        "BUILDKITE_BUILD_URL",
        "TRAVIS_JOB_WEB_URL",
        "CODEBUILD_BUILD_ID",
        "BUILD_URL",
    ];
    addresses.into_iter().find_map(&variable).or_else(|| variable("CI").map(|_| "a CI job".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_jobs_are_named() {
        let github = |name: &str| match name {
            "CI" => Some("true".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://github.com".to_owned()),
            "GITHUB_REPOSITORY" => Some("acme/shop".to_owned()),
            "GITHUB_RUN_ID" => Some("17".to_owned()),
            _ => None,
        };
        assert_eq!(job(github).as_deref(), Some("https://github.com/acme/shop/actions/runs/17"));
        let gitlab =
            |name: &str| (name == "CI_JOB_URL").then(|| "https://gitlab.example/-/jobs/1".to_owned());
        assert_eq!(job(gitlab).as_deref(), Some("https://gitlab.example/-/jobs/1"));
        assert_eq!(job(|_| None), None);
    }
}
