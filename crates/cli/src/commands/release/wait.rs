use super::subject::Subject;
use super::watch::{self, Stay};
use crate::args::{ReleaseWait, Until};
use crate::error::{CommandError, NOT_RELEASED, TOO_LATE};
use crate::render::release::words::{told, with_stack};
use crate::terminal;
use tokio::time::Instant;
use wharf_release::{Cause, Goal, Phase, Report, Verdict, changes, span};

pub(crate) async fn run(args: &ReleaseWait) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let argument = subject.argument();
    let argument = argument.as_str();
    let goal = goal(args.until);
    // One that is too far away to be told is none.
    let deadline = Instant::now().checked_add(args.timeout);
    let mut last: Option<Report> = None;
    let mut only: Option<String> = None;
    let end = watch::until(&subject, deadline, Stay::Running, |report| {
        for line in changes(last.as_ref(), &report) {
            terminal::note(&told(&line));
        }
        let verdict = match &report.deployment {
            Some(deployment) if only.is_some() => goal.judge_deployment(deployment),
            _ => goal.judge(&report),
        };
        only = only.take().or_else(|| watch::running(&report));
        last = Some(report);
        (verdict != Verdict::UnderWay).then_some(verdict)
    });
    let verdict = end.await?;
    let Some(report) = last else { return Ok(0) };
    if report.group_is_gone {
        return Err(subject.gone());
    }
    match verdict {
        Some(Verdict::Reached | Verdict::UnderWay) => {
            for line in &report.next {
                terminal::note(&told(&with_stack(line, argument)));
            }
            Ok(0)
        }
        Some(Verdict::Failed) => Err(failed(&report, argument)),
        Some(Verdict::Nothing) => {
            let error = CommandError::new(
                "there is nothing to wait for: AWS knows of no deployment, and no pipeline is on its way to one",
            );
            Err(match subject.target.pipeline {
                Some(_) => error.hint(format!("`wharf release push DIR{argument}` starts one")),
                None => error,
            })
        }
        None => Err(late(args, &report, argument)),
    }
}

fn goal(until: Until) -> Goal {
    match until {
        Until::Ready => Goal::Ready,
        Until::Rerouted => Goal::Rerouted,
        Until::Done => Goal::Done,
    }
}

/// It failed on its way, and why.
pub(super) fn failed(report: &Report, argument: &str) -> CommandError {
    let undone = report.rolled_back.as_ref().filter(|_| report.goes_back());
    let deployment = undone.or(report.deployment.as_ref());
    let deployment = deployment.filter(|deployment| deployment.phase == Phase::Failed);
    let message = match (deployment, &report.pipeline) {
        (Some(deployment), _) => {
            let how = if deployment.status == "Stopped" { "was stopped" } else { "failed" };
            let by = deployment.rolled_back_by.as_ref();
            let by = by.map(|by| format!(", and is rolled back by {by}")).unwrap_or_default();
            format!("the deployment {} {how}{by}", deployment.id)
        }
        (None, _) if report.goes_back() => "the release was rolled back by CodeDeploy".to_owned(),
        (None, Some(pipeline)) => format!("the pipeline {} failed before it deployed", pipeline.name),
        (None, None) => "the release failed".to_owned(),
    };
    let mut error = CommandError { code: NOT_RELEASED, ..CommandError::new(message) };
    error.details.extend(report.causes.iter().map(why));
    error.hint(format!("`wharf release status{argument}` shows what serves"))
}

/// A cause, with the log below it.
fn why(cause: &Cause) -> String {
    // Together, as a secret may have several lines: they are hidden before the lines are set apart.
    let log = told(&cause.log.join("\n"));
    let lines = log.lines().map(|line| format!("\n    | {line}"));
    format!("  {}{}", told(&cause.what), lines.collect::<String>())
}

/// It did not come in time.
fn late(args: &ReleaseWait, report: &Report, argument: &str) -> CommandError {
    let seconds = i64::try_from(args.timeout.as_secs()).unwrap_or(i64::MAX);
    let what = match args.until {
        Until::Ready => "ready",
        Until::Rerouted => "rerouted",
        Until::Done => "done",
    };
    let message = format!("waited {} for the deployment to be {what}, in vain", span(seconds));
    let mut error = CommandError { code: TOO_LATE, ..CommandError::new(message) };
    error.details.extend(report.causes.iter().map(why));
    error.details.extend(report.next.iter().map(|line| format!("  {}", with_stack(line, argument))));
    error.hint(format!("it goes on in AWS: `wharf release status{argument}` shows what it waits for"))
}
